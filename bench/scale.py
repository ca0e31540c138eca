"""How long a hundred thousand cases take to be written by `demo --scale`, against a bare COPY of the same rows.

The limit is COPY of the very lines that were written (cases, clocks, exchanges, events), into tables with the same
columns and neither index nor constraint: what is above it is inventing the cases and keeping the indexes. The CPU of
all processes is given beside: what else the machine does weighs less on it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from django.db import connection

from bench import Measure
from bench._database import cpu_seconds, own_database

COUNT = 20_000
TABLES = ("people_person", "people_contactpoint", "cases_case", "cases_clock", "cases_interaction", "journal_event")


def run() -> Iterator[Measure]:
    from guichet.accounts import machines
    from guichet.demo import history, region
    from guichet.organisation import directory

    with own_database("scale"):
        machines.forget()
        region.build()
        directory.forget()
        before = {table: _count(table) for table in TABLES}
        began, cpu = time.monotonic(), _cpu()
        history.load(COUNT)
        took, cpu = time.monotonic() - began, _cpu() - cpu
        rows = sum(_count(table) - before[table] for table in TABLES)
        limit = sum(_bare_copy(table) for table in TABLES)
        assert _count("cases_case") == COUNT
    per_100k = 100_000 / COUNT
    yield Measure(
        name="scale.limit", value=round(limit * per_100k, 2), unit="s/100,000 cases", ratio=None, against=None
    )
    yield Measure(
        name="scale", value=round(took * per_100k, 2), unit="s/100,000 cases", ratio=round(took / limit, 2),
        against="scale.limit",
    )  # fmt: skip
    yield Measure(
        name="scale.cpu", value=round(cpu * per_100k, 2), unit="s CPU/100,000 cases", ratio=None, against=None
    )
    yield Measure(name="scale.rows", value=round(rows / COUNT, 2), unit="rows/case", ratio=None, against=None)


def _cpu() -> float:
    """With the processes that wrote batches: they are over."""
    ended = os.times()
    return cpu_seconds() + ended.children_user + ended.children_system


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def _bare_copy(table: str) -> float:
    """Seconds to write the lines of a table again with COPY."""
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as stream:
            lines = [bytes(line) for line in stream]
        cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table})")
        began = time.monotonic()
        with cursor.copy(f"COPY bare_{table} FROM STDIN") as stream:
            for first in range(0, len(lines), 500):
                stream.write(b"".join(lines[first : first + 500]))
        return time.monotonic() - began
