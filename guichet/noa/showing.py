"""A turn as a page shows it: its HTML, its source and date, what may be pressed next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from guichet.core.kept import Kept
from guichet.knowledge.markup import answer_html, sections, to_paragraphs
from guichet.noa.following import fact_asked
from guichet.noa.models import Chat, Turn

_SAID = Kept(
    lambda chat, after: (
        Turn.objects.filter(chat=chat, number__gt=after)
        .select_related("version__article__owner", "agent")
        .order_by("number")
    )
)
TYPING_SECONDS = 6  # how long a sign that somebody writes lasts


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    turn: Turn
    html: SafeString
    title: str = ""
    sources: tuple[Source, ...] = ()
    checked: date | None = None
    owner: str = ""
    uncertain: str = ""
    code: str = ""
    is_aid: bool = False
    options: tuple[dict[str, Any], ...] = ()
    reworded: SafeString | None = None  # said again by a language model; `html` is what was approved


def turns_of(chat: Chat, after: int = 0) -> list[Shown]:
    """What was said after that number, in order."""
    return [shown(turn) for turn in _SAID(chat.pk, after)]


def is_typing(since: datetime | None) -> bool:
    return since is not None and (timezone.now() - since).total_seconds() < TYPING_SECONDS


def shown(turn: Turn) -> Shown:
    options = tuple({"label": "", "to": "", "dialogue": "", "href": "", "say": "", **option} for option in turn.options)
    version = turn.version
    if version is None:
        noa = turn.author == Turn.Author.NOA
        return Shown(turn, answer_html(turn.text) if noa else to_paragraphs(turn.text), options=options)
    article = version.article
    part = (
        next((part for part in sections(version.body) if part.anchor == turn.section), None) if turn.section else None
    )
    text = answer_html(part.text) if part else answer_html(_fact(turn) or version.answer)
    return Shown(
        turn,
        text,
        title=version.title,
        sources=tuple(Source(row["title"], row.get("url", "")) for row in version.sources[:3]),
        checked=article.checked_on or (version.published_at.date() if version.published_at else None),
        owner=article.owner.said,
        uncertain=version.uncertain,
        code=article.code if article.archived_at is None else "",
        is_aid=article.kind == "aid",
        options=options,
        reworded=to_paragraphs("\n\n".join(one["says"] for one in turn.reworded)) if turn.reworded else None,
    )


def _fact(turn: Turn) -> str:
    """The fact of an aid that was asked for (« et c'est combien ? »)."""
    return fact_asked(turn.text, turn.version) if turn.text and turn.version is not None else ""
