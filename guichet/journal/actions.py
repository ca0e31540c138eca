"""Writing in the journal. Called by every action, inside its transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guichet.core.instances import fresh
from guichet.core.rows import insert
from guichet.journal.models import Event

if TYPE_CHECKING:
    from guichet.accounts.models import User


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened, to be recorded with others in a single statement."""

    verb: str
    case_id: int | None = None
    person_id: int | None = None
    on_behalf_of: int | None = None
    subject: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def record(
    verb: str,
    *,
    by: User,
    case_id: int | None = None,
    person_id: int | None = None,
    on_behalf_of: int | None = None,
    subject: str = "",
    **data: Any,
) -> None:
    """Write one event. `data` holds codes, ids and values of fields, never what a citizen wrote."""
    record_all(
        [Fact(verb, case_id, person_id, on_behalf_of, subject, data)],
        by=by,
    )


def record_all(facts: Iterable[Fact], *, by: User) -> None:
    """Write several events of one author in one statement."""
    insert(*events_of(facts, by=by))


def events_of(facts: Iterable[Fact], *, by: User) -> list[Event]:
    """Events to be inserted with those of other authors."""
    return [
        fresh(
            Event,
            verb=fact.verb,
            actor_id=by.pk,
            case_id=fact.case_id,
            person_id=fact.person_id,
            on_behalf_of=fact.on_behalf_of,
            subject=fact.subject,
            data=fact.data,
        )
        for fact in facts
    ]
