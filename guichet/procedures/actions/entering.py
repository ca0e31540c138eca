"""An application on paper, told at a counter or by telephone: an agent types it for the person and files it.

The form, its conditions and its faults are those of the citizen (`drafting`, `filing`); what is added is how it came,
when, and by what right somebody else asks (CE, 3 June 2022, n° 452798: no procedure is only digital).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from guichet.cases.actions import acknowledge_on_paper, link
from guichet.cases.models import Case
from guichet.cases.policy import may_handle, people_visible_to
from guichet.citizens.actions.mandating import ADVISER, ADVISER_DAYS, SCOPES
from guichet.core.refused import Refused
from guichet.organisation.models import Channel
from guichet.people import actions as people
from guichet.people.identity import Claim
from guichet.people.models import Mandate, Person
from guichet.procedures.acting import mandates_for
from guichet.procedures.actions.drafting import locked_by_agent, make_draft, open_now
from guichet.procedures.actions.filing import BY_HAND, file_dossier, proved_address
from guichet.procedures.actions.moving import tell
from guichet.procedures.models import Dossier, Entry, Procedure
from guichet.procedures.policy import procedures_entered_by

if TYPE_CHECKING:
    from guichet.accounts.models import User

SCOPE_OF = {
    Entry.Basis.LEGAL: "Parent ou représentant légal", Entry.Basis.MANDATE: "Mandataire",
    Entry.Basis.ADVISER: SCOPES[ADVISER],
}  # fmt: skip
# Those who may receive what is the person's; an adviser helps, he is not written to.
TRUSTED = frozenset({Entry.Basis.LEGAL, Entry.Basis.MANDATE})


@dataclass(frozen=True, slots=True)
class Arrival:
    """How it came and who asks. For another than the person: a `mandate` already recorded, or `holder` with `proof`."""

    channel: str
    received_on: date
    postmark: date | None = None  # of a letter: it tells whether the window was respected (CRPA L112-1)
    basis: str = Entry.Basis.SELF.value
    mandate: Mandate | None = None
    holder: Claim | None = None
    proof: str = ""  # document seen, written consent
    until: date | None = None


@transaction.atomic
def enter(
    procedure: Procedure, person: Person, arrival: Arrival, *, by: User, key: uuid.UUID, letter: Case | None = None
) -> Dossier:
    """A draft typed for `person` by an agent of the service in charge. `key`: of the form, so that two clicks are one.

    `letter`: the matter in which it came, whose documents may serve. Raises `Refused` for a procedure that is not his
    or is not open, a record that is not his to see, dates in disorder, a mandate without proof.
    """
    if known := Dossier.objects.being_entered(by).filter(key=key).first():
        return known
    if not procedures_entered_by(by).filter(pk=procedure.pk).exists():
        raise Refused("Cette démarche n'est pas de votre équipe, ou n'est pas ouverte.", status=404)
    if letter is not None and not may_handle(by, letter):
        raise Refused("Cette demande n'existe pas, ou n'est pas à votre équipe.", status=404)
    if not people_visible_to(by).filter(pk=person.pk).exists():
        raise Refused("Cette fiche n'existe pas, ou n'est pas à vous.", status=404)
    Person.objects.select_for_update().get(pk=person.pk)
    row, version = open_now(procedure)
    right = _right(arrival, person, by=by)
    draft = make_draft(row, version, person, key=key, entered_by=by, filed_by=_asks(right), **_came(arrival))
    entry = Entry.objects.create(dossier=draft, letter=letter, saved_by=by, **right)
    tell("dossier.begun", draft, by=by, channel=draft.channel, basis=entry.basis, mandate=entry.mandate_id,
         letter=letter.reference if letter else "")  # fmt: skip
    return draft


@transaction.atomic
def change_arrival(dossier: Dossier, arrival: Arrival, *, by: User) -> Dossier:
    """What was noted of its arrival is corrected before it is filed."""
    row = locked_by_agent(dossier, by)
    if not row.is_draft:
        raise Refused("Ce dossier est déjà déposé.", status=409)
    entry = Entry.objects.get(dossier=row)
    right = _right(arrival, row.applicant, by=by)
    for name, value in {**right, "saved_by": by}.items():
        setattr(entry, name, value)
    entry.save()
    for name, value in {**_came(arrival), "filed_by": _asks(right), "saved_at": timezone.now()}.items():
        setattr(row, name, value)
    row.save(update_fields=["channel", "received_at", "postmark", "filed_by", "saved_at"])
    tell("dossier.arrival_changed", row, by=by, channel=row.channel, basis=entry.basis, mandate=entry.mandate_id)
    return row


@transaction.atomic
def file_entry(dossier: Dossier, *, by: User) -> Dossier:
    """What an agent typed is filed as the person would have filed it: number, clocks from the day it came, receipt.

    The receipt goes to a proved address of the person (of who asks for him, when he has none); else it is a letter to
    print; none when the procedure owes none (CRPA R112-4). Filed twice is filed once. Raises `Refused` with what is
    left to do.
    """
    row = locked_by_agent(dossier, by) if dossier.is_draft else dossier
    if not row.is_draft:
        return row
    entry = Entry.objects.select_related("mandate__holder", "letter").get(dossier=row)
    if entry.mandate and not mandates_for(row.applicant).filter(pk=entry.mandate.pk).exists():
        raise Refused("Le mandat ne court plus : corrigez l'arrivée du dossier.", status=409)
    asks = entry.mandate.holder if entry.mandate else row.applicant
    owes_none = row.definition.receipt_exempt
    filed = file_dossier(
        row, person=asks, by=by, channel=row.channel, received_at=row.received_at, postmark=row.postmark,
        address=receipt_address(row),
    )  # fmt: skip
    assert filed.case is not None
    if not owes_none and not filed.case.interactions.filter(automatic="receipt").exists():
        acknowledge_on_paper(filed.case, to=asks if entry.basis in TRUSTED else None)
    matter = entry.matter
    if matter is not None and may_handle(by, matter) and may_handle(by, filed.case):
        link(matter, filed.case, by=by)
    return filed


def receipt_address(dossier: Dossier) -> str:
    """Where the receipt of what an agent types goes by e-mail; empty when it is to be printed."""
    if dossier.applicant.electronic_reply_refused or dossier.applicant.is_left_alone:
        return ""
    entry = dossier.entry
    others = proved_address(entry.mandate.holder) if entry.mandate and entry.basis in TRUSTED else ""
    return proved_address(dossier.applicant) or others


def _came(arrival: Arrival) -> dict[str, Any]:
    today, day = timezone.localdate(), arrival.received_on
    if arrival.channel not in BY_HAND:
        raise Refused("Dites comment la demande est arrivée.", status=400)
    if day > today:
        raise Refused("Un dossier ne peut pas être reçu demain.", status=400)
    if arrival.postmark is not None and arrival.channel != Channel.PAPER:
        raise Refused("Seul un courrier porte un cachet de la poste.", status=400)
    if arrival.postmark is not None and arrival.postmark > day:
        raise Refused("Le cachet de la poste ne peut pas suivre l'arrivée.", status=400)
    at = timezone.now()
    if day < today:
        at = timezone.make_aware(datetime.combine(day, time(12)))
    return {"channel": arrival.channel, "received_at": at, "postmark": arrival.postmark}


def _right(arrival: Arrival, person: Person, *, by: User) -> dict[str, Any]:
    """By what right it is typed: the person's own word, or a mandate that is recorded with its proof."""
    basis = Entry.Basis(arrival.basis)
    said: dict[str, Any] = {"basis": basis, "mandate": None, "proof": arrival.proof.strip()}
    if basis == Entry.Basis.SELF:
        return said
    if arrival.mandate is not None:
        known = mandates_for(person).filter(pk=arrival.mandate.pk).first()
        if known is None:
            raise Refused("Ce mandat n'est pas de cette personne, ou ne court plus.", status=400)
        return {**said, "mandate": known}
    if arrival.holder is None:
        raise Refused("Dites qui demande pour cette personne.", status=400)
    until = arrival.until
    if basis == Entry.Basis.ADVISER and until is None:
        until = timezone.localdate() + timedelta(days=ADVISER_DAYS)
    mandate = people.represent(
        person, arrival.holder, scope=SCOPE_OF[basis], proof=arrival.proof, until=until, by=by, source=arrival.channel
    )
    return {**said, "mandate": mandate}


def _asks(right: dict[str, Any]) -> Person | None:
    mandate: Mandate | None = right["mandate"]
    return mandate.holder if mandate else None
