"""« Bonjour Camille »: what to do first, the dossiers that run, dates, messages, documents."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from guichet.cases.models import Case
from guichet.people.models import Person
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.procedures import showing
from guichet.procedures.models import Dossier, KeptDocument

DOCUMENTS = 4
OVER_ON_A_PAGE = 20


@citizen_required
@require_safe
def dashboard(request: CitizenRequest) -> HttpResponse:
    person = request.citizen.person
    dossiers = showing.running(person)
    messages = showing.messages(person)
    context = {
        "person": person,
        "dossiers": [_line(dossier, person) for dossier in dossiers],
        "to_do": [_line(dossier, person) for dossier in showing.to_do(dossiers)],
        "deadlines": [{"it": d, "when": showing.when(d.day)} for d in showing.deadlines(person)],
        "news": messages,
        "unread": sum(message["is_new"] for message in messages),
        "documents": list(KeptDocument.objects.filter(person=person, removed_at__isnull=True)[:DOCUMENTS]),
        "ended": showing.over(person)[:100].count(),
        "cases": list(
            Case.objects.filter(person=person, closed_at__isnull=True, is_file=False).order_by("-received_at")[:5]
        ),
    }
    return render(request, "portal/dossiers/dashboard.html", context)


def _line(dossier: Dossier, person: Person) -> dict[str, Any]:
    state = showing.state_of(dossier)
    return {"it": dossier, "state": state, "beneficiary": showing.for_whom(dossier, person)}


@citizen_required
@require_safe
def ended(request: CitizenRequest) -> HttpResponse:
    """Those that are over, the latest first, by pages."""
    rows = showing.over(request.citizen.person)
    before = request.GET.get("avant", "")
    if before.isdigit():
        last = rows.filter(pk=int(before)).first()
        if last is not None:
            rows = rows.filter(Q(closed_at__lt=last.closed_at) | Q(closed_at=last.closed_at, pk__lt=last.pk))
    found = list(rows[: OVER_ON_A_PAGE + 1])
    context = {
        "dossiers": [_line(row, request.citizen.person) for row in found[:OVER_ON_A_PAGE]],
        "following": found[OVER_ON_A_PAGE - 1].pk if len(found) > OVER_ON_A_PAGE else None,
    }
    return render(request, "portal/dossiers/ended.html", context)


@citizen_required
@require_safe
def messages(request: CitizenRequest) -> HttpResponse:
    context = {"news": showing.messages(request.citizen.person, at_most=50)}
    return render(request, "portal/dossiers/messages.html", context)
