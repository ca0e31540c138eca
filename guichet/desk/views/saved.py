"""Saved views: keeping the list on the screen under a name, and putting the kept ones in order."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guichet.cases.actions import views as actions
from guichet.cases.models import SavedView
from guichet.core.refused import Refused
from guichet.desk import listing, queues
from guichet.desk.forms.saved import ViewForm
from guichet.desk.guard import AgentRequest, agent_required


@agent_required
@require_GET
def views(request: AgentRequest) -> HttpResponse:
    return _page(request)


@agent_required
@require_http_methods(["GET", "POST"])
def keep(request: AgentRequest) -> HttpResponse:
    """The list named by the address, under a name."""
    groups = queues.groups(request.user)
    given = request.GET.dict() if request.method == "GET" else dict(parse_qsl(request.POST.get("liste", "")))
    kept = listing.read_listing({str(k): str(v) for k, v in given.items()}, request.user, groups)
    form = ViewForm(request.POST if request.method == "POST" else None, user=request.user, auto_id="vue-%s")
    if request.method == "POST":
        made: list[SavedView] = []
        status = form.carry_out(
            lambda data: made.append(
                actions.save_view(
                    by=request.user, name=data["name"], query=urlencode(kept.plain), team=data.get("team")
                )
            )
        )
        if not status:
            return redirect(f"{reverse('desk:inbox')}?vue={made[0].pk}")
    else:
        status = 200
    return render(request, "desk/view_keep.html", {"nav": "inbox", "form": form, "kept": kept}, status=status)


def _page(request: AgentRequest, *, failed: int = 0, form: ViewForm | None = None, status: int = 200) -> HttpResponse:
    user = request.user
    found = SavedView.objects.visible_to(user).select_related("owner", "team")
    lines = []
    for view in found:
        mine = view.owner_id == user.pk
        shown = form if view.pk == failed else None
        if mine and shown is None:
            shown = ViewForm(initial={"name": view.name, "team": view.team_id}, user=user, auto_id=f"vue-{view.pk}-%s")
        lines.append(
            {
                "view": view,
                "mine": mine,
                "form": shown,
                "open": view.pk == failed,
                "may_share": mine and shown is not None and "team" in shown.fields,
            }
        )
    own = [line for line in lines if line["mine"]]
    context = {"nav": "inbox", "lines": lines, "first": own[0] if own else None, "last": own[-1] if own else None}
    return render(request, "desk/views.html", context, status=status)


@agent_required
@require_POST
def act(request: AgentRequest, pk: int) -> HttpResponse:
    user = request.user
    view = SavedView.objects.visible_to(user).filter(pk=pk).first()
    if view is None:
        raise Http404
    what = request.POST.get("action", "")
    if what in {"monter", "descendre"}:
        actions.move_view(view, by=user, up=what == "monter")
    elif what == "supprimer":
        actions.delete_view(view, by=user)
        messages.success(request, "La vue est supprimée. Les demandes n'ont pas changé.")
    elif what == "changer":
        if view.owner_id != user.pk:
            raise Http404
        form = ViewForm(request.POST, user=user, auto_id=f"vue-{view.pk}-%s")
        status = form.carry_out(
            lambda data: actions.change_view(view, by=user, name=data["name"], team=data.get("team"))
        )
        if status:
            return _page(request, failed=view.pk, form=form, status=status)
        messages.success(request, "La vue est enregistrée.")
    else:
        raise Refused("Choisissez ce que vous voulez faire de cette vue.", status=400)
    return redirect("desk:views")
