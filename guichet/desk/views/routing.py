"""On a case: its topic said or taken back, two teams settled."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from guichet.accounts.models import User
from guichet.cases import actions
from guichet.cases.models import Case, RoutingDecision
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.desk.forms.routing import OrientForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.acts import back, tried
from guichet.desk.views.case import case_page, visible_case


@agent_required
@require_POST
def orient(request: AgentRequest, reference: str) -> HttpResponse:
    """The topic proposed, or another one: the case goes to its team."""
    case = visible_case(request, reference)
    form = OrientForm(request.POST, case=case, clearance=request.user.clearance, auto_id="orienter-%s")
    done: list[RoutingDecision] = []
    status = form.carry_out(
        lambda data: done.append(
            actions.qualify(
                case, data["chosen"], by=request.user, version=data["version"],
                department=data["department"] if "department" in request.POST else None,
            )
        )
    )  # fmt: skip
    if status:
        return case_page(request, case, status=status, orient_form=form)
    return back(request, case, everywhere=f"oriente={done[0].pk}")


@agent_required
@require_POST
def take_back(request: AgentRequest, pk: int) -> HttpResponse:
    """By who said the topic, even if the case is no longer his to see."""
    decision = RoutingDecision.objects.filter(pk=pk).select_related("case").first()
    if decision is None or not (_author_of(decision, request.user) or _sees(request.user, decision.case)):
        raise Http404
    done = "C'est annulé : la demande est revenue comme avant."
    return tried(request, decision.case, lambda: actions.take_back_topic(decision, by=request.user), done)


def _author_of(decision: RoutingDecision, user: User) -> bool:
    return decision.before is not None and decision.before.get("by") == user.pk


def _sees(user: User, case: Case) -> bool:
    return Case.objects.visible_to(user).filter(pk=case.pk).exists()


@agent_required
@require_POST
def settle(request: AgentRequest, reference: str) -> HttpResponse:
    """Two teams send the case back and forth: a supervisor decides."""
    case = visible_case(request, reference)
    to = User.objects.filter(pk=key_of(request.POST.get("to", ""))).first()
    if to is None:
        raise Refused("Choisissez à qui confier la décision.", status=400)
    actions.ask_arbiter(case, to, by=request.user)
    messages.success(request, f"{to.full_name} décide de l'équipe.")
    return back(request, case)
