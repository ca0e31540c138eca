"""What an agent keeps or ticks off on a case: drafts and tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.moving import locked
from guichet.cases.models import Case, Draft, Task
from guichet.cases.policy import require_handle
from guichet.core import files as store
from guichet.core.refused import Refused
from guichet.core.text import one_line, strip_controls
from guichet.journal.actions import record
from guichet.organisation.models import Channel

DRAFT_KINDS = frozenset({"email", "note"})
REPLY_CHANNELS = frozenset({Channel.EMAIL.value, Channel.PAPER.value})
DRAFT_MAX = 200_000


@transaction.atomic
def save_draft(
    case: Case,
    *,
    by: User,
    kind: str,
    text: str,
    channel: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    answers: Sequence[int] | None = None,
) -> Draft | None:
    """Keep what is being written; an empty text without a file forgets it. Not an event: nothing happened to the case.

    `files` are added to those already kept; `answers` (see `reply`), when said, replace them. What somebody else took
    over is left as it is: see `take_back`.
    """
    require_handle(by, case)
    if kind not in DRAFT_KINDS:
        raise Refused("Ce brouillon n'existe pas.", status=400)
    body = strip_controls(text)[:DRAFT_MAX]
    known = Draft.objects.select_for_update().filter(case=case, user=by, kind=kind).first()
    if known is not None and known.taken_by_id is not None:
        return known
    kept = list(known.files) if known else []
    for name, content in files:
        stored = store.keep(content, name=name)
        if stored.pk not in {pk for pk, _ in kept}:
            kept.append([stored.pk, name[:200]])
    if body.strip() or kept:
        values: dict[str, object] = {"text": body, "files": kept}
        if answers is not None:
            values["answers"] = list(answers)
        if channel in REPLY_CHANNELS:
            values["channel"] = channel
        return Draft.objects.update_or_create(case=case, user=by, kind=kind, defaults=values)[0]
    if known is not None:
        known.delete()
    return None


@transaction.atomic
def share_draft(case: Case, *, by: User, shared: bool) -> None:
    """Let the team see one's draft and go on with it, or no longer."""
    require_handle(by, case)
    Draft.objects.filter(case=case, user=by, kind="email").update(shared=shared)


@transaction.atomic
def take_over(draft: Draft, *, by: User) -> Draft:
    """Go on with the draft a colleague shows. His stays with him, and he is told; one's own text stays above."""
    require_handle(by, draft.case)
    theirs = Draft.objects.select_for_update(of=("self",)).select_related("user").filter(pk=draft.pk).first()
    if theirs is None or theirs.user_id == by.pk or not theirs.shared or theirs.taken_by_id is not None:
        raise Refused("Ce brouillon n'est plus à reprendre : il a été envoyé, repris, ou n'est plus montré.")
    mine, _ = Draft.objects.get_or_create(case_id=theirs.case_id, user=by, kind="email")
    mine.text = f"{mine.text.rstrip()}\n\n{theirs.text}" if mine.text.strip() else theirs.text
    mine.channel = theirs.channel
    mine.answers = list(dict.fromkeys([*mine.answers, *theirs.answers]))
    mine.files = [*mine.files, *(pair for pair in theirs.files if pair not in mine.files)]
    mine.shared, mine.taken_by = True, None
    mine.save()
    theirs.taken_by = by
    theirs.save(update_fields=["taken_by"])
    record("case.draft_taken", by=by, case_id=theirs.case_id, author=theirs.user.full_name)
    return mine


@transaction.atomic
def take_back(case: Case, *, by: User) -> None:
    """Go on with one's own text although a colleague took it over."""
    require_handle(by, case)
    Draft.objects.filter(case=case, user=by, kind="email").update(taken_by=None)


@transaction.atomic
def forget_drafts(*, by: User, before: datetime, limit: int) -> int:
    """Drafts nobody touched since; returns how many."""
    assert by.is_machine
    old = list(Draft.objects.filter(updated_at__lt=before).order_by("updated_at").values_list("pk", flat=True)[:limit])
    Draft.objects.filter(pk__in=old).delete()
    return len(old)


@transaction.atomic
def add_task(case: Case, label: str, *, by: User, due_on: date | None = None) -> Task:
    """Something to do besides answering: call back, ask a colleague, check a payment."""
    words = one_line(label)[:200]
    if not words:
        raise Refused("Dites ce qu'il y a à faire.", status=400)
    case = locked(case, by=by)
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant d'y ajouter une tâche.")
    task = Task.objects.create(case=case, label=words, due_on=due_on)
    record("case.task_added", by=by, case_id=case.pk, subject=f"task:{task.pk}")
    return task


@transaction.atomic
def finish_task(task: Task, *, by: User) -> None:
    """Tick a task off. A second tick changes nothing."""
    require_handle(by, task.case)
    done = Task.objects.filter(pk=task.pk, done_at__isnull=True).update(done_at=timezone.now(), done_by=by)
    if done:
        record("case.task_done", by=by, case_id=task.case_id, subject=f"task:{task.pk}")


@transaction.atomic
def exported(case: Case, *, by: User) -> None:
    """Somebody takes the whole file away: it is written, as a reading is."""
    require_handle(by, case)
    record("case.exported", by=by, case_id=case.pk, person_id=case.person_id)
