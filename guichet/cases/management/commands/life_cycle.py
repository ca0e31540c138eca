"""manage.py life_cycle: write docs/cycle-de-vie.md from the moves of the code."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from guichet.cases import life_cycle


class Command(BaseCommand):
    help = "Écrit docs/cycle-de-vie.md d'après les mouvements permis."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "cycle-de-vie.md"
        path.write_text(life_cycle.page())
        self.stdout.write(f"Écrit : {path.relative_to(settings.BASE_DIR)}")
