"""Cases that are one, two, or linked: looked at first, done, taken back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from guichet.cases import actions
from guichet.cases.models import Case, CaseMerge, Interaction
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.acts import back, tried
from guichet.desk.views.case import visible_case
from guichet.organisation.directory import directory


@agent_required
def preview(request: AgentRequest, reference: str, other: str) -> HttpResponse:
    """What merging would do; the button does it. The first case is the one that stays."""
    survivor, absorbed = visible_case(request, reference), visible_case(request, other)
    if request.method == "POST":
        actions.merge(survivor, absorbed, by=request.user)
        messages.success(request, f"La demande N° {absorbed.spoken_reference} est réunie à celle-ci.")
        return redirect("desk:case", survivor.reference)
    found = actions.preview_merge(survivor, absorbed, by=request.user)
    last = absorbed.interactions.order_by("-at", "-id").select_related("author")[:5]
    return render(request, "desk/merge.html", {"nav": "inbox", "preview": found, "last": last})


@agent_required
@require_POST
def undo(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    case = visible_case(request, reference)
    done = CaseMerge.objects.filter(pk=pk, survivor=case).select_related("absorbed").first()
    if done is None:
        raise Http404
    said = f"La demande N° {done.absorbed.spoken_reference} a repris ses échanges et ses délais."
    return tried(request, case, lambda: actions.undo_merge(done, by=request.user), said)


@agent_required
@require_POST
def unlink(request: AgentRequest, reference: str, other: str) -> HttpResponse:
    case = visible_case(request, reference)
    linked = visible_case(request, other)
    done = "Les demandes ne sont plus liées."
    return tried(request, case, lambda: actions.unlink(case, linked, by=request.user), done)


@agent_required
@require_POST
def split(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    """The new case opens at once, it is what the agent now wants to handle; not when its topic sends it elsewhere."""
    case = visible_case(request, reference)
    interaction = Interaction.objects.filter(pk=pk, case=case).first()
    if interaction is None:
        raise Http404
    topic = directory().topics_by_code.get(request.POST.get("topic", ""))
    new = actions.split(interaction, by=request.user, subject=request.POST.get("subject", "")[:300], topic=topic)
    messages.success(request, f"La demande N° {new.spoken_reference} est ouverte à partir de ce message.")
    seen = topic is None and Case.objects.visible_to(request.user).filter(pk=new.pk).exists()
    return redirect("desk:case", new.reference) if seen else back(request, case)
