"""What was already answered: taken back, sent again, printed, posted."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_POST

from guichet.cases import actions
from guichet.cases.models import Case, Interaction
from guichet.core.pdf import pdf_of
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.acts import back, tried
from guichet.desk.views.case import visible_case


def _exchange(case: Case, pk: int) -> Interaction:
    found = case.interactions.select_related("paper", "author").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@agent_required
@require_POST
def undo(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    case = visible_case(request, reference)
    exchange = _exchange(case, pk)
    done = "L'envoi est annulé. Votre texte est revenu dans la zone de réponse."
    return tried(request, case, lambda: actions.withdraw_reply(exchange, by=request.user), done)


@agent_required
@require_POST
def resend(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    case = visible_case(request, reference)
    exchange = _exchange(case, pk)
    done = "Le message repart à la même adresse."
    return tried(request, case, lambda: actions.resend(exchange, by=request.user), done)


@agent_required
@require_POST
def posted(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    case = visible_case(request, reference)
    exchange = _exchange(case, pk)
    if getattr(exchange, "paper", None) is None:
        raise Http404
    given = request.POST.get("le", "")
    try:
        on = date.fromisoformat(given) if given else None
    except ValueError:
        messages.error(request, "Cette date ne se lit pas. Écrivez-la ainsi : 2026-06-22.")
        return back(request, case)
    done = "C'est noté : le courrier est posté."
    return tried(request, case, lambda: actions.mark_posted(exchange, by=request.user, on=on), done)


@agent_required
@require_GET
def letter(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    """The letter as it is to be printed; a page that prints where PDF cannot be made."""
    case = visible_case(request, reference)
    exchange = _exchange(case, pk)
    paper = getattr(exchange, "paper", None)
    if paper is None:
        raise Http404
    html = render_to_string("desk/letter.html", {"case": case, "exchange": exchange, "letter": paper}, request)
    content = pdf_of(html)
    if content is None:
        return HttpResponse(html)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="courrier-{case.reference}-{exchange.pk}.pdf"'
    return response
