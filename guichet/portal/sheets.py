"""An article as its page shows it: where it stands, its sections, its documents, what search engines are told."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from guichet.core.text import fold
from guichet.knowledge.markup import Section, sections, to_plain
from guichet.knowledge.models import Article, ArticleQuerySet, Kind, Theme, Version
from guichet.organisation.directory import directory
from guichet.organisation.models import Topic

# Natures that have a page of their own; the others are tools of agents, even when everybody may read them.
WITH_A_PAGE = (Kind.AID, Kind.PROCEDURE, Kind.QUESTION, Kind.CONTACT)
ASKED_SALT = "portal.asked"
ASKED_SECONDS = 24 * 3600
_TAKEN = {"contenu", "droit", "avis", "a-voir", "une-question"}  # identifiers of the page itself
_DOCUMENT = re.compile(r"[-*] (?:\*\*(?P<name>[^*]+)\*\*(?:\s*:\s*(?P<detail>.*))?|(?P<bare>[^*\[\]]+))")


def published() -> ArticleQuerySet:
    """What has a page of the portal now."""
    return Article.objects.for_citizens().filter(kind__in=WITH_A_PAGE)


def live_of(article: Article) -> Version:
    assert article.live is not None  # of `published`
    return article.live


def address_of(article: Article) -> str:
    name = "portal:aid" if article.kind == Kind.AID else "portal:answer"
    return reverse(name, kwargs={"code": article.code})


def full_address_of(article: Article) -> str:
    return settings.PUBLIC_URL + address_of(article)


def sign_asked(asked: int) -> str:
    """What a link of a result carries, so that opening it is known to follow the question."""
    return signing.dumps(asked, salt=ASKED_SALT)


def read_asked(token: str) -> int | None:
    try:
        return int(signing.loads(token, salt=ASKED_SALT, max_age=ASKED_SECONDS))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def domain_of(version: Version) -> Topic | None:
    return domain_of_topics(version.topics)


def domain_of_topics(codes: list[str]) -> Topic | None:
    """The root of the first that is in use."""
    known = directory()
    for code in codes:
        if (topic := known.topics_by_code.get(code)) is not None:
            return list(known.topic_lineage(topic))[-1]
    return None


@dataclass(frozen=True, slots=True)
class Part:
    """One section of the page: its documents or its questions when it is made of them, else its text."""

    section: Section
    anchor: str
    documents: list[tuple[str, str]] = field(default_factory=list)
    questions: list[Section] = field(default_factory=list)
    before: str = ""  # what a section of questions says first, in Markdown


def parts_of(version: Version) -> list[Part]:
    found: list[Part] = []
    taken = set(_TAKEN)
    for section in sections(version.body):
        anchor = section.anchor
        while anchor in taken:
            anchor += "-bis"
        taken.add(anchor)
        name = fold(section.title)
        questions = section.questions if name.startswith("questions") else []
        documents = documents_of(section.text) if "documents" in name or "pieces" in name else []
        before = section.text.split("### ")[0].strip() if questions else ""
        found.append(Part(section, anchor, documents, questions, before))
    return found


def documents_of(text: str) -> list[tuple[str, str]]:
    """« - **RIB** : au nom d'un parent » → its name and what is said of it; nothing when it is no such list."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    matches = [_DOCUMENT.fullmatch(line) for line in lines]
    if not lines or not all(matches) or "](" in text:
        return []
    return [(m["name"] or m["bare"], (m["detail"] or "").strip()) for m in matches if m]


def ages_said(ages: list[int]) -> str:
    """« De 17 à 25 ans », « À partir de 18 ans »."""
    if not ages:
        return ""
    first, last = ages
    if last >= 99:
        return f"À partir de {first}\u00a0ans"
    return f"De {first} à {last}\u00a0ans" if first else f"Jusqu’à {last}\u00a0ans"


def themes_of(version: Version) -> list[Theme]:
    return [Theme(code) for code in version.themes if code in Theme.values]


# -- schema.org -------------------------------------------------------------------------------------------------------


def structured(article: Article) -> SafeString:
    """Linked data of the page, safe inside a script element: a data block, which runs nothing."""
    version = live_of(article)
    questions = [q for part in parts_of(version) for q in part.questions]
    graph: list[dict[str, Any]] = []
    if article.kind in {Kind.AID, Kind.PROCEDURE}:
        graph.append(_service(article, version))
    else:
        questions = [Section(version.title, "", version.answer), *questions]
    if questions:
        graph.append({"@type": "FAQPage", "url": full_address_of(article), "mainEntity": [
            {"@type": "Question", "name": q.title, "acceptedAnswer": {"@type": "Answer", "text": to_plain(q.text)}}
            for q in questions
        ]})  # fmt: skip
    return in_script({"@context": "https://schema.org", "@graph": graph})


def _service(article: Article, version: Version) -> dict[str, Any]:
    themes = themes_of(version)
    said: dict[str, Any] = {
        "@type": "GovernmentService",
        "name": version.title,
        "description": to_plain(version.answer),
        "url": full_address_of(article),
        "serviceType": themes[0].label if themes else article.get_kind_display(),
        "areaServed": {"@type": "AdministrativeArea", "name": settings.REGION_NAME},
        "provider": {"@type": "GovernmentOrganization", "name": settings.REGION_NAME, "url": settings.PUBLIC_URL},
        "isAccessibleForFree": True,
    }
    if version.aid.get("for_whom"):
        said["audience"] = {"@type": "Audience", "audienceType": version.aid["for_whom"]}
    if version.aid.get("amount"):
        said["serviceOutput"] = version.aid["amount"]
    return said


def in_script(value: object) -> SafeString:
    """JSON that cannot close the element it stands in."""
    text = json.dumps(value, ensure_ascii=False).replace("&", "\\u0026").replace("<", "\\u003C").replace(">", "\\u003E")
    return mark_safe(text)  # noqa: S308 (no sign of HTML is left)
