from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.noa.models import Dialogue
from guichet.noa.rehearsing import rehearse


class Command(BaseCommand):
    help = "Joue les tests des dialogues de l'assistant, écrits comme des conversations. Rien n'est enregistré."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("codes", nargs="*", help="dialogues à jouer ; tous sans cela")

    def handle(self, *args: Any, codes: list[str], **options: Any) -> None:
        rows = Dialogue.objects.order_by("code")
        if codes:
            rows = rows.filter(code__in=codes)
            if missing := sorted(set(codes) - {row.code for row in rows}):
                raise CommandError(f"Dialogues inconnus : {', '.join(missing)}.")
        failed = 0
        for row in rows:
            for played in rehearse(row.code, row.source):
                failed += not played.passed
                mark = "réussi" if played.passed else f"RATÉ : {played.why}"
                self.stdout.write(f"{row.code}, test {played.number} : {mark}")
        if failed:
            raise CommandError(f"{failed} test{'s' * (failed > 1)} raté{'s' * (failed > 1)}.")
