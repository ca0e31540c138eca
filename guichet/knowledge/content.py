"""What an article says, as it is typed, imported or exported: one plain form for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from guichet.core.identifiers import DEPARTMENTS
from guichet.core.refused import Refused
from guichet.core.text import one_line, strip_controls
from guichet.knowledge.models import (
    ANSWER_LENGTH,
    SMS_LENGTH,
    SPOKEN_LENGTH,
    Profile,
    Theme,
    Version,
)
from guichet.organisation.directory import directory

SOURCE_KINDS = {"law": "texte de loi", "deliberation": "délibération", "page": "page"}
MAX_BODY = 60_000
MAX_SOURCES = 20
MAX_WORDINGS = 400
_AID_TEXTS = ("for_whom", "amount", "when", "reply")
_AID_LISTS = ("conditions", "exclusions")


@dataclass(frozen=True, slots=True)
class Content:
    """The text of one version. Unknown topics, bad dates and too long texts are refused when it is made."""

    title: str
    answer: str
    sms: str = ""
    spoken: str = ""
    body: str = ""
    uncertain: str = ""
    topics: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    sources: tuple[dict[str, str], ...] = ()
    aid: dict[str, Any] = field(default_factory=dict)
    valid_from: date | None = None
    valid_until: date | None = None

    def put(self, version: Version) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            setattr(version, each.name, list(value) if isinstance(value, tuple) else value)


def content_of(version: Version) -> Content:
    values = {each.name: getattr(version, each.name) for each in fields(Content)}
    frozen: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Content(**frozen)


def read_content(row: Mapping[str, Any]) -> Content:
    """From a form or a file; raises `Refused` with the field that is wrong."""
    text = {name: strip_controls(str(row.get(name) or "")).strip() for name in
            ("title", "answer", "sms", "spoken", "body", "uncertain")}  # fmt: skip
    for name, label, most in (
        ("title", "Le titre", 120), ("answer", "La réponse", ANSWER_LENGTH), ("sms", "La réponse par SMS", SMS_LENGTH),
        ("spoken", "La réponse dite au téléphone", SPOKEN_LENGTH), ("body", "Le texte complet", MAX_BODY),
        ("uncertain", "Ce qui n'est pas sûr", 300),
    ):  # fmt: skip
        if len(text[name]) > most:
            raise Refused(f"{label} a {len(text[name])} signes : {most} au plus.", status=400)
    if not text["title"]:
        raise Refused("Le titre manque.", status=400)
    first, last = _day(row, "valid_from"), _day(row, "valid_until")
    if first and last and last < first:
        raise Refused("La fin de validité vient avant son début.", status=400)
    return Content(
        title=one_line(text["title"]),
        answer=text["answer"],
        sms=one_line(text["sms"]),
        spoken=one_line(text["spoken"]),
        body=text["body"],
        uncertain=one_line(text["uncertain"]),
        topics=_known(row, "topics", set(directory().topics_by_code), "Sujet inconnu"),
        departments=_known(row, "departments", set(DEPARTMENTS), "Département inconnu"),
        related=tuple(_texts(row.get("related"))),
        sources=tuple(_sources(row.get("sources"))),
        aid=read_aid(row.get("aid") or {}),
        valid_from=first,
        valid_until=last,
    )


def read_aid(row: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an aid; empty when there is none."""
    if not row:
        return {}
    aid: dict[str, Any] = {name: one_line(str(row.get(name) or ""))[:200] for name in _AID_TEXTS}
    aid |= {name: [one_line(line)[:300] for line in _texts(row.get(name))][:20] for name in _AID_LISTS}
    aid["themes"] = list(_known(row, "themes", set(Theme.values), "Thème inconnu"))
    aid["profiles"] = list(_known(row, "profiles", set(Profile.values), "Profil inconnu"))
    ages = row.get("ages") or []
    if ages and (not isinstance(ages, list | tuple) or len(ages) != 2 or not all(isinstance(a, int) for a in ages)
                 or not 0 <= ages[0] <= ages[1] <= 120):  # fmt: skip
        raise Refused("Les âges d'une aide sont deux nombres : le plus jeune, le plus âgé.", status=400)
    aid["ages"] = list(ages)
    return aid


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise Refused("Une liste de textes est attendue.", status=400)
    return [text for each in value if (text := strip_controls(str(each)).strip())]


def _known(row: Mapping[str, Any], name: str, known: set[str], complaint: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(_texts(row.get(name))))
    if unknown := [value for value in values if value not in known]:
        raise Refused(f"{complaint} : {', '.join(unknown[:5])}.", status=400)
    return values


def _day(row: Mapping[str, Any], name: str) -> date | None:
    return read_day(row.get(name))


def read_day(value: Any) -> date | None:
    if not value:
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise Refused(f"Date illisible : {str(value)[:30]}. Exemple : 2026-09-01.", status=400) from error


def _sources(value: Any) -> list[dict[str, str]]:
    if not value:
        return []
    if not isinstance(value, list | tuple) or len(value) > MAX_SOURCES:
        raise Refused(f"Les sources sont une liste, de {MAX_SOURCES} au plus.", status=400)
    found: list[dict[str, str]] = []
    for each in value:
        if not isinstance(each, Mapping) or not str(each.get("title") or "").strip():
            raise Refused("Chaque source a un titre.", status=400)
        url = str(each.get("url") or "").strip()
        if url and not url.startswith(("https://", "http://")):
            raise Refused("L'adresse d'une source commence par https://.", status=400)
        kind = str(each.get("kind") or "page")
        if kind not in SOURCE_KINDS:
            raise Refused(f"Nature de source inconnue : {kind[:30]}.", status=400)
        day = read_day(each.get("checked"))
        title = one_line(str(each["title"]))[:200]
        found.append({"title": title, "url": url[:500], "kind": kind, "checked": day.isoformat() if day else ""})
    return found
