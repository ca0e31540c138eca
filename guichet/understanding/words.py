"""French as citizens write it: accents missing, SMS spelling, apostrophes lost, numbers everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import Stemmer

from guichet.core.text import fold

_STEMMER = Stemmer.Stemmer("french")
_WEB = re.compile(r"https?://\S+|\b\S+@\S+\.\S+")
_NUMBER = re.compile(r"\b\d[\d ./-]{5,}\d\b|\b\d{6,}\b")
_WORD = re.compile(r"[a-z]+|\d+")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")

# A reference, a telephone, an account: that there is one tells something, which one does not.
NUMBER = "numdossier"

SMS = {
    "g": "j ai", "jai": "j ai", "ke": "que", "ki": "qui", "kan": "quand", "kand": "quand", "koi": "quoi",
    "komen": "comment", "pr": "pour", "pk": "pourquoi", "pq": "pourquoi", "c": "c est", "cest": "c est", "sa": "ca",
    "ya": "il y a", "slt": "salut", "bjr": "bonjour", "bsr": "bonsoir", "bcp": "beaucoup", "ve": "veux",
    "tjs": "toujours", "tjrs": "toujours", "ds": "dans", "rdv": "rendez vous", "mdp": "mot de passe",
    "jvoudrai": "je voudrais", "jsuis": "je suis", "chui": "je suis", "jpeux": "je peux", "jarrive": "j arrive",
    "narrive": "n arrive", "dapres": "d apres", "linscription": "l inscription", "lecole": "l ecole",
    "daide": "d aide", "laide": "l aide", "dinscription": "d inscription", "lycé": "lycee", "qd": "quand",
    "nn": "non", "dsl": "desole", "msg": "message", "pb": "probleme",
    "hs": "hors service", "jen": "j en", "nen": "n en", "jveux": "je veux", "veu": "veux",
    "peu": "peux", "nouv": "nouvelle", "adr": "adresse",
    "jsui": "je suis", "jveu": "je veux", "jvai": "je vais", "jvais": "je vais", "jvoi": "je vois", "jvois": "je vois",
    "jme": "je me", "jte": "je te", "jfai": "je fais", "jfais": "je fais", "kil": "qu il", "kils": "qu ils",
    "kelle": "qu elle", "tt": "tout", "tte": "toute", "ts": "tous", "vs": "vous", "pcq": "parce que",
    "ojd": "aujourd hui", "larret": "l arret",
    "num": "numero", "gosses": "enfants", "gosse": "enfant", "mome": "enfant", "gamin": "enfant", "gamine": "enfant",
    "fac": "universite", "bagnole": "voiture", "thune": "argent", "thunes": "argent",
    "fric": "argent", "svp": "", "stp": "", "cdlt": "", "cordialement": "", "bonjour": "", "bonsoir": "", "salut": "",
    "madame": "", "monsieur": "", "merci": "merci", "mme": "", "mr": "", "hello": "",
}  # fmt: skip

EMPTY = frozenset(
    """
    a ai ais ait as au aux avec avez avoir avons c ca ce ceci cela ces cet cette d dans de des donc du elle elles en
    es est et etait etais ete etes etre eu fait faire font il ils j je l la le les leur leurs lui m ma mais me meme
    mes moi mon n ne nos notre nous on ont ou par pas peut peux plus pour qu quand que quel quelle quelles quels qui
    s sa se ses si son sont suis sur t ta te tes toi ton tous tout toute toutes tres tu un une va vais vos votre
    vous y bien comme comment deja encore alors aussi ici voila the is are to of and my i you in for it on
    """.split()  # noqa: SIM905 (a list of a hundred quoted words would be longer than this file)
)


class Reading(NamedTuple):
    """A text once read: stems of its words in order (empty words left out), concepts found, its words as spelt."""

    stems: tuple[str, ...]
    concepts: tuple[str, ...]
    words: tuple[str, ...]


@lru_cache(maxsize=16)  # rules, danger and topics read the same message one after the other
def words_of(text: str) -> tuple[str, ...]:
    """Folded words in order, SMS spellings written out, addresses dropped, long numbers become one mark."""
    plain = _NUMBER.sub(f" {NUMBER} ", _WEB.sub(" ", fold(text)))
    spelt: list[str] = []
    for word in _WORD.findall(plain.replace("c'est", "c")):
        spelt.extend(SMS[word].split() if word in SMS else (word,))
    return tuple(spelt)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    return str(_STEMMER.stemWord(word))


def read(text: str) -> Reading:
    """Read `text` (cut at 6,000 characters: what a letter is about is said before)."""
    words = words_of(text[:6000])
    stems = [stem(word) for word in words]
    return Reading(
        stems=tuple(s for s, word in zip(stems, words, strict=True) if word not in EMPTY),
        concepts=tuple(concepts_in(stems)),
        words=words,
    )


def sentences(text: str) -> list[str]:
    """Pieces that may each be about something else; greetings and crumbs go with their neighbour."""
    pieces: list[str] = []
    for piece in _SENTENCE.split(text[:6000]):
        if pieces and len(piece) < 25:
            pieces[-1] += " " + piece
        elif piece.strip():
            pieces.append(piece)
    return pieces


# -- concepts: several words for one thing ----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def lexicon() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First stem → the expressions that start with it and the concept each names (concepts.txt)."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for line in (Path(__file__).parent / "concepts.txt").read_text(encoding="utf-8").splitlines():
        name, separator, expressions = line.partition("=")
        if not separator or line.startswith("#"):
            continue
        for expression in expressions.split(","):
            stems = tuple(stem(word) for word in _WORD.findall(fold(expression)))
            if stems:
                found.setdefault(stems[0], []).append((stems, name.strip()))
    return found


def concepts_in(stems: Sequence[str]) -> list[str]:
    known = lexicon()
    return [
        name
        for at, first in enumerate(stems)
        for expression, name in known.get(first, ())
        if len(expression) == 1 or tuple(stems[at : at + len(expression)]) == expression
    ]


# -- said back to people ----------------------------------------------------------------------------------------------


def as_written(names: list[str], text: str) -> list[str]:
    """Stems and concepts that weighed in a decision, as the words of `text` that they come from, each once."""
    spelt = re.findall(r"\w+", text[:6000])
    stems = [stem(fold(word)) for word in spelt]
    said: list[str] = []
    for name in names:
        wanted = [tuple(name.split())]
        wanted += [expression for group in lexicon().values() for expression, concept in group if concept == name]
        for at in range(len(stems)):
            found = next((e for e in wanted if e and tuple(stems[at : at + len(e)]) == e), None)
            if found:
                said.append(" ".join(spelt[at : at + len(found)]).lower())
                break
    return list(dict.fromkeys(said))
