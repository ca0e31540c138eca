"""docs/cycle-de-vie.md, drawn from the moves that the code allows (manage.py life_cycle writes it)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from guichet.cases.models.case import MOVES, OVER, SAID_TO_CITIZEN, Status
from guichet.knowledge.models import VERSION_MOVES, VersionState
from guichet.outbox.models import Delivery

# How each state is reached, in the words of who does it.
MOVE_SAID: dict[Status, str] = {
    Status.REGISTERED: "recevoir",
    Status.ASSIGNED: "orienter",
    Status.IN_PROGRESS: "prendre en charge",
    Status.WAITING_CITIZEN: "demander à l'usager",
    Status.WAITING_THIRD: "demander à un partenaire",
    Status.IN_APPROVAL: "soumettre à validation",
    Status.ANSWERED: "répondre",
    Status.APPRAISAL: "déposer un dossier",
    Status.REOPENED: "rouvrir",
    Status.CLOSED: "clôturer",
    Status.TRANSMITTED: "transmettre",
    Status.MERGED: "réunir",
    Status.ABUSIVE: "écarter",
}
DELIVERY_MOVE_SAID: dict[str, str] = {
    Delivery.State.QUEUED: "renvoyer",
    Delivery.State.RETRYING: "échec passager",
    Delivery.State.SENT: "remettre",
    Delivery.State.FAILED: "échec définitif",
    Delivery.State.BOUNCED: "retour du serveur",
    Delivery.State.CANCELLED: "annuler",
}
VERSION_MOVE_SAID: dict[VersionState, str] = {
    VersionState.DRAFT: "renvoyer, corriger",
    VersionState.IN_REVIEW: "demander la relecture",
    VersionState.SCHEDULED: "programmer",
    VersionState.PUBLISHED: "publier, par un autre que l'auteur",
    VersionState.RETIRED: "publier la suivante",
    VersionState.DROPPED: "abandonner",
}
State: TypeAlias = Status | Delivery.State | VersionState
FRAME = "en_vie"
_ARROW = re.compile(r"^\s*(\w+) --> (\w+)(?: : .+)?$")
_FREE = re.compile(r"^\s*%% libres : (.+)$")


def page() -> str:
    """The whole document, ending with a line break."""
    return f"""# Cycle de vie

Cette page est écrite par `manage.py life_cycle` d'après les mouvements que le code permet :
ne la corrigez pas à la main.

## Une demande

Dans le cadre, on passe d'un état à l'autre librement. Aucun autre mouvement n'existe : la base et les actions refusent
le reste.

```mermaid
{drawing_of_cases()}
```

| État | Code | L'usager lit |
|---|---|---|
{_table_of_cases()}

Rien n'est plus attendu de nous quand elle est : {", ".join(str(status.label) for status in Status if status in OVER)}.

## Une remise (un message pour un destinataire)

```mermaid
{drawing_of_deliveries()}
```

## Une version d'un article de la base de réponses

```mermaid
{drawing_of_versions()}
```
"""


def drawing_of_cases() -> str:
    free = free_states(MOVES)
    lines = ["stateDiagram-v2", f"  [*] --> {Status.REGISTERED.value} : {MOVE_SAID[Status.REGISTERED]}"]
    lines += [f"  {status.value} : {status.label}" for status in Status if status not in free]
    lines += [f'  state "En vie" as {FRAME} {{']
    lines += [f"    {status.value} : {status.label}" for status in Status if status in free]
    lines += [f"    %% libres : {' '.join(status.value for status in Status if status in free)}", "  }"]
    shared = frozenset.intersection(*(MOVES[status] for status in free)) - free
    lines += [f"  {FRAME} --> {other.value} : {MOVE_SAID[other]}" for other in Status if other in shared]
    for status in Status:
        known = {status}
        if status in free:
            known |= shared | free
        elif free <= MOVES[status]:
            known |= free
            lines.append(f"  {status.value} --> {FRAME} : traiter")
        lines += [_arrow(status, other, MOVE_SAID[other]) for other in Status if other in MOVES[status] - known]
    return "\n".join(lines)


def free_states(moves: Mapping[Status, frozenset[Status]]) -> frozenset[Status]:
    """The largest group, in the order of the states, each of which may become every other one."""
    best: list[Status] = []
    for first in moves:
        group = [first]
        for other in moves:
            if other not in group and all(other in moves[one] and one in moves[other] for one in group):
                group.append(other)
        if len(group) > len(best):
            best = group
    return frozenset(best)


def drawing_of_deliveries() -> str:
    lines = ["stateDiagram-v2", f"  [*] --> {Delivery.State.QUEUED.value}"]
    lines += [f"  {state.value} : {state.label}" for state in Delivery.State]
    for state in Delivery.State:
        lines += [
            _arrow(state, other, DELIVERY_MOVE_SAID[other])
            for other in Delivery.State
            if other in Delivery.MOVES[state]
        ]
    return "\n".join(lines)


def drawing_of_versions() -> str:
    lines = ["stateDiagram-v2", f"  [*] --> {VersionState.DRAFT.value}"]
    lines += [f"  {state.value} : {state.label}" for state in VersionState]
    for state in VersionState:
        lines += [
            _arrow(state, other, VERSION_MOVE_SAID[other]) for other in VersionState if other in VERSION_MOVES[state]
        ]
    return "\n".join(lines)


def read_back(drawing: str) -> set[tuple[str, str]]:
    """The moves that a drawing says, to compare with those of the code."""
    free = next((match[1].split() for line in drawing.splitlines() if (match := _FREE.match(line))), [])
    found = {(one, other) for one in free for other in free if one != other}
    for line in drawing.splitlines():
        if match := _ARROW.match(line):
            starts, ends = (free if name == FRAME else [name] for name in match.groups())
            found |= {(start, end) for start in starts for end in ends}
    return found


def _arrow(start: State, end: State, said: str) -> str:
    return f"  {start.value} --> {end.value} : {said}"


def _table_of_cases() -> str:
    return "\n".join(f"| {status.label} | `{status.value}` | {SAID_TO_CITIZEN[status]} |" for status in Status)
