"""« Qui a consulté mon dossier » (RGPD art. 15): every reading of the journal about this person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.core.reference import spoken
from guichet.journal.models import Event
from guichet.people.actions import family_of
from guichet.portal.citizen import CitizenRequest, citizen_required

READINGS = ("dossier.read", "case.read", "person.read")
ON_A_PAGE = 30


@citizen_required
@require_safe
def readings(request: CitizenRequest) -> HttpResponse:
    rows = Event.objects.filter(person_id__in=family_of(request.citizen.person), verb__in=READINGS)
    rows = rows.exclude(actor__kind=User.Kind.MACHINE).select_related("actor").order_by("-at", "-id")
    if before := _mark(request.GET.get("avant", "")):
        at, pk = before
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    found = list(rows.prefetch_related("actor__memberships__team")[: ON_A_PAGE + 1])
    shown = found[:ON_A_PAGE]
    references = dict(
        Case.objects.filter(pk__in={e.case_id for e in shown if e.case_id}).values_list("pk", "reference")
    )  # fmt: skip
    context = {
        "lines": [_line(event, references.get(event.case_id or 0, "")) for event in shown],
        "following": f"{shown[-1].at.isoformat()},{shown[-1].pk}" if len(found) > ON_A_PAGE else "",
        "later": bool(before),
    }
    return render(request, "portal/dossiers/readings.html", context)


def _line(event: Event, reference: str) -> dict[str, Any]:
    """The capacity and the service; the name only of who signs his answers with it (CRPA L111-2)."""
    actor = event.actor
    teams = [membership.team.said for membership in actor.memberships.all()]
    return {
        "at": event.at,
        "name": "" if actor.anonymous else actor.full_name,
        "capacity": actor.capacity or "Agent",
        "service": ", ".join(teams),
        "what": f"la demande N° {spoken(reference)}" if reference else "votre fiche",
    }


def _mark(said: str) -> tuple[datetime, int] | None:
    moment, _, pk = said.rpartition(",")
    try:
        at = parse_datetime(moment)
    except ValueError:
        return None
    return (at, int(pk)) if at is not None and at.tzinfo is not None and pk.isdecimal() and len(pk) < 19 else None
