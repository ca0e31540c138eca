"""The queues of the inbox: one definition of each, used by its counter and by its list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.accounts.policy import belongs_to, supervises, teams_seen
from guichet.cases.models import Case, Status
from guichet.cases.models.case import HANDLE, NO_DEADLINE
from guichet.cases.policy import to_approve_by, viewer_of
from guichet.cases.tallies import Count, counts_of
from guichet.core.text import key_of
from guichet.organisation.models import Channel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHANNEL_ICONS: dict[str, str] = {
    Channel.EMAIL: "at-sign", Channel.FORM: "message-square-text", Channel.PHONE: "phone", Channel.PAPER: "mail",
    Channel.COUNTER: "users-round", Channel.SMS: "message-circle", Channel.CHAT: "bot", Channel.SOCIAL: "share-2",
    Channel.PORTAL: "message-square-text",
}  # fmt: skip
AWAKE = Q(snoozed_until__isnull=True)
TO_DO = ("handle", "visa")  # stages of the counters that HANDLE holds
# key: (label, icon, only mine, stages of the counters, the same as a condition)
PERSONAL: dict[str, tuple[str, str, bool, tuple[str, ...], Q]] = {
    "a-traiter": ("À traiter", "inbox", True, TO_DO, HANDLE),
    "attente": ("Attente usager", "hourglass", True, ("waiting",), AWAKE & Q(status=Status.WAITING_CITIZEN)),
    "repondues": ("Répondues", "check", True, ("answered",), AWAKE & Q(status=Status.ANSWERED)),
    "endormies": ("Endormies", "pause", False, ("asleep", "visa_zz"), ~AWAKE),
}
TO_APPROVE = "a-viser"  # of who approves answers only
ALL = "toutes"
CAPPED = 1000  # a list with filters is counted up to there: beyond, its counter says « 999+ »


@dataclass(frozen=True, slots=True)
class Queue:
    """`scope` says which cases, `stage` where they must stand; a filter on the state replaces the latter."""

    key: str
    label: str
    icon: str
    stage: Q = HANDLE
    scope: Q = Q()  # noqa: RUF009 (never changed)
    mine: bool = False
    team: int | None = None
    count: int = 0
    capped: bool = False

    @property
    def address(self) -> str:
        name, _, rest = self.key.partition("-")
        return f"vue={rest}" if name == "vue" else f"file={self.key}"

    @property
    def shown(self) -> str:
        return shown_count(self.count, capped=self.capped)


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    queues: list[Queue] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    case: Case
    icon: str
    clock: str  # "", "proche", "depasse", or "aucune"


def shown_count(number: int, *, capped: bool) -> str:
    return f"{CAPPED - 1}+" if capped and number >= CAPPED else str(number)


def queue_of(key: str, user: User) -> Queue | None:
    """What a queue holds among the running cases the user sees, not counted; None when the key names none."""
    name, _, rest = key.partition("-")
    if key in PERSONAL:
        label, icon, mine, _stages, condition = PERSONAL[key]
        return Queue(key, label, icon, condition, mine=mine)
    if key == TO_APPROVE:
        approved = to_approve_by(user)
        return (
            None if approved is None else Queue(key, "À viser", "badge-check", Q(status=Status.IN_APPROVAL), approved)
        )
    if key == ALL:
        return Queue(key, "Toutes mes files", "shapes")
    if name == "equipe" and (team := key_of(rest)):
        return Queue(key, "File", "users-round", scope=Q(team_id=team), team=team)
    if name == "canal" and rest in Channel.values:
        return Queue(key, str(Channel(rest).label), CHANNEL_ICONS[rest], scope=Q(channel=rest))
    return None


def groups(user: User, counts: list[Count] | None = None) -> list[Group]:
    """Every queue with its exact count, from one query on the counters."""
    if counts is None:
        viewer = viewer_of(user)
        counts = counts_of(viewer) if viewer else []

    def total(found: Iterable[Count], stages: tuple[str, ...] = TO_DO) -> int:
        return sum(count.number for count in found if count.stage in stages)

    def counted(key: str, number: int, label: str = "", icon: str = "") -> Queue:
        queue = queue_of(key, user)
        assert queue is not None
        return Queue(
            key, label or queue.label, icon or queue.icon, queue.stage, queue.scope, queue.mine, queue.team, number
        )

    work, teams, channels = Group("Mon travail"), Group("Files de mes équipes"), Group("Par canal")
    for key, (_label, _icon, mine, stages, _condition) in PERSONAL.items():
        work.queues.append(counted(key, total((c for c in counts if c.mine or not mine), stages)))
    if to_approve_by(user) is not None:
        led = {team.pk for team in teams_seen(user) if supervises(user, team)}
        theirs = (c for c in counts if user.is_administrator or c.team in led)
        work.queues.append(counted(TO_APPROVE, total(theirs, ("visa", "visa_zz"))))
    work.queues.append(counted(ALL, total(counts)))
    member_of, of_team, of_channel = belongs_to(user), Counter[int | None](), Counter[str]()
    for count in counts:
        if count.stage in TO_DO:
            of_team[count.team] += count.number
            of_channel[count.channel] += count.number
    for team in teams_seen(user):
        number = of_team[team.pk]
        if team.pk in member_of or number:
            look = "circle-help" if team.takes_unrouted else "users-round"
            teams.queues.append(counted(f"equipe-{team.pk}", number, team.name, look))
    for value in Channel.values:
        if number := of_channel[value]:
            channels.queues.append(counted(f"canal-{value}", number))
    return [group for group in (work, teams, channels) if group.queues]


def default_key(found: list[Group]) -> str:
    """What opens first: my own work if there is any, else the first team queue that has some."""
    queues = [
        queue
        for group in found
        for queue in group.queues
        if queue.key not in {"repondues", "endormies", TO_APPROVE, ALL}
    ]
    return next((queue.key for queue in queues if queue.count), "a-traiter")


def make_mark(moment: datetime, pk: int) -> str:
    return f"{(moment - EPOCH) // timedelta(microseconds=1)}-{pk}"


def read_mark(text: str) -> tuple[datetime, int] | None:
    moment, _, pk = text.partition("-")
    if not (moment.isdecimal() and pk.isdecimal() and len(moment) < 19 and len(pk) < 19):
        return None
    try:
        return EPOCH + timedelta(microseconds=int(moment)), int(pk)
    except OverflowError:
        return None


def rows_of(cases: list[Case]) -> list[Row]:
    now = timezone.now()
    return [Row(case, CHANNEL_ICONS.get(case.channel, "inbox"), _clock(case, now)) for case in cases]


def _clock(case: Case, now: datetime) -> str:
    if case.is_over or case.due_at >= NO_DEADLINE:
        return "aucune"
    if case.due_at < now:
        return "depasse"
    return "proche" if case.due_at < now + timedelta(days=1) else ""
