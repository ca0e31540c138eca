"""`python -m bench [name…]`: run the measures, one JSON line per result on the standard output."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import bench

Measure = Callable[[], Iterator[dict[str, Any]]]


def measures() -> dict[str, Measure]:
    """Return every measure by the name of its module."""
    found = {}
    for entry in pkgutil.iter_modules(bench.__path__):
        if entry.name.startswith("_"):
            continue
        run = getattr(importlib.import_module(f"bench.{entry.name}"), "run", None)
        if run is not None:
            found[entry.name] = run
    return found


def main(names: Sequence[str]) -> int:
    known = measures()
    if unknown := [name for name in names if name not in known]:
        print(f"Mesure inconnue : {', '.join(unknown)}. Connues : {', '.join(known) or 'aucune'}.", file=sys.stderr)
        return 2
    for name in names or known:
        for result in known[name]():
            print(json.dumps({"measure": name, **result}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
