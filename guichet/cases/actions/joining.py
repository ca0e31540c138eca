"""Cases that are one: merged with what it takes to undo it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.models import Case, CaseMerge, Clock, Interaction, Status, Suspension, Task
from guichet.cases.models.case import OVER, Result
from guichet.cases.policy import may_handle
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.people.actions import family_of

# What merging takes from the absorbed case, and undoing gives back.
KEPT = ("closed_at", "waiting_since", "remind_at", "reminded_at", "give_up_at", "snoozed_until", "result", "unread")
# A deadline that was running for either matter goes on for both: the soonest one.
INHERITED = (Clock.Kind.SILENCE, Clock.Kind.COMMITMENT)


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What merging would do, before it is done. `refusal` is empty when it may be done."""

    survivor: Case
    absorbed: Case
    exchanges: int
    tasks: int
    kinds: tuple[str, ...]  # deadlines of the absorbed case that the survivor would be held to
    sensitivity_rises: bool
    refusal: str


def preview_merge(survivor: Case, absorbed: Case, *, by: User) -> MergePreview:
    """Look at a merge without doing it."""
    refusal = "" if may_handle(by, survivor) and may_handle(by, absorbed) else "Ces demandes ne sont pas à vous."
    return MergePreview(
        survivor=survivor,
        absorbed=absorbed,
        exchanges=absorbed.interactions.count(),
        tasks=absorbed.tasks.filter(done_at__isnull=True).count(),
        kinds=tuple(str(clock.get_kind_display()) for clock, _ in _to_inherit(survivor, absorbed)),
        sensitivity_rises=absorbed.sensitivity > survivor.sensitivity,
        refusal=refusal or _why_not(survivor, absorbed),
    )


def _why_not(survivor: Case, absorbed: Case) -> str:
    if survivor.pk == absorbed.pk:
        return "Choisissez une autre demande à réunir."
    if Status.MERGED in (survivor.status, absorbed.status):
        return "L'une de ces demandes est déjà réunie à une autre."
    if survivor.is_over:
        return "La demande qui reste est terminée : rouvrez-la d'abord."
    if Status.MERGED not in _next(absorbed):
        return f"Une demande « {absorbed.get_status_display()} » ne peut pas être réunie à une autre."
    if not _same_person(survivor, absorbed):
        # Merging would show one person's exchanges to another on the follow-up page.
        return "Ces demandes ne viennent pas de la même personne : liez-les plutôt."
    return ""


def _next(case: Case) -> frozenset[Status]:
    from guichet.cases.models.case import MOVES

    return MOVES[Status(case.status)]


def _same_person(survivor: Case, absorbed: Case) -> bool:
    if survivor.person is not None and absorbed.person is not None:
        return absorbed.person_id in family_of(survivor.person)
    return survivor.person is None and absorbed.person is None and _senders(survivor) == _senders(absorbed)


def _senders(case: Case) -> set[str]:
    received = case.interactions.filter(direction=Interaction.Direction.IN)
    return set(received.values_list("sender_address", flat=True))


@transaction.atomic
def merge(survivor: Case, absorbed: Case, *, by: User) -> CaseMerge:
    """Put one case into another of the same person: its exchanges, tasks and deadlines go on there, its number still
    leads to the survivor. Raises `Refused` for another person's case, a case already merged, a survivor that is over.
    """
    survivor, absorbed = _locked_pair(survivor, absorbed, by=by)
    if refusal := _why_not(survivor, absorbed):
        raise Refused(refusal)
    moved = list(absorbed.interactions.values_list("pk", flat=True))
    tasks = _movable_tasks(survivor, absorbed)
    before: dict[str, Any] = {
        "absorbed": {name: _plain(getattr(absorbed, name)) for name in KEPT},
        "sensitivity": survivor.sensitivity,
        "unread": survivor.unread,
        "tasks": tasks,
        "swapped": _inherit(survivor, absorbed),
        **_what_stops(absorbed),
    }
    done = CaseMerge.objects.create(
        survivor=survivor, absorbed=absorbed, interactions=moved, status_before=absorbed.status, before=before
    )
    Interaction.objects.filter(pk__in=moved).update(case=survivor)
    Task.objects.filter(pk__in=tasks).update(case=survivor)
    survivor.unread = survivor.unread or absorbed.unread
    survivor.sensitivity = max(survivor.sensitivity, absorbed.sensitivity)
    absorbed.merged_into, absorbed.result, absorbed.unread = survivor, Result.DUPLICATE, False
    move(absorbed, Status.MERGED)
    save(absorbed)
    _last_inbound(survivor)
    save(survivor)
    record("case.merged", by=by, case_id=survivor.pk, absorbed=absorbed.spoken_reference)
    record("case.merged_into", by=by, case_id=absorbed.pk, survivor=survivor.spoken_reference)
    return done


@transaction.atomic
def undo_merge(done: CaseMerge, *, by: User) -> Case:
    """Give the absorbed case its exchanges, tasks and clocks back. What came since the merge stays with the survivor:
    an agent separates it if it belongs to the other matter. Returns the case that lives again."""
    done = CaseMerge.objects.select_related("survivor", "absorbed").get(pk=done.pk)
    survivor, absorbed = _locked_pair(done.survivor, done.absorbed, by=by)
    done = CaseMerge.objects.select_for_update().get(pk=done.pk)
    if done.undone_at:
        raise Refused("Cette réunion a déjà été annulée.")
    if survivor.status == Status.MERGED:
        raise Refused("La demande a depuis été réunie à une autre : annulez d'abord la dernière réunion.")
    Interaction.objects.filter(pk__in=done.interactions, case=survivor).update(case=absorbed)
    Task.objects.filter(pk__in=done.before.get("tasks", []), case=survivor).update(case=absorbed)
    _restart(done, survivor)
    for name, value in done.before.get("absorbed", {}).items():
        setattr(absorbed, name, _read(name, value))
    absorbed.merged_into, absorbed.status = None, done.status_before
    if absorbed.status not in OVER:
        absorbed.closed_at = None
    if survivor.sensitivity == max(done.before.get("sensitivity", 0), absorbed.sensitivity):
        survivor.sensitivity = done.before.get("sensitivity", survivor.sensitivity)
    _last_inbound(absorbed)
    _last_inbound(survivor)
    save(absorbed)
    save(survivor)
    done.undone_at = timezone.now()
    done.save(update_fields=["undone_at"])
    record("case.unmerged", by=by, case_id=survivor.pk, absorbed=absorbed.spoken_reference)
    record("case.unmerged_from", by=by, case_id=absorbed.pk, survivor=survivor.spoken_reference)
    return absorbed


def _locked_pair(one: Case, other: Case, *, by: User) -> tuple[Case, Case]:
    """Both rows, always locked in the same order: two agents who merge the same pair never wait for each other."""
    rows = {case.pk: locked(case, by=by) for case in sorted([one, other], key=lambda case: case.pk)}
    return rows[one.pk], rows[other.pk]


def _movable_tasks(survivor: Case, absorbed: Case) -> list[int]:
    """Open tasks of the absorbed case, but those the survivor already has."""
    known = set(survivor.tasks.filter(done_at__isnull=True).exclude(about="").values_list("about", flat=True))
    open_tasks = absorbed.tasks.filter(done_at__isnull=True).exclude(about__in=known)
    return list(open_tasks.values_list("pk", flat=True))


def _last_inbound(case: Case) -> None:
    received = case.interactions.filter(direction=Interaction.Direction.IN, kind=Interaction.Kind.MESSAGE)
    case.last_inbound_at = received.order_by("-at").values_list("at", flat=True).first() or case.last_inbound_at


# -- clocks of a merge ------------------------------------------------------------------------------------------------


def _to_inherit(survivor: Case, absorbed: Case) -> list[tuple[Clock, Clock | None]]:
    own = {clock.kind: clock for clock in survivor.clocks.all()}
    found = []
    for clock in clocks.running(absorbed):
        other = own.get(clock.kind)
        if clock.kind in INHERITED and (other is None or not other.is_running or clock.due_at < other.due_at):
            found.append((clock, other))
    return found


def _inherit(survivor: Case, absorbed: Case) -> list[list[int]]:
    """The sooner clocks change case, whole, with their suspensions. Returns [[theirs, ours or 0], …]."""
    swapped = []
    for theirs, ours in _to_inherit(survivor, absorbed):
        _swap(theirs, ours, survivor, absorbed)
        swapped.append([theirs.pk, ours.pk if ours else 0])
    return swapped


def _swap(goes: Clock, comes: Clock | None, to: Case, origin: Case) -> None:
    """`goes` leaves `origin` for `to`; `comes` takes its place. One of a kind per case holds at every statement."""
    if comes is not None:
        Clock.objects.filter(pk=comes.pk).update(kind="-")
    Clock.objects.filter(pk=goes.pk).update(case=to)
    if comes is not None:
        Clock.objects.filter(pk=comes.pk).update(kind=goes.kind, case=origin)


def _what_stops(absorbed: Case) -> dict[str, Any]:
    running = clocks.running(absorbed)
    held = [s.pk for clock in running for s in clock.suspensions.all() if s.ended_at is None]
    return {"stopped": [[clock.pk, clock.due_at.isoformat()] for clock in running], "suspensions": held}


def _restart(done: CaseMerge, survivor: Case) -> None:
    """Clocks as they were: those the merge stopped run again, those it moved go home."""
    absorbed = done.absorbed
    swapped: list[list[int]] = done.before.get("swapped", [])
    displaced = {ours for _, ours in swapped}
    for pk, due in done.before.get("stopped", []):
        if pk in displaced and survivor.is_over:
            continue  # it goes back to a case that ended meanwhile: it stays stopped
        restarted = Clock.objects.filter(pk=pk, stopped_why=Status.MERGED.value).update(
            stopped_at=None, stopped_why="", due_at=parse_datetime(due)
        )
        if restarted:
            Suspension.objects.filter(clock=pk, pk__in=done.before.get("suspensions", [])).update(ended_at=None)
    for theirs, ours in swapped:
        goes = Clock.objects.get(pk=theirs)
        if goes.stopped_why in OVER:  # the survivor ended, not this matter
            goes.stopped_at, goes.stopped_why = None, ""
            goes.save(update_fields=["stopped_at", "stopped_why"])
        _swap(goes, Clock.objects.filter(pk=ours).first(), absorbed, survivor)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _read(name: str, value: Any) -> Any:
    return parse_datetime(value) if isinstance(value, str) and name != "result" and value else value
