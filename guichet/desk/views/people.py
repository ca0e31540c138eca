"""The page of a person: how to reach it, what it asked, on every channel, and who looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from guichet.accounts.models import User
from guichet.cases.policy import people_visible_to
from guichet.desk.forms import people as forms
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.records import record_context
from guichet.people import actions
from guichet.people.models import Mandate, Person

Run = Callable[[Person, User, dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class PersonAct:
    form: type[forms.PersonForm]
    run: Run
    done: str


def _mandate(person: Person, user: User, data: dict[str, Any]) -> Mandate:
    other: Person = data["other"]
    principal, holder = (person, other) if data["side"] == "holder" else (other, person)
    return actions.give_mandate(
        Mandate(
            principal=principal,
            holder=holder,
            scope=data["scope"],
            first_day=data["first_day"],
            last_day=data["last_day"],
            proof=data["proof"],
        ),
        by=user,
    )


ACTS: dict[str, PersonAct] = {
    "corriger": PersonAct(
        forms.IdentityForm, lambda person, user, d: actions.change(person, by=user, **d), "La fiche est corrigée."
    ),
    "besoins": PersonAct(
        forms.NeedsForm, lambda person, user, d: actions.change(person, by=user, **d), "Les préférences sont à jour."
    ),
    "coordonnee": PersonAct(
        forms.PointForm, lambda person, user, d: actions.add_contact_point(person, d["kind"], d["value"], by=user),
        "La coordonnée est ajoutée.",
    ),
    "corriger-coordonnee": PersonAct(
        forms.PointCorrectionForm,
        lambda person, user, d: actions.correct_contact_point(d["point"], d["value"], by=user),
        "La coordonnée est corrigée : elle est à vérifier de nouveau.",
    ),
    "retirer-coordonnee": PersonAct(
        forms.PointRemovalForm, lambda person, user, d: actions.remove_contact_point(d["point"], by=user),
        "La coordonnée est retirée.",
    ),
    "consentement": PersonAct(
        forms.ConsentForm,
        lambda person, user, d: actions.consent(
            person, d["purpose"], d["channel"], by=user, wording=d["wording"], proof=d["proof"]
        ),
        "Le consentement est enregistré.",
    ),
    "retirer-consentement": PersonAct(
        forms.ConsentWithdrawalForm, lambda person, user, d: actions.withdraw_consent(d["given"], by=user),
        "Le consentement est retiré.",
    ),
    "mandat": PersonAct(forms.MandateForm, _mandate, "Le mandat est enregistré."),
    "retirer-mandat": PersonAct(
        forms.MandateEndForm, lambda person, user, d: actions.end_mandate(d["mandate"], by=user),
        "Le mandat est retiré.",
    ),
}  # fmt: skip
# Shown with fields; the others are a button beside a row.
OPENED = ("corriger", "besoins", "coordonnee", "consentement", "mandat")


def visible_person(request: AgentRequest, pk: int) -> Person:
    """The record, or 404: one that is another team's and one that does not exist look the same."""
    person = people_visible_to(request.user).filter(pk=pk).first()
    if person is None:
        raise Http404
    return person


@agent_required
@require_GET
def show(request: AgentRequest, pk: int) -> HttpResponse:
    absorbed = Person.objects.filter(pk=pk, merged_into__isnull=False).first()
    if absorbed is not None and absorbed.merged_into_id:
        return redirect("desk:person", visible_person(request, absorbed.merged_into_id).pk)
    person = visible_person(request, pk)
    actions.mark_read(person, by=request.user)
    return person_page(request, person)


def person_page(
    request: AgentRequest, person: Person, *, status: int = 200, failed: str = "", bound: forms.PersonForm | None = None
) -> HttpResponse:
    """The whole page; what was typed and refused is shown again with the reason."""
    user = request.user
    shown = {
        verb.replace("-", "_"): bound if verb == failed and bound is not None else _form(verb, person, user)
        for verb in OPENED
    }
    context = {
        **record_context(person, user, request.GET.get("avant", "")),
        "forms": shown,
        "failed": failed.replace("-", "_"),
        "row_problem": bound if failed and failed not in OPENED else None,
        "nav": "person",
    }
    return render(request, "desk/person.html", context, status=status)


def _form(verb: str, person: Person, user: User, data: Any = None) -> forms.PersonForm:
    return ACTS[verb].form(data, person=person, user=user, auto_id=f"{verb}-%s")


@agent_required
@require_POST
def act(request: AgentRequest, pk: int, verb: str) -> HttpResponse:
    person = visible_person(request, pk)
    if verb not in ACTS:
        raise Http404
    form = _form(verb, person, request.user, request.POST)
    status = form.carry_out(lambda data: ACTS[verb].run(person, request.user, data))
    if not status:
        messages.success(request, ACTS[verb].done)
        return redirect("desk:person", person.pk)
    person.refresh_from_db()  # checking the form must not change what is shown
    return person_page(request, person, status=status, failed=verb, bound=form)
