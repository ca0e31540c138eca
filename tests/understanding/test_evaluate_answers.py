"""`manage.py evaluate_answers`: what it prints, what it refuses."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

FIELDS = [
    "n_in", "n_out", "recall_1", "recall_3", "recall_5", "mrr", "answered", "answered_precision", "offered", "settled",
    "false_answer", "ms_p50", "ms_p95", "index_s", "rss_mb",
]  # fmt: skip
SHEETS = [
    {"id": "F1", "title": "Carte grise", "body": "Le certificat d'immatriculation.", "anchors": ["immatriculer"]},
    {"id": "F2", "title": "Livret A", "body": "Un compte d'épargne."},
]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    def kept(name: str, rows: list[dict[str, object]]) -> Path:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
        return path

    return {
        "articles": kept("articles", [dict(sheet) for sheet in SHEETS]),
        "questions": kept("questions", [{"question": "ma carte grise", "gold": ["F1"]}, {"question": "ça va ?"}]),
        "out": kept("out", [{"qid": "x", "question": "quel temps fait-il ?", "gold": ["F1"]}]),
        "train": kept("train", [{"question": "les papiers de l'auto", "gold": ["F1"]}]),
    }


def run(*args: object) -> dict[str, float]:
    out = StringIO()
    call_command("evaluate_answers", *map(str, args), stdout=out)
    found: dict[str, float] = json.loads(out.getvalue())
    return found


def test_one_object_with_every_figure(files: dict[str, Path]) -> None:
    figures = run("--articles", files["articles"], "--questions", files["questions"])
    assert list(figures) == FIELDS
    assert (figures["n_in"], figures["n_out"], figures["recall_1"], figures["false_answer"]) == (1, 1, 1.0, 0.0)


def test_all_questions_of_the_out_of_scope_file_are_out(files: dict[str, Path]) -> None:
    figures = run(
        "--articles", files["articles"], "--questions", files["questions"], "--out-of-scope", files["out"],
        "--train", files["train"],
    )  # fmt: skip
    assert figures["n_out"] == 2


@pytest.mark.parametrize(
    ("option", "line", "word"),
    [
        ("questions", "{", "ligne 2 : ce n'est pas du JSON"),
        ("questions", "[]", "ligne 2 : il faut un objet"),
        ("questions", '{"gold": []}', "ligne 2 : le champ question"),
        ("questions", '{"question": "a", "gold": "F1"}', "ligne 2 : le champ gold"),
        ("articles", '{"id": "F9"}', "ligne 2 : le champ title"),
        ("articles", '{"id": "F1", "title": "Encore"}', "ligne 2 : la fiche F1 est déjà décrite à la ligne 1"),
        ("articles", '{"id": "F9", "title": "x", "anchors": "y"}', "ligne 2 : le champ anchors"),
    ],
)
def test_a_bad_line_is_told_with_its_number(files: dict[str, Path], option: str, line: str, word: str) -> None:
    good = files[option].read_text(encoding="utf-8").splitlines()[0]
    files[option].write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(CommandError, match=word):
        run("--articles", files["articles"], "--questions", files["questions"])


def test_a_missing_or_empty_file_is_told(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="ne peut pas être lu"):
        run("--articles", tmp_path / "none", "--questions", files["questions"])
    files["questions"].write_text("\n", encoding="utf-8")
    with pytest.raises(CommandError, match="aucune question"):
        run("--articles", files["articles"], "--questions", files["questions"])
