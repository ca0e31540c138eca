"""Names spelled otherwise: words of the records at one letter, or two in long ones, from what was typed.

No extension of PostgreSQL may be used (docs/decisions/0001): each word of a name is kept with all it becomes when one
letter is left out, in an index. Two words one letter apart share one of those forms.
"""

from __future__ import annotations

from guichet.core.rows import ask

SHORTEST = 4  # « Roux » is typed with a mistake, « Lam » is another name
LONG = 8
AT_MOST = 6


def alike(word: str) -> list[str]:
    """Words of names close to `word` (folded), the closest first; itself if it is one."""
    if len(word) < SHORTEST:
        return [word]
    rows = ask("SELECT word FROM people_nameword WHERE near && %s::text[] LIMIT 500", [sorted(forms(word))])
    allowed = 2 if len(word) >= LONG else 1
    near = sorted((distance(word, found), found) for (found,) in rows)
    return [found for far, found in near if far <= allowed][:AT_MOST]


def forms(word: str) -> set[str]:
    """The word, and what it becomes without one of its letters."""
    return {word, *(word[:n] + word[n + 1 :] for n in range(len(word)))}


def distance(one: str, other: str) -> int:
    """Letters to change, add, leave out, or swap with the next one."""
    before, above = list(range(len(other) + 1)), [0] * (len(other) + 1)
    earlier = before
    for n, letter in enumerate(one, 1):
        above = [n] + [0] * len(other)
        for m, against in enumerate(other, 1):
            above[m] = min(before[m] + 1, above[m - 1] + 1, before[m - 1] + (letter != against))
            if n > 1 and m > 1 and letter == other[m - 2] and one[n - 2] == against:
                above[m] = min(above[m], earlier[m - 2] + 1)
        earlier, before = before, above
    return before[-1]
