"""What the citizen does on the follow-up page, once the code sent to his address opened it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import PORTAL, machine
from guichet.cases.actions.acknowledging import copy_receipt
from guichet.cases.actions.follow import is_of_requester
from guichet.cases.actions.incoming import came_back, is_too_old
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.actions.opening import attach
from guichet.cases.models import Case, Interaction, Status
from guichet.cases.models.case import Result
from guichet.core.limits import spend
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import strip_controls
from guichet.journal.actions import record
from guichet.organisation.models import Channel

COPIES_PER_HOUR = 3


@transaction.atomic
def add_message(
    case: Case, *, address: str, text: str, files: Sequence[tuple[str, bytes]] = (), key: str
) -> Interaction:
    """Write in the case, or add a document. `key` makes a double click one message."""
    by = machine(PORTAL)
    body = strip_controls(text).strip()
    if not body and not files:
        raise Refused("Écrivez un message ou choisissez un document.", status=400)
    case = locked(case.survivor(), by=by)
    # After the lock: of two clicks at once, the second waits here and finds what the first wrote.
    known = Interaction.objects.filter(channel=Channel.PORTAL, external_id=key).first()
    if known is not None:
        return known
    now = timezone.now()
    if is_too_old(case, now):
        raise Refused("Cette demande est terminée depuis longtemps. Écrivez-nous avec le formulaire de contact.")
    interaction = Interaction.objects.create(
        case=case,
        channel=Channel.PORTAL,
        direction=Interaction.Direction.IN,
        at=now,
        external_id=key,
        person=case.person,
        sender_address=address,
        sender_name=case.person.full_name if case.person else "",
        text=body or "Document envoyé depuis la page de suivi.",
    )
    attach(interaction, [(name, content, "", False) for name, content in files])
    came_back(case, at=now, by=by, said=interaction.text)
    return interaction


@transaction.atomic
def close_as_citizen(case: Case) -> Case:
    """« Je n'ai plus besoin de réponse »."""
    by = machine(PORTAL)
    case = locked(case.survivor(), by=by)
    if case.is_over:
        raise Refused("Cette demande est déjà terminée.")
    case.result = Result.WITHDRAWN
    move(case, Status.CLOSED)
    save(case)
    record("case.closed", by=by, case_id=case.pk, on_behalf_of=case.person_id, result=Result.WITHDRAWN.value)
    return case


@transaction.atomic
def reopen_as_citizen(case: Case, *, address: str, text: str, key: str) -> Case:
    """Within the grace days, by saying what is still missing."""
    case = case.survivor()
    if not case.is_over:
        raise Refused("Cette demande n'est pas terminée : écrivez-nous simplement un message.")
    add_message(case, address=address, text=text, key=key)
    case.refresh_from_db()
    return case


def send_receipt_again(case: Case, *, address: str) -> Interaction:
    """« Je n'ai plus mon accusé de réception »: to the address that was proved, and no other."""
    case = case.survivor()
    spend(
        "receipt-again", f"{case.pk}:{address}", at_most=COPIES_PER_HOUR, per=timedelta(hours=1),
        message="Nous venons de vous l'envoyer plusieurs fois. Regardez dans les courriers indésirables.",
    )  # fmt: skip
    return _sent_again(case, address)


@transaction.atomic
def _sent_again(case: Case, address: str) -> Interaction:
    by = machine(PORTAL)
    case = locked(case, by=by)
    if not is_of_requester(case, address):
        raise NotAllowed("Cette adresse n'est pas celle de la demande.")
    sent = copy_receipt(case, address, by=by)
    record("case.receipt_again", by=by, case_id=case.pk, subject=f"interaction:{sent.pk}", on_behalf_of=case.person_id)
    return sent
