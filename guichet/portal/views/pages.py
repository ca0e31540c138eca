"""Pages that only say something."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from guichet.cases.actions.follow import CODE_MINUTES
from guichet.portal.access import LASTS
from guichet.portal.forms import active_roots


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html", {"topics": active_roots()})


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
