"""Courtesies: one sentence, then back to the matter. Patterns are read on folded words."""

from __future__ import annotations

import re

from guichet.core.text import fold
from guichet.understanding.words import NUMBER, words_of

# (pattern of the whole message, what is said back)
_SAYINGS: tuple[tuple[str, str], ...] = (
    (
        r"(tu es|es tu|vous etes|etes vous|est ce|c est|suis je).{0,12}(robot|humain|machine|ia|bot|vrai[e]? personne)",
        "Je suis un robot. Une personne de la Région peut prendre la suite quand vous le voulez.",
    ),
    (
        r"(comment tu t appelles|ton nom|tu es qui|qui es tu|vous etes qui|qui etes vous|ton prenom)",
        "Je suis {name}, le robot de la Région.",
    ),
    (
        r"(que sais tu faire|tu sais faire quoi|tu peux faire quoi|tu sers a quoi|a quoi tu sers|que pouvez vous)",
        "Je réponds aux questions courantes : transport scolaire, TER, aides aux jeunes, lycées, formation.",
    ),
    (
        r"(ca va|comment vas tu|comment allez vous|tu vas bien|la forme)( bien)?( toi| vous)?",
        "Tout va bien, merci. Quelle est votre question ?",
    ),
    (
        r"(merci|remercie|super|parfait|genial|nickel|cool|top|ok merci|c est gentil|impeccable)"
        r"( beaucoup| bien| infiniment| merci| super| parfait| c est (tres )?(parfait|gentil|super|bon|top))*"
        r"( noa| a vous| pour tout| pour votre aide| pour la reponse)?( bonne (journee|soiree|nuit)| au revoir)?",
        "Avec plaisir. Avez-vous une autre question ?",
    ),
    (
        r"(au revoir|bye|a bientot|bonne journee|bonne soiree|bonne nuit|ciao|a plus)( a vous| noa| merci)?",
        "Au revoir, et bonne journée.",
    ),
    (
        r"(bonjour|bonsoir|salut|coucou|hello|slt|bjr|hey|yo)( noa| a tous| madame| monsieur| la region)?",
        "Bonjour. Quelle est votre question ?",
    ),
    (
        r"(oui|ouais|ok|d accord|yes|non|nan|pas grave|tant pis)( merci)?",
        "Quelle est votre question ? Écrivez-la avec vos mots.",
    ),
    (
        r"(je t aime|tu es belle|tu es beau|tu m aimes|raconte (moi )?une blague|une blague|chante)",
        "Je suis un robot, pas très doué pour cela. Je peux vous aider pour une démarche de la Région.",
    ),
)
_READ = tuple((re.compile(rf"(?:{pattern})\Z"), said) for pattern, said in _SAYINGS)
_INSULTS = re.compile(
    r"\b(connard|connasse|con|conne|encule|enculer|batard|salope|salaud|pute|putain de|merde|ta gueule|ferme la|"
    r"debile|abruti|imbecile|cretin|nique|ntm|fdp|va te faire)\b"
)
_PERSON = re.compile(
    r"\b(parler|discuter|joindre|avoir|passe[rz]? moi|voir|contacter|besoin d).{0,25}"
    r"(quelqu un|agent|humain|conseill|personne|vrai[e]? personne|operateur|gens|"
    r"(un|une|votre) (responsable|superieur))|"
    r"\b(un agent|un humain|une vraie personne|un conseiller|une conseillere)\b"
)
_GROUP = r"(?:nuls|incapables|incompetents|voleurs|escrocs|guignols|rigolos|clowns|branleurs)"
_UNHAPPY = re.compile(
    r"(?:mais |franchement )?(?:(?:vous etes|tu es|t es|noa est|c est|la region est) )?"
    r"(?:vraiment |tous |trop |completement |tellement )*"
    r"(?:nuls?|nulles?|inutiles?|incompetents?|incapables?|pathetiques?|minables?|bidon|pourrie?s?|honteux|scandaleux|"
    rf"inadmissible|lamentable|n importe quoi|(?:une )?(?:bande (?:de |d )|des ){_GROUP})"
    r"(?: (?:noa|chez vous|la region))?\Z"
)
_NO_USE = re.compile(
    r"(?:ok |oui |non |mais |bah )*(?:(?:ce n est|c est|c etait) pas (?:du tout )?(?:ma question|ca|cela|bon|"
    r"ce que je (?:demande|cherche|veux)|la bonne reponse)|(?:ca|cela|tu|vous|votre reponse) (?:ne )?(?:me |m )?"
    r"(?:repond\w*|aide\w*|sert) (?:pas|a rien)(?: a ma question)?|mauvaise reponse|rien a voir|hors sujet|"
    r"aucune?(?: de ces questions)?|aucun des trois|aucune des trois)\Z"
)
_CANCEL = re.compile(r"(annule[rz]?|stop|arrete[rz]?|laisse tomber|laissez tomber|autre question|retour|quitter)\Z")


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", fold(text)))


def bare(text: str) -> str:
    """The words of a message, SMS spellings written out, without greetings, courtesies nor numbers."""
    said = " ".join(words_of(text)).replace("s il vous plait", "").replace("s il te plait", "")
    return " ".join(word for word in re.sub(rf"\b(?:(?:au|le) )?{NUMBER}\b", " ", said).split() if word not in _POLITE)


_POLITE = frozenset("bonjour bonsoir salut coucou hello hey yo noa merci madame monsieur svp stp".split())  # noqa: SIM905


def courtesy(text: str) -> str:
    """The sentence to say back to a whole message of courtesy; empty when it holds a question."""
    said = plain(text)
    for pattern, back in _READ:
        if pattern.match(said):
            return back
    return ""


def is_insult(text: str) -> bool:
    return _INSULTS.search(plain(text)) is not None


def is_unhappy(text: str) -> bool:
    """« Vous êtes nuls », and nothing else: no question to look for."""
    return _UNHAPPY.match(plain(text)) is not None


def is_no_use(text: str) -> bool:
    """« Ce n'est pas ma question », « aucune de ces questions »."""
    return _NO_USE.match(plain(text)) is not None


def asks_person(text: str) -> bool:
    return _PERSON.search(plain(text)) is not None


def gives_up(text: str) -> bool:
    return _CANCEL.match(plain(text)) is not None
