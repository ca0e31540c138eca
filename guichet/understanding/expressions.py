"""Hundreds of regular expressions looked for in a text at the price of a few: each only where a word begins as it does.

Of the syntax, what beginnings need is read here: literals, groups « (?:a|b) », lookaheads, « ? » and « * ». Any other
beginning may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

BEGINNING = 3  # letters of a word
ANY = "*"
_WORD = re.compile(r"\w+")
Tried = list[tuple[str, re.Pattern[str]]]


class Expressions:
    """By kind, expressions on folded words that begin and end where words do."""

    def __init__(self, by_kind: Mapping[str, Sequence[str]]) -> None:
        self._kinds = {
            kind: [(beginnings(line), line) for whole in lines for line in choices(whole)]
            for kind, lines in by_kind.items()
        }
        self._kept: dict[str, Tried] = {}

    def found(self, text: str) -> Iterator[tuple[str, re.Match[str]]]:
        """Kind and match, from the first word to the last; of each kind, the first expression that fits there."""
        for word in _WORD.finditer(text):
            for kind, pattern in self._tried((word[0] + " ")[:BEGINNING]):
                if match := pattern.match(text, word.start()):
                    yield kind, match

    def cut_out_of(self, text: str) -> str:
        """The text without what is found in it; the words on either side do not become neighbours."""
        kept, after = list[str](), 0
        for _, match in self.found(text):
            if match.start() >= after:
                kept.append(text[after : match.start()])
                after = match.end()
        return "   ".join([*kept, text[after:]])

    def _tried(self, begins: str) -> Tried:
        found = self._kept.get(begins)
        if found is None:
            found = self._kept[begins] = [
                (kind, re.compile(rf"(?:{'|'.join(fit)})\b"))
                for kind, lines in self._kinds.items()
                if (fit := [line for own, line in lines if any(_fits(one, begins) for one in own)])
            ]
        return found


def _fits(own: str, begins: str) -> bool:
    return begins.startswith(own[:-1]) if own.endswith(ANY) else begins.startswith(own.ljust(len(begins)))


def beginnings(expression: str, letters: int = BEGINNING) -> frozenset[str]:
    """What the first word of a text it matches begins with. A space ends a word; « * »: anything may follow."""
    if not letters:
        return frozenset({""})
    if not expression:
        return frozenset({" "})
    if len(offered := choices(expression)) > 1:
        return frozenset[str]().union(*(beginnings(one, letters) for one in offered))
    if expression.startswith("(?!"):
        return beginnings(expression[closing(expression) + 1 :], letters)
    if expression.startswith("(?:"):
        end = closing(expression)
        heads, rest = choices(expression[3:end]), expression[end + 1 :]
    elif expression[0].isalnum() or expression[0] == " ":
        heads, rest = [expression[0]], expression[1:]
    else:
        return frozenset({ANY})
    follows = rest[1:] if rest[:1] in ("?", "*") else rest
    found = beginnings(follows, letters) if follows is not rest else frozenset[str]()
    for head in heads:
        if len(head) == 1:
            after = frozenset({""}) if head == " " else beginnings(follows, letters - 1)
            found |= {head + one for one in after}
        else:
            found |= beginnings(head + follows, letters)
    return found


def choices(expression: str) -> list[str]:
    """« a|b(?:c|d) »: a, and b(?:c|d)."""
    found, depth = [""], 0
    for letter in expression:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def closing(expression: str) -> int:
    """Where the group that begins the expression ends."""
    depth = 0
    for at, letter in enumerate(expression):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return at
    raise ValueError(f"a group is not closed: {expression}")
