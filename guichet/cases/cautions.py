"""What deserves a second look before an answer leaves. Nothing here forbids: who writes decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from guichet.cases.models import Case, Interaction
from guichet.core.text import fold
from guichet.people.models import Person

# « ci-joint », « pièce jointe », « en annexe »: the file is easily forgotten.
MENTIONS_FILE = re.compile(
    r"ci[-‑ ]?joint|pi[eè]ces?[- ]jointes?|en pi[eè]ce[- ]jointe|fichiers? joints?|en annexe", re.IGNORECASE
)
GREETING = re.compile(r"(?:bonjour|bonsoir|cher|chère|madame|monsieur|mme|m\.)(?=\W)[^,:;!?\n]{0,80}", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+")
# Of a greeting, what names nobody.
COMMON = frozenset(
    WORD.findall(
        """
        bonjour bonsoir cher chere chers cheres madame monsieur mesdames messieurs mme mlle m mr mrs maitre docteur
        le la les l de du des d a au aux et tous toutes ma mon president presidente maire directeur directrice maires
        professeur principal principale proviseur proviseure elu elue conseiller conseillere encore nouveau
        """
    )
)


@dataclass(frozen=True, slots=True)
class Caution:
    """`code` is what the agent confirms; `text` is shown as it is."""

    code: str
    text: str


def mentions_file(text: str) -> bool:
    return bool(MENTIONS_FILE.search(text))


def cautions(case: Case, *, text: str, has_file: bool, to: Sequence[tuple[str, str]]) -> list[Caution]:
    """Read before sending; `to`: who the answer is for, as (address, name)."""
    found = []
    if mentions_file(text) and not has_file:
        found.append(Caution("file", "Votre texte annonce une pièce jointe, et aucun fichier n'est joint."))
    if wrong := _wrong_person(case, text, to):
        found.append(Caution("person", wrong))
    known = _addresses(case)
    strangers = [address for address, _ in to if address.lower() not in known]
    if strangers:
        said = ", ".join(strangers)
        found.append(Caution("recipient", f"Cette adresse n'est pas de cette demande : {said}."))
    return found


def _wrong_person(case: Case, text: str, to: Sequence[tuple[str, str]]) -> str:
    """The greeting names somebody else than who will read it."""
    greeting = GREETING.match(text.lstrip())
    person = case.person
    if greeting is None or person is None:
        return ""
    words = WORD.findall(greeting.group())
    named = {fold(word): word for word in words if word[0].isupper() and fold(word) not in COMMON}
    known = _names(person) | {fold(word) for _, name in to for word in WORD.findall(name)}
    if known and (others := [word for key, word in named.items() if key not in known]):
        return f"Votre texte s'adresse à « {' '.join(others)} », la demande est de {person.full_name}."
    said = {fold(word) for word in words}
    other = {Person.Civility.MADAM.value: ("monsieur", "madame"), Person.Civility.SIR.value: ("madame", "monsieur")}
    if person.civility in other:
        wrong, right = other[person.civility]
        if wrong in said and right not in said:
            return f"Votre texte dit « {wrong.capitalize()} », la fiche dit « {right.capitalize()} »."
    return ""


def _names(person: Person) -> set[str]:
    written = (person.first_name, person.family_name, person.used_name, person.organisation_name)
    return {fold(word) for name in written for word in WORD.findall(name)}


def _addresses(case: Case) -> set[str]:
    """Those of the person, those who wrote in this case and those copied on it."""
    wrote = case.interactions.filter(direction=Interaction.Direction.IN).exclude(sender_address="")
    found = {*wrote.values_list("sender_address", flat=True).distinct()}
    found |= {*case.participants.filter(removed_at__isnull=True).values_list("email", flat=True)}
    if case.person is not None:
        found |= {*case.person.contact_points.filter(kind="email").values_list("value", flat=True)}
    return {address.lower() for address in found}
