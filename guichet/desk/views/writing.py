"""Writing: answers, notes, drafts, and taking an answer back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from guichet.cases import actions
from guichet.cases.actions.personal import save_draft
from guichet.cases.actions.writing import EMPTY_VARIABLE, answer_to
from guichet.cases.models import Case
from guichet.cases.models.case import Result
from guichet.core.refused import Refused, Stale
from guichet.desk import filling
from guichet.desk.cautions import Panel, panel_of, read_confirmation
from guichet.desk.editor import Editor, joined
from guichet.desk.forms.writing import NoteForm, ReplyForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.acts import back
from guichet.desk.views.case import case_page, visible_case


@agent_required
@require_POST
def reply(request: AgentRequest, reference: str) -> HttpResponse:
    case = visible_case(request, reference)
    if request.POST.get("action") == "inserer" or "inserer" in request.POST:
        return _insert(request, case)
    action, confirmed = read_confirmation(request.POST.get("confirme", ""))
    action = action or request.POST.get("action", "envoyer")
    form = ReplyForm(request.POST, request.FILES, auto_id="reponse-%s")
    if not form.is_valid():
        return _again(request, case, form, status=400, problem="Rien n'est parti : corrigez ci-dessous.")
    data = form.cleaned_data
    kept = request.POST.getlist("garde")
    panel = panel_of(
        case,
        action=action,
        text=data["text"],
        channel=data["onglet"],
        has_file=bool(data["files"] or kept),
        to=answer_to(case),
        despite=data["despite"],
        version=data["version"],
        since=data["depuis"],
        confirmed=confirmed,
    )
    # What cannot be sent at all is said first, by the action.
    possible = not case.is_over and data["text"].strip() and not EMPTY_VARIABLE.search(data["text"])
    if panel is not None and possible:
        return _again(request, case, form, status=409 if panel.changed else 400, panel=panel)
    try:
        sent = actions.reply(
            case,
            by=request.user,
            text=data["text"],
            files=form.uploaded(),
            draft_files=kept,
            send_at=data["send_at"] if data["onglet"] == "email" else None,
            close_with=Result.ANSWERED.value if action == "clore" else "",
            version=data["version"],
            template_version=data["template_version"],
            channel=data["onglet"],
            despite=data["despite"],
        )
    except Stale as stale:  # between our reading and the lock
        panel = Panel(action, (), changed=True)
        return _again(request, visible_case(request, reference), form, status=stale.status, panel=panel)
    except Refused as refusal:
        return _again(request, case, form, status=refusal.status, problem=refusal.message)
    if data["onglet"] == "paper":
        messages.success(request, "Le courrier est prêt : imprimez-le, postez-le, puis notez-le ici.")
    return back(request, case, f"envoye={sent.pk}")


def _again(
    request: AgentRequest, case: Case, form: ReplyForm, *, status: int, problem: str = "", panel: Panel | None = None
) -> HttpResponse:
    """The page with what was typed and what is asked; text and files are kept, nothing left."""
    text = request.POST.get("text", "")
    files = form.uploaded() if form.is_bound and "files" in form.cleaned_data else []
    save_draft(case, by=request.user, kind="email", text=text, channel=request.POST.get("onglet", ""), files=files)
    again = request.POST.copy()
    if panel is not None and panel.changed:
        again["version"] = str(case.version)  # what changed is shown: the next try is about this version
        again.pop("depuis", None)
    shown = ReplyForm(again, auto_id="reponse-%s")
    shown.is_valid()
    found = EMPTY_VARIABLE.search(text)
    editor = Editor(
        reply_form=shown,
        problem=problem,
        panel=panel,
        empty=found.group() if found else "",
        dropped=frozenset(request.POST.getlist("connu")) - set(request.POST.getlist("garde")),
    )
    return case_page(request, case, status=status, editor=editor)


def _insert(request: AgentRequest, case: Case) -> HttpResponse:
    """A template goes after what is already typed; nothing is lost, nothing is sent."""
    chosen = request.POST.get("inserer", "") or request.POST.get("modele", "")
    template = filling.offered(case).filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 18 else None
    text = request.POST.get("text", "")
    used = request.POST.get("template_version", "")
    if template is not None:
        text, used = joined(text, filling.fill(template, case, request.user)), f"{template.pk}.{template.version}"
    channel = request.POST.get("onglet", "")
    save_draft(case, by=request.user, kind="email", text=text, channel=channel)
    again = request.POST.copy()
    again["text"], again["template_version"] = text, used
    form = ReplyForm(again, auto_id="reponse-%s")
    problem = "" if template else "Choisissez d'abord un modèle."
    return case_page(request, case, editor=Editor(reply_form=form, problem=problem))


@agent_required
@require_POST
def note(request: AgentRequest, reference: str) -> HttpResponse:
    case = visible_case(request, reference)
    form = NoteForm(request.POST, request.FILES, auto_id="note-%s")
    if form.is_valid():
        try:
            actions.note(case, by=request.user, text=form.cleaned_data["text"], files=form.uploaded())
        except Refused as refusal:
            form.add_error("text", refusal.message)
        else:
            messages.success(request, "La note est enregistrée. Elle reste dans la maison.")
            return back(request, case)
    return case_page(request, case, status=400, editor=Editor(note_form=form))


@agent_required
@require_POST
def draft(request: AgentRequest, reference: str) -> HttpResponse:
    """Called every few seconds while someone types."""
    case = visible_case(request, reference)
    given = request.POST
    save_draft(
        case, by=request.user, kind=given.get("kind", ""), text=given.get("text", ""), channel=given.get("onglet", "")
    )
    return JsonResponse({"kept": timezone.localtime().strftime("%H:%M")})
