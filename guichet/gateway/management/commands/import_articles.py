from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.accounts.machines import GUICHET, machine
from guichet.core.refused import Refused
from guichet.knowledge.actions import build_indexes, import_articles
from guichet.knowledge.exchange import FORMATS, read
from guichet.organisation.models import Team


class Command(BaseCommand):
    help = (
        "Fait entrer des articles dans la base de réponses : Markdown à en-tête TOML (fichier ou dossier), JSON, CSV, "
        "ou fiches de service-public.fr (une ligne JSON chacune). Un article connu reçoit une nouvelle version. "
        "Rien n'entre si une ligne est fausse."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=FORMATS, required=True, dest="form")
        parser.add_argument("--team", help="code de l'équipe responsable, si le fichier n'en nomme pas")
        parser.add_argument("--topic", action="append", default=[], help="sujet, si le fichier n'en nomme pas")
        parser.add_argument(
            "--publish", action="store_true", help="met en service sans relecture : textes déjà validés"
        )

    def handle(self, *args: Any, file: Path, form: str, **options: Any) -> None:
        if not file.exists():
            raise CommandError(f"{file} n'existe pas.")
        owner = None
        if options["team"]:
            owner = Team.objects.filter(code=options["team"]).first()
            if owner is None:
                raise CommandError(f"L'équipe {options['team']} n'existe pas.")
        try:
            done = import_articles(
                read(file, form), owner=owner, publish=options["publish"], topics=tuple(options["topic"]),
                by=machine(GUICHET),
            )  # fmt: skip
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        if done.problems:
            raise CommandError("Rien n'est entré :\n" + "\n".join(done.problems))
        if options["publish"]:
            build_indexes()
        state = "en service" if options["publish"] else "en brouillon, à faire relire"
        self.stdout.write(f"{done.created} articles créés, {done.changed} changés, {done.same} inchangés : {state}.")
