from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.cases.models import Case
from guichet.demo import dossiers, history, region
from guichet.organisation.models import Team
from guichet.procedures.models import Dossier

CASES = 2000


class Command(BaseCommand):
    help = "Charge la Région de démonstration : équipes, sujets, agents, usagers et demandes de douze mois."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="ne rien faire si une Région est déjà chargée")
        parser.add_argument("--accounts", action="store_true", help="écrire les comptes de démonstration")
        parser.add_argument("--scale", type=int, default=0, help="ajouter autant de demandes, pour les mesures")

    def handle(self, *args: Any, once: bool, accounts: bool, scale: int, **options: Any) -> None:
        if accounts:
            for line in region.accounts():
                self.stdout.write(line)
            return
        loaded = Team.objects.exists()
        begun = loaded and region.is_here() and not region.is_whole()  # killed while it loaded: go on from there
        if loaded and not begun and not scale:
            if once:
                return
            raise CommandError("Une Région est déjà chargée dans cette base : rien n'a été changé.")
        if not loaded:
            region.build()
        elif begun:
            region.finish()
        if not Case.objects.exists():
            history.load(CASES)
            history.orient_waiting()
        if not Dossier.objects.exists():
            dossiers.build(password=region.PASSWORD)
        if scale:
            history.load(scale, seed=scale, say=self.stdout.write)
        self.stdout.write("La Région de démonstration est chargée.")
