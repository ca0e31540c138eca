"""The inbox: queues, list, and the search of the top bar."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from guichet.core.ahead import ahead
from guichet.desk import bar, listing, queues
from guichet.desk.forms.filters import SORTS
from guichet.desk.guard import AgentRequest, agent_required


def list_context(request: AgentRequest) -> dict[str, Any]:
    """Queues and the list beside a case: what the address says of queue, filters, order and page."""
    user = request.user
    seen = listing.overview(user)
    plain, groups = seen.plain, seen.groups
    context = {"nav": "inbox", "live_since": seen.snapshot, "groups": groups}
    listed = listing.read_listing(request.GET, user, plain)
    after, before = request.GET.get("apres", ""), request.GET.get("precedent", "")
    page = listing.page(listed, after, before, elsewhere=seen.elsewhere)
    key = f"vue-{listed.view.pk}" if listed.view else listed.queue.key
    chosen = next((queue for group in groups for queue in group.queues if queue.key == key), listed.queue)
    number = chosen.count if listed.view or not listed.filters else listing.count(listed, plain)
    capped = bool(listed.filters)
    place = {"apres": after} if after else {"precedent": before} if before else {}
    return {
        **context,
        "listed": listed,
        "rows": queues.rows_of(page.cases),
        "list_title": chosen.label,
        "list_count": queues.shown_count(number, capped=capped),
        "list_empty": not number,
        "queue_key": key,
        "sort_label": dict(SORTS)[listed.sort],
        "list_address": urlencode(listed.address),
        "plain_address": urlencode(listed.plain),
        "kept": urlencode({**listed.address, **place}),
        "following": urlencode({**listed.address, "apres": page.following}) if page.following else "",
        "previous": urlencode({**listed.address, "precedent": page.previous}) if page.previous else "",
        "unrouted": next((q for g in plain for q in g.queues if q.icon == "circle-help" and q.count), None),
        "is_first_page": not place,
    }


@agent_required
@require_GET
def inbox(request: AgentRequest) -> HttpResponse:
    if words := request.GET.get("q", ""):  # an address kept from before
        return redirect(f"{reverse('desk:search')}?{urlencode({'q': words})}")
    with ahead(*bar.questions(request.user), *listing.questions(request.user)):
        return render(request, "desk/inbox.html", list_context(request))
