"""Articles in and out of files; nothing enters when one line is wrong."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from guichet.knowledge.exchange import from_markdown, row_of, to_markdown
from guichet.knowledge.models import Article, Version
from tests.factories import Region, article

HEAD = """+++
code = "bafa"
kind = "aid"
title = "Aide au BAFA"
topics = ["aides.permis"]
owner = "JEU"
answer = "La Région aide les 16-30 ans."
wordings = ["aide bafa", "qui paye le bafa"]
valid_from = 2026-01-01
sources = [{title = "Règlement", url = "https://exemple.example/", kind = "deliberation", checked = 2026-10-01}]
[aid]
for_whom = "16 à 30 ans"
amount = "400 € au plus"
when = "Toute l'année"
themes = ["jeunesse"]
profiles = ["etudiant"]
ages = [16, 30]
+++
## Combien vais-je recevoir ?
400 € au plus.
"""


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_articles", *arguments, stdout=out)
    return out.getvalue()


def test_a_folder_of_markdown_enters_and_comes_out_the_same(region: Region, tmp_path: Path) -> None:
    (tmp_path / "bafa.md").write_text(HEAD, encoding="utf-8")
    assert "1 articles créés" in run(str(tmp_path), "--format", "markdown", "--publish")
    made = Article.objects.select_related("live", "owner").get(code="bafa")
    assert made.live is not None
    assert made.live.aid["ages"] == [16, 30]
    assert row_of(made) == row_of_filed(to_markdown(made), made)
    assert "1 inchangés" in run(str(tmp_path), "--format", "markdown", "--publish")
    assert Version.objects.count() == 1


def row_of_filed(text: str, made: Article) -> dict[str, object]:
    filed = from_markdown(text)
    assert filed.content.title == made.title
    row = row_of(made)
    assert list(filed.wordings) == row["wordings"]
    assert filed.content.aid == row["aid"]
    assert filed.content.body == row["body"]
    return row


@pytest.mark.parametrize("form", ["json", "csv", "markdown"])
def test_what_goes_out_comes_back(region: Region, tmp_path: Path, form: str) -> None:
    article(owner=region.transport, wordings=("j'ai perdu ma carte", "=2+3"), body="## Titre\nUn *texte*, « cité ».")
    target = tmp_path / f"base.{form}"
    call_command("export_articles", str(target), "--format", form, stdout=StringIO())
    before = row_of(Article.objects.select_related("live", "owner").get())
    Article.objects.update(live=None)
    Version.objects.all().delete()
    Article.objects.all().delete()
    run(str(target), "--format", form, "--publish")
    after = row_of(Article.objects.select_related("live", "owner").get())
    assert {**after, "review_on": ""} == {**before, "review_on": ""}


def test_sheets_of_the_state_keep_their_source_and_date(region: Region, tmp_path: Path) -> None:
    sheet = {"id": "F12", "title": "Passeport", "url": "https://www.service-public.fr/F12", "modified": "2024-01-05",
             "intro": "Il faut un timbre. Puis un rendez-vous.", "body": "# pas un titre\nDu texte"}  # fmt: skip
    file = tmp_path / "fiches.jsonl"
    file.write_text(json.dumps(sheet) + "\n", encoding="utf-8")
    run(str(file), "--format", "service-public", "--team", "REG", "--topic", "aides.permis", "--publish")
    made = Article.objects.select_related("live").get(code="service-public-f12")
    assert made.live is not None
    assert "Licence Ouverte" in made.live.sources[0]["title"]
    assert made.live.sources[0]["checked"] == "2024-01-05"
    assert made.live.body.startswith("\\# pas un titre")


@pytest.mark.parametrize(
    ("change", "why"),
    [('code = "BAFA !"', "adresse d'article"), ('owner = "INCONNUE"', "Équipe inconnue"),
     ('topics = ["nulle.part"]', "Sujet inconnu"), ('title = ""', "titre"), ("valid_from = 2026-99-01", "TOML"),
     ('kind = "poeme"', "Nature inconnue")],
)  # fmt: skip
def test_one_wrong_line_and_nothing_enters(region: Region, tmp_path: Path, change: str, why: str) -> None:
    name = change.partition(" =")[0]
    wrong = "\n".join(change if line.startswith(f"{name} =") else line for line in HEAD.splitlines())
    (tmp_path / "a.md").write_text(HEAD.replace('"bafa"', '"bon"'), encoding="utf-8")
    (tmp_path / "b.md").write_text(wrong, encoding="utf-8")
    with pytest.raises(CommandError, match=why):
        run(str(tmp_path), "--format", "markdown", "--publish")
    assert not Article.objects.exists()


def test_an_import_without_publication_waits_for_a_review(region: Region, tmp_path: Path) -> None:
    (tmp_path / "bafa.md").write_text(HEAD, encoding="utf-8")
    run(str(tmp_path), "--format", "markdown")
    assert Version.objects.get().state == "draft"
    assert not Article.objects.live().exists()
