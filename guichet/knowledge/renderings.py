"""One approved answer, as each channel says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.safestring import SafeString

from guichet.knowledge.markup import answer_html, sections, to_html, to_plain
from guichet.knowledge.models import Version

# GSM 03.38: the signs that cost one place, and those that cost two. Any other makes the whole message dearer.
_SINGLE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_DOUBLE = frozenset("^{}\\[~]|€")
_PARAGRAPH = re.compile(r"\n+")


@dataclass(frozen=True, slots=True)
class Sms:
    """What a text costs to send: 160 or 70 signs alone, 153 or 67 when several are joined (GSM 03.40)."""

    signs: int
    messages: int
    unusual: str  # the signs that are not of the telephone's alphabet

    @property
    def is_unicode(self) -> bool:
        return bool(self.unusual)


def sms(text: str) -> Sms:
    unusual = "".join(dict.fromkeys(sign for sign in text if sign not in _SINGLE and sign not in _DOUBLE))
    if unusual:
        signs, alone, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    else:
        signs, alone, joined = len(text) + sum(sign in _DOUBLE for sign in text), 160, 153
    if not signs:
        return Sms(0, 0, "")
    return Sms(signs, 1 if signs <= alone else -(-signs // joined), unusual)


@dataclass(frozen=True, slots=True)
class Question:
    title: str
    html: SafeString


def questions(version: Version) -> list[Question]:
    """As the frequent questions of the portal show it: its own question first, then those of its full text."""
    asked = [Question(part.title, part.html) for section in sections(version.body) for part in section.questions]
    return [Question(version.title, answer_html(version.answer)), *asked]


def body_html(version: Version) -> SafeString:
    """The full text inside a page that has a title and a part of its own above it."""
    return to_html(version.body, level=4)


def reply_text(version: Version) -> str:
    """What an agent puts in an answer: the approved words alone, one paragraph a block."""
    return _PARAGRAPH.sub("\n\n", to_plain(version.answer))


def letter_text(version: Version) -> str:
    return f"Madame, Monsieur,\n\n{reply_text(version)}\n\nNous restons à votre disposition."
