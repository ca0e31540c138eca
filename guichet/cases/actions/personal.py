"""What an agent keeps or ticks off on a case: drafts and tasks."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Draft, Task
from guichet.cases.policy import require_handle
from guichet.core import files as store
from guichet.core.refused import Refused
from guichet.core.text import strip_controls
from guichet.journal.actions import record
from guichet.organisation.models import Channel

DRAFT_KINDS = frozenset({"email", "note"})
REPLY_CHANNELS = frozenset({Channel.EMAIL.value, Channel.PAPER.value})
DRAFT_MAX = 200_000


@transaction.atomic
def save_draft(
    case: Case, *, by: User, kind: str, text: str, channel: str = "", files: Sequence[tuple[str, bytes]] = ()
) -> None:
    """Keep what is being written; an empty text without a file forgets it. Not an event: nothing happened to the case.

    `files` are added to those already kept.
    """
    require_handle(by, case)
    if kind not in DRAFT_KINDS:
        raise Refused("Ce brouillon n'existe pas.", status=400)
    body = strip_controls(text)[:DRAFT_MAX]
    known = Draft.objects.select_for_update().filter(case=case, user=by, kind=kind).first()
    kept = list(known.files) if known else []
    for name, content in files:
        stored = store.keep(content, name=name)
        if stored.pk not in {pk for pk, _ in kept}:
            kept.append([stored.pk, name[:200]])
    if body.strip() or kept:
        values = {"text": body, "files": kept}
        if channel in REPLY_CHANNELS:
            values["channel"] = channel
        Draft.objects.update_or_create(case=case, user=by, kind=kind, defaults=values)
    elif known is not None:
        known.delete()


@transaction.atomic
def finish_task(task: Task, *, by: User) -> None:
    """Tick a task off. A second tick changes nothing."""
    require_handle(by, task.case)
    done = Task.objects.filter(pk=task.pk, done_at__isnull=True).update(done_at=timezone.now(), done_by=by)
    if done:
        record("case.task_done", by=by, case_id=task.case_id, subject=f"task:{task.pk}")
