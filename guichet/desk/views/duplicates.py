"""Are these two records one person? Side by side, then an agent decides, and may come back on it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from guichet.cases.models import Case
from guichet.desk.forms.people import CompareForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.records import pairs_to_decide
from guichet.desk.views.people import visible_person
from guichet.people import actions
from guichet.people.models import Duplicate, Merge, Person

AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Side:
    person: Person
    points: list[str]
    cases: list[Case]


@agent_required
@require_GET
def listing(request: AgentRequest) -> HttpResponse:
    pairs = list(pairs_to_decide(request.user)[: AT_MOST + 1])
    context = {"nav": "people", "pairs": pairs[:AT_MOST], "more": len(pairs) > AT_MOST}
    return render(request, "desk/duplicates.html", context)


@agent_required
def compare(request: AgentRequest, pk: int, other: int) -> HttpResponse:
    """`pk` is the record that stays."""
    if pk == other:
        raise Http404
    survivor, absorbed = visible_person(request, pk), visible_person(request, other)
    lines = actions.preview_merge(survivor, absorbed)
    if request.method == "POST":
        return _decide(request, survivor, absorbed, [line.name for line in lines])
    for person in (survivor, absorbed):
        actions.mark_read(person, by=request.user)
    first, second = sorted([survivor.pk, absorbed.pk])
    context = {
        "nav": "people",
        "survivor": survivor,
        "absorbed": absorbed,
        "lines": lines,
        "sides": [_side(request, person) for person in (survivor, absorbed)],
        "pair": Duplicate.objects.filter(first_id=first, second_id=second).first(),
    }
    return render(request, "desk/compare.html", context)


def _side(request: AgentRequest, person: Person) -> Side:
    cases = Case.objects.visible_to(request.user).of_people(actions.family_of(person))
    points = [point.shown for point in person.contact_points.order_by("kind", "pk")]
    return Side(person, points, list(cases.order_by("-received_at")[:5]))


def _decide(request: AgentRequest, survivor: Person, absorbed: Person, names: list[str]) -> HttpResponse:
    if request.POST.get("decision") == "distinguer":
        actions.not_the_same(survivor, absorbed, by=request.user)
        messages.success(request, "C'est retenu : ces deux fiches ne seront plus proposées comme doublons.")
        return redirect("desk:duplicates")
    form = CompareForm(request.POST, names=names)
    if not form.is_valid():
        raise Http404
    actions.merge(survivor, absorbed, by=request.user, take=form.taken())
    messages.success(request, "Les fiches sont réunies. Vous pouvez encore annuler, sur cette page.")
    return redirect("desk:person", survivor.pk)


@agent_required
@require_POST
def undo(request: AgentRequest, pk: int, merge: int) -> HttpResponse:
    person = visible_person(request, pk)
    done = Merge.objects.filter(pk=merge, survivor=person).first()
    if done is None:
        raise Http404
    actions.undo_merge(done, by=request.user)
    messages.success(request, "La réunion est annulée : chaque fiche est redevenue ce qu'elle était.")
    return redirect("desk:person", person.pk)
