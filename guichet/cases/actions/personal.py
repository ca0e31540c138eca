"""What an agent keeps or ticks off on a case: drafts and tasks."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Draft, Task
from guichet.cases.policy import require_handle
from guichet.core.refused import Refused
from guichet.core.text import strip_controls
from guichet.journal.actions import record

DRAFT_KINDS = frozenset({"email", "note"})
DRAFT_MAX = 200_000


@transaction.atomic
def save_draft(case: Case, *, by: User, kind: str, text: str) -> None:
    """Keep what is being written; an empty text forgets it. Not an event: nothing happened to the case."""
    require_handle(by, case)
    if kind not in DRAFT_KINDS:
        raise Refused("Ce brouillon n'existe pas.", status=400)
    body = strip_controls(text)[:DRAFT_MAX]
    if body.strip():
        Draft.objects.update_or_create(case=case, user=by, kind=kind, defaults={"text": body})
    else:
        Draft.objects.filter(case=case, user=by, kind=kind).delete()


@transaction.atomic
def finish_task(task: Task, *, by: User) -> None:
    """Tick a task off. A second tick changes nothing."""
    require_handle(by, task.case)
    done = Task.objects.filter(pk=task.pk, done_at__isnull=True).update(done_at=timezone.now(), done_by=by)
    if done:
        record("case.task_done", by=by, case_id=task.case_id, subject=f"task:{task.pk}")
