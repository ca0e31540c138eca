"""Writing: answers, notes, drafts, and taking an answer back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from guichet.cases import actions
from guichet.cases.actions.personal import save_draft
from guichet.cases.models import Interaction
from guichet.cases.models.case import Result
from guichet.core.refused import Refused, Stale
from guichet.desk import filling
from guichet.desk.forms.writing import NoteForm, ReplyForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.acts import back
from guichet.desk.views.case import case_page, joined, visible_case

STALE = (
    "Cette demande a changé pendant que vous écriviez : lisez ce qui est nouveau ci-dessus, puis envoyez de nouveau. "
    "Votre texte est conservé, il n'est pas parti."
)
LOST_FILES = " Choisissez de nouveau les fichiers à joindre."


@agent_required
@require_POST
def reply(request: AgentRequest, reference: str) -> HttpResponse:
    case = visible_case(request, reference)
    if request.POST.get("action") == "inserer":
        return _insert(request, reference)
    form = ReplyForm(request.POST, request.FILES, auto_id="reponse-%s")
    if not form.is_valid():
        _keep(request, reference, "email")
        return case_page(request, case, status=400, reply_form=form, problem="Rien n'est parti : corrigez ci-dessous.")
    data = form.cleaned_data
    try:
        sent = actions.reply(
            case,
            by=request.user,
            text=data["text"],
            files=form.uploaded(),
            send_at=data["send_at"],
            close_with=Result.ANSWERED.value if request.POST.get("action") == "clore" else "",
            version=data["version"],
            template_version=data["template_version"],
        )
    except Refused as refusal:
        _keep(request, reference, "email")
        again = request.POST.copy()
        fresh = visible_case(request, reference)
        again["version"] = str(fresh.version)
        shown = ReplyForm(again, auto_id="reponse-%s")
        problem = STALE if isinstance(refusal, Stale) else refusal.message
        if request.FILES:
            problem += LOST_FILES
        return case_page(request, fresh, status=refusal.status, reply_form=shown, problem=problem)
    return back(request, case, f"envoye={sent.pk}")


def _insert(request: AgentRequest, reference: str) -> HttpResponse:
    """A template goes after what is already typed; nothing is lost, nothing is sent."""
    case = visible_case(request, reference)
    chosen = request.POST.get("modele", "")
    template = filling.offered(case).filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 18 else None
    text = request.POST.get("text", "")
    used = request.POST.get("template_version", "")
    if template is not None:
        text, used = joined(text, filling.fill(template, case)), f"{template.pk}.{template.version}"
    save_draft(case, by=request.user, kind="email", text=text)
    form = ReplyForm(
        initial={"text": text, "version": request.POST.get("version") or case.version, "template_version": used},
        auto_id="reponse-%s",
    )
    return case_page(request, case, reply_form=form, problem="" if template else "Choisissez d'abord un modèle.")


def _keep(request: AgentRequest, reference: str, kind: str) -> None:
    save_draft(visible_case(request, reference), by=request.user, kind=kind, text=request.POST.get("text", ""))


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
    return case_page(request, case, status=400, note_form=form)


@agent_required
@require_POST
def draft(request: AgentRequest, reference: str) -> HttpResponse:
    """Called every few seconds while someone types."""
    case = visible_case(request, reference)
    save_draft(case, by=request.user, kind=request.POST.get("kind", ""), text=request.POST.get("text", ""))
    return JsonResponse({"kept": timezone.localtime().strftime("%H:%M")})


@agent_required
@require_POST
def undo(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    case = visible_case(request, reference)
    interaction = Interaction.objects.filter(pk=pk, case=case).first()
    if interaction is None:
        raise Http404
    try:
        actions.withdraw_reply(interaction, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "L'envoi est annulé. Votre texte est revenu dans la zone de réponse.")
    return back(request, case)
