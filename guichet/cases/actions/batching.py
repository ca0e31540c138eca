"""The same act on many cases: chosen, checked, confirmed, then done one by one in the background.

Each case is one transaction: the act, its event, its delivery and the outcome of its item together. A worker killed
between two cases leaves items that wait; killed within one, nothing of it happened. Batches of other rows (dossiers:
procedures/actions/batching.py) are confirmed and worked through by the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import bulk
from guichet.cases.actions.handling import assign, close, transfer
from guichet.cases.actions.parting import link
from guichet.cases.actions.unsending import withdraw_reply
from guichet.cases.actions.writing import reply
from guichet.cases.models import Batch, BatchItem, Case, Interaction
from guichet.cases.models.batch import AnyBatch, BatchState, ItemState
from guichet.cases.models.case import Result
from guichet.core.refused import Refused, Stale
from guichet.journal.actions import record
from guichet.organisation.models import Team

AT_MOST = 2000
UNDO = timedelta(seconds=60)  # at least: a batch is longer to read again than one answer
KEPT = timedelta(days=30)
B = TypeVar("B", bound=AnyBatch)
STEPS: dict[str, str] = {BatchState.RUNNING: ItemState.WAITING, BatchState.UNDOING: ItemState.DONE}


@transaction.atomic
def choose(numbers: Sequence[int], *, by: User) -> Batch:
    """Keep what was ticked, as it is now. Raises `Refused` when nothing of it may be seen."""
    wanted = list(dict.fromkeys(numbers))
    versions = dict(Case.objects.visible_to(by).filter(pk__in=wanted[:AT_MOST]).values_list("pk", "version"))
    kept = [pk for pk in wanted if pk in versions]
    if not kept:
        raise Refused("Cochez au moins une demande dans la liste.", status=400)
    batch = Batch.objects.create(owner=by, left_out=max(0, len(wanted) - AT_MOST))
    BatchItem.objects.bulk_create([BatchItem(batch=batch, case_id=pk, version=versions[pk]) for pk in kept])
    return batch


@transaction.atomic
def prepare(batch: Batch, verb: str, params: dict[str, Any], *, by: User, texts: Mapping[int, str] = {}) -> None:
    """Write down what is to be done, and what will be left aside with the reason. Nothing is done yet."""
    batch = own(batch, by, {Batch.State.CHOSEN, Batch.State.CHECKED})
    if verb not in Batch.Verb.values:
        raise Refused("Choisissez ce que vous voulez faire de ces demandes.", status=400)
    items = list(batch.items.select_for_update(of=("self",)).order_by("pk"))
    why = bulk.obstacles(items, verb, params, by, texts)
    for item in items:
        item.text = texts.get(item.case_id, "")
        item.why = why.get(item.case_id, "")[:300]
        item.state = BatchItem.State.SKIPPED if item.why else BatchItem.State.WAITING
    BatchItem.objects.bulk_update(items, ["text", "why", "state"])
    batch.verb, batch.params, batch.state = verb, params, Batch.State.CHECKED
    batch.save(update_fields=["verb", "params", "state"])


@transaction.atomic
def confirm(batch: Batch, *, by: User, count: int) -> None:
    """`count` is what the page announced: if it is no longer true, the page is read again first."""
    batch, waiting = started(batch, by=by, count=count)
    if batch.verb == Batch.Verb.REPLY:
        undo = max(UNDO, timedelta(seconds=settings.UNDO_SECONDS)) + timedelta(seconds=waiting / 20)
        batch.leaves_at = timezone.now() + undo
        batch.save(update_fields=["leaves_at"])
    record("batch.started", by=by, subject=f"batch:{batch.pk}", act=batch.verb, count=waiting)


def started(batch: B, *, by: User, count: int) -> tuple[B, int]:
    """(the batch, running; how many rows it will do). Inside the action that confirms it."""
    row = own(batch, by, {BatchState.CHECKED})
    waiting = _items(row).filter(state=ItemState.WAITING).count()
    if not waiting:
        raise Refused("Il n'y a rien à faire : tout ce que vous avez choisi est laissé de côté.")
    if waiting != count:
        raise Stale("Ce nombre a changé : relisez avant de confirmer.")
    row.state, row.started_at = BatchState.RUNNING, timezone.now()
    row.save(update_fields=["state", "started_at"])
    return row, waiting


@transaction.atomic
def abandon(batch: AnyBatch, *, by: User) -> None:
    own(batch, by, {BatchState.CHOSEN, BatchState.CHECKED}).delete()


@transaction.atomic
def undo(batch: Batch, *, by: User) -> None:
    """Take back the answers that have not left; what was not written yet never will be."""
    batch = own(batch, by, {Batch.State.RUNNING, Batch.State.DONE})
    if batch.verb != Batch.Verb.REPLY or batch.leaves_at is None or batch.leaves_at <= timezone.now():
        raise Refused("Trop tard : les réponses sont parties.")
    batch.items.filter(state=BatchItem.State.WAITING).update(state=BatchItem.State.UNDONE)
    batch.state = Batch.State.UNDOING
    batch.save(update_fields=["state"])
    record("batch.undone", by=by, subject=f"batch:{batch.pk}")


def work_batches(limit: int = 50) -> int:
    """Do what waits, at most `limit` cases. Returns how many were looked at. Several workers share one batch."""
    return work(Batch, _do, limit=limit, with_="case")


def work(kind: type[B], do: Callable[[B, Any, User], None], *, limit: int, with_: str) -> int:
    """Carry out the batches of this kind: `do(batch, item, owner)` acts and writes the outcome of the item. `with_`:
    the relation of the item that names its row."""
    done = 0
    while done < limit and _one(kind, do, with_):
        done += 1
    return done


@transaction.atomic
def _one(kind: type[B], do: Callable[[B, Any, User], None], with_: str) -> bool:
    rows: Any = kind._default_manager
    for batch in rows.filter(state__in=kind.WORKING).select_related("owner").order_by("pk"):
        waiting = batch.items.filter(state=STEPS[batch.state])
        item = waiting.select_for_update(skip_locked=True, of=("self",)).select_related(with_).order_by("pk").first()
        if item is not None:
            # An agent who stops the batch waits here, or we see that he did.
            now = rows.select_for_update(of=("self",), no_key=True).get(pk=batch.pk)
            if now.state == batch.state:
                do(now, item, batch.owner)
            return True
        if not waiting.exists() and _end(batch):
            return True
    return False


def _do(batch: Batch, item: BatchItem, owner: User) -> None:
    try:
        with transaction.atomic():
            if batch.state == Batch.State.UNDOING:
                assert item.interaction is not None
                withdraw_reply(item.interaction, by=owner)
                item.state = BatchItem.State.UNDONE
            else:
                item.interaction = _act(batch, item, owner)
                item.state = BatchItem.State.DONE
    except Refused as refusal:
        item.state = BatchItem.State.GONE if batch.state == Batch.State.UNDOING else BatchItem.State.FAILED
        item.why = bulk.CHANGED if isinstance(refusal, Stale) else refusal.message[:300]
    item.save(update_fields=["state", "why", "interaction"])


def _act(batch: Batch, item: BatchItem, owner: User) -> Interaction | None:
    case, params, version = item.case, batch.params, item.version
    match batch.verb:
        case Batch.Verb.ASSIGN:
            assign(case, User.objects.get(pk=params["to"]), by=owner, version=version)
        case Batch.Verb.TRANSFER:
            transfer(case, Team.objects.get(pk=params["team"]), by=owner, reason=params["reason"], version=version)
        case Batch.Verb.CLOSE:
            close(case, by=owner, result=params["result"], version=version)
        case Batch.Verb.LINK:
            link(case, Case.objects.get(pk=params["other"]), by=owner)
        case Batch.Verb.REPLY:
            closing = Result.ANSWERED.value if params.get("close") else ""
            return reply(
                case, by=owner, text=item.text, send_at=batch.leaves_at, close_with=closing, version=version,
                answers=[params["article"]] if params.get("article") else [],
            )  # fmt: skip
    return None


def _end(batch: Any) -> bool:
    over = BatchState.DONE if batch.state == BatchState.RUNNING else BatchState.UNDONE
    same = type(batch)._default_manager.filter(pk=batch.pk, state=batch.state)
    changed = same.update(state=over, ended_at=timezone.now())
    if changed and over == BatchState.DONE:
        record("batch.done", by=batch.owner, subject=subject_of(batch))
    return bool(changed)


def subject_of(batch: AnyBatch) -> str:
    """« batch:12 », « dossierbatch:3 »: as the journal names it."""
    return f"{batch._meta.model_name}:{batch.pk}"


def sweep_batches(kind: type[AnyBatch] = Batch) -> int:
    """Batches are kept a month: what was done is in the journal and in each case."""
    old = kind._default_manager.filter(created_at__lt=timezone.now() - KEPT)
    return old.exclude(state__in=kind.WORKING).delete()[0]


def own(batch: B, by: User, states: Collection[str]) -> B:
    """The row, locked, of its owner. Raises `Refused` when it has gone further."""
    rows: Any = type(batch)._default_manager
    row: B = rows.select_for_update(of=("self",)).select_related("owner").get(pk=batch.pk, owner=by)
    if row.state not in states:
        raise Refused("Ce lot n'en est plus là : rechargez la page.")
    return row


def _items(batch: Any) -> Any:
    return batch.items
