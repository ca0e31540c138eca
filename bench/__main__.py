"""`python -m bench [name…]`: run the measures and print one JSON object a line."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys

import bench
from bench import Measure

FIELDS = tuple(Measure.__annotations__)


def main(wanted: list[str]) -> int:
    """Run the modules named, or all; return 2 when a name is unknown."""
    names = sorted(found.name for found in pkgutil.iter_modules(bench.__path__) if not found.name.startswith("_"))
    if unknown := [name for name in wanted if name not in names]:
        print(f"Mesure inconnue : {', '.join(unknown)}. Mesures : {', '.join(names) or 'aucune'}.", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guichet.settings")
    import django

    django.setup()
    for name in wanted or names:
        run = getattr(importlib.import_module(f"bench.{name}"), "run", None)
        for measure in run() if run is not None else ():
            print(json.dumps({field: measure[field] for field in FIELDS}, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
