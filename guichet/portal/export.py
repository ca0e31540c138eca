"""Everything that is kept of a person, as he may ask for it (RGPD art. 15 and 20): written out piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.utils import timezone

from guichet.cases.models import Interaction
from guichet.citizens.models import Account
from guichet.journal.models import Event
from guichet.people.actions import family_of
from guichet.people.models import Mandate, Person
from guichet.procedures.models import Dossier, Preference

SLICE = 500
PERSON = ("kind", "civility", "first_name", "family_name", "used_name", "organisation_name", "siret", "rna", "address",
          "postcode", "town", "department", "preferred_channel", "language", "needs_interpreter", "needs_large_print",
          "electronic_reply_refused", "created_at", "source")  # fmt: skip
# The rest of an event may name an agent.
SAID_OF_EVENTS = frozenset({"step", "steps", "rank", "day", "version", "how", "channel", "kind", "fields", "piece",
                            "what", "outcome", "until"})  # fmt: skip


def export(account: Account) -> Iterator[str]:
    person = account.person
    family = family_of(person)
    parts: list[tuple[str, Iterable[Any]]] = [
        ("coordonnees", person.contact_points.values("kind", "value", "source", "verified_at", "created_at")),
        ("mandats", _mandates(person)),
        ("preferences", Preference.objects.filter(person=person).values("kind", "channel", "wanted", "changed_at")),
        ("dossiers", _dossiers(family)),
        ("messages", _messages(family)),
        ("documents", person.documents.filter(removed_at__isnull=True).values(
            "kind", "label", "name", "valid_until", "verified_at", "kept_at")),
        ("journal", _events(family)),
    ]  # fmt: skip
    fiche = {name: getattr(person, name) for name in PERSON}
    compte = {"adresse": account.email, "ouvert_le": account.created_at, "derniere_visite": account.last_seen_at}
    yield f'{{"exporte_le": {_json(timezone.now())},\n"fiche": {_json(fiche)},\n"compte": {_json(compte)}'
    for name, rows in parts:
        yield f',\n"{name}": ['
        for number, row in enumerate(rows):
            yield f"{',' if number else ''}\n{_json(row)}"
        yield "]"
    yield "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _mandates(person: Person) -> Iterator[dict[str, Any]]:
    for one in Mandate.objects.filter(Q(principal=person) | Q(holder=person)).select_related("principal", "holder"):
        yield {
            "pour": one.principal.full_name, "par": one.holder.full_name, "objet": one.scope, "depuis": one.first_day,
            "jusqu_au": one.last_day, "preuve": one.proof, "retire_le": one.ended_at,
        }  # fmt: skip


def _dossiers(family: list[int]) -> Iterator[dict[str, Any]]:
    rows = Dossier.objects.filter(applicant__in=family).select_related("procedure").prefetch_related(
        "pieces__files", "payments", "decisions"
    )  # fmt: skip
    for row in rows.order_by("pk").iterator(chunk_size=50):
        yield {
            "numero": row.reference, "demarche": row.procedure.title, "etape": f"{row.step}/{row.steps}",
            "issue": row.get_outcome_display() if row.outcome else "", "commence_le": row.started_at,
            "depose_le": row.filed_at, "termine_le": row.closed_at, "reponses": row.answers,
            "pieces": [
                {"document": piece.label, "etat": piece.get_state_display(), "motif": piece.reason,
                 "fichiers": [file.name for file in piece.files.all()]}
                for piece in row.pieces.all()
            ],
            "decisions": [
                {"le": d.decided_at, "issue": d.get_outcome_display(), "motifs": d.reasons,
                 "montant_centimes": d.amount_cents}
                for d in row.decisions.all() if d.notified_at
            ],
            "versements": [
                {"versement": p.label, "montant_centimes": p.amount_cents, "etat": p.get_state_display(),
                 "verse_le": p.paid_on, "iban": p.iban}
                for p in row.payments.all()
            ],
        }  # fmt: skip


def _messages(family: list[int]) -> Iterator[dict[str, Any]]:
    """What was said between him and us: no note of the house, nothing from a third person, nothing still undone."""
    settled = timezone.now() - timedelta(seconds=settings.UNDO_SECONDS)
    sent = Q(direction=Interaction.Direction.OUT) & (Q(at__lte=settled) | ~Q(automatic=""))
    received = Q(direction=Interaction.Direction.IN, third_person=False) & ~Q(kind=Interaction.Kind.MACHINE)
    rows = Interaction.objects.filter(
        sent | received, case__person__in=family, withdrawn_at__isnull=True
    ).exclude(kind=Interaction.Kind.TRANSMISSION)  # fmt: skip
    for row in rows.select_related("case").order_by("at", "pk").iterator(chunk_size=SLICE):
        yield {
            "demande": row.case.reference, "le": row.at, "canal": row.get_channel_display(),
            "sens": row.get_direction_display(), "objet": row.subject, "texte": row.text,
        }  # fmt: skip


def _events(family: list[int]) -> Iterator[dict[str, Any]]:
    rows = Event.objects.filter(person_id__in=family).order_by("at", "pk")
    for event in rows.iterator(chunk_size=SLICE):
        event.data = {name: value for name, value in event.data.items() if name in SAID_OF_EVENTS}
        yield {"le": event.at, "quoi": event.words}
