"""What the search shows: the direct answer, results with the words found, facets, the question as it was understood."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from guichet.core.text import fold
from guichet.knowledge import finding
from guichet.knowledge.markup import to_plain
from guichet.knowledge.models import Article, Asked, Kind
from guichet.portal.sheets import domain_of, live_of, published
from guichet.understanding.answers.engine import Answer, Outcome

MOST = 60
PER_PAGE = 10
EXCERPT = 220
SUGGESTED = 6
TITLES_SECONDS = 5.0
POPULAR_DAYS, POPULAR_SECONDS, MOST_ASKED = 30, 600, 20
_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset(
    ["de", "des", "du", "la", "le", "les", "un", "une", "et", "ou", "est", "ce", "que", "qui", "pour", "par", "sur",
     "dans", "avec", "mon", "ma", "mes", "je", "au", "aux", "en"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    article: Article
    excerpt: SafeString


@dataclass(frozen=True, slots=True)
class Facet:
    label: str
    count: int
    query: str
    chosen: bool


@dataclass(slots=True)
class Found:
    answer: Answer
    direct: Article | None  # what the engine is sure of
    offered: list[Article]  # else at most three to choose from
    results: list[Article]  # of the facets chosen, best first
    understood: str  # the question with its spelling corrected, when it was
    kinds: list[Facet] = field(default_factory=list)
    domains: list[Facet] = field(default_factory=list)


def look_for(text: str, *, kind: str = "", domain: str = "") -> Found:
    answer = finding.answer(text)
    codes = list(dict.fromkeys([*(p.id for p in answer.proposals), *finding.search(text, at_most=MOST)]))
    rows = {row.code: row for row in published().filter(code__in=codes)}
    sure = set() if answer.outcome is Outcome.NONE else {p.id for p in answer.proposals} | set(answer.ranking)
    heads = _heads(text)
    every = [rows[code] for code in codes if code in rows and (code in sure or _holds(rows[code], heads))]
    proposed = [rows[p.id] for p in answer.proposals if p.id in rows]
    direct = proposed[0] if proposed and answer.outcome is Outcome.ANSWERED else None
    domains = {row.code: domain_of(live_of(row)) for row in every}

    def fits(row: Article, kind: str, domain: str) -> bool:
        topic = domains[row.code]
        return (not kind or row.kind == kind) and (not domain or (topic is not None and topic.code == domain))

    labels = {topic.code: topic.label for topic in domains.values() if topic}
    listed = [row for row in every if row is not direct]
    of_kinds = Counter(row.kind for row in listed if fits(row, "", domain))
    of_domains = Counter(topic.code for row in listed if fits(row, kind, "") and (topic := domains[row.code]))
    return Found(
        answer=answer,
        direct=direct,
        offered=[] if direct else proposed,
        results=[row for row in listed if fits(row, kind, domain)],
        understood=_understood(text, answer.read_as, every[:10]) if sure else "",
        kinds=_facets("nature", kind, of_kinds, dict(Kind.choices), {"q": text, "sujet": domain}),
        domains=_facets("sujet", domain, of_domains, labels, {"q": text, "nature": kind}),
    )


def _facets(
    name: str, chosen: str, counts: Counter[str], labels: Mapping[str, Any], kept: Mapping[str, str]
) -> list[Facet]:
    """« Tout », then each value with how many it would leave."""
    others = {key: value for key, value in kept.items() if value}
    found = [Facet("Tout", counts.total(), urlencode(others), not chosen)]
    found += [Facet(str(labels.get(code, code)), n, urlencode({**others, name: code}), code == chosen)
              for code, n in counts.most_common()]  # fmt: skip
    return found if len(found) > 2 or chosen else []


def _understood(typed: str, read_as: str, rows: Iterable[Article]) -> str:
    """The words the engine read instead of what was typed, written as the base writes them; empty when the same."""
    known = set(_WORD.findall(fold(typed)))
    if not read_as or all(word in known for word in read_as.split()):
        return ""
    spelt: dict[str, str] = {}
    for row in rows:
        for word in _WORD.findall(f"{live_of(row).title} {live_of(row).answer}".lower()):
            spelt.setdefault(fold(word), word)
    return " ".join(spelt.get(word, word) for word in read_as.split())


# -- excerpts ---------------------------------------------------------------------------------------------------------


def results_of(rows: Iterable[Article], words: str) -> list[Result]:
    heads = _heads(words)
    return [Result(row, _excerpt(live_of(row).answer, live_of(row).body, heads)) for row in rows]


def _heads(text: str) -> tuple[str, ...]:
    """How the words of a question begin, their endings left aside: « remboursements » finds « rembourser »."""
    words = [word for word in _WORD.findall(fold(text)) if word not in _SMALL and (len(word) > 2 or word.isdigit())]
    return tuple(dict.fromkeys(word[: max(4, len(word) - (4 if len(word) > 8 else 2))] for word in words))


def _holds(article: Article, heads: tuple[str, ...]) -> bool:
    """One word of the question at least is in it: the engine ranks every sheet, however far."""
    version = live_of(article)
    return any(_is_said(word, heads) for word in _WORD.findall(f"{version.title} {version.answer} {version.body}"))


def _excerpt(answer: str, body: str, heads: tuple[str, ...]) -> SafeString:
    """The sentences around the words found, those words marked; the start of the answer when none is there."""
    text = to_plain(answer).replace("\n", " ")
    if not any(_is_said(word, heads) for word in _WORD.findall(text)):
        longer = to_plain(body).replace("\n", " ")
        at = next((m.start() for m in _WORD.finditer(longer) if _is_said(m[0], heads)), None)
        if at is not None:
            start = max(longer.rfind(". ", 0, at) + 2, at - EXCERPT // 2) if at > EXCERPT // 2 else 0
            text = ("… " if start else "") + longer[start:]
    if len(text) > EXCERPT:
        text = text[:EXCERPT].rsplit(" ", 1)[0] + "…"
    return marked(text, heads)


def marked(text: str, heads: tuple[str, ...]) -> SafeString:
    pieces: list[str] = []
    last = 0
    for match in _WORD.finditer(text):
        if _is_said(match[0], heads):
            pieces += [escape(text[last : match.start()]), f"<mark>{escape(match[0])}</mark>"]
            last = match.end()
    return mark_safe("".join([*pieces, escape(text[last:])]))  # noqa: S308 (escaped piece by piece)


def _is_said(word: str, heads: tuple[str, ...]) -> bool:
    folded = fold(word)
    return len(folded) > 1 and folded.startswith(heads) if heads else False


# -- suggestions ------------------------------------------------------------------------------------------------------

_titles: tuple[float, list[tuple[str, tuple[str, ...]]]] = (0.0, [])


def suggest(typed: str) -> list[Article]:
    """While it is typed: titles that hold every word begun, then what the search finds."""
    begun = _WORD.findall(fold(typed))
    if not begun or sum(map(len, begun)) < 2:
        return []
    starts = [code for code, words in _known_titles() if all(any(w.startswith(b) for w in words) for b in begun)]
    codes = list(dict.fromkeys([*starts[:SUGGESTED], *finding.search(typed, at_most=SUGGESTED)]))[:SUGGESTED]
    rows = {row.code: row for row in published().filter(code__in=codes).defer("live__body", "live__answer")}
    return [rows[code] for code in codes if code in rows]


def _known_titles() -> list[tuple[str, tuple[str, ...]]]:
    """Kept a few seconds: read again before anything is shown."""
    global _titles
    if time.monotonic() - _titles[0] > TITLES_SECONDS or not _titles[1]:
        rows = published().order_by("position", "live__title").values_list("code", "live__title")
        _titles = (time.monotonic(), [(code, tuple(_WORD.findall(fold(title)))) for code, title in rows])
    return _titles[1]


# -- what is most asked -----------------------------------------------------------------------------------------------


def most_asked(number: int) -> list[Article]:
    """The answers opened most these last weeks, completed by the first of the base."""
    for codes in (cache.get("portal.most_asked") or [], None):
        found = _readable(_most_asked() if codes is None else codes)
        if len(found) >= number or codes is None:
            return found[:number]
    return []


def _readable(codes: list[str]) -> list[Article]:
    found = {row.code: row for row in published().filter(code__in=codes).defer("live__body")}
    return [found[code] for code in codes if code in found]


def _most_asked() -> list[str]:
    """Kept a while: counting weeks of questions is not for each visitor."""
    since = timezone.now() - timedelta(days=POPULAR_DAYS)
    opened = Asked.objects.filter(at__gte=since, opened=True, article__isnull=False)
    rows = opened.values("article__code").annotate(times=Count("pk")).order_by("-times", "article__code")
    codes = [row["article__code"] for row in rows[:MOST_ASKED]]
    # What editors gave most wordings is what they expect most.
    first = published().annotate(said=Count("wordings")).order_by("position", "-said", "pk")
    codes += [code for code in first.values_list("code", flat=True)[: 2 * MOST_ASKED] if code not in codes]
    cache.set("portal.most_asked", codes, POPULAR_SECONDS)
    return codes
