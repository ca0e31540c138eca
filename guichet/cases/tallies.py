"""Reading the counters of the inbox: sums of a few thousand lines, whatever the number of cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from guichet.cases.policy import Viewer
from guichet.core.rows import ask


class Count(NamedTuple):  # some three hundred a page: made faster than a dataclass
    team: int | None
    channel: str
    stage: str
    mine: bool
    number: int


def counts_of(viewer: Viewer) -> list[Count]:
    """Running cases this user may see, by team, channel, stage, and whether they are his: as `visible_to` would."""
    return look(viewer, [])[1]


def look(viewer: Viewer, also: Sequence[tuple[str, Sequence[Any]]]) -> tuple[str, list[Count], list[int]]:
    """The counters, other numbers asked in SQL, and the snapshot that all of them were read in: one statement."""
    sums = (
        "SELECT team, channel, stage, assignee IS NOT DISTINCT FROM %s::bigint, sum(count)::bigint FROM cases_tally "
        "WHERE sensitivity <= %s AND (%s OR team = ANY(%s::bigint[]) OR assignee = %s) GROUP BY 1, 2, 3, 4"
    )
    values = [viewer.user_id, viewer.clearance, viewer.everything, sorted(viewer.teams), viewer.user_id]
    [(snapshot, counts, *numbers)] = ask(
        "SELECT pg_current_snapshot()::text, "  # noqa: S608
        f"(SELECT json_agg(json_build_array(team, channel, stage, mine, number)) "
        f"FROM ({sums}) AS line (team, channel, stage, mine, number))" + "".join(f", ({sql})" for sql, _ in also),
        [*values, *(value for _, given in also for value in given)],
    )
    return snapshot, [Count._make(line) for line in counts or []], numbers
