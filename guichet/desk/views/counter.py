"""A visit or a call written down: who it is, what is asked, what was answered."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from guichet.cases.actions import open_told
from guichet.cases.models import Case
from guichet.cases.policy import people_visible_to
from guichet.core.text import key_of
from guichet.desk import searching
from guichet.desk.forms.counter import ToldForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.people.models import Person

FOUND_AT_MOST = 20


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def told(request: AgentRequest) -> HttpResponse:
    """`?q=` looks for a record, `?personne=` names the one chosen; the form may be filled without either."""
    person = _chosen(request)
    if request.method != "POST":
        return _page(request, ToldForm(person=person), person)
    form = ToldForm(request.POST, request.FILES, person=person)
    opened: list[Case] = []

    def run(data: dict[str, Any]) -> None:
        opened.append(
            open_told(
                form.told(), by=request.user, keep=data["keep"], answer=data["answer"], result=data["result"]
            )
        )  # fmt: skip

    if status := form.carry_out(run):
        return _page(request, form, person, status=status)
    [case] = opened
    messages.success(request, _said(case))
    if Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        return redirect("desk:case", case.reference)
    return redirect("desk:told")


def _said(case: Case) -> str:
    team = case.team.name if case.team else "l'équipe qui oriente"
    return (
        f"La demande N° {case.spoken_reference} est ouverte, dans la file « {team} ». Donnez ce numéro à la personne."
    )


def _chosen(request: AgentRequest) -> Person | None:
    number = request.GET.get("personne", "")
    if not number:
        return None
    found = people_visible_to(request.user).filter(pk=key_of(number)).first()
    if found is None:
        raise Http404
    return found


def _page(request: AgentRequest, form: ToldForm, person: Person | None, *, status: int = 200) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:120]
    found = searching.people(words, request.user)[: FOUND_AT_MOST + 1] if words else []
    context = {
        "form": form,
        "person": person,
        "words_of_person": words,
        "found": found[:FOUND_AT_MOST],
        "too_many": len(found) > FOUND_AT_MOST,
        "nav": "told",
    }
    return render(request, "desk/told.html", context, status=status)
