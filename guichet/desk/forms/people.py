"""What is written on a person's record: one small form each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.core import identifiers
from guichet.desk.forms.fields import NO_SUCH_CASE, DeskForm
from guichet.desk.searching import case_numbered
from guichet.organisation.models import Channel
from guichet.people.models import Consent, ContactPoint, Mandate, Person

LANGUAGES = [
    ("fr", "Français"), ("en", "Anglais"), ("es", "Espagnol"), ("pt", "Portugais"), ("ar", "Arabe"),
    ("eu", "Basque"), ("oc", "Occitan"), ("lsf", "Langue des signes française"),
]  # fmt: skip
PURPOSES = [("lettre", "Lettre d'information"), ("enquete", "Enquêtes de satisfaction"), ("rappels", "Rappels par SMS")]


class PersonForm(DeskForm):
    """`person` and `user` say what may be chosen."""

    def __init__(self, *args: Any, person: Person, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.user = user
        self.choose()

    def choose(self) -> None:
        """Show what is known."""


class RecordForm(PersonForm):
    """Fields of the record itself: shown as they are, written as they are."""

    def choose(self) -> None:
        for name, field in self.fields.items():
            field.initial = getattr(self.person, name)


class IdentityForm(RecordForm):
    kind = forms.ChoiceField(label="Qualité", choices=Person.Kind.choices)
    civility = forms.ChoiceField(label="Civilité", choices=Person.Civility.choices, required=False)
    first_name = forms.CharField(label="Prénom", max_length=80, required=False)
    family_name = forms.CharField(label="Nom de famille", max_length=80, required=False)
    used_name = forms.CharField(label="Nom d'usage", max_length=80, required=False)
    prefers_used_name = forms.BooleanField(label="Demande à être appelée par son nom d'usage", required=False)
    organisation_name = forms.CharField(label="Dénomination", max_length=160, required=False)
    siret = forms.CharField(label="SIRET", max_length=20, required=False)
    rna = forms.CharField(label="RNA", max_length=14, required=False)
    address = forms.CharField(
        label="Adresse postale", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    postcode = forms.CharField(label="Code postal", max_length=10, required=False)
    town = forms.CharField(label="Commune", max_length=80, required=False)
    about = forms.CharField(
        label="En bref", max_length=160, required=False, help_text="La personne peut lire ce que vous écrivez ici."
    )

    def clean_siret(self) -> str:
        return self._number("siret", "Ce numéro SIRET n'est pas juste : vérifiez ses 14 chiffres.")

    def clean_rna(self) -> str:
        return self._number("rna", "Ce numéro RNA n'est pas juste : W, puis 9 chiffres.")

    def _number(self, name: str, wrong: str) -> str:
        typed: str = self.cleaned_data[name]
        found = getattr(identifiers, name)(typed) if typed else ""
        if found is None:
            raise forms.ValidationError(wrong)
        return str(found)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        names = (data.get("first_name"), data.get("family_name"), data.get("organisation_name"))
        if self.person.full_name and not any(names) and (self.person.family_name or self.person.organisation_name):
            raise forms.ValidationError("Il faut un nom : la fiche en avait un.")
        if data.get("siret"):
            data["siren"] = data["siret"][:9]
        if department := identifiers.department_of(data.get("postcode", "")):
            data["department"] = department
        return data


class NeedsForm(RecordForm):
    preferred_channel = forms.ChoiceField(
        label="Canal préféré", choices=[("", "Sans préférence"), *Channel.choices], required=False
    )
    language = forms.ChoiceField(label="Langue", choices=LANGUAGES)
    needs_interpreter = forms.BooleanField(label="A besoin d'un interprète", required=False)
    needs_large_print = forms.BooleanField(label="Gros caractères", required=False)
    no_digital = forms.BooleanField(label="N'utilise pas le numérique", required=False)
    electronic_reply_refused = forms.BooleanField(label="Refuse les réponses électroniques", required=False)
    secret = forms.BooleanField(
        label="Coordonnées secrètes", required=False, help_text="Plus aucun message automatique ne lui est envoyé."
    )
    deceased = forms.BooleanField(label="Décès signalé", required=False)


class PointForm(PersonForm):
    kind = forms.ChoiceField(label="Type", choices=ContactPoint.Kind.choices)
    value = forms.CharField(label="Adresse ou numéro", max_length=254)


class OfPersonForm(PersonForm):
    """About one row of the record: hidden, and surely of this person."""

    def _own(self, name: str, rows: Any) -> None:
        self.fields[name] = forms.ModelChoiceField(rows, widget=forms.HiddenInput)


class PointCorrectionForm(OfPersonForm):
    value = forms.CharField(label="Nouvelle valeur", max_length=254)

    def choose(self) -> None:
        self._own("point", self.person.contact_points.all())


class PointRemovalForm(OfPersonForm):
    def choose(self) -> None:
        self._own("point", self.person.contact_points.all())


class ConsentForm(PersonForm):
    purpose = forms.ChoiceField(label="Pour", choices=PURPOSES)
    channel = forms.ChoiceField(
        label="Par", choices=[(c.value, c.label) for c in (Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.PAPER)]
    )
    wording = forms.CharField(label="Texte lu à la personne (version)", max_length=40)
    proof = forms.CharField(
        label="Preuve", max_length=200, help_text="Formulaire signé, appel du 3 juin, case cochée au guichet…"
    )


class ConsentWithdrawalForm(OfPersonForm):
    def choose(self) -> None:
        self._own("given", Consent.objects.filter(person=self.person, withdrawn_at__isnull=True))


class MandateForm(PersonForm):
    side = forms.ChoiceField(
        label="Qui agit",
        choices=[("holder", "L'autre personne agit pour celle-ci"), ("principal", "Celle-ci agit pour l'autre")],
    )
    other = forms.CharField(label="Numéro d'une demande de l'autre personne", max_length=40)
    scope = forms.CharField(label="Pour quoi", max_length=160)
    first_day = forms.DateField(
        label="Depuis le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=timezone.localdate
    )
    last_day = forms.DateField(
        label="Jusqu'au", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    proof = forms.CharField(label="Preuve", max_length=200, help_text="Document vu, lien de parenté vérifié, pouvoir…")

    def clean_other(self) -> Person:
        case = case_numbered(self.cleaned_data["other"], self.user)
        if case is None or case.person is None:
            raise forms.ValidationError(NO_SUCH_CASE)
        return case.person.merged_into or case.person


class MandateEndForm(OfPersonForm):
    def choose(self) -> None:
        theirs = Q(principal=self.person) | Q(holder=self.person)
        self._own("mandate", Mandate.objects.filter(theirs, ended_at__isnull=True))


class CompareForm(forms.Form):
    """Which of two values is kept, field by field: « b » takes the other record's."""

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in names:
            self.fields[name] = forms.ChoiceField(choices=[("a", "a"), ("b", "b")], required=False)

    def taken(self) -> list[str]:
        return [name for name, value in self.cleaned_data.items() if value == "b"]
