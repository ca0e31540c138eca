"""The queues of the inbox: one definition of each, used by its counter and by its list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from guichet.accounts.models import Membership, User
from guichet.accounts.policy import teams_of
from guichet.cases.models import Case, CaseQuerySet, Status
from guichet.cases.models.case import HANDLE, NO_DEADLINE
from guichet.cases.policy import to_approve_by
from guichet.organisation.models import Channel

PAGE = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHANNEL_ICONS: dict[str, str] = {
    Channel.EMAIL: "at-sign", Channel.FORM: "message-square-text", Channel.PHONE: "phone", Channel.PAPER: "mail",
    Channel.COUNTER: "users-round", Channel.SMS: "message-circle", Channel.CHAT: "bot", Channel.SOCIAL: "share-2",
    Channel.PORTAL: "message-square-text",
}  # fmt: skip
PERSONAL: dict[str, tuple[str, str]] = {
    "a-traiter": ("À traiter", "inbox"),
    "attente": ("Attente usager", "hourglass"),
    "repondues": ("Répondues", "check"),
    "endormies": ("Endormies", "pause"),
    "a-viser": ("À viser", "badge-check"),  # of who approves answers only
}


@dataclass(frozen=True, slots=True)
class Queue:
    key: str
    label: str
    icon: str
    condition: Q
    count: int = 0


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


def personal(user: User) -> dict[str, Q]:
    mine = Q(assignee=user)
    approved = to_approve_by(user)
    visa = {} if approved is None else {"a-viser": approved & Q(status=Status.IN_APPROVAL)}
    return {
        "a-traiter": mine & HANDLE,
        "attente": mine & Q(status=Status.WAITING_CITIZEN, snoozed_until__isnull=True),
        "repondues": mine & Q(status=Status.ANSWERED, snoozed_until__isnull=True),
        "endormies": Q(snoozed_until__isnull=False),
        **visa,
    }


def condition_of(key: str, user: User) -> Q | None:
    """What a queue holds among the running cases the user sees; None when the key names none."""
    name, _, rest = key.partition("-")
    if key in PERSONAL:
        return personal(user).get(key)
    if name == "equipe" and rest.isdecimal() and len(rest) < 18:
        return HANDLE & Q(team_id=int(rest))
    if name == "canal" and rest in Channel.values:
        return HANDLE & Q(channel=rest)
    return None


def groups(user: User) -> list[Group]:
    """Every queue with its exact count: one grouped query, whatever the number of teams and channels."""
    mine = personal(user)
    rows = (
        Case.objects.visible_to(user)
        .running()
        .order_by()
        .values("team_id", "channel")
        .annotate(
            handle=Count("pk", filter=HANDLE),
            **{f"own{n}": Count("pk", filter=condition) for n, condition in enumerate(mine.values())},
        )
    )
    own: Counter[str] = Counter()
    by_team: Counter[int | None] = Counter()
    by_channel: Counter[str] = Counter()
    for row in rows:
        by_team[row["team_id"]] += row["handle"]
        by_channel[row["channel"]] += row["handle"]
        for n, key in enumerate(mine):
            own[key] += row[f"own{n}"]  # type: ignore[literal-required]
    member_of = set(Membership.objects.filter(user=user).values_list("team_id", flat=True))
    work = Group("Mon travail", [Queue(key, *PERSONAL[key], mine[key], own[key]) for key in mine])
    teams = Group("Files de mes équipes")
    for team in teams_of(user):
        if team.pk in member_of or by_team[team.pk]:
            key = f"equipe-{team.pk}"
            look = "circle-help" if team.takes_unrouted else "users-round"
            teams.queues.append(Queue(key, team.name, look, HANDLE & Q(team_id=team.pk), by_team[team.pk]))
    channels = Group("Par canal")
    for value, label in Channel.choices:
        if by_channel[value]:
            condition = HANDLE & Q(channel=value)
            channels.queues.append(
                Queue(f"canal-{value}", str(label), CHANNEL_ICONS[value], condition, by_channel[value])
            )
    return [group for group in (work, teams, channels) if group.queues]


def default_key(found: list[Group]) -> str:
    """What opens first: my own work if there is any, else the first team queue that has some."""
    queues = [queue for group in found for queue in group.queues if queue.key not in {"repondues", "endormies"}]
    return next((queue.key for queue in queues if queue.count), "a-traiter")


def listed(user: User, condition: Q) -> CaseQuerySet:
    return (
        Case.objects.visible_to(user).running().filter(condition).select_related("person", "topic", "assignee").by_due()
    )


def page(cases: CaseQuerySet, after: str = "") -> tuple[list[Case], str]:
    """One keyset page, and the mark of the next one ("" on the last)."""
    if mark := read_mark(after):
        due, pk = mark
        cases = cases.filter(Q(due_at__gt=due) | Q(due_at=due, id__gt=pk))
    found = list(cases[: PAGE + 1])
    return found[:PAGE], make_mark(found[PAGE - 1]) if len(found) > PAGE else ""


def make_mark(case: Case) -> str:
    return f"{(case.due_at - EPOCH) // timedelta(microseconds=1)}-{case.pk}"


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
