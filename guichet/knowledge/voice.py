"""The short version as a voice says it: text for a synthesiser, figures, dates, sums and abbreviations in letters.

Plain French words and punctuation, no SSML: any synthesiser reads it, and an agent can read it aloud.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from guichet.core.text import fold, one_line
from guichet.knowledge.models import Version

LONGEST = 20.0  # seconds: beyond, who calls has forgotten the beginning
# Syllables a second of French read aloud without hurry, and what a pause takes.
PACE, FULL_STOP, COMMA = 5.0, 0.5, 0.2
_SAID_UNITS = """
zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf
"""
_UNITS = tuple(_SAID_UNITS.split())
_TENS = ("", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt")
_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre")  # fmt: skip
# Before these, « 1 » is « une ».
_SHE = """
heure heures minute minutes seconde secondes semaine semaines annee annees fois journee nuit piece pieces photo copie
carte aide demande demandes personne personnes reponse place places zone adresse page ligne lettre attestation part
inscription bourse commune entreprise association
"""
_FEMININE = frozenset(_SHE.split())
_NUMBER = r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+"
_VOWELS = re.compile(r"[aeiouyàâäéèêëïîôöùûüœæ]+", re.IGNORECASE)
_MUTE = re.compile(r"(?<=[^aeiouyàâéèêëîïôûü])e(?:s|nt)?$", re.IGNORECASE)  # the e that is not heard at the end


@dataclass(frozen=True, slots=True)
class Voice:
    text: str
    seconds: float

    @property
    def is_too_long(self) -> bool:
        return self.seconds > LONGEST


def voice(version: Version) -> Voice:
    """The spoken version of an article; empty when it has none."""
    text = say(version.spoken)
    return Voice(text, seconds(text))


def seconds(text: str) -> float:
    """How long it lasts at a normal pace."""
    words = re.findall(r"[^\W\d_]+", text)
    syllables = sum(max(1, len(_VOWELS.findall(_MUTE.sub("", word)))) for word in words)
    pauses = len(re.findall(r"[.!?…](?=\s|$)", text)) * FULL_STOP + len(re.findall(r"[,;:](?=\s)", text)) * COMMA
    return round(syllables / PACE + pauses, 1)


def say(text: str) -> str:
    """The same text with nothing left but what is pronounced."""
    said = one_line(text).replace("’", "'")
    for pattern, spoken in _READINGS:
        said = pattern.sub(spoken, said)
    said = _abbreviated(said)
    said = re.sub(r"\b[BCDFGHJKLMNPQRSTVWXZ]{2,6}\b", lambda found: " ".join(found[0]), said)
    said = re.sub(_NUMBER, lambda found: number(_int(found[0])), said)
    said = re.sub(r"\s*[()\[\]«»\"]\s*", _bracket, said)
    said = re.sub(r"\s+[–—-]\s+", ", ", said)
    said = re.sub(r"\s*/\s*", " ou ", said)
    said = said.replace("&", " et ").replace("*", "").replace("_", " ")
    said = re.sub(r"\s+([,.;:!?…])", r"\1", said)
    said = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", said)
    said = re.sub(r"[,;:]\s*([.!?…])", r"\1", said)
    return one_line(said).rstrip(",;: ")


# -- numbers ----------------------------------------------------------------------------------------------------------


def number(value: int, *, feminine: bool = False) -> str:
    """In letters: 80 « quatre-vingts », 81 « quatre-vingt-un », 200 « deux cents », 1 000 « mille »."""
    if value < 0 or value >= 10**12:
        return " ".join(_UNITS[int(digit)] for digit in str(abs(value)))
    for size, name in ((10**9, "milliard"), (10**6, "million")):
        if value >= size:
            many, rest = divmod(value, size)
            head = f"{number(many)} {name}{'s' if many > 1 else ''}"
            return f"{head} {number(rest, feminine=feminine)}" if rest else head
    if value >= 1000:
        many, rest = divmod(value, 1000)
        # « quatre-vingt mille », « deux cent mille »: no s before mille.
        head = "mille" if many == 1 else f"{number(many).removesuffix('s') if many % 10 == 0 else number(many)} mille"
        return f"{head} {number(rest, feminine=feminine)}" if rest else head
    if value >= 100:
        many, rest = divmod(value, 100)
        head = "cent" if many == 1 else f"{_UNITS[many]} cent"
        if not rest:
            return head if many == 1 else f"{head}s"
        return f"{head} {number(rest, feminine=feminine)}"
    return _below_hundred(value, feminine)


def _below_hundred(value: int, feminine: bool) -> str:
    one = "une" if feminine else "un"
    if value < 20:
        return one if value == 1 else _UNITS[value]
    tens, rest = divmod(value, 10)
    if tens in (7, 9):
        rest += 10
    head = _TENS[tens]
    if not rest:
        return f"{head}s" if tens == 8 else head
    if rest == 1 and tens < 8:
        return f"{head} et {one}"
    if rest == 11 and tens == 7:
        return f"{head} et onze"
    return f"{head}-{one if rest == 1 else _UNITS[rest]}"


def _int(digits: str) -> int:
    return int(re.sub(r"\D", "", digits))


def _telephone(found: re.Match[str]) -> str:
    """By pairs, a pause after each: « zéro cinq, trente-six, … »."""
    digits = re.sub(r"\D", "", found[0].replace("+33", "0"))
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return ", ".join(f"zéro {number(int(pair[1]))}" if pair[0] == "0" else number(int(pair)) for pair in pairs)


def _money(found: re.Match[str]) -> str:
    euros, cents = _int(found[1]), _int((found[2] or "0").ljust(2, "0"))
    words = f"{number(euros)} euro{'s' if euros > 1 else ''}"
    if found[1].replace(" ", "").endswith("000000"):
        words = f"{number(euros)} d'euros"
    if cents and not euros:
        return f"{number(cents)} centime{'s' if cents > 1 else ''}"
    return f"{words} {number(cents)}" if cents else words


def _date(found: re.Match[str]) -> str:
    day, month, year = int(found[1]), int(found[2]), found[3]
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return found[0]
    said = f"{'premier' if day == 1 else number(day)} {_MONTHS[month - 1]}"
    return f"{said} {number(int(year) + (2000 if len(year) == 2 else 0))}" if year else said


def _hour(found: re.Match[str]) -> str:
    hours, minutes = int(found[1]), int(found[2] or 0)
    said = f"{number(hours, feminine=True)} heure{'s' if hours > 1 else ''}"
    return f"{said} {number(minutes, feminine=True)}" if minutes else said


def _counted(found: re.Match[str]) -> str:
    return f"{number(_int(found[1]), feminine=fold(found[2]) in _FEMININE)} {found[2]}"


def _decimal(found: re.Match[str]) -> str:
    after = found[2]
    zeros = "zéro " * (len(after) - len(after.lstrip("0")))
    return f"{number(_int(found[1]))} virgule {zeros}{number(int(after))}" if int(after) else number(_int(found[1]))


def _ordinal(found: re.Match[str]) -> str:
    value = int(found[1])
    if value == 1:
        return "première" if found[2] in ("re", "ère") else "premier"
    words = number(value).removesuffix("s") if value % 10 == 0 else number(value)
    if words.endswith("cinq"):
        return f"{words}uième"
    if words.endswith("neuf"):
        return f"{words[:-1]}vième"
    return f"{words.removesuffix('e')}ième"


# -- words ------------------------------------------------------------------------------------------------------------


def _address(found: re.Match[str]) -> str:
    """A site or an e-mail, as it is dictated; an ending of two letters is spelled."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", found[0].rstrip("/"))
    text = re.sub(r"\.([a-z]{2})(?=/|$)", lambda tail: f".{' '.join(tail[1].upper())}", text)
    for sign, said in (("@", " arobase "), (".", " point "), ("-", " tiret "), ("_", " tiret bas "), ("/", " barre ")):
        text = text.replace(sign, said)
    return text


def _bracket(found: re.Match[str]) -> str:
    return ", " if found[0].strip() in "([)]" else " "


@cache
def _pairs() -> tuple[re.Pattern[str], dict[str, str]]:
    lines = (Path(__file__).parent / "said.txt").read_text(encoding="utf-8").splitlines()
    pairs = dict(line.split(" = ", 1) for line in lines if " = " in line and not line.startswith("#"))
    longest = "|".join(re.escape(written) for written in sorted(pairs, key=len, reverse=True))
    return re.compile(rf"(?<![\w.])(?:{longest})(?!\w)"), pairs


def _abbreviated(text: str) -> str:
    pattern, pairs = _pairs()
    return pattern.sub(lambda found: pairs[found[0]], text)


# In this order: what is longest first, each taking its figures away from those that follow.
_READINGS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?:https?://|www\.)[^\s)]*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}|"
                r"\b[\w-]+(?:\.[\w-]+)*\.(?:fr|com|org|eu|net)\b(?:/[\w./-]*\w)?"), _address),
    (re.compile(r"(?:\+33 ?[1-9]|\b0[1-9])(?:[ .\u00a0\u202f]?\d{2}){4}\b"), _telephone),
    (re.compile(r"\b3\d{3}\b(?= ?[,.;:)]| ou | et | \(|$)(?<!€)"), _telephone),
    (re.compile(r"(€|\b(?:euros?|heures?|jours?|mois))/(?=an|mois|jour|sem|heure|personne|élève|km)"), r"\1 par "),
    (re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b"), _date),
    (re.compile(rf"\b({_NUMBER})(?:,(\d{{1,2}}))?[ \u00a0\u202f]?(?:€|euros?\b)"), _money),
    (re.compile(r"\b(\d{1,2})[ \u00a0\u202f]?h(?:[ \u00a0\u202f]?(\d{2}))?\b"), _hour),
    (re.compile(r"\b(\d+)(er|re|ère|e|ème|ᵉ)\b"), _ordinal),
    (re.compile(r"\b(\d+)[-–](?=\d)"), r"\1 à "),
    (re.compile(rf"\b({_NUMBER}),(\d+)\b"), _decimal),
    (re.compile(r"[ \u00a0\u202f]?%"), " pour cent"),
    (re.compile(r"€"), " euros"),
    (re.compile(rf"\b({_NUMBER}) ([^\W\d_]+)"), _counted),
)  # fmt: skip
