"""Pages that only say something."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from guichet.cases.actions.follow import CODE_MINUTES
from guichet.organisation.directory import directory
from guichet.portal import guide, searching
from guichet.portal.access import LASTS
from guichet.portal.forms import active_roots
from guichet.portal.sheets import domain_of_topics, published

TOPICS_SHOWN, OFTEN_SHOWN = 8, 3


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    found = guide.aids()
    event = guide.season()
    context = {
        "topics": _topics()[:TOPICS_SHOWN],
        "often_asked": searching.most_asked(OFTEN_SHOWN),
        "event": event,
        "event_article": guide.season_article(event),
        "aids_count": len(found),
        "profiles": guide.profiles(found),
        "themes": guide.themes(found),
    }
    return render(request, "portal/home.html", context)


def _topics() -> list[dict[str, Any]]:
    """The domains of the form, with what they hold: to their answers when there are some, else to the form."""
    known = directory()
    filed = published().order_by().values_list("live__topics", flat=True).distinct()
    answered = {domain.pk for topics in filed if (domain := domain_of_topics(topics)) is not None}
    children: dict[int | None, list[str]] = {}
    for topic in sorted(known.topics.values(), key=lambda t: (t.position, t.label)):
        if topic.is_active and topic.parent_id:
            children.setdefault(topic.parent_id, []).append(topic.label)
    return [
        {
            "label": topic.label,
            "icon": topic.icon or "message-square-text",
            "holds": ", ".join(children.get(topic.pk, [])[:3]),
            "address": reverse("portal:answers_of_domain", args=[topic.code])
            if topic.pk in answered
            else f"{reverse('portal:contact')}?{urlencode({'sujet': topic.code})}",
        }
        for topic in active_roots()
    ]


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/accessibility.html", {"legal": settings.LEGAL, "is_demo": is_demonstration()})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    context = {
        "legal": settings.LEGAL,
        "is_demo": is_demonstration(),
        "kept_for": say_months(settings.RETENTION_MONTHS),
        "logs_for": say_months(settings.LOG_MONTHS),
        "code_minutes": CODE_MINUTES,
        "chat_days": settings.CHAT_MASK_DAYS,
        "asked_days": settings.ASKED_DAYS,
        "follow_hours": LASTS // 3600,
    }
    return render(request, "portal/privacy.html", context)


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/legal.html", {"legal": settings.LEGAL, "is_demo": is_demonstration()})


def is_demonstration() -> bool:
    """No site is in service without a named host (LCEN, art. 1-1)."""
    return not settings.LEGAL["host"]


def say_months(number: int) -> str:
    """24 → « 2 ans », 18 → « 18 mois »."""
    years, rest = divmod(number, 12)
    if rest or not years:
        return f"{number}\u00a0mois"
    return f"{years}\u00a0an{'s' if years > 1 else ''}"
