"""The same act of the appraisal on many dossiers: chosen, previewed one by one, confirmed, done by the worker.

Each dossier is one transaction: a refusal undoes nothing of the others. What was previewed is done or it is not: a
dossier that changed since is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction

from guichet.cases.actions.batching import own, started, subject_of, work
from guichet.core.refused import Refused, Stale
from guichet.journal.actions import record
from guichet.procedures.actions.appraising import complete, confirm, declare_admissible, propose
from guichet.procedures.actions.committee import enrol
from guichet.procedures.actions.deciding import decide
from guichet.procedures.actions.documents import ask_missing, judge
from guichet.procedures.actions.moving import locked
from guichet.procedures.foreseeing import HIDDEN, Foreseen, Known, foresee, known, outcome_of, step_said
from guichet.procedures.models import Dossier, DossierBatch, DossierBatchItem, Opinion, Piece, Sitting
from guichet.procedures.models.dossier import Phase

if TYPE_CHECKING:
    from guichet.accounts.models import User

AT_MOST = 500  # each line is read before it is confirmed
CHANGED = "Il a changé depuis que vous l'avez relu : regardez-le avant d'agir."
Verb, State, ItemState = DossierBatch.Verb, DossierBatch.State, DossierBatchItem.State


@transaction.atomic
def choose_dossiers(numbers: Sequence[int], *, by: User) -> DossierBatch:
    """Keep what was ticked. Raises `Refused` when nothing of it may be seen."""
    wanted = list(dict.fromkeys(numbers))
    rows = Dossier.objects.visible_to(by).filter(pk__in=wanted[:AT_MOST])
    changes = dict(rows.values_list("pk", "changes"))
    kept = [pk for pk in wanted if pk in changes]
    if not kept:
        raise Refused("Cochez au moins un dossier dans la liste.", status=400)
    batch = DossierBatch.objects.create(owner=by, left_out=max(0, len(wanted) - AT_MOST))
    items = [DossierBatchItem(batch=batch, dossier_id=pk, version=changes[pk]) for pk in kept]
    DossierBatchItem.objects.bulk_create(items)
    return batch


@transaction.atomic
def prepare_dossiers(batch: DossierBatch, verb: str, params: dict[str, Any], *, by: User) -> None:
    """Write what would become of each dossier, or why it is left out, as it is now. Nothing is done yet."""
    batch = own(batch, by, {State.CHOSEN, State.CHECKED})
    if verb not in Verb.values:
        raise Refused("Choisissez ce que vous voulez faire de ces dossiers.", status=400)
    items = list(batch.items.select_for_update(of=("self",)).order_by("pk"))
    rows = known([item.dossier_id for item in items], by)
    for item in items:
        it = rows.get(item.dossier_id)
        _write(item, it, foresee(verb, it, params, by) if it else Foreseen(HIDDEN))
    fields = ["version", "state", "why", "before", "after", "amount_cents", "effect"]
    DossierBatchItem.objects.bulk_update(items, fields, batch_size=100)
    batch.verb, batch.params, batch.state = verb, params, State.CHECKED
    batch.save(update_fields=["verb", "params", "state"])


def _write(item: DossierBatchItem, it: Known | None, seen: Foreseen) -> None:
    item.why = seen.why[:300]
    item.state = ItemState.SKIPPED if item.why else ItemState.WAITING
    item.amount_cents, item.effect = seen.amount_cents, seen.effect[:600]
    item.before = item.after = ""
    if it is not None:
        item.version = it.dossier.changes
        item.before = step_said(it.dossier)[:320]
        item.after = "" if seen.why else step_said(it.dossier, seen.phase)[:320]


@transaction.atomic
def confirm_dossiers(batch: DossierBatch, *, by: User, count: int) -> None:
    """`count` is what the preview announced."""
    batch, waiting = started(batch, by=by, count=count)
    record("batch.started", by=by, subject=subject_of(batch), act=batch.verb, count=waiting)


def work_dossier_batches(limit: int = 20) -> int:
    """Do what waits, at most `limit` dossiers. Returns how many were looked at. Several workers share one batch."""
    return work(DossierBatch, _do, limit=limit, with_="dossier")


def _do(batch: DossierBatch, item: DossierBatchItem, owner: User) -> None:
    try:
        with transaction.atomic():
            _act(batch, item, owner)
            item.state = ItemState.DONE
    except Refused as refusal:
        item.state = ItemState.FAILED
        item.why = CHANGED if isinstance(refusal, Stale) else refusal.message[:300]
    item.save(update_fields=["state", "why"])


def _act(batch: DossierBatch, item: DossierBatchItem, owner: User) -> None:
    row = locked(item.dossier, by=owner)
    it = known([row.pk], owner)[row.pk]
    if row.changes != item.version:
        raise Stale(CHANGED)
    # What changes without the dossier: a file found infected, a sitting frozen, a day that passed.
    seen = foresee(batch.verb, it, batch.params, owner)
    if seen.why:
        raise Refused(seen.why)
    if seen.amount_cents != item.amount_cents or step_said(it.dossier, seen.phase)[:320] != item.after:
        raise Stale(CHANGED)
    _carry_out(batch, row, it.opinion, owner)


def _carry_out(batch: DossierBatch, row: Dossier, opinion: Opinion | None, by: User) -> None:
    params = batch.params
    match batch.verb:
        case Verb.ACCEPT:
            for piece in row.pieces.filter(state=Piece.State.RECEIVED):
                judge(piece, by=by, accepted=True)
            complete(row, by=by)
        case Verb.ADVANCE:
            (declare_admissible if row.phase == Phase.ADMISSIBILITY else complete)(row, by=by)
        case Verb.ASK:
            ask_missing(row, by=by, until=date.fromisoformat(params["until"]), text=params["text"])
        case Verb.PROPOSE:
            propose(row, by=by, way=Opinion.Way.FAVOURABLE)
        case Verb.ENROL:
            enrol(Sitting.objects.get(pk=params["sitting"]), [row], by=by)
        case Verb.CONFIRM if opinion:
            confirm(opinion, by=by)
        case Verb.DECIDE if opinion:
            decide(row, by=by, outcome=outcome_of(opinion))
