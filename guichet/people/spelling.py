"""Names spelled otherwise: words of the records at one letter, or two in long ones, from what was typed.

No extension of PostgreSQL may be used (docs/decisions/0001): each word of a name is kept with all it becomes when one
letter is left out, in an index. Two words one letter apart share one of those forms.
"""

from __future__ import annotations

from guichet.core.rows import ask
from guichet.core.spelling import damerau

SHORTEST = 4  # « Roux » is typed with a mistake, « Lam » is another name
LONG = 8
AT_MOST = 6


def alike(word: str) -> list[str]:
    """Words of names close to `word` (folded), the closest first; itself if it is one."""
    if len(word) < SHORTEST:
        return [word]
    rows = ask("SELECT word FROM people_nameword WHERE near && %s::text[] LIMIT 500", [sorted(forms(word))])
    allowed = 2 if len(word) >= LONG else 1
    near = sorted((damerau(word, found, allowed), found) for (found,) in rows)
    return [found for far, found in near if far <= allowed][:AT_MOST]


def forms(word: str) -> set[str]:
    """The word, and what it becomes without one of its letters."""
    return {word, *(word[:n] + word[n + 1 :] for n in range(len(word)))}
