"""The tests of a dialogue, written as conversations: « > » what the citizen says, « = code » the article that answers,
else words that Noa must say. Played on the real path, in a transaction that is undone."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from guichet.core.refused import Refused
from guichet.knowledge.markup import to_plain
from guichet.noa.actions import hear, open_chat
from guichet.noa.dialogues import read_script
from guichet.noa.models import Turn


@dataclass(frozen=True, slots=True)
class Played:
    number: int
    passed: bool
    why: str = ""


def rehearse(code: str, source: str) -> list[Played]:
    """The tests of one dialogue in service, each in a conversation of its own; nothing stays."""
    try:
        script = read_script(code, source)
    except Refused as refusal:
        return [Played(0, False, refusal.message)]
    return [_play(number, lines) for number, lines in enumerate(script.tests, start=1)]


def _play(number: int, lines: tuple[str, ...]) -> Played:
    with transaction.atomic():
        chat = open_chat()
        said: list[Turn] = []
        why = ""
        try:
            for line in lines:
                if line.startswith(">"):
                    said = hear(chat, line[1:].strip())[1:]
                elif why := _missing(line, said):
                    break
        except Refused as refusal:
            why = refusal.message
        transaction.set_rollback(True)
    return Played(number, not why, why)


def _missing(line: str, said: list[Turn]) -> str:
    if line.startswith("="):
        wanted = line[1:].strip()
        got = [turn.version.article.code for turn in said if turn.version is not None]
        return "" if wanted in got else f"attendu l'article {wanted}, obtenu {', '.join(got) or 'aucun'}"
    text = " ".join(to_plain(turn.text) for turn in said)
    return "" if line.lower() in text.lower() else f"attendu « {line} », obtenu « {text[:200]} »"
