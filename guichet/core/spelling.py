"""How far two words are from each other, as typing errors go."""

from __future__ import annotations


def damerau(one: str, other: str, limit: int) -> int:
    """Letters added, dropped, changed, or two neighbours swapped; `limit` + 1 as soon as it is passed."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        after = [i]
        for j, b in enumerate(other, start=1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        if min(after) > limit:
            return limit + 1
        before, row = row, after
    return row[-1]
