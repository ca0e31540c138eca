"""The inbox: queues, list, and the search of the top bar."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from guichet.desk import queues, searching
from guichet.desk.guard import AgentRequest, agent_required
from guichet.journal.snapshots import current_snapshot


def list_context(request: AgentRequest) -> dict[str, Any]:
    """Queues and the list beside a case: what `file`, `apres` and `q` of the address say."""
    user = request.user
    since = current_snapshot()  # before anything is read: what changes from now on is told
    groups = queues.groups(user)
    words = request.GET.get("q", "").strip()[:120]
    if words:
        rows, following, key, title, count = queues.rows_of(searching.search(words, user)), "", "", "Recherche", 0
        count = len(rows)
    else:
        key = request.GET.get("file", "")
        condition = queues.condition_of(key, user)
        if condition is None:
            key = queues.default_key(groups)
            condition = queues.condition_of(key, user)
            assert condition is not None
        chosen = next((queue for group in groups for queue in group.queues if queue.key == key), None)
        cases, following = queues.page(queues.listed(user, condition), request.GET.get("apres", ""))
        rows, title, count = queues.rows_of(cases), chosen.label if chosen else "File", chosen.count if chosen else 0
    kept = {"q": words, "file": key, "apres": request.GET.get("apres", "") if not words else ""}
    return {
        "nav": "inbox",
        "live_since": since,
        "groups": groups,
        "rows": rows,
        "list_title": title,
        "list_count": count,
        "queue_key": key,
        "words": words,
        "kept": urlencode({name: value for name, value in kept.items() if value}),
        "following": urlencode({"file": key, "apres": following}) if following else "",
        "is_first_page": not kept["apres"],
    }


@agent_required
@require_GET
def inbox(request: AgentRequest) -> HttpResponse:
    words = request.GET.get("q", "")
    if words and (found := searching.case_numbered(words, request.user)):
        return redirect("desk:case", found.reference)
    return render(request, "desk/inbox.html", list_context(request))
