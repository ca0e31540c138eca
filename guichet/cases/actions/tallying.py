"""Adding old lines of the counters together, so that few are left to read."""

from __future__ import annotations

from guichet.core.rows import ask, tell

TOO_MANY = 500
_GROUP = "team, assignee, channel, sensitivity, stage"


def fold_tallies(*, at_least: int = TOO_MANY) -> int:
    """One statement: a reader sees the lines before, or their sums, never both. Returns how many lines it spared."""
    [(lines, groups)] = ask(f"SELECT count(*), count(DISTINCT ({_GROUP})) FROM cases_tally", [])  # noqa: S608
    if lines - groups < at_least:
        return 0
    tell(
        f"WITH gone AS (DELETE FROM cases_tally RETURNING {_GROUP}, count) "  # noqa: S608
        f"INSERT INTO cases_tally ({_GROUP}, count) "
        f"SELECT {_GROUP}, sum(count) FROM gone GROUP BY {_GROUP} HAVING sum(count) <> 0",
        [],
    )
    return int(lines - groups)
