"""The base of answers as agents read it: its list, what waits there."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from guichet.core.refused import NotAllowed
from guichet.desk import shelves
from guichet.desk.guard import AgentRequest, agent_required
from guichet.knowledge import policy
from guichet.knowledge.models import Article, Kind
from guichet.organisation.models import Team

WORK = ("a-relire", "relecture", "brouillons", "programmes")


def base_page(request: AgentRequest, name: str, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "nav": "base", "may_write": policy.may_write(request.user), "reads_drafts": policy.reads_drafts(request.user),
        **more,
    }  # fmt: skip
    return render(request, f"desk/{name}.html", context, status=status)


def must_write(request: AgentRequest) -> None:
    if not policy.may_write(request.user):
        raise NotAllowed("Seuls les rédacteurs écrivent dans la base de réponses.")


@agent_required
@require_GET
def base(request: AgentRequest) -> HttpResponse:
    shelf = shelves.read_shelf(request.GET, request.user)
    lines, following = shelves.page(shelf)
    counts = shelves.counts(request.user)
    drafts = policy.reads_drafts(request.user)
    states = [(name, label) for name, label in shelves.STATES if drafts or name in {"", "a-relire", "archives"}]
    owners = Team.objects.filter(pk__in=Article.objects.values("owner")).order_by("name")
    return base_page(
        request, "base_answers", tab="articles", shelf=shelf, lines=lines, states=states, kinds=Kind.choices,
        domains=shelves.domains(), owners=owners,
        waiting=[(name, dict(shelves.STATES)[name], counts[name]) for name in WORK if name in dict(states)],
        following=shelf.address(apres=following) if following else "", is_first=not shelf.after,
        first=shelf.address(),
    )  # fmt: skip
