"""Rules of routing, compiled once and kept a few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from guichet.cases.models.routing import RoutingRule
from guichet.core.calendar import paris_day
from guichet.understanding.words import stem, words_of

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of a message when it arrives."""

    text: str
    subject: str = ""
    channel: str = ""
    department: str = ""
    sender: str = ""
    at: datetime | None = None

    @property
    def whole(self) -> str:
        return f"{self.subject}\n{self.text}" if self.subject else self.text


class CompiledRule:
    """One rule, its words stemmed: « remboursement » also finds « remboursements »."""

    def __init__(self, rule: RoutingRule) -> None:
        self.rule = rule
        self.expressions = [tuple(stem(word) for word in words_of(words)) for words in rule.words]
        self.senders = tuple(sender.lower().lstrip("@") for sender in rule.senders)

    def matches(self, message: Message, stems: tuple[str, ...]) -> bool:
        rule = self.rule
        if rule.channels and message.channel not in rule.channels:
            return False
        if rule.departments and message.department not in rule.departments:
            return False
        if self.senders and not self._is_sender(message.sender.lower()):
            return False
        if (rule.first_day or rule.last_day) and not self._is_in_time(message.at):
            return False
        return not self.expressions or any(
            _contains(stems, expression) for expression in self.expressions if expression
        )

    def _is_sender(self, sender: str) -> bool:
        domain = sender.rpartition("@")[2]
        return any(sender == known or domain == known or domain.endswith(f".{known}") for known in self.senders)

    def _is_in_time(self, at: datetime | None) -> bool:
        if at is None:
            return False
        day = paris_day(at)
        return (self.rule.first_day is None or day >= self.rule.first_day) and (
            self.rule.last_day is None or day <= self.rule.last_day
        )


def _contains(stems: tuple[str, ...], expression: tuple[str, ...]) -> bool:
    size = len(expression)
    return any(stems[at : at + size] == expression for at in range(len(stems) - size + 1))


def stems_of(message: Message) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(message.whole[:20_000]))


_kept: tuple[float, list[CompiledRule]] | None = None


def rules() -> list[CompiledRule]:
    """Active rules in order, read again every few seconds."""
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > FRESH_SECONDS:
        active = RoutingRule.objects.filter(is_active=True).select_related("topic", "team")
        _kept = (time.monotonic(), [CompiledRule(rule) for rule in active])
    return _kept[1]


def forget_rules() -> None:
    """Rules changed in this process: read them again at once."""
    global _kept
    _kept = None


def first_match(message: Message, candidates: list[CompiledRule] | None = None) -> RoutingRule | None:
    """The rule that decides for `message`, among the active ones unless given."""
    chosen = rules() if candidates is None else candidates
    if not chosen:
        return None
    stems = stems_of(message)
    return next((compiled.rule for compiled in chosen if compiled.matches(message, stems)), None)
