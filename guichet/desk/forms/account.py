"""Logging in, one's own account."""

from __future__ import annotations

from django import forms

from guichet.desk.forms.fields import DeskForm


class LoginForm(DeskForm):
    email = forms.EmailField(
        label="Adresse e-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label="Mot de passe",
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(DeskForm):
    code = forms.CharField(
        label="Code",
        max_length=16,
        help_text="Les six chiffres affichés par votre application, ou un code de secours.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True}),
    )

    def clean_code(self) -> str:
        return "".join(str(self.cleaned_data["code"]).split()).lower()


class PreferencesForm(DeskForm):
    theme = forms.ChoiceField(
        label="Thème",
        required=False,
        choices=[("", "Celui de l'appareil"), ("clair", "Clair"), ("sombre", "Sombre")],
    )
    shortcuts = forms.BooleanField(label="Raccourcis clavier à une touche", required=False)


class PasswordOnlyForm(DeskForm):
    password = forms.CharField(
        label="Mot de passe actuel",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
