from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.knowledge import finding
from guichet.knowledge.models import Audience
from guichet.understanding.answers.engine import build
from guichet.understanding.answers.index import Article, article_of
from guichet.understanding.answers.learning import Example
from guichet.understanding.answers.measure import measure


class Command(BaseCommand):
    help = (
        "Mesure les réponses de l'assistant sur des questions dont la bonne fiche est connue. L'index est fait en "
        "mémoire à partir des fichiers (une ligne JSON par fiche : id, title, body… ; par question : question, gold, "
        "vide si la question est hors sujet). Le chemin mesuré est celui de l'assistant. Rien n'est enregistré."
    )

    def add_arguments(self, parser: Any) -> None:
        sheets = parser.add_mutually_exclusive_group(required=True)
        sheets.add_argument("--articles", type=Path)
        sheets.add_argument("--own-base", action="store_true", help="les articles publics en service dans cette base")
        parser.add_argument("--questions", type=Path, required=True)
        parser.add_argument("--out-of-scope", type=Path, help="questions auxquelles il ne faut pas répondre")
        parser.add_argument("--train", type=Path, help="questions connues de la base, pour apprendre")

    def handle(self, *args: Any, articles: Path | None, questions: Path, **options: Any) -> None:
        sheets = list(_articles(articles)) if articles else finding.sheets(Audience.CITIZEN)
        if not sheets:
            raise CommandError("Cette base n'a aucun article public en service.")
        asked = list(_questions(questions))
        if path := options["out_of_scope"]:
            asked += [Example(question.text, ()) for question in _questions(path)]
        known = list(_questions(options["train"])) if options["train"] else []
        started = time.perf_counter()
        engine = build(sheets, known, [] if articles else finding.synonym_lines())
        self.stdout.write(json.dumps(measure(engine, asked, time.perf_counter() - started), ensure_ascii=False))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line with its number; empty lines are passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} ne peut pas être lu : {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CommandError(f"{path}, ligne {number} : ce n'est pas du JSON.") from error
        if not isinstance(row, dict):
            raise CommandError(f"{path}, ligne {number} : il faut un objet JSON.")
        yield number, row


def _articles(path: Path) -> Iterator[Article]:
    seen: dict[str, int] = {}
    for number, row in _rows(path):
        for name in ("id", "title"):
            if not isinstance(row.get(name), str) or not row[name].strip():
                raise CommandError(f"{path}, ligne {number} : le champ {name} manque ou n'est pas un texte.")
        for name in ("wordings", "formulations", "short_titles", "question_titles", "anchors", "keywords", "headings"):
            if not isinstance(row.get(name) or [], list):
                raise CommandError(f"{path}, ligne {number} : le champ {name} doit être une liste.")
        if row["id"] in seen:
            raise CommandError(
                f"{path}, ligne {number} : la fiche {row['id']} est déjà décrite à la ligne {seen[row['id']]}."
            )
        seen[row["id"]] = number
        yield article_of(row)
    if not seen:
        raise CommandError(f"{path} ne contient aucune fiche.")


def _questions(path: Path) -> Iterator[Example]:
    count = 0
    for number, row in _rows(path):
        if not isinstance(row.get("question"), str) or not row["question"].strip():
            raise CommandError(f"{path}, ligne {number} : le champ question manque ou n'est pas un texte.")
        gold = row.get("gold", [])
        if not isinstance(gold, list) or not all(isinstance(key, str) for key in gold):
            raise CommandError(f"{path}, ligne {number} : le champ gold doit être une liste d'identifiants de fiches.")
        count += 1
        yield Example(row["question"], tuple(gold))
    if not count:
        raise CommandError(f"{path} ne contient aucune question.")
