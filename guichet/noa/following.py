"""« Et c'est combien ? »: a message that says nothing by itself is about the article just spoken of."""

from __future__ import annotations

import re

from guichet.core.text import fold
from guichet.knowledge.markup import Section, sections, to_plain
from guichet.knowledge.models import Version
from guichet.noa.smalltalk import plain
from guichet.understanding.words import EMPTY, stem

_LASTS = "dure durer duree valable validite expire perime"
# What may be asked of any answer, and the words of the headings that answer it.
# « Combien de temps ? » is about time before it is about money.
_ASKED: tuple[tuple[str, str, str], ...] = (
    ("lasts", _LASTS, "duree validite valable"),
    (
        "when",
        "quand date limite jour avant apres delai temps attente long longtemps reponse recu recevoir recois",
        "quand delai date calendrier reponse",
    ),
    (
        "amount",
        "combien coute couter prix tarif montant cher gratuit somme argent paye payer euros",
        "combien tarif prix montant recevoir cout",
    ),
    (
        "papers",
        "document papier piece justificatif fournir joindre dossier attestation liste",
        "document piece justificatif",
    ),
    (
        "how",
        "comment demander demande faire faut etape marche suivre ligne formulaire inscrire inscription site lien",
        "comment demander faire demarche",
    ),
    ("who", "qui droit condition age eligible concerne beneficie peux puis critere", "droit qui condition"),
)
_FREE = (
    "ca c cela ceci alors donc sinon ensuite aussi et ou la le pour moi mon ma bah euh svp merci stp aide "
    "oui ouais obtenir avoir est il jusqu jusque par mois an ans annee semaine maximum minimum environ prend total"
)


def _stems(words: str) -> frozenset[str]:
    return frozenset(stem(fold(word)) for word in words.split())


_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SIGNS = {
    "lasts": re.compile(r"\bvalables?\b|\bdure\b|\bexpire\b", re.IGNORECASE),
    "amount": re.compile(r"€|euros?\b|gratuit", re.IGNORECASE),
    "when": re.compile(r"\d+ (jours?|mois|semaines?|heures?)|\bavant le\b|\bjusqu'au\b|toute l'année", re.IGNORECASE),
}
_LASTING = _stems(_LASTS)
_TIME = _stems("temps longtemps") | _LASTING
_WAITING = _stems("temps long longtemps attente delai reponse recu recevoir recois")  # not when to ask: when it comes
_MEANT = tuple((name, _stems(said), _stems(heading)) for name, said, heading in _ASKED)
_GENERIC = frozenset().union(*(said for _, said, _ in _MEANT)) | _stems(_FREE)


def says_nothing_alone(text: str) -> bool:
    """Every word could be asked of anything."""
    words = plain(text).split()
    return 0 < len(words) <= 10 and all(word in EMPTY or stem(word) in _GENERIC for word in words)


# « Comment je la renouvelle ? », « celle du car », « depuis un mois »
_GOES_ON = re.compile(r"(?:(?:ok|d accord|oui|bah|alors|donc) )?(?:et|mais|sinon) ")
_LEANS = re.compile(
    r"(?:celui|celle|ceux|celles|depuis|jusqu|sans|meme|c est pour|c etait|il est|elle est|en fait|"
    r"pour (?:le|la|les|l|celui|celle|moi|mon|ma|mes|lui|elle|eux|un|une|deux)) "
)
_PRONOUN = re.compile(
    r"\b(?:je|j|tu|on|il|elle|nous|vous) (?:ne |n )?(?:la|le|les|l|en|y) \w{2,}|"
    r"\b(?:comment|ou|quand|on|je|il|pour) (?:la|le|les|l) \w+(?:er|ir|re)\b"
)
LEANING = 8  # words: a longer message says what it is about


def goes_on(text: str) -> bool:
    """« Et pour mon deuxième enfant ? », « comment je la renouvelle ? »: said of what was spoken of before."""
    said = plain(text)
    if _GOES_ON.match(said):
        return True
    return len(said.split()) <= LEANING and bool(_LEANS.match(said) or _PRONOUN.search(said))


def _said(text: str) -> set[str]:
    """Stems; « combien de temps » is about time, « combien » about money."""
    said = {stem(word) for word in plain(text).split()}
    return said - {"combien"} if said & _TIME else said


def part_asked(text: str, version: Version) -> Section | None:
    """The section of the article that answers, when one does."""
    said = _said(text)
    parts = sections(version.body)
    for _, asked, headed in _MEANT:
        if said & asked:
            for part in parts:
                if part.text and headed & {stem(fold(word)) for word in plain(part.title).split()}:
                    return part
    return None


def fact_asked(text: str, version: Version) -> str:
    """The fact that answers: of an aid, its amount, dates, public; else the sentences that say it. Word for word."""
    said = _said(text)
    if said & _WAITING and not said & _LASTING:
        return str(version.aid.get("reply") or "") or _sentences_about("when", version)
    for name, key in (("lasts", ""), ("when", "when"), ("amount", "amount"), ("who", "for_whom")):
        if said & next(asked for meant, asked, _ in _MEANT if meant == name):
            return str(version.aid.get(key) or "") or _sentences_about(name, version)
    return ""


def _sentences_about(name: str, version: Version) -> str:
    """The sentences of the answer that say a price or a delay, as they stand."""
    sign = _SIGNS.get(name)
    if sign is None:
        return ""
    sentences = _SENTENCE.split(to_plain(version.answer).replace("\n", " "))
    return " ".join(sentence for sentence in sentences if sign.search(sentence))
