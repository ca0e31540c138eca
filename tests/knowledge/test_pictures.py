"""Images of articles: what is kept of them, who sees them, what is refused, and how they travel."""

from __future__ import annotations

import io
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from PIL import Image

from guichet.accounts.models import User
from guichet.core.files import read_bytes
from guichet.core.models import StoredFile
from guichet.core.refused import NotAllowed, Refused
from guichet.knowledge.actions import add_picture, archive, publish, start_draft, submit
from guichet.knowledge.checks import blocking
from guichet.knowledge.markup import to_html, to_plain
from guichet.knowledge.models import Article, Picture, Version
from guichet.knowledge.pictures import LONGEST_SIDE, MOST_BYTES, prepare
from guichet.knowledge.renderings import questions, reply_text
from guichet.knowledge.voice import voice
from tests.factories import Region, article

WORDS = "Une carte de transport avec sa photo"


def photograph(kind: str = "JPEG", size: tuple[int, int] = (400, 300), *, lying: bool = False) -> bytes:
    """Left half red, right half blue; `lying`: the camera was held on its side, and wrote where it was."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    exif = Image.Exif()
    if lying:
        exif[0x0112] = 6  # orientation
        exif[0x010F] = "MarqueSecrete"
    written = io.BytesIO()
    image.save(written, kind, exif=exif)
    return written.getvalue()


def seen(client: Client, where: str) -> int:
    response = client.get(where)
    if response.streaming:
        response.getvalue()
    return response.status_code


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def draft(region: Region, by: User, body: str = "") -> Version:
    return start_draft(article(owner=region.transport, body=body), by=by)


def in_service(region: Region, plume: User, relire: User) -> tuple[Article, str]:
    version = draft(region, plume, body="## Où la trouver\n\n### Comment la lire ?")
    where = add_picture(version, photograph(), words=WORDS, caption="La carte de 2026", by=plume)
    publish(submit(version, by=plume), by=relire)
    return Article.objects.select_related("live").get(), where


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_is_turned_upright_shrunk_and_says_nothing_of_the_camera(kind: str) -> None:
    sent = photograph(kind, (3200, 1600), lying=True)
    assert b"MarqueSecrete" in sent
    kept = prepare(sent)
    assert (kept.width, kept.height) == (LONGEST_SIDE // 2, LONGEST_SIDE)
    assert b"MarqueSecrete" not in kept.content
    shown = Image.open(io.BytesIO(kept.content))
    assert (shown.format, shown.size) == (kind, (kept.width, kept.height))
    assert not shown.getexif()
    red, _, blue = shown.convert("RGB").getpixel((400, 50))  # type: ignore[misc]
    assert red > 200 > 100 > blue  # what was on the left is at the top


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "PNG, JPEG ou WebP"),
        (photograph("GIF"), "PNG, JPEG ou WebP"),
        (photograph()[:300], "PNG, JPEG ou WebP"),
        (b"\0" * (MOST_BYTES + 1), "10 Mo"),
        (b"", "PNG, JPEG ou WebP"),
    ],
)
def test_what_is_not_an_image_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        prepare(content)


def test_an_image_needs_words_or_to_be_said_decorative(region: Region, plume: User) -> None:
    version = draft(region, plume)
    for words in ("", "  ", "[]", "Image décorative"):
        with pytest.raises(Refused, match="ce qu'on voit"):
            add_picture(version, photograph(), words=words, by=plume)
    assert not Picture.objects.exists()
    add_picture(version, photograph(), words="", decorative=True, by=plume)
    body = Version.objects.get(pk=version.pk).body
    assert ' alt=""' in to_html(body)
    assert to_plain(body) == ""
    with pytest.raises(NotAllowed):
        add_picture(version, photograph(), words=WORDS, by=region.leo)


def test_words_typed_for_an_image_stay_words(region: Region, plume: User) -> None:
    version = draft(region, plume)
    add_picture(
        version, photograph(), words='Une [carte](javascript:x) <b>"verte"', caption='Le "modèle" <i>', by=plume
    )
    html = to_html(Version.objects.get(pk=version.pk).body)
    assert html.count("<img") == 1
    assert 'alt="Une carte(javascript:x) b&quot;verte&quot;"' in html
    assert "<figcaption>Le ”modèle” &lt;i&gt;</figcaption>" in html
    assert "<b>" not in html
    assert 'width="400" height="300"' in html


def test_a_page_shows_it_and_short_texts_never_do(client: Client, region: Region, plume: User, relire: User) -> None:
    made, where = in_service(region, plume, relire)
    assert made.live is not None
    page = client.get(f"/reponses/{made.code}/").content.decode()
    assert f'src="{where}"' in page
    assert f'alt="{WORDS}"' in page
    assert "La carte de 2026" in page
    assert where in questions(made.live)[-1].html
    for text in (made.live.sms, voice(made.live).text, reply_text(made.live)):
        assert "/images/" not in text
        assert WORDS not in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"body": "![]({})"}, "texte de remplacement"),
        ({"body": "![une carte](https://ailleurs.example/a.png)"}, "ne s'affichera pas"),
        ({"body": f"![une carte](/images/{'0' * 64}-10x10.png)"}, "ne s'affichera pas"),
        ({"answer": "![une carte]({})"}, "dans le texte complet"),
        ({"sms": "![une carte]({})"}, "dans le texte complet"),
    ],
)
def test_a_broken_image_or_one_without_words_is_not_published(
    region: Region, plume: User, change: dict[str, str], said: str
) -> None:
    version = draft(region, plume)
    where = add_picture(version, photograph(), words=WORDS, by=plume)
    version = Version.objects.get(pk=version.pk)
    assert blocking(version) == []
    for name, text in change.items():
        setattr(version, name, text.format(where))
    version.save()
    [reason] = blocking(version)
    assert said in reason
    with pytest.raises(Refused, match=said):
        submit(version, by=plume)


def test_an_image_is_public_only_while_a_page_shows_it(region: Region, plume: User, relire: User) -> None:
    version = draft(region, plume)
    where = add_picture(version, photograph(), words=WORDS, by=plume)
    writer, somebody, agent = logged_in(plume), Client(), logged_in(region.leo)
    assert (seen(writer, where), seen(somebody, where)) == (200, 404)
    assert seen(agent, where) == 404  # a draft is not for all agents
    alone = writer.get(where)
    assert "no-store" in alone["Cache-Control"]
    assert alone.getvalue()
    publish(submit(version, by=plume), by=relire)
    given = somebody.get(where)
    assert given.status_code == 200
    assert given["Content-Type"] == "image/jpeg"
    assert given["Cache-Control"] == "public, max-age=3600"
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert given.getvalue() == read_bytes(StoredFile.objects.get().pk)
    assert seen(somebody, where.replace(".jpg", ".png")) == 404
    made = Article.objects.get()
    assert made.live is not None
    later = start_draft(made, by=plume)
    Version.objects.filter(pk=later.pk).update(body="Sans image.")
    publish(submit(Version.objects.get(pk=later.pk), by=plume), by=relire)
    assert seen(somebody, where) == 404
    assert where in made.live.body  # what was published can be read again, with its image
    assert seen(writer, where) == 200


def test_an_archived_article_takes_its_image_away(region: Region, plume: User, relire: User) -> None:
    made, where = in_service(region, plume, relire)
    archive(made, "plus valable", by=plume)
    assert seen(Client(), where) == 404


def test_an_infected_image_is_never_given(region: Region, plume: User, relire: User) -> None:
    _, where = in_service(region, plume, relire)
    StoredFile.objects.update(scan=StoredFile.Scan.INFECTED)
    assert seen(Client(), where) == 404


def test_the_editor_adds_an_image_and_loses_no_text(region: Region, plume: User) -> None:
    made = article(owner=region.transport)
    desk, address = logged_in(plume), f"/bureau/base/{made.code}/ecrire/"
    form = desk.get(address).context["form"]
    typed = {name: form[name].value() or "" for name in ("title", "answer", "seen", "sources")}
    typed |= {"topics": form["topics"].value(), "body": "Un texte tapé.", "action": "image"}
    refused = desk.post(address, {**typed, "picture": SimpleUploadedFile("a.jpg", photograph())})
    assert refused.status_code == 400
    assert "Le texte est enregistré, l'image non" in refused.content.decode().replace("’", "'")
    assert Version.objects.first().body == "Un texte tapé."  # type: ignore[union-attr]
    typed["seen"] = refused.context["form"]["seen"].value()
    done = desk.post(address, {**typed, "picture": SimpleUploadedFile("a.jpg", photograph()), "picture_words": WORDS})
    assert done.status_code == 302
    body = Version.objects.first().body  # type: ignore[union-attr]
    assert body.startswith(f"Un texte tapé.\n\n![{WORDS}](/images/")


def test_json_carries_the_images_and_brings_them_back(
    region: Region, plume: User, relire: User, tmp_path: Path
) -> None:
    made, where = in_service(region, plume, relire)
    target = tmp_path / "base.json"
    call_command("export_articles", str(target), "--format", "json", stdout=StringIO())
    row = json.loads(target.read_text())
    assert [image["name"] for image in row["images"]] == [where.rpartition("/")[2]]
    Article.objects.update(live=None)
    Version.objects.all().delete()
    Article.objects.all().delete()
    StoredFile.objects.all().delete()
    call_command("import_articles", str(target), "--format", "json", "--publish", stdout=StringIO())
    assert seen(Client(), where) == 200
    call_command("import_articles", str(target), "--format", "json", "--publish", stdout=StringIO())
    assert Version.objects.count() == 1
    row["images"][0]["content"] = row["images"][0]["content"][:-8]
    target.write_text(json.dumps({**row, "title": "Autre titre"}))
    with pytest.raises(Exception, match=r"exportée|qui s'ouvre"):
        call_command("import_articles", str(target), "--format", "json", "--publish", stdout=StringIO())
    assert Version.objects.count() == 1
    assert "images" not in Client().get("/aides/donnees.json").content.decode()
    assert made.code == row["code"]
