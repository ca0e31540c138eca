"""What is wrong or may be in a text: what forbids publishing, and what its author should look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils import timezone

from guichet.core.calendar import paris_day
from guichet.core.text import fold
from guichet.knowledge.markup import DECORATIVE, images, images_without_words, links, to_plain
from guichet.knowledge.models import Article, Audience, Kind, Picture, Version
from guichet.knowledge.pictures import hashes
from guichet.knowledge.voice import LONGEST, voice

LONG_SENTENCE = 25  # words: beyond, readers stop (plain-language practice)
FEW_WORDINGS = 10
WORDED = frozenset({Kind.AID, Kind.PROCEDURE, Kind.QUESTION})  # kinds that people ask about
_SENTENCE = re.compile(r"(?<=[.!?…:])\s+|\n+")
_WORD = re.compile(r"[\w'’-]+")
_VOWELS = re.compile(r"[aeiouyàâäéèêëïîôöùûüœæ]+", re.IGNORECASE)
_MONEY = re.compile(r"(\d[\d \u202f\u00a0]*(?:,\d+)?)\s*(?:€|euros?)")
_DATE = re.compile(
    r"\b(\d{1,2})(?:er)? "
    r"(janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre) (20\d\d)"
)
_MONTHS = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
           "novembre", "décembre")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind`: length, jargon, source, link, image, date, amount, wordings, blank, voice."""

    kind: str
    said: str
    passage: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How easy a text is. `ease`: Flesch's formula with the French constants of Kandel and Moles (1958), 0 to 100."""

    words: int
    sentences: int
    longest: int
    ease: int

    @property
    def level(self) -> str:
        if self.ease >= 60:
            return "facile"
        return "moyen" if self.ease >= 45 else "difficile"


def blocking(version: Version) -> list[str]:
    """Sentences, one for each reason not to publish."""
    article = version.article
    found: list[str] = []
    if not version.answer.strip():
        found.append("La réponse manque.")
    if article.audience == Audience.CITIZEN:
        if not version.sources:
            found.append("Il manque une source : texte, délibération ou page qui fait foi.")
        if not version.topics:
            found.append("Il manque un sujet : la réponse ne serait proposée à personne.")
    found += _images(version)
    if article.kind == Kind.AID:
        blank = [label for name, label in (("for_whom", "pour qui"), ("amount", "montant"), ("when", "quand"))
                 if not str(version.aid.get(name, "")).strip()]  # fmt: skip
        if blank:
            found.append(f"Il manque à l'aide : {', '.join(blank)}.")
        if not version.aid.get("themes") or not version.aid.get("profiles"):
            found.append("Il manque à l'aide un thème et un profil : elle ne serait sur aucune étagère du guide.")
    if version.valid_until and version.valid_until < paris_day(timezone.now()):
        found.append("La fin de validité est passée.")
    return found


def _images(version: Version) -> list[str]:
    found: list[str] = []
    if images_without_words(version.body):
        found.append(f"Une image n'a pas de texte de remplacement : dites ce qu'on y voit, ou « {DECORATIVE} ».")
    if any("![" in text for text in (version.answer, version.sms, version.spoken)):
        found.append("Les images vont dans le texte complet : la réponse, le SMS et le téléphone n'en ont pas.")
    if shown := set(images(version.body)):
        here = hashes(shown)
        if here:
            here = set(Picture.objects.filter(article=version.article_id, file__in=here).values_list("file", flat=True))
        if len(broken := [one for one in shown if not hashes([one]) & here]):
            found.append(f"Une image ne s'affichera pas, ajoutez-la à cet article : {sorted(broken)[0][:60]}.")
    return found


def findings(version: Version, wordings: int | None = None) -> list[Finding]:
    """What to look at; nothing here forbids publishing."""
    text = f"{to_plain(version.answer)}\n{to_plain(version.body)}"
    found = [*_long(text), *_jargon(text), *_dates(text), *_links(version)]
    found += _disagreeing(version)
    if version.article.audience == Audience.CITIZEN:
        if not version.sms:
            found.append(Finding("blank", "La réponse par SMS manque : elle ne pourra pas être envoyée ainsi."))
        if not version.spoken:
            found.append(Finding("blank", "La réponse dite au téléphone manque."))
        elif (heard := voice(version)).is_too_long:
            said = f"Dite au téléphone, la réponse dure {round(heard.seconds)} secondes : {round(LONGEST)} au plus."
            found.append(Finding("voice", said))
        if wordings is not None and wordings < FEW_WORDINGS and version.article.kind in WORDED:
            said = (
                f"{wordings} formulation{'s' if wordings > 1 else ''} : il en faut {FEW_WORDINGS} pour que Noa réponde."
            )
            found.append(Finding("wordings", said))
        for source in version.sources:
            if not source.get("url"):
                found.append(Finding("source", f"La source « {source['title']} » n'a pas d'adresse."))
    return found


def reading(text: str) -> Reading:
    sentences = [s for s in _sentences(text) if _WORD.search(s)]
    words = _WORD.findall(text)
    if not words or not sentences:
        return Reading(0, 0, 0, 100)
    syllables = sum(max(1, len(_VOWELS.findall(word))) for word in words)
    ease = 207 - 1.015 * len(words) / len(sentences) - 73.6 * syllables / len(words)
    longest = max(len(_WORD.findall(sentence)) for sentence in sentences)
    return Reading(len(words), len(sentences), longest, round(min(max(ease, 0), 100)))


def amounts(text: str) -> list[str]:
    """Sums of money in a text, written alike."""
    return [re.sub(r"[ \u202f\u00a0]", "", amount) + " €" for amount in _MONEY.findall(text)]


def _sentences(text: str) -> list[str]:
    return [piece.strip() for piece in _SENTENCE.split(text) if piece.strip()]


def _long(text: str) -> Iterator[Finding]:
    for sentence in _sentences(text):
        count = len(_WORD.findall(sentence))
        if count > LONG_SENTENCE:
            yield Finding("length", f"Phrase de {count} mots : coupez-la ({LONG_SENTENCE} au plus).", sentence[:160])


@cache
def jargon() -> dict[str, str]:
    """Words that citizens do not use, and what to say instead."""
    lines = (Path(__file__).parent / "jargon.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" = ", 1) for line in lines if " = " in line and not line.startswith("#"))
    return {said.strip(): instead.strip() for said, instead in pairs}


def _jargon(text: str) -> Iterator[Finding]:
    folded = f" {' '.join(_WORD.findall(fold(text)))} "
    for said, instead in jargon().items():
        if f" {fold(said)} " in folded:
            yield Finding("jargon", f"« {said} » : dites plutôt « {instead} ».", said)


def _dates(text: str) -> Iterator[Finding]:
    today = paris_day(timezone.now())
    for day, month, year in _DATE.findall(text):
        try:
            when = date(int(year), _MONTHS.index(month) + 1, int(day))
        except ValueError:
            yield Finding("date", f"Le {day} {month} {year} n'existe pas.")
            continue
        if when < today:
            yield Finding("date", f"Le {day} {month} {year} est passé : est-ce encore vrai ?")


def _links(version: Version) -> Iterator[Finding]:
    for target in {*links(version.body), *links(version.answer)}:
        if not target.startswith(("https://", "http://", "mailto:", "tel:", "/", "#")):
            yield Finding("link", f"Adresse incomplète : {target[:100]}.", target)
    if version.related:
        here = set(Article.objects.live().filter(code__in=version.related).values_list("code", flat=True))
        for code in version.related:
            if code not in here:
                yield Finding("link", f"« À voir aussi » : l'article {code} n'est pas publié.", code)


def _disagreeing(version: Version) -> Iterator[Finding]:
    """The short versions must say sums that the answer or the full text says too."""
    full = {*amounts(version.answer), *amounts(to_plain(version.body)), *amounts(str(version.aid.get("amount", "")))}
    for label, text in (("Le SMS", version.sms), ("La version dite", version.spoken)):
        for amount in amounts(text):
            if amount not in full:
                yield Finding("amount", f"{label} dit {amount}, que la réponse ne dit pas.", amount)
    if version.body and version.aid.get("amount"):
        said = set(amounts(to_plain(version.body)))
        for amount in amounts(str(version.aid["amount"])):
            if said and amount not in said:
                yield Finding("amount", f"Le montant en tête dit {amount}, que le texte ne dit pas.", amount)
