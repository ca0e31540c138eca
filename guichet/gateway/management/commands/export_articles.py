from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from guichet.knowledge.exchange import to_csv, to_markdown, voice_row, whole_row_of
from guichet.knowledge.models import Article, Audience


class Command(BaseCommand):
    help = "Écrit les articles en service : fichier json ou csv, dossier markdown, voice pour un serveur vocal."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("target", type=Path)
        parser.add_argument("--format", choices=("markdown", "json", "csv", "voice"), required=True, dest="form")

    def handle(self, *args: Any, target: Path, form: str, **options: Any) -> None:
        rows = Article.objects.live().select_related("live", "owner").prefetch_related("wordings").order_by("code")
        if form == "markdown":
            target.mkdir(parents=True, exist_ok=True)
            for row in rows:
                (target / f"{row.code}.md").write_text(to_markdown(row), encoding="utf-8")
        elif form == "voice":
            rows = rows.filter(audience=Audience.CITIZEN).exclude(live__spoken="")
            lines = (json.dumps(voice_row(row), ensure_ascii=False) for row in rows)
            target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        elif form == "csv":
            target.write_text(to_csv(rows), encoding="utf-8")
        else:
            lines = (json.dumps(whole_row_of(row), ensure_ascii=False) for row in rows)
            target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.stdout.write(f"{len(rows)} articles écrits.")
