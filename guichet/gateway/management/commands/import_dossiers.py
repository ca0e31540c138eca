from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.accounts.machines import GUICHET, machine
from guichet.core.refused import Refused
from guichet.core.spreadsheets import table
from guichet.procedures.actions import Imported, import_dossiers
from guichet.procedures.models import Procedure

FORMS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
SHOWN = 20


class Command(BaseCommand):
    help = (
        "Reprend les dossiers d'un autre logiciel : CSV ou lignes JSON (docs/api.md). Rien n'entre si une ligne est "
        "fausse : les erreurs sont écrites à côté du fichier. Un dossier déjà repris n'est pas repris deux fois. "
        "Aucun courriel ne part, aucun délai ne court."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--procedure", required=True, help="code de la démarche")
        parser.add_argument("--dry-run", action="store_true", help="vérifie sans rien écrire dans la base")

    def handle(self, *args: Any, file: Path, procedure: str, **options: Any) -> None:
        form = FORMS.get(file.suffix.lower())
        if form is None:
            raise CommandError("Donnez un fichier .csv ou .jsonl.")
        found = Procedure.objects.filter(code=procedure).first()
        if found is None:
            raise CommandError(f"La démarche {procedure} n'existe pas.")
        try:
            text = file.read_text("utf-8-sig")
        except OSError as error:
            raise CommandError(f"{file} ne peut pas être lu.") from error
        except UnicodeDecodeError as error:
            raise CommandError("Le fichier doit être en UTF-8.") from error
        try:
            done = import_dossiers(found, text, form, by=machine(GUICHET), dry_run=options["dry_run"])
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        if done.faults:
            raise CommandError(self._report(file, done))
        verb = "à reprendre" if options["dry_run"] else "repris"
        self.stdout.write(f"{done.created} dossiers {verb}, {done.known} déjà repris avant.")

    def _report(self, file: Path, done: Imported) -> str:
        lines = [f"ligne {fault.line}, {fault.field or 'toute la ligne'} : {fault.reason}" for fault in done.faults]
        report = file.with_name(f"{file.stem}.erreurs.csv")
        try:
            rows = [(fault.line, fault.field, fault.reason) for fault in done.faults]
            report.write_text(table(("ligne", "champ", "motif"), rows), "utf-8", newline="")
            told = f"Toutes les erreurs : {report}"
            lines = lines[:SHOWN]
        except OSError:
            told = ""  # beside a file that is read only: all of them are said here
        return "\n".join(["Rien n'est entré :", *lines, told]).rstrip()
