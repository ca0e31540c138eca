"""One history of a case: exchanges and events, in order, by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from guichet.accounts.models import User
from guichet.cases.actions.unsending import parcel_state
from guichet.cases.models import Attachment, Case, Clock, Interaction, PaperLetter, Status, Suspension
from guichet.core.ahead import Question, ahead
from guichet.core.calendar import paris_day, say_day
from guichet.core.kept import Kept, attach
from guichet.core.rows import ask
from guichet.desk.queues import CHANNEL_ICONS, EPOCH
from guichet.journal.models import Event
from guichet.outbox.models import Delivery

# Already shown as the exchange itself, or of no use to who handles the case (readings are for audits).
SILENT = ("case.read", "case.replied", "case.noted", "case.message", "case.machine_message", "case.receipt",
          "case.registration", "case.followed")  # fmt: skip
PAGE = 60
STOPPED = {"receipt": "envoyé", "registration": "envoyé", "réponse": "répondu"}
END = datetime(9999, 1, 1, tzinfo=UTC)

# -- what is asked, made once ------------------------------------------------------------------------------------------
MOMENTS = f"""
    (SELECT at FROM cases_interaction WHERE case_id = %s AND at < %s ORDER BY at DESC LIMIT {PAGE + 1})
    UNION ALL
    (SELECT at FROM journal_event WHERE case_id = %s AND verb LIKE 'case.%%' AND NOT verb = ANY(%s) AND at < %s
     ORDER BY at DESC LIMIT {PAGE + 1})
    ORDER BY at DESC LIMIT {PAGE + 1}
"""  # noqa: S608
EXCHANGES = Kept(
    lambda case, start, end: Interaction.objects.filter(case_id=case, at__gte=start, at__lt=end)
    .select_related("author", "parcel", "person", "paper").order_by("at", "id")
)  # fmt: skip
ATTACHMENTS = Kept(
    lambda among: (
        Attachment.objects.filter(interaction_id__among=among).select_related("file").order_by("position", "id")
    )
)
DELIVERIES = Kept(lambda among: Delivery.objects.filter(parcel_id__among=among).order_by("pk"))
EVENTS = Kept(
    lambda case, start, end: Event.objects.filter(case_id=case, verb__startswith="case.", at__gte=start, at__lt=end)
    .exclude(verb__in=SILENT).select_related("actor").order_by("id")
)  # fmt: skip
CLOCKS = Kept(lambda case: Clock.objects.filter(case_id=case))
SUSPENSIONS = Kept(lambda case: Suspension.objects.filter(clock__case_id=case))


def questions(case: Case, before: str = "") -> list[Question]:
    """What `history` and `clock_lines` ask first."""
    end = _read_mark(before) or END
    return [_moments(case, end), CLOCKS.asking(case.pk), SUSPENSIONS.asking(case.pk)]


def _moments(case: Case, end: datetime) -> Question:
    return MOMENTS, [case.pk, end, case.pk, list(SILENT), end]


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    shape: str  # "in", "out", "note", "machine", "event"
    icon: str = ""
    interaction: Interaction | None = None
    event: Event | None = None
    delivery: str = ""
    delivery_tone: str = ""
    may_be_undone: bool = False
    leaves_at: datetime | None = None
    paper: PaperLetter | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class ClockLine:
    label: str
    tone: str  # "", "proche", "fait", "depasse"
    icon: str
    text: str
    due: datetime | None = None
    more: str = ""
    until: datetime | None = None
    in_law: bool = False  # counted in days of the calendar; a promise is counted in working days


@dataclass(frozen=True, slots=True)
class History:
    """One page of the history, oldest first, and the mark of the page before it ("" when there is none)."""

    days: list[Day]
    older: str

    @property
    def entries(self) -> list[Entry]:
        return [entry for day in self.days for entry in day.entries]


def history(case: Case, user: User, before: str = "") -> History:
    """The last `PAGE` exchanges and events, or those before a mark. Entries of one instant are never cut apart."""
    end = _read_mark(before) or END
    found = ask(*_moments(case, end))
    if len(found) <= PAGE:
        return History(_days(case, EPOCH, end, user), "")
    start = found[PAGE - 1][0]
    return History(_days(case, start, end, user), str((start - EPOCH) // timedelta(microseconds=1)))


def _read_mark(text: str) -> datetime | None:
    if not text.isdecimal() or len(text) > 18:
        return None
    try:
        return EPOCH + timedelta(microseconds=int(text))
    except OverflowError:
        return None


def _days(case: Case, start: datetime, end: datetime, user: User) -> list[Day]:
    with ahead(EXCHANGES.asking(case.pk, start, end), EVENTS.asking(case.pk, start, end)):
        found, events = EXCHANGES(case.pk, start, end), EVENTS(case.pk, start, end)
    attach(found, "attachments", ATTACHMENTS([x.pk for x in found]), "interaction_id")
    parcels = {x.parcel.pk: x.parcel for x in found if x.parcel}
    if parcels:
        attach(parcels.values(), "deliveries", DELIVERIES(list(parcels)), "parcel_id")
    for interaction in found:
        interaction.case = case
        interaction.parcel = parcels.get(interaction.parcel_id or 0)  # two exchanges may share one
    entries = [_entry(interaction, user) for interaction in found]
    entries += [Entry(event.at, "event", event=event) for event in events]
    entries.sort(key=lambda entry: entry.at)
    days: list[Day] = []
    for entry in entries:
        day = paris_day(entry.at)
        if not days or days[-1].day != day:
            days.append(Day(day, []))
        days[-1].entries.append(entry)
    return days


def _entry(interaction: Interaction, user: User) -> Entry:
    if interaction.direction == Interaction.Direction.NOTE:
        return Entry(interaction.at, "note", "sticky-note", interaction)
    look = CHANNEL_ICONS.get(interaction.channel, "inbox")
    if interaction.direction == Interaction.Direction.IN:
        machine = interaction.kind == Interaction.Kind.MACHINE or bool(interaction.automatic)
        return Entry(interaction.at, "machine" if machine else "in", "bot" if machine else look, interaction)
    paper: PaperLetter | None = getattr(interaction, "paper", None)
    if paper is not None:
        return _on_paper(interaction, paper, user, look)
    deliveries = interaction.deliveries
    state = parcel_state(interaction.parcel) if interaction.parcel else ""
    leaves_at = max((d.next_try_at for d in deliveries), default=None) if state == Delivery.State.QUEUED else None
    undo = (
        interaction.author_id == user.pk
        and interaction.withdrawn_at is None
        and bool(deliveries)
        and all(delivery.may_be_taken_back for delivery in deliveries)
    )
    label = "envoi annulé" if interaction.withdrawn_at else str(dict(Delivery.State.choices).get(state, ""))
    tone = {"failed": "erreur", "bounced": "erreur", "sent": "ok", "retrying": "attente"}.get(state, "info")
    automatic = bool(interaction.automatic) or (interaction.author is not None and interaction.author.is_machine)
    return Entry(
        interaction.at, "machine" if automatic else "out", look, interaction, None, label, tone, undo, leaves_at,
        failed=interaction.withdrawn_at is None and state in {Delivery.State.FAILED, Delivery.State.BOUNCED},
    )  # fmt: skip


def _on_paper(interaction: Interaction, paper: PaperLetter, user: User, look: str) -> Entry:
    if interaction.withdrawn_at:
        label, tone = "courrier annulé", "info"
    elif paper.posted_on:
        label, tone = f"posté le {say_day(paper.posted_on)}", "ok"
    else:
        label, tone = "à imprimer et à poster", "attente"
    waits = paper.posted_on is None and interaction.withdrawn_at is None
    undo = waits and interaction.author_id == user.pk
    return Entry(interaction.at, "out", look, interaction, None, label, tone, undo, paper=paper)


def clock_lines(case: Case) -> list[ClockLine]:
    """The three deadlines an agent is held to, each with what happens to it."""
    shown = [
        (Clock.Kind.COMMITMENT, "Réponse promise", "sans engagement"),
        (Clock.Kind.RECEIPT, "Accusé de réception", "aucun"),
        (Clock.Kind.SILENCE, "Délai légal", "aucun"),
    ]
    found = CLOCKS(case.pk)
    attach(found, "suspensions", SUSPENSIONS(case.pk), "clock_id")
    clocks = {clock.kind: clock for clock in found}
    return [_line(label, none, clocks.get(kind), case) for kind, label, none in shown]


def _line(label: str, none: str, clock: Clock | None, case: Case) -> ClockLine:
    if clock is None:
        return ClockLine(label, "", "", none, more=case.get_nature_display().lower() if none == "aucun" else "")
    if clock.stopped_at is not None:
        why = STOPPED.get(clock.stopped_why)
        text = why or ("terminé" if clock.stopped_why in Status.values else clock.stopped_why or "arrêté")
        return ClockLine(label, "fait", "check", text, more="le", until=clock.stopped_at)
    held = next((s for s in clock.suspensions.all() if s.ended_at is None), None)
    if held is not None:
        more = str(held.get_reason_display())
        return ClockLine(label, "", "pause", "suspendu", more=more, until=held.until)
    effect = clock.get_effect_display().lower() if clock.kind == Clock.Kind.SILENCE else ""
    late = clock.is_late()
    return ClockLine(label, "depasse" if late else "proche", "triangle-alert" if late else "clock", "", clock.due_at,
                     effect, in_law=clock.kind != Clock.Kind.COMMITMENT)  # fmt: skip
