from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.accounts.machines import GUICHET, machine
from guichet.cases.actions.routing import add_examples, learn_routing
from guichet.core.refused import Refused


class Command(BaseCommand):
    help = "Apprend à orienter les demandes (exemples et corrections des agents) ; écrit la qualité mesurée."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--examples", type=Path, help="exemples à ajouter d'abord : une ligne JSON par texte, champs text et topic"
        )

    def handle(self, *args: Any, examples: Path | None, **options: Any) -> None:
        by = machine(GUICHET)
        try:
            if examples is not None:
                self.stdout.write(f"{add_examples(_read(examples), by=by)} exemples ajoutés.")
            model = learn_routing(by=by)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(json.dumps({"version": model.pk, **model.quality}, ensure_ascii=False))


def _read(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} ne peut pas être lu.") from error
    found: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append((str(row["text"]), str(row["topic"])))
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path}, ligne {number} : il faut un objet JSON avec text et topic.") from error
    return found
