"""Starting, holding and stopping deadlines. Called by actions, inside their transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from guichet.cases.models import Case, Clock, Suspension
from guichet.cases.models.case import NO_DEADLINE, OVER, Result
from guichet.core.calendar import (
    end_of_day,
    implicit_decision,
    paris_day,
    receipt_due,
    registration_receipt_due,
    suspended_days,
)
from guichet.core.instances import fresh
from guichet.core.rows import ask
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel, Topic

# Every electronic sending gets a receipt (CRPA L112-11); on paper only a demand does (L112-3).
ELECTRONIC = frozenset({Channel.EMAIL, Channel.FORM, Channel.PORTAL, Channel.CHAT})
WRITTEN = ELECTRONIC | {Channel.PAPER}
DEMANDS = frozenset(
    {Topic.Nature.DEMAND, Topic.Nature.COMPLAINT, Topic.Nature.APPEAL, Topic.Nature.CADA, Topic.Nature.RIGHTS}
)
# Silence on these is fixed by the texts, whatever the topic says.
# Recours and réclamations: rejection, 2 months (CRPA L231-4 2°). CADA: refusal, 1 month (R311-12, R311-13).
SILENCE_BY_LAW: dict[str, tuple[str, int]] = {
    Topic.Nature.COMPLAINT: (Topic.Silence.REJECTION, 2),
    Topic.Nature.APPEAL: (Topic.Silence.REJECTION, 2),
    Topic.Nature.CADA: (Topic.Silence.REJECTION, 1),
    Topic.Nature.RIGHTS: (Topic.Silence.REJECTION, 1),  # RGPD art. 12(3): answer within one month
}
DEFAULT_SILENCE = (Topic.Silence.REJECTION, 2)  # aids are financial: CRPA L231-4 3°


def silence_of(topic: Topic | None, nature: str) -> tuple[str, int] | None:
    """What silence means for this matter, and after how many months; None when it means nothing."""
    if nature in SILENCE_BY_LAW:
        return SILENCE_BY_LAW[nature]
    if nature not in DEMANDS:
        return None
    if topic is not None and topic.silence != Topic.Silence.NONE and topic.silence_months:
        return topic.silence, topic.silence_months
    return DEFAULT_SILENCE


POINTLESS = "sans objet"  # stopped because the topic knows no such delay


def clocks_for(case: Case, *, silence: tuple[str, int] | None = None, exempt: bool = False) -> list[Clock]:
    """The clocks that start with the reception of `case` (not saved).

    `silence`, `exempt`: what the procedure of a dossier says (`Case.is_file`), instead of the topic: the end of a
    silence, and whether a letter is owed no receipt (CRPA R112-4).
    """
    topic = directory().topic(case.topic_id)
    team = directory().team(case.team_id)
    start = case.received_at
    clocks = []

    def add(kind: str, due: datetime | None, **more: object) -> None:
        if due is not None:
            clocks.append(fresh(Clock, case=case, kind=kind, started_at=start, due_at=due, base_due_at=due, **more))

    demand = case.nature in DEMANDS or case.is_file
    exempt = exempt if case.is_file else bool(topic and topic.receipt_exempt)
    if case.channel in ELECTRONIC:
        add(Clock.Kind.REGISTRATION, end_of_day(registration_receipt_due(start)))
    if case.channel in ELECTRONIC or (demand and not exempt and case.channel == Channel.PAPER):
        add(Clock.Kind.RECEIPT, end_of_day(receipt_due(start)))
    if case.is_file:
        if silence is not None:
            effect, months = silence
            due = end_of_day(implicit_decision(paris_day(start), months))
            add(Clock.Kind.SILENCE, due, effect=effect, months=months)
        return clocks
    add(Clock.Kind.COMMITMENT, directory().promised_at(case.channel, topic, team, start))
    # What nobody qualified yet may be a demand: silence counts until somebody says it is not.
    default = DEFAULT_SILENCE if case.channel in WRITTEN and not case.is_qualified else None
    if silence := silence_of(topic, case.nature) or default:
        effect, months = silence
        due = end_of_day(implicit_decision(paris_day(start), months))
        add(Clock.Kind.SILENCE, due, effect=effect, months=months)
    return clocks


def soonest(clocks: Iterable[Clock]) -> datetime:
    """The due date the inbox sorts by: the nearest of the clocks that run and are not suspended."""
    return min((clock.due_at for clock in clocks if clock.is_running and not clock.is_suspended), default=NO_DEADLINE)


def running(case: Case) -> list[Clock]:
    return list(case.clocks.filter(stopped_at__isnull=True).prefetch_related("suspensions"))


def refresh_due(case: Case) -> None:
    """Set `case.due_at` from its clocks; the caller saves it."""
    [(due,)] = ask(
        "SELECT min(due_at) FROM cases_clock c WHERE case_id = %s AND stopped_at IS NULL AND NOT EXISTS "
        "(SELECT FROM cases_suspension s WHERE s.clock_id = c.id AND s.ended_at IS NULL)",
        [case.pk],
    )
    case.due_at = due or NO_DEADLINE


def stop(case: Case, kinds: Sequence[str], *, why: str, at: datetime | None = None) -> None:
    now = at or timezone.now()
    end_suspensions(case, at=now, kinds=kinds)
    case.clocks.filter(kind__in=kinds, stopped_at__isnull=True).update(stopped_at=now, stopped_why=why)


def suspend(
    case: Case, kinds: Sequence[str], *, reason: str, until: datetime | None = None, detail: list[str] | None = None
) -> list[Clock]:
    """Hold the running clocks of these kinds. One that is already held is left as it is."""
    held = []
    for clock in running(case):
        if clock.kind in kinds and not clock.is_suspended:
            Suspension.objects.create(
                clock=clock, reason=reason, started_at=timezone.now(), until=until, detail=detail or []
            )
            held.append(clock)
    return held


def end_suspensions(case: Case, *, at: datetime | None = None, kinds: Sequence[str] | None = None) -> None:
    """Let the clocks run again, moved by the time they were held (never more than the delay that was given)."""
    [(any_held,)] = ask(
        "SELECT EXISTS (SELECT FROM cases_clock c JOIN cases_suspension s ON s.clock_id = c.id "
        "WHERE c.case_id = %s AND c.stopped_at IS NULL AND s.ended_at IS NULL)",
        [case.pk],
    )
    if not any_held:
        return  # nearly always
    now = at or timezone.now()
    clocks = case.clocks.filter(stopped_at__isnull=True).prefetch_related("suspensions")
    for clock in clocks:
        if kinds is not None and clock.kind not in kinds:
            continue
        open_ones = [s for s in clock.suspensions.all() if s.ended_at is None]
        if not open_ones:
            continue
        for suspension in open_ones:
            suspension.ended_at = max(min(now, suspension.until or now), suspension.started_at)
            suspension.save(update_fields=["ended_at"])
        clock.due_at = moved(clock, now)
        clock.save(update_fields=["due_at"])


def moved(clock: Clock, now: datetime) -> datetime:
    """The due date with its suspensions: in days for the silence (L114-5), in working time for the promise."""
    suspensions = list(clock.suspensions.all())
    if not suspensions:
        return clock.base_due_at
    if clock.kind == Clock.Kind.SILENCE and clock.effect == Topic.Silence.ACCEPTANCE:
        # L114-5: the delay of an acceptance starts only when the pieces came.
        came = max(s.ended_at or now for s in suspensions)
        return end_of_day(implicit_decision(paris_day(came), clock.months or 0))
    if clock.kind == Clock.Kind.SILENCE:
        periods = [(paris_day(s.started_at), paris_day(s.ended_at or s.until or now)) for s in suspensions]
        days = suspended_days(periods, paris_day(now))
        return end_of_day(implicit_decision(paris_day(clock.started_at), clock.months or 0, days))
    calendar = directory().calendar(directory().team(clock.case.team_id))
    held = sum(
        (calendar.working_time_between(s.started_at, s.ended_at or min(now, s.until or now)) for s in suspensions),
        timedelta(),
    )
    return calendar.add_working_time(clock.base_due_at, held)


# Closed without an answer on the matter: silence was never broken, and what was owed still is.
UNANSWERED = frozenset({"", Result.NO_ANSWER_NEEDED, Result.NO_REACTION, Result.DUPLICATE, Result.ABUSIVE})


def on_reopening(case: Case, result: str) -> None:
    """A new promise from now; a receipt that was still owed is owed again; the legal delay resumes at its own date,
    unless the case had been closed (`result`) by an answer."""
    kinds = [Clock.Kind.REGISTRATION, Clock.Kind.RECEIPT]
    if result in UNANSWERED:
        kinds.append(Clock.Kind.SILENCE)
    case.clocks.filter(kind__in=kinds, stopped_why__in=[status.value for status in OVER]).update(
        stopped_at=None, stopped_why=""
    )
    restart_commitment(case)


def ends_by_itself(case: Case) -> bool:
    """May waiting in vain close this case? Not while a legal delay runs: only an agent decides of a demand."""
    return not case.clocks.filter(kind=Clock.Kind.SILENCE, stopped_at__isnull=True).exists()


def restart_commitment(case: Case) -> None:
    """A reopened case gets a new promise from now: it is not late the minute it comes back."""
    topic = directory().topic(case.topic_id)
    team = directory().team(case.team_id)
    now = timezone.now()
    due = directory().promised_at(case.channel, topic, team, now)
    if due is not None:
        _restart(case, Clock.Kind.COMMITMENT, now, due)


def restart_silence(case: Case, silence: tuple[str, int] | None) -> None:
    """The decision on a dossier was withdrawn: its request waits for another from now. What held the first delay is
    no part of the second."""
    if silence is None:
        return
    now = timezone.now()
    effect, months = silence
    due = end_of_day(implicit_decision(paris_day(now), months))
    _restart(case, Clock.Kind.SILENCE, now, due, effect=effect, months=months)


def _restart(case: Case, kind: Clock.Kind, start: datetime, due: datetime, **more: object) -> None:
    """From the beginning; what held the former run is no part of this one."""
    values = {"started_at": start, "due_at": due, "base_due_at": due, "stopped_at": None, "stopped_why": "", **more}
    clock, created = Clock.objects.update_or_create(case=case, kind=kind, defaults=values)
    if not created:
        clock.suspensions.all().delete()


def on_topic_change(case: Case) -> None:
    """The topic decides what silence means and what was promised: clocks follow, elapsed time and holds are kept."""
    if case.is_over or case.is_file or _is_history(case):
        return
    wanted = {clock.kind: clock for clock in clocks_for(case)}
    present = {c.kind: c for c in case.clocks.prefetch_related("suspensions")}
    for kind in (Clock.Kind.SILENCE, Clock.Kind.COMMITMENT, Clock.Kind.RECEIPT):
        new, old = wanted.get(kind), present.get(kind)
        if new is None and old is not None and old.is_running:
            stop(case, [kind], why=POINTLESS)
        elif new is not None and old is None:
            new.save()
        elif new is not None and old is not None and (old.is_running or old.stopped_why == POINTLESS):
            _follow(old, new)


def _follow(old: Clock, new: Clock) -> None:
    """The clock of the new topic, with the start and the suspensions of the present one."""
    old.stopped_at, old.stopped_why = None, ""
    old.effect, old.months, old.base_due_at = new.effect, new.months, new.base_due_at
    if old.kind == Clock.Kind.COMMITMENT and old.started_at != new.started_at:
        # Promised again when the case was reopened: counted from there.
        case, team = new.case, directory().team(new.case.team_id)
        again = directory().promised_at(case.channel, directory().topic(case.topic_id), team, old.started_at)
        old.base_due_at = again or old.base_due_at
    old.due_at = moved(old, timezone.now())
    old.save()


def _is_history(case: Case) -> bool:
    """Imported from an older tool: no clock ever started (behaviours 111)."""
    return case.interactions.filter(inbound_items__quiet=True).exists()
