"""What an open screen asks for when it was told that something changed: counters, and its rows as they are now."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET

from guichet.cases.models import Case
from guichet.core.text import keys_in
from guichet.desk import bar, listing, queues
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.lines import lines

AT_MOST = 120


@agent_required
@require_GET
def state(request: AgentRequest) -> JsonResponse:
    """`file`: the queue shown. `lignes`: ids of the rows shown. `changees`: ids that were told.

    Answers counters by queue, the warnings to read, the rows shown as they are now, those that left the queue, and how
    many of those that were told belong to it without being shown. Of a case that may not be seen nothing is said, not
    even that it is one.
    """
    user = request.user
    seen = listing.overview(user)
    plain, groups = seen.plain, seen.groups
    shown, told = _ids(request, "lignes"), _ids(request, "changees")
    wanted = shown | told
    visible = Case.objects.visible_to(user).filter(pk__in=wanted).select_related("person", "topic", "assignee")
    # A screen of results, or of one case, shows no list that cases enter and leave.
    listed = listing.read_listing(request.GET, user, plain) if _names_a_list(request) else None
    inside = set(wanted)
    if listed is not None and wanted:
        inside = set(listed.matching().filter(pk__in=wanted).values_list("pk", flat=True))
    rows = {
        row.case.pk: lines([row], kept=_kept(request))
        for row in queues.rows_of([case for case in visible if case.pk in shown])
    }
    return JsonResponse(
        {
            "compteurs": {queue.key: queue.shown for group in groups for queue in group.queues},
            "cloche": render_to_string("desk/_bell.html", {"unread_warnings": bar.unread_warnings(user)}),
            "liste": queues.shown_count(listing.count(listed, plain), capped=bool(listed.filters)) if listed else "",
            "lignes": rows,
            "parties": sorted(shown - inside) if listed is not None else [],
            "nouvelles": sorted((told - shown) & inside) if listed is not None else [],
        }
    )


def _names_a_list(request: AgentRequest) -> bool:
    return bool(request.GET.get("vue")) or queues.queue_of(request.GET.get("file", ""), request.user) is not None


def _ids(request: HttpRequest, name: str) -> set[int]:
    return set(keys_in(request.GET.get(name, "").split(",")[:AT_MOST]))


def _kept(request: HttpRequest) -> str:
    """The address of a row keeps the list it stands in."""
    kept = request.GET.copy()
    for name in ("lignes", "changees"):
        kept.pop(name, None)
    return kept.urlencode()
