"""Promises about to be missed, as they were told to an agent: gathered, not one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from guichet.core.text import keys_in
from guichet.desk.guard import AgentRequest, agent_required
from guichet.notices.actions import mark_warnings_read
from guichet.notices.models import Alert

SHOWN = 300
OLD_SHOWN = 50


@dataclass(slots=True)
class Heap:
    """Warnings of one kind about one team."""

    kind: str
    team: str
    warnings: list[Alert] = field(default_factory=list)

    @property
    def is_danger(self) -> bool:
        return self.kind == Alert.Kind.DANGER.label

    @property
    def ids(self) -> str:
        return ",".join(str(warning.pk) for warning in self.warnings)


@agent_required
@require_GET
def warnings(request: AgentRequest) -> HttpResponse:
    mine = Alert.objects.for_user(request.user).select_related("case__team", "case__assignee", "clock")
    heaps: dict[tuple[str, int | None], Heap] = {}
    unread = list(mine.unread().order_by("clock__due_at", "pk")[:SHOWN])
    for warning in unread:
        team = warning.case.team
        key = (warning.kind, warning.case.team_id)
        heap = heaps.setdefault(key, Heap(warning.get_kind_display(), team.name if team else "À orienter"))
        heap.warnings.append(warning)
    order = [kind.value for kind in (Alert.Kind.DANGER, Alert.Kind.LATE, Alert.Kind.NOBODY, Alert.Kind.NEAR)]
    context = {
        "nav": "warnings", "heaps": [heap for key, heap in sorted(heaps.items(), key=lambda p: order.index(p[0][0]))],
        "count": len(unread), "full": len(unread) == SHOWN,
        "old": mine.exclude(pk__in=[w.pk for w in unread]).order_by("-pk")[:OLD_SHOWN],
    }  # fmt: skip
    return render(request, "desk/warnings.html", context)


@agent_required
@require_POST
def warnings_read(request: AgentRequest) -> HttpResponse:
    """Some, by their numbers, or all."""
    ids = keys_in(request.POST.get("lus", "").split(","))
    number = mark_warnings_read(None if request.POST.get("tout") else ids, by=request.user)
    plural = "s" * (number > 1)
    messages.success(request, f"{number} avertissement{plural} marqué{plural} comme lu{plural}.")
    return redirect("desk:warnings")
