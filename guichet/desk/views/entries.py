"""An application that came on paper, at a counter or by telephone: how it came, those being typed, what was filed."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from guichet.cases.models import Case
from guichet.cases.policy import people_visible_to
from guichet.core.calendar import paris_day
from guichet.core.reference import check
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.desk.entries import AT_MOST, entries, entries_of, entry_of
from guichet.desk.forms.entries import ArrivalForm, EntryForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.case import visible_case
from guichet.organisation.models import Channel
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.actions.filing import BY_HAND
from guichet.procedures.models import Dossier
from guichet.procedures.policy import procedures_entered_by


@agent_required
@require_safe
def listing(request: AgentRequest) -> HttpResponse:
    rows = list(entries(request.user)[: AT_MOST + 1])
    context = {"nav": "dossiers", "rows": rows[:AT_MOST], "more": len(rows) > AT_MOST}
    return render(request, "desk/entries.html", context)


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AgentRequest) -> HttpResponse:
    """`?demande=`: the matter in which it came, with its documents; `?personne=`: a record alone."""
    letter, person = _whose(request)
    form = EntryForm(
        request.POST if request.method == "POST" else None, person=person, user=request.user, initial=_came_in(letter)
    )
    status = 200
    if request.method == "POST":
        begun: list[Dossier] = []
        status = form.carry_out(
            lambda d: begun.append(
                do.enter(d["procedure"], person, form.arrival, by=request.user, key=d["key"], letter=letter)
            )
        )
        if not status:
            return redirect("desk:entry", key=begun[0].key)
    context = {
        "nav": "dossiers", "form": form, "person": person, "letter": letter,
        "begun": entries_of(person, request.user), "any": procedures_entered_by(request.user).exists(),
    }  # fmt: skip
    return render(request, "desk/entry_new.html", context, status=status or 200)


def _whose(request: AgentRequest) -> tuple[Case | None, Person]:
    if reference := request.GET.get("demande", ""):
        letter = visible_case(request, check(reference) or "")
        if letter.person is None:
            raise Refused("Dites d'abord de qui vient cette demande : rattachez-la à une personne.", status=409)
        return letter, letter.person.merged_into or letter.person
    found = people_visible_to(request.user).filter(pk=key_of(request.GET.get("personne", ""))).first()
    if found is None:
        raise Http404
    return None, found


def _came_in(letter: Case | None) -> dict[str, Any]:
    if letter is None:
        return {}
    way = letter.channel if letter.channel in BY_HAND else Channel.PAPER.value
    return {"channel": way, "received_on": paris_day(letter.received_at)}


@agent_required
@require_safe
def resume(request: AgentRequest, key: uuid.UUID) -> HttpResponse:
    """The link that goes on with it: at the page where it was left; once filed, at its number."""
    filed = Dossier.objects.visible_to(request.user).filter(key=key, entry__isnull=False).first()
    if filed is not None:
        return redirect("desk:entry_filed", reference=filed.reference)
    found = entry_of(request.user, key)
    return redirect("desk:entry_page", key=key, code=found.page)


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: AgentRequest, key: uuid.UUID) -> HttpResponse:
    found = entry_of(request.user, key)
    do.note_read(found, by=request.user)
    form = ArrivalForm(request.POST if request.method == "POST" else None, person=found.applicant, draft=found)
    status = 200
    if request.method == "POST":
        status = form.carry_out(lambda d: do.change_arrival(found, form.arrival, by=request.user))
        if not status:
            messages.success(request, "L'arrivée est enregistrée.")
            return redirect("desk:entry", key=key)
    context = {"nav": "dossiers", "form": form, "draft": found, "person": found.applicant}
    return render(request, "desk/entry_arrival.html", context, status=status)


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: AgentRequest, key: uuid.UUID) -> HttpResponse:
    found = entry_of(request.user, key)
    if request.method == "POST":
        do.discard(found, person=found.applicant, by=request.user)
        messages.success(request, "La saisie est abandonnée. Le courrier et ses documents restent dans leur demande.")
        return redirect("desk:entries")
    return render(request, "desk/entry_drop.html", {"nav": "dossiers", "draft": found})


@agent_required
@require_safe
def filed(request: AgentRequest, reference: str) -> HttpResponse:
    """The number to tell, and the receipt: where it left for, or the letter to print."""
    found = (
        Dossier.objects.visible_to(request.user)
        .select_related("procedure", "applicant", "case", "entry__letter", "entry__mandate__holder")
        .filter(reference=check(reference) or "", entry__isnull=False).first()
    )  # fmt: skip
    if found is None or found.case is None:
        raise Http404
    receipt = found.case.interactions.filter(automatic="receipt").select_related("paper").first()
    letter = found.entry.matter
    context = {
        "nav": "dossiers", "dossier": found, "receipt": receipt, "paper": getattr(receipt, "paper", None),
        "sent_to": receipt.recipients[0][0] if receipt and receipt.recipients else "",
        "letter": letter if letter and Case.objects.visible_to(request.user).filter(pk=letter.pk).exists() else None,
        "missing": found.pieces.filter(state="missing", required=True),
    }  # fmt: skip
    return render(request, "desk/entry_filed.html", context)
