"""Procedures written in the desk: their versions, sections, preview as a citizen, trial on past dossiers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.core.refused import Refused, Stale
from guichet.core.text import key_of, number_of
from guichet.desk.guard import AgentRequest, only
from guichet.desk.procedure_fields import MOST_ROWS, SECTIONS, Input, Section, changed, rows_of, section, typed
from guichet.organisation.models import Team
from guichet.procedures import actions as do
from guichet.procedures.checking import blanks
from guichet.procedures.definition import load
from guichet.procedures.models import Dossier, Procedure, ProcedureVersion
from guichet.procedures.policy import may_edit
from guichet.procedures.recap import euros
from guichet.procedures.trying import dry_run

editor_required = only(may_edit)
SPARE = 3  # empty rows at the end
NOTHING_YET = "0"  # no draft was seen


@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def procedures(request: AgentRequest) -> HttpResponse:
    fault, status = "", 200
    if request.method == "POST":
        title = request.POST.get("titre", "").strip()[:160]
        team = Team.objects.filter(pk=key_of(request.POST.get("service", ""))).first()
        try:
            if not title or team is None:
                raise Refused("Donnez un titre et le service chargé de la démarche.", status=400)
            made = do.create_procedure(by=request.user, code=slugify(title)[:60] or "demarche", title=title, team=team)
            return redirect("desk:procedure", made.code)
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
    context = {
        "nav": "dossiers", "rows": list(Procedure.objects.select_related("team", "live")), "fault": fault,
        "teams": list(Team.objects.filter(is_active=True).order_by("name")), "has_errors": bool(fault),
    }  # fmt: skip
    return render(request, "desk/procedures.html", context, status=status)


def _procedure(code: str) -> Procedure:
    found = Procedure.objects.select_related("team", "live").filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _draft(found: Procedure) -> ProcedureVersion | None:
    return found.versions.filter(state__in=["draft", "in_review"]).select_related("changed_by").first()


@editor_required
@require_safe
def procedure(request: AgentRequest, code: str) -> HttpResponse:
    return _show(request, _procedure(code))


def _show(request: AgentRequest, found: Procedure, *, fault: str = "", status: int = 200) -> HttpResponse:
    draft = _draft(found)
    shown = draft or found.live
    body = shown.body if shown else {}
    context = {
        "nav": "dossiers", "procedure": found, "draft": draft, "shown": shown, "fault": fault,
        "has_errors": bool(fault),
        "sections": [(one.key, one.title, len(rows_of(body, one)) if one.at else None) for one in SECTIONS],
        "pages": [
            (f"page-{page['code']}", page["title"], len(page.get("fields", ()))) for page in body.get("pages", ())
        ],
        "blanks": blanks(load(draft.body)) if draft else [],
        "versions": list(found.versions.select_related("published_by", "changed_by")[:20]),
        "may_publish": bool(draft and draft.state == "in_review" and draft.changed_by_id != request.user.pk),
        "count": Dossier.objects.filter(procedure=found).exclude(phase="draft").count(),
    }  # fmt: skip
    return render(request, "desk/procedure.html", context, status=status)


@editor_required
@require_POST
def act(request: AgentRequest, code: str, verb: str) -> HttpResponse:
    found = _procedure(code)
    draft = _draft(found)
    try:
        said = _done(request, found, draft, verb)
    except Refused as refusal:
        return _show(request, found, fault=refusal.message, status=refusal.status)
    messages.success(request, said)
    return redirect("desk:procedure", code)


def _done(request: AgentRequest, found: Procedure, draft: ProcedureVersion | None, verb: str) -> str:
    user = request.user
    if verb == "fermer":
        do.close_procedure(found, by=user)
        return "Le dépôt est fermé."
    if verb == "rouvrir":
        do.reopen_procedure(found, by=user)
        return "Le dépôt est rouvert."
    if verb == "preparer":
        return f"La version {do.new_draft(found, by=user).number} est à vous."
    if draft is None:
        raise Refused("Il n'y a pas de version en préparation.")
    if verb == "soumettre":
        do.submit(draft, by=user)
        return "La version est à relire\u00a0: un autre rédacteur la publie."
    if verb == "reprendre":
        do.return_to_draft(draft, by=user)
        return "La version est de nouveau un brouillon."
    if verb == "publier":
        do.publish(draft, by=user)
        return "La version est en service. Les dossiers déposés gardent la leur."
    raise Http404


# -- one section ------------------------------------------------------------------------------------------------------


@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: AgentRequest, code: str, key: str) -> HttpResponse:
    found = _procedure(code)
    draft = _draft(found)
    shown = draft or found.live
    where = section(key, shown.body) if shown else None
    if where is None or shown is None:
        raise Http404
    fault, status, body = "", 200, shown.body
    if request.method == "POST":
        seen = request.POST.get("revision", "")
        if draft is None and seen == NOTHING_YET:  # the first change of what is in service begins the next version
            draft = do.new_draft(found, by=request.user)
            seen = str(draft.revision)
        draft = draft or shown
        posted = {name: request.POST.get(name, "") for name in request.POST}
        body = changed(draft.body, where, posted)
        try:
            do.save_definition(draft, body, by=request.user, revision=number_of(seen))
        except Stale:
            fault, status = (
                "Un autre rédacteur a enregistré entre-temps. Votre texte est ci-dessous, pas enregistré.",
                409,
            )
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            messages.success(request, "Enregistré.")
            return redirect("desk:procedure_edit", code, key)
    context = {
        "nav": "dossiers", "procedure": found, "draft": draft, "section": where, "fault": fault,
        "revision": draft.revision if draft else NOTHING_YET,
        "fields": [_shown(one, one.name, _at(body, one.name)) for one in where.fields],
        "rows": _rows(where, body), "has_errors": bool(fault), "sections": SECTIONS,
    }  # fmt: skip
    return render(request, "desk/procedure_edit.html", context, status=status)


def _at(body: dict[str, Any], path: str) -> Any:
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _shown(one: Input, name: str, value: Any) -> dict[str, Any]:
    return {"it": one, "name": name, "value": typed(one, value)}


def _rows(where: Section, body: dict[str, Any]) -> list[dict[str, Any]]:
    lines = [*rows_of(body, where), *({} for _ in range(SPARE))] if where.rows else []
    return [
        {
            "number": number, "place": number + 1, "is_new": not line,
            "title": line.get("label") or line.get("title") or "",
            "fields": [_shown(one, f"r{number}-{one.name}", line.get(one.name)) for one in where.rows],
        }
        for number, line in enumerate(lines[:MOST_ROWS])
    ]  # fmt: skip


@editor_required
@require_safe
def preview(request: AgentRequest, code: str) -> HttpResponse:
    """The whole form as a citizen reads it, every question shown with its condition."""
    found = _procedure(code)
    shown = _draft(found) or found.live
    if shown is None:
        raise Http404
    definition = load(shown.body)
    return render(
        request, "desk/procedure_preview.html",
        {"nav": "dossiers", "procedure": found, "version": shown, "definition": definition},
    )  # fmt: skip


@editor_required
@require_safe
def trial(request: AgentRequest, code: str) -> HttpResponse:
    found = _procedure(code)
    shown = _draft(found) or found.live
    if shown is None:
        raise Http404
    tried = dry_run(found, load(shown.body))
    rows = [
        {
            "it": row, "before": euros(row.before_cents) if row.before_cents is not None else "",
            "after": euros(row.after_cents) if row.after_cents is not None else "",
        }
        for row in tried
    ]  # fmt: skip
    context = {
        "nav": "dossiers", "procedure": found, "version": shown, "rows": rows,
        "changed": sum(row.differs for row in tried),
    }  # fmt: skip
    return render(request, "desk/procedure_trial.html", context)
