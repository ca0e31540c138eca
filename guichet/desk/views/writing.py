"""Writing: answers, notes, drafts, and taking an answer back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from guichet.cases import actions
from guichet.cases.actions.personal import save_draft, share_draft, take_back, take_over
from guichet.cases.actions.writing import EMPTY_VARIABLE, answer_to
from guichet.cases.models import Case
from guichet.cases.models.case import Result
from guichet.cases.policy import needs_approval
from guichet.core.refused import Refused, Stale
from guichet.core.text import key_of, keys_in
from guichet.desk import filling
from guichet.desk.cautions import Panel, panel_of, read_confirmation
from guichet.desk.editor import Editor, joined
from guichet.desk.forms.writing import NoteForm, ReplyForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.acts import back, tried
from guichet.desk.views.case import case_page, visible_case

SHARING = {"partager": True, "cacher": False}
CHANGED_SINCE = "Cette demande a changé depuis que vous l'avez ouverte : relisez-la, puis décidez de nouveau."


@agent_required
@require_POST
def reply(request: AgentRequest, reference: str) -> HttpResponse:
    case = visible_case(request, reference)
    if request.POST.get("action") == "inserer" or "inserer" in request.POST:
        return _insert(request, case)
    action, confirmed = read_confirmation(request.POST.get("confirme", ""))
    action = action or request.POST.get("action", "envoyer")
    form = ReplyForm(request.POST, request.FILES, auto_id="reponse-%s")
    if action in SHARING:
        return _share(request, case, form, shared=SHARING[action])
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
    values: dict[str, Any] = {
        "by": request.user,
        "text": data["text"],
        "files": form.uploaded(),
        "draft_files": kept,
        "send_at": data["send_at"] if data["onglet"] == "email" else None,
        "close_with": Result.ANSWERED.value if action == "clore" else "",
        "version": data["version"],
        "template_version": data["template_version"],
        "channel": data["onglet"],
        "despite": data["despite"],
        "answers": data["answers"],
    }
    try:
        if needs_approval(request.user, case):
            actions.propose(case, **values)
            messages.success(request, "Votre réponse est proposée au visa. Elle partira quand elle sera approuvée.")
            return back(request, case, "envoye=0")
        sent = actions.reply(case, **values)
    except Stale as stale:  # between our reading and the lock
        panel = Panel(action, (), changed=True)
        return _again(request, visible_case(request, reference), form, status=stale.status, panel=panel)
    except Refused as refusal:
        return _again(request, case, form, status=refusal.status, problem=refusal.message)
    if data["onglet"] == "paper":
        messages.success(request, "Le courrier est prêt : imprimez-le, postez-le, puis notez-le ici.")
    return back(request, case, f"envoye={sent.pk}")


def _share(request: AgentRequest, case: Case, form: ReplyForm, *, shared: bool) -> HttpResponse:
    """Kept as it is, then shown to the team, or no longer."""
    form.is_valid()
    text, channel = request.POST.get("text", ""), request.POST.get("onglet", "")
    save_draft(
        case, by=request.user, kind="email", text=text, channel=channel, files=_uploaded(form), answers=_quoted(request)
    )
    share_draft(case, by=request.user, shared=shared)
    said = "Votre équipe peut lire ce brouillon et le continuer." if shared else "Vous seul voyez ce brouillon."
    messages.success(request, said)
    return back(request, case)


def _quoted(request: AgentRequest) -> list[int] | None:
    given = request.POST.get("answers")
    return None if given is None else keys_in(given[:400].split(","))


def _uploaded(form: ReplyForm) -> list[tuple[str, bytes]]:
    return form.uploaded() if "files" in form.cleaned_data else []


def _again(
    request: AgentRequest, case: Case, form: ReplyForm, *, status: int, problem: str = "", panel: Panel | None = None
) -> HttpResponse:
    """The page with what was typed and what is asked; text and files are kept, nothing left."""
    text = request.POST.get("text", "")
    channel = request.POST.get("onglet", "")
    save_draft(
        case, by=request.user, kind="email", text=text, channel=channel, files=_uploaded(form), answers=_quoted(request)
    )
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
    template = next((one for one in filling.offered(case) if one.pk == key_of(chosen)), None)
    text = request.POST.get("text", "")
    used = request.POST.get("template_version", "")
    if template is not None:
        text, used = (
            joined(text, filling.fill(template, filling.values_of(case, request.user))),
            f"{template.pk}.{template.version}",
        )
    channel = request.POST.get("onglet", "")
    save_draft(case, by=request.user, kind="email", text=text, channel=channel, answers=_quoted(request))
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
            return back(request, case, "notee=1")
    return case_page(request, case, status=400, editor=Editor(note_form=form))


@agent_required
@require_POST
def draft(request: AgentRequest, reference: str) -> HttpResponse:
    """Called every few seconds while someone types. Answers when it was kept, and who took the text over."""
    case = visible_case(request, reference)
    given = request.POST
    kept = save_draft(
        case, by=request.user, kind=given.get("kind", ""), text=given.get("text", ""), channel=given.get("onglet", ""),
        answers=_quoted(request),
    )  # fmt: skip

    taken = kept.taken_by.full_name if kept is not None and kept.taken_by is not None else ""
    return JsonResponse({"kept": timezone.localtime().strftime("%H:%M"), "pris": taken})


@agent_required
@require_POST
def take_draft(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    case = visible_case(request, reference)
    found = case.drafts.select_related("case").filter(pk=pk).first()
    if found is None:
        raise Http404
    done = "Vous avez la main : son texte est dans votre zone de réponse. Il en est averti."
    return tried(request, case, lambda: take_over(found, by=request.user), done)


@agent_required
@require_POST
def take_draft_back(request: AgentRequest, reference: str) -> HttpResponse:
    case = visible_case(request, reference)
    take_back(case, by=request.user)
    messages.success(request, "Votre texte est de nouveau à vous.")
    return back(request, case)


@agent_required
@require_POST
def approval(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    """Approve, correct and approve, send back, or withdraw one's own proposal."""
    case = visible_case(request, reference)
    proposal = case.proposals.select_related("case", "author").filter(pk=pk).first()
    if proposal is None:
        raise Http404
    given = request.POST
    typed = given.get("text")
    version = int(given["version"]) if given.get("version", "").isdecimal() and len(given["version"]) < 10 else None
    try:
        if given.get("action") == "renvoyer":
            actions.send_back(proposal, by=request.user, reason=given.get("reason", ""))
            messages.success(request, f"La réponse est renvoyée à {proposal.author.full_name}, avec votre remarque.")
        elif given.get("action") == "retirer":
            actions.withdraw_proposal(proposal, by=request.user)
            messages.success(request, "Votre proposition est retirée. Le texte est revenu dans la zone de réponse.")
        else:
            text = typed.replace("\r\n", "\n") if typed is not None else None
            sent = actions.approve(proposal, by=request.user, text=text, version=version)
            messages.success(request, "La réponse est approuvée. Elle part dans un instant.")
            return back(request, case, f"envoye={sent.pk}")
    except Refused as refusal:
        problem = CHANGED_SINCE if isinstance(refusal, Stale) else refusal.message
        editor = Editor(problem=problem, approval_text=typed)
        return case_page(request, visible_case(request, reference), status=refusal.status, editor=editor)
    return back(request, case)
