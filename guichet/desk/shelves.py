"""The list of articles: what is looked for, among those an agent may read; pages by key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.core.calendar import paris_day
from guichet.core.text import key_of
from guichet.knowledge import finding, policy
from guichet.knowledge.models import OPEN, Article, Audience, Kind, Version, VersionState, Vote, Wording, is_code
from guichet.organisation.directory import directory
from guichet.organisation.models import Topic

PAGE = 30
FOUND = 60
STATES = (
    ("", "Tous"),
    ("publies", "Publiés"),
    ("brouillons", "Brouillons"),
    ("relecture", "En relecture"),
    ("programmes", "Programmés"),
    ("a-relire", "À relire"),
    ("archives", "Archivés"),
)
_OPEN_STATES = {
    "brouillons": VersionState.DRAFT,
    "relecture": VersionState.IN_REVIEW,
    "programmes": VersionState.SCHEDULED,
}


@dataclass(frozen=True, slots=True)
class Line:
    article: Article
    title: str
    open: Version | None
    wordings: int
    votes: Mapping[str, int]
    to_check: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the address asks for; what it says wrong is left out."""

    user: User
    words: str = ""
    kind: str = ""
    domain: str = ""
    owner: int = 0
    state: str = ""
    after: str = ""

    @property
    def filters(self) -> dict[str, str]:
        given = {"q": self.words, "nature": self.kind, "domaine": self.domain, "etat": self.state,
                 "equipe": str(self.owner or "")}  # fmt: skip
        return {name: value for name, value in given.items() if value}

    def address(self, **more: str) -> str:
        return urlencode({name: value for name, value in {**self.filters, **more}.items() if value})


def read_shelf(given: Mapping[str, str], user: User) -> Shelf:
    words, kind, domain, state, after = (
        given.get(name, "").strip() for name in ("q", "nature", "domaine", "etat", "apres")
    )
    return Shelf(
        user,
        words[:200],
        kind if kind in Kind.values else "",
        domain if domain in {topic.code for topic in domains()} else "",
        key_of(given.get("equipe", "")) or 0,
        state if state in dict(STATES) else "",
        after if is_code(after) else "",
    )


def domains() -> list[Topic]:
    roots = [topic for topic in directory().topics_by_code.values() if topic.parent_id is None]
    return sorted(roots, key=lambda topic: (topic.position, topic.label))


def to_check() -> Q:
    """To be read again: its date has come, or somebody asked."""
    return Q(archived_at__isnull=True) & (Q(review_on__lte=paris_day(timezone.now())) | ~Q(check_asked=""))


def _in_state(state: VersionState) -> Exists:
    return Exists(Version.objects.filter(article=OuterRef("pk"), state=state))


def _condition(shelf: Shelf) -> Q:
    found = policy.readable_by(shelf.user)
    if not policy.reads_drafts(shelf.user):
        found &= Q(live__isnull=False)
    if shelf.kind:
        found &= Q(kind=shelf.kind)
    if shelf.owner:
        found &= Q(owner_id=shelf.owner)
    if shelf.domain:
        codes = [code for code in directory().topics_by_code if f"{code}.".startswith(f"{shelf.domain}.")]
        spoken_of = Version.objects.filter(topics__overlap=codes, state__in=[*OPEN, VersionState.PUBLISHED])
        found &= Q(pk__in=spoken_of.values("article"))
    if shelf.state == "archives":
        return found & Q(archived_at__isnull=False)
    if shelf.state == "publies":
        found &= Q(live__isnull=False)
    elif shelf.state == "a-relire":
        found &= to_check()
    elif shelf.state in _OPEN_STATES:
        found &= Q(_in_state(_OPEN_STATES[shelf.state]))
    return found & Q(archived_at__isnull=True)


def page(shelf: Shelf) -> tuple[list[Line], str]:
    """One page and the mark of the next one; for words, the best found, best first, on one page."""
    rows = Article.objects.filter(_condition(shelf)).select_related("owner", "live")
    rows = rows.prefetch_related(
        Prefetch("versions", Version.objects.filter(state__in=OPEN).defer("body"), to_attr="open_ones")
    )
    if shelf.words:
        return _lines(_found(shelf, rows)), ""
    if shelf.after:
        rows = rows.filter(code__gt=shelf.after)
    found = list(rows.order_by("code")[: PAGE + 1])
    following = found[PAGE - 1].code if len(found) > PAGE else ""
    return _lines(found[:PAGE]), following


def _found(shelf: Shelf, rows: Any) -> list[Article]:
    """What the search of every face finds, then what it does not know: drafts, templates, archives, addresses."""
    codes = finding.search(shelf.words, Audience.AGENT, FOUND * 3)
    known = {article.code: article for article in rows.filter(code__in=codes)}
    ranked = [known[code] for code in codes if code in known][:FOUND]
    titled = Version.objects.filter(title__icontains=shelf.words, state__in=[*OPEN, VersionState.PUBLISHED])
    others = rows.filter(Q(code=shelf.words) | Q(pk__in=titled.values("article"))).exclude(code__in=codes)
    return [*ranked, *others.order_by("code")[:PAGE]]


def no_votes() -> dict[str, int]:
    return dict.fromkeys(Vote.Value.values, 0)


def _lines(articles: list[Article]) -> list[Line]:
    keys = [article.pk for article in articles]
    today = paris_day(timezone.now())
    wordings = dict(Wording.objects.filter(article__in=keys).values_list("article").annotate(n=Count("pk")))
    votes: dict[int, dict[str, int]] = defaultdict(no_votes)
    given = Vote.objects.filter(version__in=[a.live_id for a in articles if a.live_id])
    for version, value, number in given.values_list("version", "value").annotate(n=Count("pk")):
        votes[version][value] = number
    lines = []
    for article in articles:
        opened: Version | None = next(iter(article.open_ones), None)  # type: ignore[attr-defined]
        title = article.live.title if article.live else opened.title if opened else article.code
        late = article.review_on is not None and article.review_on <= today
        lines.append(
            Line(
                article, title, opened, wordings.get(article.pk, 0), votes.get(article.live_id or 0, {}),
                article.archived_at is None and (late or bool(article.check_asked)),
            )
        )  # fmt: skip
    return lines


def counts(user: User) -> dict[str, int]:
    """How many wait, by name of state; only the states that are work."""
    mine = Article.objects.filter(policy.readable_by(user), archived_at__isnull=True)
    waiting = Version.objects.filter(article__in=mine, state__in=OPEN).values_list("state").annotate(n=Count("pk"))
    by_state = dict(waiting)
    found = {name: by_state.get(state, 0) for name, state in _OPEN_STATES.items()}
    return {**found, "a-relire": mine.filter(to_check()).count()}
