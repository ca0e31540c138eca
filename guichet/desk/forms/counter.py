"""A visit or a call, written down by an agent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core import signing
from django.utils import timezone

from guichet.cases.actions.counter import Helper, Told
from guichet.cases.models.case import Result
from guichet.core import identifiers
from guichet.desk.forms.fields import DeskForm, ManyFiles, email_typed, phone_typed
from guichet.organisation.models import Channel, Topic
from guichet.people.identity import Claim
from guichet.people.models import Person

BY = [(Channel.COUNTER.value, "À l'accueil"), (Channel.PHONE.value, "Par téléphone")]
ANSWER_BY = [
    ("", "Sans préférence"),
    (Channel.EMAIL.value, "E-mail"),
    (Channel.PHONE.value, "Téléphone"),
    (Channel.PAPER.value, "Courrier"),
]
CLOSE_WITH = [("", "Laisser ouverte"), *((r.value, str(r.label)) for r in (
    Result.ANSWERED, Result.GRANTED, Result.REFUSED, Result.NO_ANSWER_NEEDED))]  # fmt: skip
WHO = [
    ("new", "Une personne nouvelle, ou que je n'ai pas trouvée"),
    ("known", "La personne choisie"),
    ("nobody", "Une personne qui ne veut pas donner son nom"),
]
SCOPES = ("Parent ou représentant légal", "Aidant", "Travailleur social", "Conseiller France Services",
          "Responsable de l'organisme")  # fmt: skip


def _words(label: str, length: int, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, **more)


class ToldForm(DeskForm):
    """`person`: the record chosen before, if any."""

    wanted = frozenset({"last_name", "helper_last_name", "proof"})

    key = forms.CharField(widget=forms.HiddenInput, max_length=80)
    channel = forms.ChoiceField(label="Comment", choices=BY, widget=forms.RadioSelect)
    at = forms.DateTimeField(
        label="Quand",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    who = forms.ChoiceField(label="Qui", choices=WHO, widget=forms.RadioSelect)
    kind = forms.ChoiceField(label="Qualité", choices=Person.Kind.choices, initial=Person.Kind.CITIZEN.value)
    organisation = _words("Dénomination de l'organisme", 160)
    civility = forms.ChoiceField(label="Civilité", choices=Person.Civility.choices, required=False)
    first_name = _words("Prénom", 80)
    last_name = _words("Nom", 80)
    email = _words("Adresse e-mail", 254)
    phone = _words("Téléphone", 40)
    address = _words("Adresse postale", 300, widget=forms.Textarea(attrs={"rows": 2}))
    refuses = forms.BooleanField(label="Refuse les réponses électroniques", required=False)
    helped = forms.BooleanField(label="Quelqu'un d'autre est venu ou appelle pour cette personne", required=False)
    helper_first_name = _words("Son prénom", 80)
    helper_last_name = _words("Son nom", 80)
    helper_email = _words("Son adresse e-mail", 254)
    helper_phone = _words("Son téléphone", 40)
    scope = forms.ChoiceField(label="Il agit comme", choices=[(s, s) for s in SCOPES], required=False)
    proof = _words("Preuve du mandat", 200, help_text="Document vu, lien de parenté vérifié, accord de la personne…")
    until = forms.DateField(
        label="Mandat jusqu'au", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    topic = forms.ModelChoiceField(
        Topic.objects.none(), label="Sujet", required=False, empty_label="À proposer d'après le texte"
    )
    department = forms.ChoiceField(label="Département", required=False)
    subject = _words("Objet", 300)
    text = forms.CharField(
        label="Ce que la personne demande", max_length=20_000, widget=forms.Textarea(attrs={"rows": 6})
    )
    files = ManyFiles(label="Documents remis", required=False, max_length=200)  # type: ignore[assignment]
    preferred_channel = forms.ChoiceField(label="Réponse souhaitée par", choices=ANSWER_BY, required=False)
    urgent = forms.BooleanField(label="C'est urgent", required=False)
    answer = _words("Ce que vous lui avez répondu", 20_000, widget=forms.Textarea(attrs={"rows": 4}))
    result = forms.ChoiceField(label="Et clôturer", choices=CLOSE_WITH, required=False)
    keep = forms.BooleanField(label="Je m'en occupe", required=False)

    def __init__(self, *args: Any, person: Person | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["topic"].queryset = Topic.objects.filter(is_active=True)  # type: ignore[attr-defined]
        codes = sorted(settings.REGION_DEPARTMENTS)
        self.fields["department"].choices = [("", "Non précisé"), *((c, c) for c in codes)]  # type: ignore[attr-defined]
        if person is None:
            self.fields["who"].choices = [w for w in WHO if w[0] != "known"]  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial = {
                "key": new_key(), "channel": Channel.COUNTER.value, "at": timezone.localtime().replace(second=0),
                "who": "known" if person else "new", "keep": True,
                "department": person.department if person and person.department in codes else "",
            }  # fmt: skip

    def clean_key(self) -> str:
        try:
            signing.Signer(salt="desk.told").unsign(self.cleaned_data["key"])
        except signing.BadSignature as error:
            raise forms.ValidationError("Ouvrez de nouveau la page avant d'enregistrer.") from error
        return str(self.cleaned_data["key"])

    def clean_at(self) -> datetime:
        moment: datetime = self.cleaned_data["at"]
        # The clock of a work station may be a little ahead of ours.
        if moment > timezone.now() + timedelta(minutes=10):
            raise forms.ValidationError("La visite ou l'appel ne peut pas être à venir.")
        return min(moment, timezone.now())

    def clean_email(self) -> str:
        return email_typed(self.cleaned_data["email"])

    def clean_helper_email(self) -> str:
        return email_typed(self.cleaned_data["helper_email"])

    def clean_phone(self) -> str:
        return phone_typed(self.cleaned_data["phone"])

    def clean_helper_phone(self) -> str:
        return phone_typed(self.cleaned_data["helper_phone"])

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("who") == "new" and not (data.get("last_name") or data.get("organisation")):
            self.add_error("last_name", "Écrivez le nom de la personne, ou choisissez « ne veut pas donner son nom ».")
        if data.get("helped"):
            if data.get("who") == "nobody":
                self.add_error("who", "Dites pour qui la personne présente agit.")
            if not data.get("helper_last_name"):
                self.add_error("helper_last_name", "Écrivez le nom de la personne présente.")
            if not data.get("proof"):
                self.add_error("proof", "Dites comment le mandat est prouvé.")
        if data.get("result") and not data.get("answer"):
            self.add_error("answer", "Écrivez ce que vous avez répondu avant de clôturer.")
        return data

    def told(self) -> Told:
        data = self.cleaned_data
        return Told(
            key=data["key"].partition(":")[0],
            channel=data["channel"],
            at=data["at"],
            text=data["text"],
            subject=data["subject"],
            person=self.person if data["who"] == "known" else None,
            claim=self._claim() if data["who"] == "new" else None,
            helper=self._helper() if data["helped"] else None,
            topic_id=data["topic"].pk if data["topic"] else None,
            department=data["department"],
            preferred_channel=data["preferred_channel"],
            urgent=data["urgent"],
            files=[(item.name, item.read()) for item in data["files"]],
        )

    def _claim(self) -> Claim:
        data = self.cleaned_data
        postcode, town = identifiers.find_postcode(data["address"])
        return Claim(
            email=data["email"], phone=data["phone"], civility=data["civility"], first_name=data["first_name"],
            family_name=data["last_name"], kind=data["kind"],
            organisation_name=data["organisation"] if data["kind"] != Person.Kind.CITIZEN else "",
            address=data["address"], postcode=postcode, town=town,
            department=data["department"] or identifiers.department_of(postcode),
            preferred_channel=data["preferred_channel"], electronic_reply_refused=data["refuses"],
        )  # fmt: skip

    def _helper(self) -> Helper:
        data = self.cleaned_data
        claim = Claim(
            email=data["helper_email"], phone=data["helper_phone"], first_name=data["helper_first_name"],
            family_name=data["helper_last_name"],
        )  # fmt: skip
        return Helper(claim, scope=data["scope"] or SCOPES[0], proof=data["proof"], until=data["until"])


def new_key() -> str:
    """Signed, so that only a page we showed opens a case; drawn, so that two pages open two."""
    return signing.Signer(salt="desk.told").sign(uuid4().hex)
