"""Reading sheets and questions for the search: folded words, stems, pairs, and what to leave out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from guichet.core.text import fold
from guichet.understanding.words import EMPTY, NUMBER, stem, words_of

WORD = re.compile(r"[a-z]+|\d+")
LONGEST_QUESTION = 3000
_LETTER = re.compile(r" ([A-Z])(?![\w'’.])")
_NOUN = re.compile(r"[^\W\d_]{3,}$")
_LONGEST_NOUN = 30
_MARKS = (("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), *((mark, " ") for mark in "’‘–—‑«»…•·“”‹›"))

# Besides the words that say nothing anywhere: how people come to their question.
ASKING = frozenset(
    """
    bonjour bonsoir salut madame monsieur merci remercie remerciement avance cordialement svp stp coucou hello hey
    savoir voudrais voulais voudrait souhaite souhaiterais souhaiterai souhaitais aimerais aimerai aimerait desire
    desirerais veux veut voulons voulez dire dis dites informe informer information informations renseignement
    renseignements renseigner question questions repondre reponse possible faut falloir doit dois doivent devons devez
    devrais pouvez pouvons peuvent puis pourrais pourriez pourrait pouvoir possibilite puisse cas sujet
    concernant concerne concernent suite apres avant lors lorsque puisque parce car sachant afin comme quoi
    etant avais avait avaient aviez aurai aura aurais aurait auront etions serai sera seront serait serais soit
    sois soient fais fasse ferai fera faudra faudrait faudrais vouloir aller allons allez alle vont vas venir viens
    vient venons exist existe existent toujours jamais tres trop peu aussi ainsi donc ensuite puis sans sous vers
    chez entre depuis pendant contre selon celui celle ceux celles lequel laquelle lesquels lesquelles dont auquel
    rien quelque quelques chose choses autre autres certain certains certaine certaines plusieurs chaque tel telle
    maintenant actuellement aujourd hui hier demain recemment moment fois egalement cependant toutefois
    non oui ok ne n est m sera combien pourquoi quant ils elles eux leur suivant suivante trouve trouver
    parvient arrive arrivent besoin aide aider expliquer explication precise preciser precision svp
    etre avoir faire fera mis mettre met mets besoins personne personnes situation quelqu
    """.split()  # noqa: SIM905
) - {"aide"}
STOP = (EMPTY | ASKING) - {"pas", "personne", "sans", "car"} | {"pas", "car"}


@lru_cache(maxsize=100_000)
def term(word: str) -> str:
    """The stem a word is filed under, '' when it says nothing."""
    if word in STOP or word == NUMBER or (len(word) == 1 and not word.isdigit()) or len(word) > 30:
        return ""
    if word.isdigit():
        return word if len(word) <= 4 else ""
    return stem(word)


def folded(text: str) -> str:
    """As `core.text.fold`, many times as fast: a base is millions of words. Line ends stay."""
    if text.isascii():
        return text.lower()
    for mark, plain in _MARKS:
        if mark in text:
            text = text.replace(mark, plain)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()


def plain_words(text: str) -> list[str]:
    return WORD.findall(folded(text))


def terms(words: Iterable[str]) -> list[str]:
    return [found for word in words if (found := term(word))]


def pairs(stems: Sequence[str]) -> list[str]:
    """Two stems that follow each other once the empty words are out."""
    return [f"{a} {b}" for a, b in pairwise(stems)]


def letter_names(text: str) -> list[str]:
    """« livret A », « permis B »: the letter alone would be an empty word; with its noun it is a name."""
    return [
        f"{stem(fold(noun[0]))}_{match[1].lower()}"
        for match in _LETTER.finditer(text)
        if (noun := _NOUN.search(text[max(0, match.start() - _LONGEST_NOUN) : match.start()]))
    ]


def question_words(text: str) -> tuple[str, ...]:
    """Words of a question, SMS spellings written out."""
    return words_of(text[:LONGEST_QUESTION])


def grams(text: str, least: int = 2, most: int = 5) -> list[str]:
    """Pieces of letters of the words of a text, ends marked: they forgive typing errors."""
    found: list[str] = []
    for word in plain_words(text):
        found += pieces(word, least, most)
    return found


@lru_cache(maxsize=50_000)
def pieces(word: str, least: int, most: int) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(padded[at : at + size] for size in range(least, most + 1) for at in range(len(padded) - size + 1))
