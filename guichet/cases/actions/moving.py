"""Locking a case and moving it: the first and last lines of every action."""

from __future__ import annotations

from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.models import Case, Clock, Draft, Proposal, Status
from guichet.cases.models.case import MOVES, OVER
from guichet.cases.policy import require_handle
from guichet.core.refused import Refused, Stale


def locked(case: Case, *, by: User, version: int | None = None) -> Case:
    """The row, locked, after asking the policy. Raises `Stale` when it is no longer the version that was shown."""
    require_handle(by, case)
    row = Case.objects.select_for_update(of=("self",)).select_related("person", "team", "topic").get(pk=case.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def move(case: Case, status: Status, *, with_file: bool = False) -> None:
    """Change the status if MOVES lets it, and keep what depends on it true. The caller saves.

    `with_file`: the dossier whose thread this is ends too.
    """
    if case.status == status:
        return
    if case.is_file and status in OVER and not with_file:
        raise Refused("Ces échanges accompagnent un dossier\u00a0: ils se terminent avec lui, dans l'instruction.")
    if status not in MOVES[Status(case.status)]:
        raise Refused(
            f"Une demande « {case.get_status_display()} » ne peut pas devenir « {status.label} ».", code="move"
        )
    if case.status == Status.IN_APPROVAL:
        give_back(case)
    case.status = status
    case.closed_at = timezone.now() if status in OVER else None
    if status not in {Status.WAITING_CITIZEN, Status.WAITING_THIRD}:
        case.waiting_since = case.remind_at = case.reminded_at = case.give_up_at = None
    if status in OVER:
        case.snoozed_until = None
        clocks.stop(case, [kind.value for kind in Clock.Kind], why=status.value)


def give_back(case: Case) -> None:
    """An answer that waited for approval is pointless now, or returned: its author finds his text again."""
    for proposal in case.proposals.select_for_update().filter(state=Proposal.State.WAITING):
        proposal.state = Proposal.State.WITHDRAWN
        proposal.decided_at = timezone.now()
        proposal.save(update_fields=["state", "decided_at"])
        restore(proposal)


def restore(proposal: Proposal) -> None:
    """The proposed text is a draft of its author again, before what he wrote since."""
    draft, new = Draft.objects.get_or_create(case_id=proposal.case_id, user_id=proposal.author_id, kind="email")
    draft.text = proposal.text if new or not draft.text.strip() else f"{proposal.text}\n\n{draft.text}"
    draft.channel = proposal.channel
    draft.answers = list(dict.fromkeys([*proposal.answers, *draft.answers]))
    draft.files = [*proposal.files, *(pair for pair in draft.files if pair not in proposal.files)]
    draft.save()


def save(case: Case) -> None:
    case.version += 1
    clocks.refresh_due(case)
    case.save()
