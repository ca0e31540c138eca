"""Courtesies: one sentence, then back to the matter. Patterns are read on folded words."""

from __future__ import annotations

import re

from guichet.core.text import fold

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
        r"( beaucoup| bien| infiniment)?( noa| a vous| pour tout)?",
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
    r"(quelqu un|agent|humain|conseill|personne|vrai[e]? personne|operateur|gens)|"
    r"\b(un agent|un humain|une vraie personne|un conseiller|une conseillere)\b"
)
_CANCEL = re.compile(r"(annule[rz]?|stop|arrete[rz]?|laisse tomber|laissez tomber|autre question|retour|quitter)\Z")


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", fold(text)))


def courtesy(text: str) -> str:
    """The sentence to say back to a whole message of courtesy; empty when it holds a question."""
    said = plain(text)
    for pattern, back in _READ:
        if pattern.match(said):
            return back
    return ""


def is_insult(text: str) -> bool:
    return _INSULTS.search(plain(text)) is not None


def asks_person(text: str) -> bool:
    return _PERSON.search(plain(text)) is not None


def gives_up(text: str) -> bool:
    return _CANCEL.match(plain(text)) is not None
