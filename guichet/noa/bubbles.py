"""What Noa is about to say: made by reading, written by the actions."""

from __future__ import annotations

from dataclasses import dataclass, field

from guichet.knowledge.models import Article, Version
from guichet.noa.models import Turn
from guichet.noa.rewording import Sentence

Option = dict[str, str]
PERSON: Option = {"label": "Parler à une personne", "say": "Parler à une personne"}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One thing to say. `heard`: what came of the question (answered, offered, none), for the work on the base."""

    kind: str
    text: str = ""
    version: Version | None = None
    section: str = ""
    options: tuple[Option, ...] = ()
    article: Article | None = None
    heard: str = ""
    reworded: tuple[Sentence, ...] = ()  # by a language model, checked against the version


@dataclass(slots=True)
class Reply:
    """All that answers one message, and what is remembered of it. `hand`: why a person is to be called."""

    bubbles: list[Bubble] = field(default_factory=list)
    hand: str = ""
    urgent: bool = False
    missed: bool = False
    ranking: tuple[str, ...] = ()  # when a choice is offered, all that was found, best first

    def say(self, kind: str, text: str = "", **more: object) -> None:
        self.bubbles.append(Bubble(kind, text, **more))  # type: ignore[arg-type]


def notice(text: str, *options: Option) -> Bubble:
    return Bubble(Turn.Kind.NOTICE, text, options=options)
