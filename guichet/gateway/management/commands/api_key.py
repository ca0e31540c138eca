from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.core.refused import Refused
from guichet.gateway.actions import create_key, revoke_key
from guichet.gateway.models import ApiKey, Scope
from guichet.organisation.models import Team


class Command(BaseCommand):
    help = "Crée une clé de l'interface des logiciels et l'affiche une seule fois, ou en révoque une (--revoke)."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", help="nom du logiciel")
        parser.add_argument("--scope", action="append", default=[], choices=Scope.values, help="droit ; répétable")
        parser.add_argument("--team", help="code du service : ses démarches et celles de ses équipes ; toutes sinon")
        parser.add_argument("--days", type=int, help="durée de validité")
        parser.add_argument("--revoke", action="store_true", help="révoque les clés de ce nom")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        by = machine(GUICHET)
        if options["revoke"]:
            keys = list(ApiKey.objects.filter(name=name, revoked_at__isnull=True))
            if not keys:
                raise CommandError(f"Aucune clé en service ne s'appelle « {name} ».")
            for key in keys:
                revoke_key(key, by=by)
            self.stdout.write(f"{len(keys)} clé(s) révoquée(s).")
            return
        team = None
        if options["team"]:
            team = Team.objects.filter(code=options["team"]).first()
            if team is None:
                raise CommandError(f"Le service {options['team']} n'existe pas.")
        expires = timezone.now() + timedelta(days=options["days"]) if options["days"] is not None else None
        try:
            _, secret = create_key(name, by=by, scopes=options["scope"], team=team, expires_at=expires)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(secret)
