"""The search for unreachable objects, set for a process that serves pages."""

from __future__ import annotations

import gc

# Young objects before they are looked through. A page makes some thousands that live; at the 700 of Python, each page
# looks several times through what lives as long as the process: an eighth of its time (bench: desk_lists.case).
YOUNG = 20_000


def settle() -> None:
    """To be called once all is loaded: what is there now stays for ever, and is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
