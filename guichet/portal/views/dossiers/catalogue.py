"""The procedures one can file, and « Puis-je en bénéficier ? »: open to everyone, nothing is kept of what is tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.core.refused import Refused
from guichet.organisation.directory import directory
from guichet.people.models import Person
from guichet.portal.citizen import CitizenRequest, citizen_of, citizen_required
from guichet.procedures.acting import mandates_of
from guichet.procedures.actions import begin
from guichet.procedures.actions.drafting import closed_said
from guichet.procedures.answers import Answers, known, read_page
from guichet.procedures.computing import Met, computation, eligibility
from guichet.procedures.definition import Asked, Definition, Page
from guichet.procedures.formulas import BadFormula, Unknown, read
from guichet.procedures.models import Procedure
from guichet.procedures.models.dossier import Phase
from guichet.procedures.questions import Shown
from guichet.procedures.recap import euros


def _procedure(code: str) -> Procedure:
    found = Procedure.objects.select_related("live", "team").filter(code=code, live__isnull=False).first()
    if found is None:
        raise Http404
    return found


@require_safe
def procedures(request: HttpRequest) -> HttpResponse:
    rows = list(Procedure.objects.filter(live__isnull=False, is_open=True).select_related("live"))
    today = timezone.localdate()
    context = {
        "procedures": [
            {"it": row, "definition": row.live.definition, "is_open": row.live.definition.window(today) is not None}
            for row in rows if row.live is not None
        ],
    }  # fmt: skip
    return render(request, "portal/dossiers/procedures.html", context)


@require_safe
def procedure(request: HttpRequest, code: str) -> HttpResponse:
    found = _procedure(code)
    assert found.live is not None
    definition = found.live.definition
    account = citizen_of(request)
    person = account.person if account else None
    draft = person.dossiers.filter(procedure=found, phase=Phase.DRAFT, entered_by=None).first() if person else None
    window = definition.window(timezone.localdate())
    context = {
        "procedure": found,
        "definition": definition,
        "is_open": found.is_open and window is not None,
        "window": window,
        "closed": closed_said(definition),
        "draft": draft,
        "may_act_for": [mandate.principal for mandate in mandates_of(person)] if person else [],
        "service": directory().contact_block(directory().team(found.team_id)),
        "pieces": [piece for piece in definition.pieces if not piece.later],
    }
    return render(request, "portal/dossiers/procedure.html", context)


@citizen_required
@require_POST
def start(request: CitizenRequest, code: str) -> HttpResponse:
    person = request.citizen.person
    wanted = request.POST.get("pour", "")
    applicant: Person | None = None
    if wanted and wanted != str(person.pk):
        applicant = next((m.principal for m in mandates_of(person) if str(m.principal_id) == wanted), None)
        if applicant is None:
            raise Refused("Vous n'avez pas de mandat pour agir au nom de cette personne.", status=403)
    draft = begin(_procedure(code), person, applicant=applicant)
    return redirect("portal:draft", key=draft.key)


# -- « Puis-je en bénéficier ? » ---------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, code: str) -> HttpResponseBase:
    found = _procedure(code)
    assert found.live is not None
    definition = found.live.definition
    page = Page(code="eligibilite", title="Puis-je en bénéficier ?", fields=_needed(definition))
    answers: Answers = {}
    errors: dict[str, str] = {}
    verdicts, estimate = [], ""
    if request.method == "POST":
        posted = {name: request.POST.getlist(name) for name in request.POST}
        answers, errors = read_page(definition, page, posted, {}, day=timezone.localdate())
    values = known(definition, answers, day=timezone.localdate())
    if request.method == "POST":
        # What was not answered is « on ne peut pas dire », not a fault.
        errors = {name: said for name, said in errors.items() if f"{name}!" in answers}
        verdicts = eligibility(definition, values, quick=True)
        estimate = _estimate(definition, values)
    shown = [
        Shown(field, answers.get(f"{field.code}!") or _answer(answers.get(field.code)), errors.get(field.code, ""))
        for field in page.fields
    ]
    context = {
        "procedure": found,
        "questions": shown,
        "verdicts": verdicts,
        "unmet": [v for v in verdicts if v.met == Met.NO],
        "unknown": [v for v in verdicts if v.met == Met.UNKNOWN],
        "estimate": estimate,
        "has_errors": bool(errors),
    }
    return render(request, "portal/dossiers/check.html", context, status=400 if errors else 200)


def _answer(value: Any) -> Any:
    return "" if value is None else value


def _needed(definition: Definition) -> tuple[Asked, ...]:
    """The fields that the quick rules read, through the computed ones."""
    wanted: set[str] = set()
    formulas = [rule.formula for rule in definition.rules if rule.quick]
    by_code = {computed.code: computed.formula for computed in definition.computed}
    while formulas:
        for name in read(formulas.pop()).names:
            if name in by_code and name not in wanted:
                formulas.append(by_code[name])
            wanted.add(name)
    return tuple(
        field.model_copy(update={"required": False, "when": "", "check": ""})
        for code, field in definition.fields.items()
        if code in wanted
    )


def _estimate(definition: Definition, values: Mapping[str, Any]) -> str:
    try:
        found = computation(definition, values)
    except (Unknown, BadFormula):
        return ""
    return euros(found.cents) if found and found.cents else ""
