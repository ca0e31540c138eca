"""Questions of the ORM compiled once.

Making the SQL of a query costs more than the server takes to answer it, and a page of the desk asks thirty. Here the
SQL of a question is made at its first use and kept; later uses only change the values. The rows come out as the ORM
gives them, `select_related` included; `prefetch_related` is not for this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection
from django.db.models import Field, ForeignObject, Lookup, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators

from guichet.core.ahead import Question
from guichet.core.instances import known
from guichet.core.rows import ask

Row = TypeVar("Row", bound=Model)
FIRST = (
    32_101  # of the numbers that stand for values: nobody writes them in a query, and the smallest columns hold them
)
DAY = datetime(1903, 2, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Made:
    sql: str
    values: tuple[tuple[int | None, Any], ...]  # which of the values given, or a constant; with the type it takes
    model: type[Model]
    start: int
    end: int
    names: list[str]
    converters: tuple[tuple[int, list[Callable[..., Any]], Any], ...]
    annotations: tuple[tuple[str, int], ...]
    related: list[Any]

    def given(self, values: Sequence[Any]) -> list[Any]:
        return [kind if n is None else values[n] if kind is None else kind(values[n]) for n, kind in self.values]


class Kept(Generic[Row]):
    """`KEPT = Kept(lambda pk: Case.objects.filter(pk=pk))`, then `KEPT(12)` gives a list.

    Values may be numbers, texts, moments, days, or lists of numbers (asked with `among`); how many are given is all
    that may change the shape of the query. What the function reads elsewhere, the time above all, would be kept too.
    """

    def __init__(self, question: Callable[..., QuerySet[Row]]) -> None:
        self._question = question
        self._made: dict[int, _Made] = {}

    def __call__(self, *values: Any) -> list[Row]:
        made = self._of(values)
        return list(_rows(made, ask(made.sql, made.given(values))))

    def first(self, *values: Any) -> Row | None:
        return next(iter(self(*values)), None)

    def number(self, *values: Any) -> int:
        """How many rows there are."""
        [(number,)] = ask(*self.counting(*values))
        return int(number)

    def asking(self, *values: Any) -> Question:
        """The question itself, to be asked ahead."""
        made = self._of(values)
        return made.sql, made.given(values)

    def counting(self, *values: Any) -> Question:
        """What `number` asks."""
        sql, given = self.asking(*values)
        return f"SELECT count(*) FROM ({sql}) AS found", given  # noqa: S608

    def _of(self, values: Sequence[Any]) -> _Made:
        made = self._made.get(len(values))
        if made is None:
            made = self._made[len(values)] = _make(self._question, values)
        return made


if TYPE_CHECKING:
    _Lookup = Lookup[Any]
else:
    _Lookup = Lookup


@Field.register_lookup
@ForeignObject.register_lookup
class Among(_Lookup):
    """`team_id__among=[1, 2]`: one value of the query, where `in` writes as many as there are."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, parameters = self.process_lhs(compiler, connection)
        return f"{sql} = ANY(%s::bigint[])", [*parameters, self.rhs]


@Field.register_lookup
class Written(_Lookup):
    """`status__written=("a", "b")`: codes of the program itself, written in the query where `in` makes values of them.

    Only so is a partial index on these codes used by a statement that the server has prepared.
    """

    lookup_name = "written"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if not all(re.fullmatch(r"[a-z_]+", code) for code in self.rhs):
            raise ValueError(f"{self.rhs!r} holds more than codes")
        sql, parameters = self.process_lhs(compiler, connection)
        codes = ", ".join(f"'{code}'" for code in self.rhs)
        return f"{sql} IN ({codes})", parameters


def attach(rows: Iterable[Model], name: str, children: Iterable[Any], key: str) -> None:
    """Give each row its children under their related name, as `prefetch_related` would."""
    by: dict[Any, list[Any]] = {row.pk: [] for row in rows}
    for child in children:
        by[getattr(child, key)].append(child)
    for row in rows:
        known: Any = QuerySet(model=row._meta.get_field(name).related_model)
        known._result_cache, known._prefetch_done = by[row.pk], True
        row.__dict__.setdefault("_prefetched_objects_cache", {})[name] = known


def _make(question: Callable[..., QuerySet[Any]], values: Sequence[Any]) -> _Made:
    specimens = [_specimen(value, n) for n, value in enumerate(values)]
    queryset = question(*specimens)
    if queryset._prefetch_related_lookups or queryset._iterable_class is not ModelIterable:  # type: ignore[attr-defined]
        raise TypeError("only whole rows, without prefetch_related, are kept")
    compiler = queryset.query.get_compiler(using=queryset.db)
    sql, parameters = compiler.as_sql()
    places = tuple(_place(parameter, specimens) for parameter in parameters)
    if missing := set(range(len(specimens))) - {n for n, _ in places}:
        raise TypeError(f"values {sorted(missing)} are nowhere in the query")
    info: Any = compiler.klass_info
    fields = info["select_fields"]
    columns: Any = compiler.select
    return _Made(
        sql, places, info["model"], fields[0], fields[-1] + 1,
        [column[0].target.attname for column in columns[fields[0] : fields[-1] + 1]],
        tuple(
            (n, list(convert), expression)
            for n, (convert, expression) in compiler.get_converters([column[0] for column in columns]).items()
        ),
        tuple((compiler.annotation_col_map or {}).items()),
        get_related_populators(info, columns, queryset.db),  # type: ignore[call-arg]
    )  # fmt: skip


def _specimen(value: Any, n: int) -> Any:
    if isinstance(value, str):
        return f"⟨{FIRST + n}⟩"
    if isinstance(value, datetime):
        return DAY + timedelta(days=n)
    if isinstance(value, date):
        return (DAY + timedelta(days=n)).date()
    if isinstance(value, list):
        return [FIRST + n]
    if isinstance(value, int) and not isinstance(value, bool):
        return FIRST + n
    raise TypeError(f"{value!r} cannot be kept apart from the query")


def _place(parameter: Any, specimens: list[Any]) -> tuple[int | None, Any]:
    for n, specimen in enumerate(specimens):
        if isinstance(parameter, type(specimen)) and parameter == specimen:
            # The driver wraps a number in the type of its column.
            kind = type(parameter)
            return n, None if kind is type(specimen) else kind
    return None, parameter


def _populate(populator: Any, line: Sequence[Any], one: Model) -> None:
    """As the populator does, but for the making of the row."""
    values = (
        populator.reorder_for_init(line)
        if populator.reorder_for_init
        else (line[populator.cols_start : populator.cols_end])
    )
    related = None
    if values[populator.pk_idx] is not None:
        related = known(populator.model_cls, populator.init_list, values)
        for further in populator.related_populators:
            _populate(further, line, related)
    populator.local_setter(one, related)
    if related is not None:
        populator.remote_setter(related, one)


def _rows(made: _Made, found: list[tuple[Any, ...]]) -> Iterator[Any]:
    for row in found:
        line: Any = row
        if made.converters:
            line = list(row)
            for n, convert, expression in made.converters:
                for step in convert:
                    line[n] = step(line[n], expression, connection)
        one = known(made.model, made.names, line[made.start : made.end])
        for populator in made.related:
            _populate(populator, line, one)
        for name, n in made.annotations:
            setattr(one, name, line[n])
        yield one
