"""Several questions in one trip to the server.

A page of the desk asks thirty small questions. Asked one after the other, each waits for its answer before the next
leaves, and the way there and back costs more than the answer. Whoever knows what a page will ask says so first; the
page is written as before, and finds its answers there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

from django.db import connection

Question: TypeAlias = tuple[str, Sequence[Any]]  # SQL, and its values
Lines: TypeAlias = list[tuple[Any, ...]]
Answers: TypeAlias = dict[tuple[str, tuple[Any, ...]], Lines]

_answers: ContextVar[Answers | None] = ContextVar("answers", default=None)


@contextmanager
def ahead(*questions: Question) -> Iterator[Answers]:
    """Ask at once what the code inside asks with `rows.ask` or a `Kept`; gives what nobody has asked for yet.

    An answer is given once: asked again, the server is. It dates from the beginning: nothing inside may write what is
    asked for. Raises what the database raises.
    """
    found = _in_one_trip(questions)
    known = _answers.get()
    outermost = known is None
    if known is None:
        _answers.set(known := {})
    known |= found
    try:
        yield known
    finally:
        for key in found:
            known.pop(key, None)
        if outermost:
            _answers.set(None)


def answer(sql: str, values: Sequence[Any]) -> Lines | None:
    """What was asked ahead, taken away; None when it was not."""
    known = _answers.get()
    return known.pop(_key((sql, values)), None) if known else None


def _in_one_trip(questions: Sequence[Question]) -> Answers:
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        cursors = []
        for sql, values in questions:
            cursor = connection.cursor()
            cursor.execute(sql, values)
            cursors.append(cursor)
        return {_key(question): list(cursor.fetchall()) for question, cursor in zip(questions, cursors, strict=True)}


def _key(question: Question) -> tuple[str, tuple[Any, ...]]:
    sql, values = question
    return sql, tuple(tuple(value) if isinstance(value, list) else value for value in values)
