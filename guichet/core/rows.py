"""Writing the rows of one thing that happened with as little work as possible.

The ORM compiles an INSERT anew each time, which costs more than the database takes to run it; here the statement of a
model is made once, and the server keeps it prepared. Values still go through the fields. `save()` is not called: a
model that computes something there is not for this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache, lru_cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    DateTimeField,
    EmailField,
    Field,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SmallIntegerField,
    TextField,
)
from django.db.models.expressions import DatabaseDefault
from psycopg import RawCursor

from guichet.core.ahead import answer
from guichet.core.instances import known

AnyField: TypeAlias = "Field[Any, Any]"
Statement: TypeAlias = tuple[str, Sequence[Any]]
PLAIN = (CharField, EmailField, TextField, BooleanField, DateTimeField)
SIZED = (BigIntegerField, IntegerField, PositiveIntegerField, PositiveSmallIntegerField, SmallIntegerField)
Row = TypeVar("Row", bound=Model)
MAX_PARAMETERS = 30_000  # the protocol knows 65,535


def insert(*rows: Model) -> None:
    """Insert `rows` in the order given, neighbours of one model in one statement; keys and defaults are set.

    Call it inside the action's transaction, parents before children. Raises what the database raises.
    """
    for (model, left_out), found in groupby(rows, key=lambda row: (type(row), _left_out(row))):
        fields = _fields(model, left_out)
        same = list(found)
        at_once = max(1, MAX_PARAMETERS // len(fields))
        for first in range(0, len(same), at_once):
            _insert(model, left_out, same[first : first + at_once])


def number(*rows: Model, sequence: str = "") -> int:
    """Give rows that are not written yet their keys, drawn in one question; and draw from `sequence` with them."""
    draws = ", ".join([*(_draw(type(row)) for row in rows), f"nextval('{sequence}')" if sequence else "0"])
    [(*keys, drawn)] = ask(f"SELECT {draws}", [])
    for row, key in zip(rows, keys, strict=True):
        row.pk = key
    return int(drawn)


def copy(rows: Sequence[Model]) -> None:
    """Send many rows of one model with COPY, the fastest way in; keys are drawn first when nobody gave them."""
    if not rows:
        return
    model = type(rows[0])
    without = [row for row in rows if row.pk is None]
    drawing = f"SELECT {_draw(model)} FROM generate_series(1, %s)"  # noqa: S608
    keys = ask(drawing, [len(without)]) if without else []
    for row, (key,) in zip(without, keys, strict=True):
        row.pk = key
    left_out = _left_out(rows[0])
    fields = _fields(model, left_out)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(str(model._meta.db_table))
    taken = itemgetter(*(field.attname for field in fields))
    said = [place for place, field in enumerate(fields) if isinstance(field, CharField)]
    changed = [(place, convert) for place, field in enumerate(fields) if (convert := _for_copy(field))]
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream:
        for row in rows:
            values = list(taken(row.__dict__))
            for place in said:
                if type(values[place]) is not str:
                    values[place] = _plain(values[place])
            for place, convert in changed:
                values[place] = convert(values[place])
            stream.write_row(values)


def _for_copy(field: AnyField) -> Callable[[Any], Any] | None:
    """How a value of this field is given to COPY, unless as it is; asked once a field, not once a value."""
    if isinstance(field, ArrayField | JSONField):
        return partial(field.get_db_prep_save, connection=connections[DEFAULT_DB_ALIAS])
    return None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def updated(row: Model) -> Statement:
    """What writes every column of a row that exists: `save()` without compiling anything. To be told with others."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(field.pre_save(row, False), connection=connection) for field in fields]
    return _update(type(row)), [*values, row.pk]


def write(*rows: Model, also: Sequence[Statement] = ()) -> None:
    """Insert `rows`, of any models, in a single statement: foreign keys are checked at the commit, whatever the order.

    Those whose key nobody gave get one that stays unknown here, and the defaults of the database are not read back:
    parents are numbered before. `also`: what is told in the same breath, and may name the keys of `rows`.
    """
    shape: list[tuple[type[Model], frozenset[str], int]] = []
    values: list[Any] = []
    for (model, left_out), found in groupby(rows, key=lambda row: (type(row), _left_out(row))):
        same = list(found)
        shape.append((model, left_out, len(same)))
        values += [value for row in same for value in _values(row, left_out)]
    connection.ensure_connection()
    # In the server's own notation: the driver would parse a statement of this length anew each time.
    with connection.wrap_database_errors, RawCursor(connection.connection) as cursor:
        for _, parameters in also:
            values += parameters
        cursor.execute(_one_statement(tuple(shape), tuple(sql for sql, _ in also)), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_missing(row: Model, *, after: Model | None = None) -> bool:
    """Insert a row unless a unique constraint says that it is there; returns whether it was inserted.

    `after`: a row that it refers to, inserted in the same statement unless it is there; its key is known.
    """
    left_out = _left_out(row)
    statement, values = _statement(type(row), left_out, 1, missing_only=True), _values(row, left_out)
    if after is not None:
        without = _left_out(after)
        first = _statement(type(after), without, 1, missing_only=True, returning=False)
        statement, values = f"WITH first AS ({first}) {statement}", [*_values(after, without), *values]
    returned = ask(statement, values)
    for got in returned:
        _complete(row, left_out, got)
    return bool(returned)


def ask(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a short query asked at each item: nothing to compile, prepared by the server."""
    if (asked_before := answer(sql, values)) is not None:
        return asked_before
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def tell(sql: str, values: Sequence[Any]) -> None:
    """The same for a statement that gives nothing back."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def pick(model: type[Row], condition: str, values: Sequence[Any] = ()) -> list[Row]:
    """Whole rows of a model by a condition written in SQL (`WHERE … ORDER BY …`), without compiling anything."""
    names, select = _select(model)
    return [known(model, names, found) for found in ask(f"{select} {condition}", values)]


@cache
def _select(model: type[Model]) -> tuple[tuple[str, ...], str]:
    fields = model._meta.concrete_fields
    if any(hasattr(field, "from_db_value") for field in fields):
        raise TypeError(f"{model.__name__} has a field to be converted: ask the ORM")
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    return tuple(f.attname for f in fields), f"SELECT {columns} FROM {quote(str(model._meta.db_table))}"  # noqa: S608


def _insert(model: type[Model], left_out: frozenset[str], rows: Sequence[Model]) -> None:
    values = [value for row in rows for value in _values(row, left_out)]
    returned = ask(_statement(model, left_out, len(rows)), values)
    for row, got in zip(rows, returned, strict=True):
        _complete(row, left_out, got)


def _values(row: Model, left_out: frozenset[str]) -> list[Any]:
    if "fields_cache" in row._state.__dict__:  # it was given other rows, whose keys may be known since
        row._prepare_related_fields_for_save(operation_name="bulk_create")  # type: ignore[attr-defined]
    held = row.__dict__
    return [
        convert(held[name]) if field is None else _by_field(field, row)
        for name, convert, field in _ways(type(row), left_out)
    ]


def _by_field(field: AnyField, row: Model) -> Any:
    return field.get_db_prep_save(field.pre_save(row, True), connection=connections[DEFAULT_DB_ALIAS])


@cache
def _ways(
    model: type[Model], left_out: frozenset[str]
) -> tuple[tuple[str, Callable[[Any], Any], AnyField | None], ...]:
    """For each column its attribute, what its value becomes, and its field where that one must be asked."""
    return tuple(
        (field.attname, convert or _plain, None if convert else field)
        for field in _fields(model, left_out)
        for convert in (_conversion(field),)
    )


def _conversion(field: AnyField) -> Callable[[Any], Any] | None:
    """What the field would do to a value of its own type, when that is next to nothing."""
    if type(field) in PLAIN:
        return None if _is_a_clock(field) else _plain
    if isinstance(field, ForeignKey) and type(field.target_field) in (BigAutoField, CharField):
        return _key
    kinds: dict[str, Callable[[Any], Any]] = connection.ops.integerfield_type_map  # type: ignore[attr-defined]
    kind = kinds.get(field.get_internal_type()) if type(field) in SIZED else None
    return partial(_sized, kind) if kind else None


def _key(value: Any) -> Any:
    return None if value == "" else value


def _sized(kind: Callable[[Any], Any], value: Any) -> Any:
    """The type of a number is that of its column: the statement would be prepared anew for each size."""
    return None if value is None else kind(int(value))


def _complete(row: Model, left_out: frozenset[str], got: Sequence[Any]) -> None:
    for name, value in zip(_returned(type(row), left_out), got, strict=True):
        setattr(row, name, value)
    row._state.adding, row._state.db = False, connection.alias


def _left_out(row: Model) -> frozenset[str]:
    """Columns the database fills itself: the key it draws, the defaults it keeps."""
    return frozenset(
        field.attname
        for field in _drawn_by_database(type(row))
        if (value := getattr(row, field.attname)) is None or isinstance(value, DatabaseDefault)
    )


@cache
def _drawn_by_database(model: type[Model]) -> tuple[AnyField, ...]:
    return tuple(f for f in model._meta.concrete_fields if f.has_db_default() or f is model._meta.auto_field)


@cache
def _fields(model: type[Model], left_out: frozenset[str]) -> tuple[AnyField, ...]:
    return tuple(field for field in model._meta.concrete_fields if field.attname not in left_out)


@cache
def _returned(model: type[Model], left_out: frozenset[str]) -> tuple[str, ...]:
    key = model._meta.pk
    return (key.attname, *sorted(left_out - {key.attname}))


@cache
def _statement(
    model: type[Model], left_out: frozenset[str], count: int, *, missing_only: bool = False, returning: bool = True
) -> str:
    quote = connection.ops.quote_name
    meta, fields = model._meta, _fields(model, left_out)
    marks = ", ".join(_mark(field) for field in fields)
    columns = {field.attname: quote(str(field.column)) for field in meta.concrete_fields}
    return (
        f"INSERT INTO {quote(str(meta.db_table))} ({', '.join(columns[field.attname] for field in fields)}) "  # noqa: S608
        f"VALUES {', '.join([f'({marks})'] * count)} "
        f"{'ON CONFLICT DO NOTHING ' if missing_only else ''}"
        + (f"RETURNING {', '.join(columns[name] for name in _returned(model, left_out))}" if returning else "")
    )


@cache
def _update(model: type[Model]) -> str:
    quote = connection.ops.quote_name
    meta = model._meta
    columns = ", ".join(f"{quote(str(f.column))} = {_mark(f)}" for f in meta.concrete_fields if not f.primary_key)
    return f"UPDATE {quote(str(meta.db_table))} SET {columns} WHERE {quote(str(meta.pk.column))} = %s"  # noqa: S608


@lru_cache(maxsize=500)  # a mail with forty files has a shape of its own
def _one_statement(shape: tuple[tuple[type[Model], frozenset[str], int], ...], also: tuple[str, ...]) -> str:
    inserts = [_statement(model, left_out, count, returning=False) for model, left_out, count in shape]
    *first, last = [*inserts, *also]
    named = ", ".join(f"w{number} AS ({statement})" for number, statement in enumerate(first))
    pieces = (f"WITH {named} {last}" if named else last).split("%s")
    return pieces[0] + "".join(f"${number}{piece}" for number, piece in enumerate(pieces[1:], 1))


def _is_a_clock(field: AnyField) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


@cache
def _draw(model: type[Model]) -> str:
    place = [str(model._meta.db_table), str(model._meta.pk.column)]
    [(sequence,)] = ask("SELECT pg_get_serial_sequence(%s, %s)", place)
    return f"nextval('{sequence}')"


def _mark(field: AnyField) -> str:
    placeholder = getattr(field, "get_placeholder", None)  # arrays are cast to their type
    return placeholder(None, None, connection) if placeholder else "%s"
