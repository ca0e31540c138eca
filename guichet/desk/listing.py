"""One list of the inbox: a queue, filters and an order, read from the address; its pages and its count.

Pages go by key, both ways, and an index gives their lines in order: each team of the agent yields one page of its own,
and they are merged. What is over is never read. See docs/decisions/0007.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q
from django.db.models.expressions import RawSQL

from guichet.accounts.models import User
from guichet.cases.models import Case, CaseQuerySet, SavedView, Status
from guichet.cases.models.case import MOVED_AT
from guichet.cases.policy import Viewer, viewer_of
from guichet.cases.tallies import look
from guichet.core.ahead import Question
from guichet.core.kept import Kept
from guichet.core.rows import ask
from guichet.core.text import key_of
from guichet.desk import queues
from guichet.desk.forms.filters import SORTS, FilterForm, chosen, condition_of
from guichet.desk.queues import AWAKE, CAPPED, Group, Queue, default_key, make_mark, queue_of, read_mark
from guichet.organisation.directory import directory

PAGE = 30
# order: (column, latest first)
ORDERS: dict[str, tuple[str, bool]] = {
    "": ("due_at", False),
    "recents": ("moved_at", True),
    "anciens": ("moved_at", False),
}
Parts = tuple[str, tuple[Any, ...]]


# What `lines` writes, and no more: thirty rows of three tables are most of what a page reads.
LINES = Kept(
    lambda among: Case.objects.filter(id__among=among).select_related("person", "assignee").annotate(moved_at=MOVED_AT)
    .only(
        "reference", "subject", "nature", "channel", "status", "unread", "due_at", "closed_at", "topic_id", "urgent",
        "is_file",
        "person__kind", "person__first_name", "person__family_name", "person__used_name", "person__prefers_used_name",
        "person__organisation_name", "assignee__first_name", "assignee__last_name", "assignee__email",
    )
)  # fmt: skip
# As `SavedView.objects.visible_to`.
VIEWS = Kept(lambda user, teams: SavedView.objects.filter(Q(owner_id=user) | Q(team_id__among=teams)))
VIEWS_OF_ALL = Kept(lambda user: SavedView.objects.filter(Q(owner_id=user) | Q(team_id__isnull=False)))


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    without: str  # the address of the list without it


@dataclass(frozen=True, slots=True)
class Page:
    cases: list[Case]
    following: str = ""  # marks; empty at either end
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    user: User
    queue: Queue
    filters: dict[str, str]
    sort: str
    asked: Mapping[str, str]  # as the address or the view says it, what is unknown included
    view: SavedView | None = None
    misread: bool = False

    @property
    def condition(self) -> Q:
        """Among running cases. Without regard to rights: `matching` and `numbers` add them."""
        stage = self.queue.stage
        if state := self.filters.get("etat"):
            stage = Q(status=Status(state)) & (Q() if self.queue.key == "endormies" else AWAKE)
        mine = Q(assignee=self.user) if self.queue.mine else Q()
        return stage & mine & self.queue.scope & condition_of(self.filters)

    @property
    def address(self) -> dict[str, str]:
        """What names this list in an address."""
        if self.view is not None:
            return {"vue": str(self.view.pk)}
        return {"file": self.queue.key, **self.filters, **({"tri": self.sort} if self.sort else {})}

    @property
    def plain(self) -> dict[str, str]:
        """The same without the name of the saved view."""
        return {"file": self.queue.key, **self.filters, **({"tri": self.sort} if self.sort else {})}

    @property
    def form(self) -> FilterForm:
        return FilterForm(self.asked, user=self.user, auto_id="filtre-%s")

    @property
    def chips(self) -> list[Chip]:
        if self.view is not None or not self.filters:
            return []
        form = self.form
        return [
            Chip(form.says(name, value), urlencode({n: v for n, v in self.plain.items() if n != name}))
            for name, value in self.filters.items()
        ]

    def matching(self) -> CaseQuerySet:
        """As a query, for a few cases named by their numbers."""
        return Case.objects.visible_to(self.user).running().annotate(moved_at=MOVED_AT).filter(self.condition)


def read_listing(
    given: Mapping[str, str], user: User, groups: list[Group], *, view: SavedView | None = None
) -> Listing:
    """The list an address asks for; what it says wrong is left out, and `misread` tells so."""
    asked, wanted = {name: given[name] for name in given}, given.get("vue", "")  # a QueryDict holds lists
    if view is None and (key := key_of(wanted)):
        view = SavedView.objects.visible_to(user).filter(pk=key).first()
    if wanted:
        asked = dict(parse_qsl(view.query)) if view else {}
    filters, misread = chosen(asked, user)
    queue = queue_of(asked.get("file", ""), user)
    if queue is None:
        misread = misread or bool(asked.get("file"))
        queue = queue_of(default_key(groups), user)
        assert queue is not None
    known = next((q for group in groups for q in group.queues if q.key == queue.key), queue)
    sort = asked.get("tri", "")
    return Listing(
        user,
        known,
        filters,
        sort if sort in dict(SORTS) else "",
        asked,
        view,
        misread or (bool(wanted) and view is None),
    )


def page(listing: Listing, after: str = "", before: str = "", *, elsewhere: bool = True) -> Page:
    """One page after a mark, or the one before it; the first without a mark.

    `elsewhere`: whether the agent may hold cases of teams he does not see, as `Overview` tells.
    """
    mark, back = (read_mark(after), False) if after else (read_mark(before), True)
    if mark is None:
        back = False
    column, latest_first = ORDERS[listing.sort]
    parts = _numbers(listing, PAGE + 1, mark, back=back, elsewhere=elsewhere)
    found = []
    if parts is not None:
        # The numbers first, then their lines, whatever the planner thinks of it.
        found = LINES([pk for pk, _ in ask(*parts)])
        for case in found:  # thirty lines share a few topics, which the process remembers
            if (topic := directory().topic(case.topic_id)) is not None:
                case.topic = topic
        found.sort(key=lambda case: (getattr(case, column), case.pk), reverse=latest_first != back)
    more, found = len(found) > PAGE, found[:PAGE]
    if back:
        found.reverse()
        if len(found) < PAGE and not more:  # the beginning moved meanwhile: the first page, whole
            return page(listing, elsewhere=elsewhere)
    following = make_mark(getattr(found[-1], column), found[-1].pk) if found and (more or back) else ""
    previous = (
        make_mark(getattr(found[0], column), found[0].pk) if found and ((back and more) or (mark and not back)) else ""
    )
    return Page(found, following, previous)


def numbers(listing: Listing, at_most: int) -> list[int]:
    """The cases of the list in its order, for what is done to all of them."""
    parts = _numbers(listing, at_most, None, back=False)
    return [pk for pk, _ in ask(*parts)] if parts else []


def _numbers(
    listing: Listing, limit: int, mark: tuple[datetime, int] | None, *, back: bool, elsewhere: bool = True
) -> Parts | None:
    """SQL of the numbers of a page, with the moments they are sorted by; None for who sees nothing."""
    viewer = viewer_of(listing.user)
    if viewer is None:
        return None
    column, latest_first = ORDERS[listing.sort]
    down = latest_first != back
    cases = _base(listing, viewer)
    if mark is not None:  # one bound on the key itself, so that the index starts there
        moment, pk = mark
        sign = "lt" if down else "gt"
        cases = cases.filter(
            Q(**{f"{column}__{sign}e": moment}), Q(**{f"{column}__{sign}": moment}) | Q(**{f"id__{sign}": pk})
        )
    way = "-" if down else ""
    parts = _sources(
        listing, viewer, cases.order_by(f"{way}{column}", f"{way}id"), ("pk", column), limit, elsewhere=elsewhere
    )
    order = "DESC" if down else "ASC"
    sql = f"SELECT * FROM ({parts[0]}) AS found (pk, at) ORDER BY at {order}, pk {order} LIMIT {limit}"  # noqa: S608
    return sql, parts[1]


def count(listing: Listing, groups: list[Group]) -> int:
    """How many, up to CAPPED; what the counters of the queues say already is not counted again."""
    if not listing.filters:
        return listing.queue.count
    if listing.queue.key == queues.ALL and listing.filters.keys() == {"canal"}:  # the queue of that channel
        same = f"canal-{listing.filters['canal']}"
        return next((queue.count for group in groups for queue in group.queues if queue.key == same), 0)
    viewer = viewer_of(listing.user)
    if viewer is None:
        return 0
    [(number,)] = ask(*_counting(listing, viewer))
    return int(number)


def _counting(listing: Listing, viewer: Viewer) -> Parts:
    sql, values = _sources(listing, viewer, _base(listing, viewer).order_by(), ("pk",), CAPPED)
    # Teams are read one after the other, and no more of them than it takes to reach the last number that is shown.
    return f"SELECT count(*) FROM (SELECT FROM ({sql}) AS each LIMIT {CAPPED}) AS found", values  # noqa: S608


def _base(listing: Listing, viewer: Viewer) -> CaseQuerySet:
    cases = Case.objects.running().filter(sensitivity__lte=viewer.clearance)
    return cases.annotate(moved_at=MOVED_AT).filter(listing.condition)


def _sources(
    listing: Listing,
    viewer: Viewer,
    cases: CaseQuerySet,
    columns: tuple[str, ...],
    limit: int,
    *,
    elsewhere: bool = True,
) -> Parts:
    """SQL of the first lines of each part of what the agent sees: what is his, or each of his teams and the rest."""

    def written(some: CaseQuerySet) -> Parts:
        sql, values = some.values_list(*columns)[:limit].query.sql_with_params()
        return f"({sql})", tuple(values)

    team = listing.queue.team
    if viewer.everything or (team is not None and team in viewer.teams):
        return written(cases)
    his = cases.filter(assignee_id=viewer.user_id)
    if listing.queue.mine or not viewer.teams or team is not None:
        return written(his)
    each, values = written(cases.filter(team_id=RawSQL("its.team", ())))
    its = f"SELECT line.* FROM unnest(%s::bigint[]) AS its (team), LATERAL {each} AS line"  # noqa: S608
    if not elsewhere:
        return its, (sorted(viewer.teams), *values)
    own, more = written(his.exclude(team_id__in=sorted(viewer.teams)))
    return f"{its} UNION ALL {own}", (sorted(viewer.teams), *values, *more)


@dataclass(frozen=True, slots=True)
class Overview:
    """The left column: queues, saved views among them, their counters, and the snapshot all were read in."""

    snapshot: str
    plain: list[Group]
    groups: list[Group]
    elsewhere: bool = False  # whether the agent holds running cases of teams he does not see


def questions(user: User) -> list[Question]:
    """What `overview` asks first."""
    viewer = viewer_of(user)
    if viewer is None:
        return []
    return [VIEWS_OF_ALL.asking(user.pk) if viewer.everything else VIEWS.asking(user.pk, sorted(viewer.teams))]


def overview(user: User) -> Overview:
    viewer = viewer_of(user)
    if viewer is None:
        return Overview("", [], [])
    views = VIEWS_OF_ALL(user.pk) if viewer.everything else VIEWS(user.pk, sorted(viewer.teams))
    lists = [read_listing({"vue": str(view.pk)}, user, [], view=view) for view in views]
    snapshot, found, numbers = look(viewer, [_counting(one, viewer) for one in lists])
    plain = queues.groups(user, found)
    elsewhere = any(count.mine and count.team not in viewer.teams for count in found)
    if not views:
        return Overview(snapshot, plain, plain, elsewhere)
    kept = [
        Queue(f"vue-{view.pk}", view.name, "share-2" if view.team_id else "list-filter", count=number, capped=True)
        for view, number in zip(views, numbers, strict=True)
    ]
    return Overview(snapshot, plain, [plain[0], Group("Mes vues", kept), *plain[1:]], elsewhere)
