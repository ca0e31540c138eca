"""Everything that is stored as a code is said in French somewhere, and the documents agree with the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Choices

import guichet
from guichet.cases import life_cycle
from guichet.cases.models import Case, Clock, Status
from guichet.cases.models.case import MOVES, OVER, SAID_TO_CITIZEN, TO_HANDLE
from guichet.cases.receipts import CHANNEL_SAID
from guichet.desk.queues import CHANNEL_ICONS
from guichet.desk.views.case import STATUS_TONES
from guichet.journal.verbs import SAID
from guichet.knowledge.models import VERSION_MOVES, VersionState
from guichet.organisation.models import Channel
from guichet.outbox.models import Delivery

ROOT = Path(guichet.__file__).parent
DOCS = ROOT.parent / "docs"
VERB = re.compile(
    r"^(absence|account|article|batch|body|case|chat|citizen|closure|commitment|delivery|dialogue|dossier|inbound"
    r"|interface"
    r"|payments|person|procedure|review|routing|season|sitting|synonym|team|template|topic|view)\.[a-z_]+$"
)


# -- the journal ------------------------------------------------------------------------------------------------------


def recorded() -> set[str]:
    """Verbs written in the code: strings that look like one, outside the dictionary of words."""
    found = set()
    for path in ROOT.rglob("*.py"):
        if path.name == "verbs.py" or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and VERB.match(node.value):
                found.add(node.value)
    return found


# Addresses of files, tables and settings that look like a verb.
NOT_VERBS = {"case.id", "team.path", "person.family_name"}


def test_every_verb_of_the_journal_has_its_words() -> None:
    verbs = recorded() - NOT_VERBS
    assert len(verbs) > 40
    assert verbs - set(SAID) == set(), "recorded without words"
    assert set(SAID) - verbs == set(), "words for what is never recorded"


def test_words_of_the_journal_are_sentences() -> None:
    for verb, words in SAID.items():
        assert words[0].isupper() or words[0] == "{", verb
        assert not words.endswith("."), verb


# -- codes ------------------------------------------------------------------------------------------------------------


def choices() -> list[type[Choices]]:
    found: dict[str, type[Choices]] = {}
    waiting = list(Choices.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("guichet.") and len(kind):
            found[f"{kind.__module__}.{kind.__qualname__}"] = kind
    assert len(found) > 15
    return [found[name] for name in sorted(found)]


# Written by hand, and the same as what Django makes of the identifier.
SAME_IN_FRENCH = {"Machine", "Agent", "Service", "Association", "Noa", "Question", "Contact", "Sport", "Europe"}


@pytest.mark.parametrize("kind", choices(), ids=lambda kind: kind.__qualname__)
def test_every_code_has_a_french_label(kind: type[Choices]) -> None:
    for member in kind:
        label = str(member.label)
        made_by_django = member.name.replace("_", " ").title()
        assert label or not member.value, member
        assert label != made_by_django or label in SAME_IN_FRENCH, member


def test_every_model_says_its_name_in_french() -> None:
    """What an administrator may meet; join tables and codes that nobody reads are listed."""
    silent = {"CaseLink", "CaseMerge", "Participant", "Task", "FollowCode", "Draft", "Membership", "Session",
              "TeamAddress", "TopicRoute", "ParcelFile", "Cursor", "Allowance", "Revision", "ProofCode"}  # fmt: skip
    unnamed = set()
    for config in apps.get_app_configs():
        if not config.name.startswith("guichet."):
            continue
        for model in config.get_models():
            made = re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower()
            if str(model._meta.verbose_name) == made and made not in {
                "suspension",
                "absence",
                "article",
                "version",
                "dialogue",
                "dossier",
            }:  # the same in French
                unnamed.add(model.__name__)
    assert unnamed <= silent, unnamed - silent


def test_states_are_complete() -> None:
    assert set(MOVES) == set(SAID_TO_CITIZEN) == set(life_cycle.MOVE_SAID) == set(Status)
    assert set(STATUS_TONES) == set(Status.values)
    assert set(Delivery.MOVES) == set(Delivery.State)
    assert set(life_cycle.DELIVERY_MOVE_SAID) == {state for moves in Delivery.MOVES.values() for state in moves}
    assert set(VERSION_MOVES) == set(VersionState) == set(life_cycle.VERSION_MOVE_SAID)
    assert not OVER & TO_HANDLE
    assert all(moves - {status} for status, moves in MOVES.items()), "no state is a trap"


def test_channels_and_clocks_are_complete() -> None:
    assert set(CHANNEL_ICONS) == set(Channel)
    assert set(CHANNEL_SAID) == set(Channel)
    assert all(str(kind.label)[0].isupper() for kind in Clock.Kind)
    assert Case._meta.get_field("channel").choices == Channel.choices


# -- documents --------------------------------------------------------------------------------------------------------


def test_the_life_cycle_is_drawn_from_the_moves() -> None:
    drawn = life_cycle.page()
    assert (DOCS / "cycle-de-vie.md").read_text() == drawn, "type: manage.py life_cycle"
    for status in Status:
        assert status.value in drawn and str(status.label) in drawn


def test_the_drawing_says_every_move_and_no_other() -> None:
    """Read the drawing back: the arrows, and the free moves inside the frame, are MOVES."""
    assert life_cycle.read_back(life_cycle.drawing_of_cases()) == {
        (one.value, other.value) for one, others in MOVES.items() for other in others if other != one
    }
    assert life_cycle.read_back(life_cycle.drawing_of_versions()) == {
        (one.value, other.value) for one, others in VERSION_MOVES.items() for other in others
    }


FRENCH_WORDS = frozenset(
    {
        "siren",
        "siret",
        "rna",
        "cada",
        "dossier",
        "recours",
        "deliberation",
        "mairie",
        "demande",
        "usager",
        "reclamation",
        "signalement",
        "procuration",
        "mandat",
        "arrete",
        "commune",
        "nir",
        "iban",
        "lre",
        "lrar",
        "npai",
        "prada",
        "rgpd",
        "rgaa",
    }
)


def words_of_models() -> set[str]:
    found: set[str] = set()
    for config in apps.get_app_configs():
        if not config.name.startswith("guichet."):
            continue
        for model in config.get_models():
            names = [model.__name__, *(field.name for field in model._meta.get_fields())]
            found.update(word.lower() for name in names for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name))
    for kind in choices():
        found.update(word.lower() for member in kind for word in member.name.split("_"))
    return found


def glossary() -> dict[str, list[str]]:
    """Identifiers of each line, by the French term; the last column is the legal basis."""
    lines = {}
    for line in (DOCS / "glossaire.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 3 and "`" in cells[1]:
            assert cells[0] and cells[2], line
            lines[cells[0]] = re.findall(r"`([^`]+)`", cells[1])
    return lines


def test_french_words_of_the_models_are_in_the_glossary() -> None:
    listed = {part.lower() for names in glossary().values() for name in names for part in re.split(r"[._]", name)}
    assert words_of_models() & FRENCH_WORDS <= listed


def test_the_glossary_names_what_exists() -> None:
    code = "\n".join(path.read_text() for path in ROOT.rglob("*.py"))
    missing = {
        name
        for names in glossary().values()
        for name in names
        if not re.search(rf"\b{re.escape(name.rsplit('.', 1)[-1])}\b", code)
    }
    assert not missing
    assert len(glossary()) >= 30
    assert len((DOCS / "glossaire.md").read_text().splitlines()) <= 70, "one screen"
