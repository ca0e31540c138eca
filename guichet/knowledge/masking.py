"""What a question keeps of who asked it: nothing that designates a person."""

from __future__ import annotations

import re

from guichet.core.text import fold, one_line

_ADDRESS = re.compile(r"[^\s,;<>]+@[^\s,;<>]+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_DIGITS = re.compile(r"\d(?:[ .\-/]?\d){4,}")  # telephones, references, numbers of files, of social security
_NAMED = re.compile(
    r"\b(je m'appelle|mon nom est|je suis (?:m|mme|mr|monsieur|madame)\.?|moi c'est|nom\s*:|prénom\s*:)\s+"
    r"[\w'-]+(?:\s+[A-ZÉÈÀÂÇ][\w'-]+)*",
    re.IGNORECASE,
)
_TITLED = re.compile(r"\b(M\.|Mme|Mr|Monsieur|Madame|Mlle)\s+[A-ZÉÈÀÂÇ][\w'-]+(?:\s+[A-ZÉÈÀÂÇ][\w'-]+)*")


def masked(text: str, length: int = 300) -> str:
    """Addresses, numbers of five digits and more and announced names replaced by an ellipsis."""
    line = one_line(text)
    for pattern in (_ADDRESS, _LINK, _DIGITS):
        line = pattern.sub("…", line)
    line = _NAMED.sub(r"\1 …", line)
    return _TITLED.sub(r"\1 …", line)[:length]


def key(text: str) -> str:
    """The same for two questions of the same words, whatever their order, accents and plural."""
    words = {word.rstrip("sx") for word in re.findall(r"[a-z0-9]+", fold(text)) if len(word) > 1}
    return " ".join(sorted(words))[:300]
