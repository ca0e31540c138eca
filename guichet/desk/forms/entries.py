"""How an application on paper, at a counter or by telephone came, and who asks for the person."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django import forms
from django.core import signing
from django.utils import timezone

from guichet.accounts.models import User
from guichet.desk.forms.fields import DeskForm, email_typed, phone_typed
from guichet.organisation.models import Channel
from guichet.people.identity import Claim
from guichet.people.models import Mandate, Person
from guichet.procedures.acting import mandates_for
from guichet.procedures.actions import Arrival
from guichet.procedures.models import Dossier, Entry, Procedure
from guichet.procedures.policy import procedures_entered_by

SALT = "desk.entry"
HOW = [
    (Channel.PAPER.value, "Par courrier"), (Channel.COUNTER.value, "À l'accueil"),
    (Channel.PHONE.value, "Par téléphone"),
]  # fmt: skip
WHO = [
    (Entry.Basis.SELF.value, "La personne elle-même, présente, au téléphone ou par un formulaire signé"),
    (Entry.Basis.LEGAL.value, "Son représentant légal : parent, tuteur"),
    (Entry.Basis.MANDATE.value, "Un mandataire, avec un pouvoir écrit"),
    (Entry.Basis.ADVISER.value, "Un conseiller France Services, avec son accord"),
]


def _day(label: str, *, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label, required=False, help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


def _line(label: str, length: int, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, **more)


class MandateField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    def label_from_instance(self, obj: Mandate) -> str:
        return f"{obj.holder.full_name}, {obj.scope}"


class ArrivalForm(DeskForm):
    """Of an application of `person`; `draft`: the one whose arrival is corrected."""

    wanted = frozenset({"received_on", "last_name", "proof"})

    channel = forms.ChoiceField(label="Comment la demande est arrivée", choices=HOW, widget=forms.RadioSelect)
    received_on = _day("Reçue le", help_text="Les délais courent de ce jour.")
    postmark = _day(
        "Cachet de la poste", help_text="Il dit si la date limite est tenue. Illisible\u00a0: laissez vide."
    )
    basis = forms.ChoiceField(label="Qui demande", choices=WHO, widget=forms.RadioSelect)
    mandate = MandateField(
        Mandate.objects.none(), label="Mandat", required=False, empty_label="Un mandat à enregistrer"
    )
    first_name = _line("Son prénom", 80)
    last_name = _line("Son nom", 80)
    email = _line("Son adresse e-mail", 254)
    phone = _line("Son téléphone", 40)
    proof = _line(
        "Preuve ou accord", 200, help_text="Livret de famille vu, pouvoir joint, accord signé, identité vérifiée…"
    )
    until = _day("Mandat jusqu'au", help_text="Un conseiller France Services\u00a0: trente jours si rien n'est dit.")

    def __init__(self, *args: Any, person: Person, draft: Dossier | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.fields["mandate"]
        assert isinstance(known, MandateField)
        known.queryset = mandates_for(person)
        if draft is not None and draft.received_at is not None:
            self.initial = {
                "channel": draft.channel, "received_on": timezone.localdate(draft.received_at),
                "postmark": draft.postmark, "basis": draft.entry.basis, "mandate": draft.entry.mandate_id,
                "proof": draft.entry.proof,
                **self.initial,
            }  # fmt: skip

    def clean_received_on(self) -> date:
        day: date | None = self.cleaned_data["received_on"]
        if day is None:
            raise forms.ValidationError("Dites quel jour la demande est arrivée.")
        if day > timezone.localdate():
            raise forms.ValidationError("Ce jour est à venir.")
        return day

    def clean_email(self) -> str:
        return email_typed(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        return phone_typed(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("channel") != Channel.PAPER:
            data["postmark"] = None
        day, stamp = data.get("received_on"), data.get("postmark")
        if day and stamp and stamp > day:
            self.add_error("postmark", "Le cachet de la poste ne peut pas suivre l'arrivée.")
        if data.get("basis") != Entry.Basis.SELF and not data.get("mandate"):
            if not data.get("last_name"):
                self.add_error("last_name", "Écrivez le nom de qui demande, ou choisissez un mandat enregistré.")
            if not data.get("proof"):
                self.add_error("proof", "Dites comment le mandat ou l'accord est prouvé.")
        return data

    @property
    def arrival(self) -> Arrival:
        data = self.cleaned_data
        other = data["basis"] != Entry.Basis.SELF
        return Arrival(
            channel=data["channel"], received_on=data["received_on"], postmark=data["postmark"], basis=data["basis"],
            mandate=data["mandate"] if other else None, holder=self._holder() if other else None, proof=data["proof"],
            until=data["until"],
        )  # fmt: skip

    def _holder(self) -> Claim | None:
        data = self.cleaned_data
        if data["mandate"] or not data["last_name"]:
            return None
        return Claim(
            email=data["email"], phone=data["phone"], first_name=data["first_name"], family_name=data["last_name"]
        )


class EntryForm(ArrivalForm):
    """The same, and the procedure: one of the teams of the agent."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=120)
    procedure = forms.ModelChoiceField(Procedure.objects.none(), label="Démarche", empty_label="Choisissez")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["procedure"].queryset = procedures_entered_by(user)  # type: ignore[attr-defined]
        if not self.is_bound:
            fresh = {"key": signing.Signer(salt=SALT).sign(uuid.uuid4().hex), "basis": Entry.Basis.SELF.value}
            self.initial = {**fresh, **self.initial}

    def clean_key(self) -> uuid.UUID:
        try:
            return uuid.UUID(signing.Signer(salt=SALT).unsign(self.cleaned_data["key"]))
        except (signing.BadSignature, ValueError) as error:
            raise forms.ValidationError("Ouvrez de nouveau la page avant d'enregistrer.") from error
