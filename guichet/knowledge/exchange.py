"""Articles in files: Markdown with a TOML head, JSON, CSV, and the sheets of service-public.fr."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from guichet.core.files import read_bytes
from guichet.core.refused import Refused
from guichet.core.spreadsheets import table
from guichet.knowledge.content import Content, content_of, read_content, read_day
from guichet.knowledge.markup import images
from guichet.knowledge.models import Article
from guichet.knowledge.pictures import hashes
from guichet.knowledge.voice import voice

FENCE = "+++"
FORMATS = ("markdown", "json", "csv", "service-public")
LIST_MARK = " | "
_CSV_LISTS = ("topics", "departments", "related", "wordings", "themes", "profiles", "conditions", "exclusions")
_CSV_AID = ("for_whom", "amount", "when", "reply", "themes", "profiles", "conditions", "exclusions")
COLUMNS = (
    "code", "kind", "audience", "owner", "title", "answer", "sms", "spoken", "body", "uncertain", "topics",
    "departments", "related", "wordings", "valid_from", "valid_until", "review_on", "sources", *_CSV_AID, "ages",
)  # fmt: skip
ATTRIBUTION = "Service-Public.fr (DILA), Licence Ouverte"


@dataclass(frozen=True, slots=True)
class Filed:
    """One article as a file tells it. `owner` is a code of team; empty: who imports decides."""

    code: str
    content: Content
    kind: str = "question"
    audience: str = "citizen"
    owner: str = ""
    wordings: tuple[str, ...] = ()
    review_on: date | None = None
    position: int = 100
    images: tuple[tuple[str, bytes], ...] = ()  # (name, content) of those of its full text
    where: str = field(default="", compare=False)  # « file.md », « line 12 »


def read(path: Path, form: str) -> Iterator[Filed]:
    """The articles of a file or folder, one at a time. Raises `Refused` naming the place that cannot be read."""
    if form == "markdown":
        names = sorted(path.rglob("*.md")) if path.is_dir() else [path]
        for name in names:
            yield from read_text(_text(name), form, name.name)
        return
    yield from read_text(_text(path), form, path.name)


def read_text(text: str, form: str, name: str) -> Iterator[Filed]:
    """The articles of one file already read."""
    if form == "markdown":
        with _place(name):
            yield from_markdown(text, where=name)
        return
    rows: Iterable[Any] = _json_rows(text, name)
    if form == "csv":
        with _place(name):
            rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    for number, row in enumerate(rows, start=2 if form == "csv" else 1):
        with _place(f"ligne {number}"):
            if not isinstance(row, Mapping):
                raise Refused("Un objet JSON est attendu.", status=400)
            if form == "service-public":
                yield from_service_public(row, where=f"ligne {number}")
            else:
                yield filed_of(_from_csv(row) if form == "csv" else row, where=f"ligne {number}")


class _place:
    """What is refused inside says where it stood."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            raise Refused(f"{self.where} : {error.message}", status=400) from error
        if isinstance(error, ValueError | KeyError | TypeError | csv.Error):
            raise Refused(f"{self.where} : illisible ({error}).", status=400) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name} ne peut pas être lu : {error}.", status=400) from error


def _json_rows(text: str, name: str) -> Iterator[Any]:
    """An array, or an object a line; what cannot be read is refused where it stands."""
    stripped = text.lstrip()
    if stripped.startswith("["):
        with _place(name):
            rows = json.loads(stripped)
        yield from rows
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            with _place(f"ligne {number}"):
                row = json.loads(line)
            yield row


def filed_of(row: Mapping[str, Any], *, where: str = "") -> Filed:
    wordings = row.get("wordings") or []
    if not isinstance(wordings, list | tuple):
        raise Refused("Les formulations sont une liste.", status=400)
    return Filed(
        code=str(row.get("code") or "").strip(),
        content=read_content(row),
        kind=str(row.get("kind") or "question"),
        audience=str(row.get("audience") or "citizen"),
        owner=str(row.get("owner") or ""),
        wordings=tuple(str(text) for text in wordings),
        review_on=read_day(row.get("review_on")),
        position=int(row.get("position") or 100),
        images=tuple(_image(each) for each in row.get("images") or ()),
        where=where,
    )


def _image(row: Any) -> tuple[str, bytes]:
    if not isinstance(row, Mapping):
        raise Refused("Une image a un nom (name) et un contenu (content, en base 64).", status=400)
    return str(row.get("name") or ""), base64.b64decode(str(row.get("content") or ""), validate=True)


def whole_row_of(article: Article) -> dict[str, Any]:
    """The same as `row_of`, with the images of the full text inside: what another installation needs."""
    row = row_of(article)
    names = sorted({address.rpartition("/")[2] for address in images(row["body"]) if hashes([address])})
    inside = [{"name": name, "content": base64.b64encode(read_bytes(name[:64])).decode()} for name in names]
    return {**row, "images": inside} if inside else row


def row_of(article: Article) -> dict[str, Any]:
    """The live version of an article, as JSON can hold it; read back the same by `filed_of`."""
    version = article.live
    assert version is not None
    content = content_of(version)
    row: dict[str, Any] = {
        "code": article.code, "kind": article.kind, "audience": article.audience, "owner": article.owner.code,
        "position": article.position, "review_on": article.review_on.isoformat() if article.review_on else "",
    }  # fmt: skip
    for name in Content.__dataclass_fields__:
        value = getattr(content, name)
        row[name] = value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
    row["valid_from"], row["valid_until"] = row["valid_from"] or "", row["valid_until"] or ""
    row["wordings"] = [wording.text for wording in article.wordings.all()]
    return row


def voice_row(article: Article) -> dict[str, Any]:
    """What a voice menu says of an article: `said` is for a synthesiser, `seconds` at a normal pace."""
    version = article.live
    assert version is not None
    heard = voice(version)
    return {
        "code": article.code, "version": version.number, "title": version.title, "topics": list(version.topics),
        "departments": list(version.departments),
        "valid_until": version.valid_until.isoformat() if version.valid_until else "",
        "spoken": version.spoken, "said": heard.text, "seconds": heard.seconds, "too_long": heard.is_too_long,
    }  # fmt: skip


# -- Markdown ---------------------------------------------------------------------------------------------------------


def from_markdown(text: str, *, where: str = "") -> Filed:
    head, body = _split(text)
    try:
        row = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"L'en-tête n'est pas du TOML : {error}.", status=400) from error
    return filed_of({**row, "body": body}, where=where)


def _split(text: str) -> tuple[str, str]:
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or lines[0].strip() != FENCE or FENCE not in (line.strip() for line in lines[1:]):
        raise Refused("L'en-tête entre deux lignes +++ manque.", status=400)
    end = next(at for at, line in enumerate(lines[1:], start=1) if line.strip() == FENCE)
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :]).strip()


def to_markdown(article: Article) -> str:
    row = row_of(article)
    body = row.pop("body")
    aid = row.pop("aid")
    lines = [f"{name} = {_toml(value)}" for name, value in row.items() if value not in ("", None)]
    if aid:
        lines += ["", "[aid]", *(f"{name} = {_toml(value)}" for name, value in aid.items())]
    return "\n".join([FENCE, *lines, FENCE, body, ""])


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)  # a basic string or number of TOML is written as JSON's


# -- CSV --------------------------------------------------------------------------------------------------------------


def to_csv(articles: Iterable[Article], columns: Sequence[str] = COLUMNS) -> str:
    """A row each; lists are joined by « | », sources are « title (address) ». Opens safely in a spreadsheet."""
    rows: list[list[object]] = []
    for article in articles:
        row = row_of(article)
        row |= {name: row["aid"].get(name, "") for name in (*_CSV_AID, "ages")}
        row["sources"] = [f"{s['title']} ({s['url']})" if s["url"] else s["title"] for s in row["sources"]]
        rows.append([LIST_MARK.join(map(str, v)) if isinstance(v := row[name], list) else v for name in columns])
    return table(columns, rows)


def _from_csv(row: Mapping[str, Any]) -> dict[str, Any]:
    cells = {name: str(value or "").strip().removeprefix("'") for name, value in row.items() if name}
    out: dict[str, Any] = {name: cells.get(name, "") for name in COLUMNS}
    for name in _CSV_LISTS:
        out[name] = [text.strip() for text in str(out[name]).split("|") if text.strip()]
    out["sources"] = [_source(text) for text in cells.get("sources", "").split("|") if text.strip()]
    aid = {name: out.pop(name) for name in _CSV_AID}
    ages = [int(text) for text in re.findall(r"\d+", out.pop("ages"))]
    out["aid"] = {**aid, "ages": ages} if out["kind"] == "aid" else {}
    return out


def _source(text: str) -> dict[str, str]:
    found = re.match(r"(.+?)\s*\((https?://[^)\s]+)\)\s*\Z", text.strip())
    return {"title": found[1], "url": found[2]} if found else {"title": text.strip(), "url": ""}


# -- service-public.fr ------------------------------------------------------------------------------------------------


def from_service_public(row: Mapping[str, Any], *, where: str = "") -> Filed:
    """A sheet of the State's base (« co-marquage »): its source and date are kept and shown."""
    key = str(row["id"])
    title = str(row["title"]).strip()
    intro = str(row.get("intro") or row.get("description") or "").strip()
    modified = str(row.get("modified") or "")[:10]
    body = str(row.get("body") or "").strip()
    said = f"Fiche de service-public.fr{f', à jour au {_french_day(modified)}' if modified else ''}."
    names = [str(text) for name in ("short_titles", "question_titles") for text in (row.get(name) or [])]
    return Filed(
        code=f"service-public-{_plain(key)}",
        content=read_content(
            {
                "title": title[:120],
                "answer": _first_sentences(intro or body or title),
                "body": _escaped(body),
                "uncertain": "",
                "sources": [
                    {"title": f"{ATTRIBUTION} : {title}"[:200], "url": str(row.get("url") or ""), "kind": "page",
                     "checked": modified},
                    {"title": said, "url": "", "kind": "page"},
                ],
            }
        ),
        kind="question",
        wordings=tuple(dict.fromkeys(text.strip()[:300] for text in names if text.strip() and text.strip() != title)),
        where=where,
    )  # fmt: skip


def _plain(key: str) -> str:
    folded = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")


def _escaped(text: str) -> str:
    """Plain text that Markdown must not read: list and heading marks at the head of a line."""
    return re.sub(r"(?m)^([#>+*-])", r"\\\1", text)[:60_000]


def _first_sentences(text: str, most: int = 600) -> str:
    if len(text) <= most:
        return text
    cut = text[:most]
    end = max(cut.rfind(mark) for mark in (". ", "! ", "? "))
    return cut[: end + 1] if end > 100 else cut.rsplit(" ", 1)[0] + "…"


def _french_day(iso: str) -> str:
    try:
        return date.fromisoformat(iso).strftime("%d/%m/%Y")
    except ValueError:
        return iso
