"""What is typed to open an account, enter it and protect it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from guichet.citizens.models import Account
from guichet.core import identifiers
from guichet.core.text import one_line

BAD_EMAIL = "Écrivez une adresse complète, par exemple nom@exemple.fr."
LONGEST = 200
SHOWN = "12 caractères au moins. Une phrase que vous retenez convient très bien."


class EmailField(forms.CharField):
    def __init__(self, *, help_text: str = "", label: str = "Adresse e-mail", autocomplete: str = "email") -> None:
        super().__init__(
            label=label,
            max_length=254,
            help_text=help_text,
            error_messages={"required": "Écrivez votre adresse e-mail.", "max_length": BAD_EMAIL},
            widget=forms.EmailInput(attrs={"class": "saisie", "autocomplete": autocomplete}),
        )

    def clean(self, value: Any) -> str:
        found = identifiers.email(str(super().clean(value)))
        if found is None:
            raise forms.ValidationError(BAD_EMAIL)
        return found


def _password(label: str, required: str, *, autocomplete: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=LONGEST,
        required=bool(required),
        help_text=help_text,
        error_messages={"required": required, "max_length": f"{LONGEST} caractères au plus."},
        widget=forms.PasswordInput(attrs={"class": "saisie", "autocomplete": autocomplete}),
    )


def _name(label: str, required: str, *, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=80,
        error_messages={"required": required, "max_length": "Ce texte est trop long (80 signes au plus)."},
        widget=forms.TextInput(attrs={"class": "saisie", "autocomplete": autocomplete}),
    )


class SignInForm(forms.Form):
    email = EmailField(autocomplete="username")
    password = _password("Mot de passe", "Écrivez votre mot de passe.", autocomplete="current-password")


class AddressForm(forms.Form):
    """For a link, a new account, a forgotten password."""

    email = EmailField()


class NewAddressForm(forms.Form):
    email = EmailField(label="Nouvelle adresse", help_text="Nous y envoyons un lien de confirmation.")


class OpenForm(forms.Form):
    first_name = _name("Prénom", "Écrivez votre prénom.", autocomplete="given-name")
    family_name = _name("Nom de famille", "Écrivez votre nom.", autocomplete="family-name")
    password = _password(
        "Mot de passe", "", autocomplete="new-password",
        help_text=f"{SHOWN} Sans mot de passe, vous recevrez un lien par e-mail à chaque connexion.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, address: str) -> None:
        super().__init__(data)
        self.address = address

    def clean_first_name(self) -> str:
        return one_line(str(self.cleaned_data["first_name"]))

    def clean_family_name(self) -> str:
        return one_line(str(self.cleaned_data["family_name"]))

    def clean_password(self) -> str:
        return _checked(str(self.cleaned_data["password"]), self.address)


class NewPasswordForm(forms.Form):
    password = _password("Nouveau mot de passe", "Écrivez le nouveau mot de passe.", autocomplete="new-password",
                         help_text=SHOWN)  # fmt: skip

    def __init__(self, data: Any = None, *, address: str) -> None:
        super().__init__(data)
        self.address = address

    def clean_password(self) -> str:
        return _checked(str(self.cleaned_data["password"]), self.address)


class ChangePasswordForm(NewPasswordForm):
    current = _password("Mot de passe actuel", "Écrivez votre mot de passe actuel.", autocomplete="current-password")
    field_order = ["current", "password"]


class CloseForm(forms.Form):
    sure = forms.BooleanField(
        label="Oui, je veux fermer mon compte",
        error_messages={"required": "Cochez la case pour confirmer."},
    )
    password = _password("Mot de passe", "Écrivez votre mot de passe.", autocomplete="current-password")

    def __init__(self, data: Any = None, *, account: Account) -> None:
        super().__init__(data)
        if not account.has_password:
            del self.fields["password"]


class SecondCodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=20,
        error_messages={"required": "Écrivez le code affiché par votre application."},
        widget=forms.TextInput(attrs={"class": "saisie saisie--court", "autocomplete": "one-time-code"}),
    )


def _checked(password: str, address: str) -> str:
    if password:
        validate_password(password, Account(email=address))  # type: ignore[arg-type]  # compared with its address
    return password
