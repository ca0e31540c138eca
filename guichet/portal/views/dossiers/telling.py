"""What the person is told, and his dates in a calendar: a file, or a private address that the calendar reads itself."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.people.models import Person
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.procedures.actions import choose_notices, close_feed, open_feed
from guichet.procedures.agenda import calendar_of
from guichet.procedures.models import CalendarFeed, Preference
from guichet.procedures.telling import person_of_feed, wanted_kinds

SAID = {
    Preference.Kind.PROGRESS: "Un e-mail à chaque nouvelle étape de vos demandes.",
    Preference.Kind.REMINDERS: "La fin de validité d’une aide : 30 jours, 7 jours et 1 jour avant.",
    Preference.Kind.PAYMENTS: "Un e-mail quand un versement est effectué.",
}


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: CitizenRequest) -> HttpResponse:
    if request.method == "POST":
        choose_notices(request.citizen.person, {*request.POST.getlist("avis")})
        messages.success(request, "Vos préférences sont enregistrées.")
        return redirect("portal:preferences")
    return _show(request)


def _show(request: CitizenRequest, *, address: str = "") -> HttpResponse:
    wanted = wanted_kinds(request.citizen.person)
    context = {
        "kinds": [
            {"code": kind.value, "label": kind.label, "said": SAID[kind], "wanted": kind.value in wanted}
            for kind in Preference.Kind
        ],
        "feed": CalendarFeed.objects.filter(person=request.citizen.person).first(),
        "address": address,
        "email": request.citizen.email,
    }  # fmt: skip
    return render(request, "portal/dossiers/preferences.html", context)


@citizen_required
@require_POST
def feed_address(request: CitizenRequest) -> HttpResponse:
    """« Créer », « remplacer » or « supprimer »: the address is in the answer to this request, and nowhere else."""
    if request.POST.get("faire") == "supprimer":
        close_feed(request.citizen.person)
        messages.success(request, "L’adresse ne donne plus rien : votre agenda ne recevra plus vos échéances.")
        return redirect("portal:preferences")
    token = open_feed(request.citizen.person)
    return _show(request, address=f"{settings.PUBLIC_URL}{reverse('portal:feed_calendar', args=[token])}")


@citizen_required
@require_safe
def calendar(request: CitizenRequest) -> HttpResponse:
    return _file(request.citizen.person)


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Read by a calendar, which has no session: who has the address has the dates, and nothing else."""
    person = person_of_feed(token)
    if person is None:
        raise Http404
    response = _file(person)
    response["Cache-Control"] = "private, max-age=1800"
    response["X-Robots-Tag"] = "noindex"
    return response


def _file(person: Person) -> HttpResponse:
    response = HttpResponse(calendar_of(person), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="echeances.ics"'
    return response
