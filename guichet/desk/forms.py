"""What agents type. A form only reads and checks the shape; actions decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.cases.models.case import Result
from guichet.core import reference
from guichet.desk.filling import mentions_file
from guichet.organisation.models import CompetentBody, Team, Topic


class DeskForm(forms.Form):
    """Every field has the look of the desk; errors are tied to their field."""

    required_css_class = "requis"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput | forms.HiddenInput | forms.FileInput):
                field.widget.attrs.setdefault("class", "saisie")


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


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Several files at once, within the limits of the settings."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        items = [item for item in (data if isinstance(data, list | tuple) else [data]) if item]
        if len(items) > settings.UPLOAD_MAX_FILES:
            raise forms.ValidationError(f"Joignez au plus {settings.UPLOAD_MAX_FILES} fichiers.")
        for item in items:
            if item.size > settings.UPLOAD_MAX_BYTES:
                limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
                raise forms.ValidationError(f"« {item.name} » est trop lourd : {limit} Mo au plus par fichier.")
            super().clean(item, initial)
        return items


class WritingForm(DeskForm):
    text = forms.CharField(label="Texte", required=False, strip=False, max_length=200_000, widget=forms.Textarea)
    files = ManyFiles(label="Joindre des fichiers", required=False, max_length=200)  # type: ignore[assignment]

    def uploaded(self) -> list[tuple[str, bytes]]:
        return [(item.name, item.read()) for item in self.cleaned_data["files"]]


class NoteForm(WritingForm):
    pass


class ReplyForm(WritingForm):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    template_version = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    send_at = forms.DateTimeField(
        label="Envoyer plus tard, le",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    without_file = forms.BooleanField(label="Envoyer sans pièce jointe", required=False)

    def clean_send_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["send_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError("Choisissez une date à venir.")
        return moment

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if mentions_file(data.get("text", "")) and not data.get("files") and not data.get("without_file"):
            self.add_error(
                "without_file",
                "Votre texte annonce une pièce jointe, et aucun fichier n'est joint. Joignez-le, ou cochez la case.",
            )
        return data


# -- what is done with a case: one small form each ---------------------------------------------------------------------


class ActForm(DeskForm):
    """`case` and `user` say what may be chosen."""

    def __init__(self, *args: Any, case: Case, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case
        self.user = user
        self.choose()

    def choose(self) -> None:
        """Narrow the choices to this case."""


class TransferForm(ActForm):
    team = forms.ModelChoiceField(Team.objects.none(), label="Équipe", empty_label="Choisir une équipe")
    reason = forms.CharField(label="Pourquoi", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        teams = Team.objects.filter(is_active=True).exclude(pk=self.case.team_id or 0)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["version"].initial = self.case.version


class AssignForm(ActForm):
    to = forms.ModelChoiceField(User.objects.none(), label="Agent", empty_label="Choisir un agent")

    def choose(self) -> None:
        agents = User.objects.filter(
            is_active=True, kind=User.Kind.HUMAN, memberships__team__in=[self.case.team] if self.case.team else []
        ) | User.objects.filter(pk=self.user.pk, is_active=True)
        self.fields["to"].queryset = agents.distinct()  # type: ignore[attr-defined]


class CloseForm(ActForm):
    result = forms.ChoiceField(
        label="Résultat",
        choices=[c for c in Result.choices if c[0] not in {Result.DUPLICATE, Result.TRANSMITTED, Result.ABUSIVE}],
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        self.fields["version"].initial = self.case.version


class WaitForm(ActForm):
    days = forms.IntegerField(label="Pendant, en jours", min_value=1, max_value=365)

    def choose(self) -> None:
        self.fields["days"].initial = settings.WAITING_END_DAYS


class PiecesForm(ActForm):
    pieces = forms.CharField(label="Documents, un par ligne", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    until = forms.DateField(
        label="À recevoir au plus tard le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    text = forms.CharField(
        label="Début du message",
        required=False,
        max_length=4000,
        initial="Bonjour,",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        self.fields["version"].initial = self.case.version
        self.fields["until"].initial = (timezone.localtime() + timedelta(days=30)).date()


class SnoozeForm(ActForm):
    until = forms.DateField(label="Jusqu'au", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class TopicForm(ActForm):
    topic = forms.ModelChoiceField(Topic.objects.none(), label="Sujet", empty_label="Choisir un sujet")
    department = forms.ChoiceField(label="Département", required=False)

    def choose(self) -> None:
        topics = Topic.objects.filter(is_active=True, sensitivity__lte=self.user.clearance)
        self.fields["topic"].queryset = topics  # type: ignore[attr-defined]
        codes = sorted({*settings.REGION_DEPARTMENTS, *([self.case.department] if self.case.department else [])})
        self.fields["department"].choices = [("", "Non précisé"), *((c, c) for c in codes)]  # type: ignore[attr-defined]
        self.fields["topic"].initial = self.case.topic_id
        self.fields["department"].initial = self.case.department


class OtherCaseForm(ActForm):
    other = forms.CharField(label="Numéro de l'autre demande", max_length=40)

    def clean_other(self) -> Case:
        number = reference.check(self.cleaned_data["other"])
        found = Case.objects.visible_to(self.user).filter(reference=number).first() if number else None
        if found is None:
            raise forms.ValidationError("Aucune demande que vous pouvez voir ne porte ce numéro.")
        return found


class TransmitForm(ActForm):
    body = forms.ModelChoiceField(CompetentBody.objects.all(), label="Organisme", empty_label="Choisir un organisme")


class ConfirmForm(ActForm):
    sure = forms.BooleanField(label="Je confirme")


class NothingForm(ActForm):
    pass
