"""Approval before sending (visa): proposed, approved, corrected, sent back, withdrawn. The clocks keep running."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.moving import locked, move, restore, save
from guichet.cases.actions.writing import (
    Answer,
    UploadedFile,
    checked,
    kept_in_draft,
    may_be_reached,
    none_waits,
    send_out,
    stored,
)
from guichet.cases.models import Case, Draft, Interaction, Proposal, Status
from guichet.cases.policy import may_approve
from guichet.core import files as store
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.organisation.models import Channel


@transaction.atomic
def propose(
    case: Case,
    *,
    by: User,
    text: str,
    channel: str = Channel.EMAIL,
    files: Sequence[UploadedFile] = (),
    draft_files: Sequence[str] = (),
    send_at: datetime | None = None,
    close_with: str = "",
    version: int | None = None,
    template_version: str = "",
    despite: str = "",
    answers: Sequence[int] = (),
) -> Proposal:
    """Keep the answer until somebody approves it. Refused as `reply` would be: what is approved can leave."""
    body = checked(text)
    case = locked(case, by=by, version=version)
    none_waits(case)
    to = may_be_reached(case, channel=channel, send_at=send_at, despite=despite)
    kept = [*kept_in_draft(case, by, draft_files), *((store.keep(content, name=name), name) for name, content in files)]
    proposal = Proposal.objects.create(
        case=case, author=by, channel=channel, text=body, recipients=[list(pair) for pair in to],
        files=[[file.pk, name[:200]] for file, name in kept], send_at=send_at, close_with=close_with,
        template_version=template_version, despite=despite.strip(), answers=list(answers),
    )  # fmt: skip
    Draft.objects.filter(case=case, user=by, kind="email").delete()
    case.assignee = case.assignee or by
    case.unread = False
    move(case, Status.IN_APPROVAL)
    save(case)
    record("case.proposed", by=by, case_id=case.pk, subject=f"proposal:{proposal.pk}")
    return proposal


def _decided(proposal: Proposal, state: str, *, by: User, reason: str = "") -> None:
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.reason = state, by, timezone.now(), reason
    proposal.save(update_fields=["state", "decided_by", "decided_at", "reason", "text"])


def _waiting(proposal: Proposal) -> Proposal:
    """The row, locked; a decision is taken once."""
    row = Proposal.objects.select_for_update(of=("self",)).select_related("author").get(pk=proposal.pk)
    if row.state != Proposal.State.WAITING:
        raise Refused(f"Cette réponse est déjà {row.get_state_display()}.")
    return row


@transaction.atomic
def approve(proposal: Proposal, *, by: User, text: str | None = None, version: int | None = None) -> Interaction:
    """It leaves now, once, to the recipients frozen when it was proposed; `text`: corrected by who approves."""
    case = locked(proposal.case, by=by, version=version)
    if not may_approve(by, case):
        raise NotAllowed("Seul un responsable de l'équipe peut viser cette réponse.")
    proposal = _waiting(proposal)
    body = checked(proposal.text if text is None else text)
    corrected = body != proposal.text
    proposal.text = body
    _decided(proposal, Proposal.State.APPROVED, by=by)
    send_at = proposal.send_at if proposal.send_at and proposal.send_at > timezone.now() else None
    frozen = [(address, name) for address, name in proposal.recipients]
    answer = Answer(
        body,
        proposal.channel,
        may_be_reached(case, channel=proposal.channel, to=frozen, send_at=send_at, despite=proposal.despite),
        (),
        stored((key, name) for key, name in proposal.files),
        send_at,
        proposal.close_with,
        proposal.template_version,
        proposal.despite,
        proposal.answers,
    )
    record(
        "case.approved", by=by, case_id=case.pk, subject=f"proposal:{proposal.pk}", author=proposal.author.full_name,
        how=", après correction" if corrected else "",
    )  # fmt: skip
    return send_out(case, answer, by=by, author=proposal.author, kind=Interaction.Kind.MESSAGE)


@transaction.atomic
def send_back(proposal: Proposal, *, by: User, reason: str) -> Proposal:
    """To its author, who finds his text again and why."""
    why = reason.strip()
    if not why:
        raise Refused("Dites à l'auteur ce qu'il doit corriger.", status=400)
    case = locked(proposal.case, by=by)
    if not may_approve(by, case):
        raise NotAllowed("Seul un responsable de l'équipe peut renvoyer cette réponse.")
    proposal = _waiting(proposal)
    _decided(proposal, Proposal.State.RETURNED, by=by, reason=why[:500])
    _reopened(case, proposal)
    record(
        "case.sent_back", by=by, case_id=case.pk, subject=f"proposal:{proposal.pk}", author=proposal.author.full_name,
        reason=why[:500],
    )  # fmt: skip
    return proposal


@transaction.atomic
def withdraw_proposal(proposal: Proposal, *, by: User) -> Proposal:
    """The author changes his mind before anybody decided."""
    case = locked(proposal.case, by=by)
    if proposal.author_id != by.pk:
        raise NotAllowed("Seul l'auteur peut retirer sa proposition.")
    proposal = _waiting(proposal)
    _decided(proposal, Proposal.State.WITHDRAWN, by=by)
    _reopened(case, proposal)
    record("case.proposal_withdrawn", by=by, case_id=case.pk, subject=f"proposal:{proposal.pk}")
    return proposal


def _reopened(case: Case, proposal: Proposal) -> None:
    restore(proposal)
    if case.status == Status.IN_APPROVAL:
        move(case, Status.IN_PROGRESS)
    save(case)
