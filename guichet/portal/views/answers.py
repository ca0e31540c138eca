"""The page of one article, what people think of it, and the questions and answers by domain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import signing
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from guichet.accounts.machines import PORTAL, machine
from guichet.core.calendar import paris_day
from guichet.core.downloads import shown
from guichet.core.limits import client_address, spend
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.knowledge.actions import explain_vote, opened, vote
from guichet.knowledge.models import Article, Audience, Kind, Vote
from guichet.knowledge.pictures import ADDRESS, MEDIA_TYPES
from guichet.knowledge.policy import may_see_picture
from guichet.organisation.models import Topic
from guichet.portal.forms import active_roots
from guichet.portal.sheets import (
    WITH_A_PAGE,
    address_of,
    ages_said,
    domain_of,
    full_address_of,
    live_of,
    parts_of,
    published,
    read_asked,
    structured,
    themes_of,
)
from guichet.procedures.models import Procedure

VOTES_PER_HOUR = 60
PUBLIC = "public, max-age=3600"
_BALLOT, BALLOT_SECONDS = "portal.ballot", 3600


@require_safe
def aid(request: HttpRequest, code: str) -> HttpResponse:
    return _sheet(request, code, is_aid=True)


@require_safe
def answer(request: HttpRequest, code: str) -> HttpResponse:
    return _sheet(request, code, is_aid=False)


def _sheet(request: HttpRequest, code: str, *, is_aid: bool) -> HttpResponse:
    article = published().filter(code=code).first()
    if article is None:
        return _gone(request, code)
    if (article.kind == Kind.AID) != is_aid:
        return redirect(address_of(article), permanent=True)
    if (asked := read_asked(request.GET.get("de", ""))) is not None:
        opened(asked, article, by=machine(PORTAL))
    return render(request, "portal/sheet.html", _shown(article) | _ballot(request.GET.get("avis", "")))


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """An image of an article. Its address names its content: browsers keep it an hour, then ask whether it is still
    public; nobody else keeps what only agents see."""
    found = ADDRESS.match(f"/images/{name}")
    file = StoredFile.objects.filter(pk=found["sha"]).first() if found else None
    if found is None or file is None or file.media_type != MEDIA_TYPES[found["extension"]] or not file.may_be_opened:
        raise Http404
    public = may_see_picture(None, file.pk)
    if not public and not may_see_picture(request.user, file.pk):
        raise Http404
    response = shown(file.pk, name, file.media_type)
    response["Cache-Control"] = PUBLIC if public else "private, no-store"
    return response


def _procedure(article: Article) -> Procedure | None:
    """The procedure by which this aid is asked for online, when there is one."""
    if article.kind != Kind.AID:
        return None
    return Procedure.objects.filter(article_code=article.code, live__isnull=False, is_open=True).first()


def _shown(article: Article) -> dict[str, Any]:
    version = live_of(article)
    themes = themes_of(version)
    by_code = {found.code: found for found in published().filter(code__in=version.related)}
    return {
        "article": article,
        "version": version,
        "is_aid": article.kind == Kind.AID,
        "ages": ages_said(version.aid.get("ages") or []),
        "conditions": version.aid.get("conditions", []),
        "exclusions": version.aid.get("exclusions", []),
        "parts": parts_of(version),
        "theme": themes[0] if themes else None,
        "domain": domain_of(version),
        "related": [by_code[code] for code in version.related if code in by_code],
        "address": full_address_of(article),
        "structured": structured(article),
        "procedure": _procedure(article),
        "checked_since": _checked_since(article),
    }


def _checked_since(article: Article) -> bool:
    """Somebody read it again after it was last written."""
    published_at = live_of(article).published_at
    return article.checked_on is not None and published_at is not None and article.checked_on > paris_day(published_at)


def _gone(request: HttpRequest, code: str) -> HttpResponse:
    """404 with a search; who followed an old link is told that the thing ended, and what it was."""
    past = Q(archived_at__isnull=False) | Q(live__valid_until__lt=paris_day(timezone.now()))
    old = Article.objects.filter(past, code=code, audience=Audience.CITIZEN, kind__in=WITH_A_PAGE, live__isnull=False)
    ended = old.select_related("live").first()
    if ended is None:
        raise Http404
    return render(
        request, "portal/ended.html", {"version": live_of(ended), "is_aid": ended.kind == Kind.AID}, status=404
    )


# -- « cela répond à ma question » ------------------------------------------------------------------------------------


@require_POST
def give_opinion(request: HttpRequest, code: str) -> HttpResponse:
    """A vote, then, once, what was missing. Nothing says who voted."""
    article = published().filter(code=code).first()
    if article is None:
        raise Http404
    spend("article-vote", client_address(request), at_most=VOTES_PER_HOUR, per=timedelta(hours=1))
    by = machine(PORTAL)
    ballot = request.POST.get("bulletin", "")
    if ballot:
        given = _read_ballot(ballot)
        if given is None:
            raise Refused("Votre avis est trop ancien pour être complété. Vous pouvez en donner un autre.", status=400)
        explain_vote(given[0], remark=request.POST.get("remarque", "")[:1000], by=by)
        said = signing.dumps([given[0], given[1], True], salt=_BALLOT)
    else:
        value = request.POST.get("utile", "")
        if value not in Vote.Value.values:
            raise Refused("Choisissez oui, en partie ou non.", status=400)
        said = signing.dumps([vote(live_of(article), value, by=by).pk, value, False], salt=_BALLOT)
    if getattr(request, "htmx", False):
        return render(request, "portal/_opinion.html", {"article": article} | _ballot(said))
    return redirect(f"{address_of(article)}?avis={said}#avis")


def _read_ballot(said: str) -> tuple[int, str, bool] | None:
    try:
        pk, value, is_explained = signing.loads(said, salt=_BALLOT, max_age=BALLOT_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(pk), str(value), bool(is_explained)


def _ballot(said: str) -> dict[str, Any]:
    given = _read_ballot(said) if said else None
    return {"ballot": said if given else "", "voted": given[1] if given else "", "explained": bool(given and given[2])}


# -- questions and answers --------------------------------------------------------------------------------------------


@require_safe
def domains(request: HttpRequest) -> HttpResponse:
    """Every question that has a page, under its domain."""
    found = _by_domain(published().exclude(kind=Kind.AID).defer("live__body"))
    return render(request, "portal/domains.html", {"domains": found})


@require_safe
def domain(request: HttpRequest, code: str) -> HttpResponse:
    """One domain, its short answers unfolding in place."""
    found = _by_domain(published().defer("live__body"))
    here = next((row for row in found if row["topic"] is not None and row["topic"].code == code), None)
    if here is None:
        raise Http404
    return render(request, "portal/domain.html", {**here, "others": [row for row in found if row is not here]})


def _by_domain(rows: Any) -> list[dict[str, Any]]:
    under: dict[Topic | None, list[Article]] = {}
    for article in rows.order_by("position", "live__title", "pk"):
        under.setdefault(domain_of(live_of(article)), []).append(article)
    order = {topic: number for number, topic in enumerate(active_roots())}
    known = sorted((topic for topic in under if topic), key=lambda t: (order.get(t, len(order)), t.position, t.label))
    found: list[dict[str, Any]] = [
        {"topic": topic, "label": topic.label if topic.is_active else topic.said, "articles": under[topic],
         "address": reverse("portal:answers_of_domain", args=[topic.code])} for topic in known
    ]  # fmt: skip
    if None in under:
        found.append({"topic": None, "label": "Autres questions", "articles": under[None], "address": ""})
    return found
