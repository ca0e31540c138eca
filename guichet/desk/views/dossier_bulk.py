"""The same act of the appraisal on many dossiers: ticked in the worklist, previewed one by one, followed here."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guichet.cases.actions.batching import abandon
from guichet.core.refused import Refused
from guichet.core.text import keys_in
from guichet.desk.dossiers import numbers_of, wanted_of
from guichet.desk.forms.bulk import BulkForm, offered
from guichet.desk.forms.dossier_bulk import FORMS, ICONS, SAID
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.posted import count_of
from guichet.procedures import actions as do
from guichet.procedures.actions.batching import AT_MOST
from guichet.procedures.models import Dossier, DossierBatch, DossierBatchItem
from guichet.procedures.recap import euros

ON_A_PAGE = 100
State, ItemState = DossierBatch.State, DossierBatchItem.State


@agent_required
@require_http_methods(["GET", "POST"])
def batches(request: AgentRequest) -> HttpResponse:
    """My batches; or a new one of what was ticked in the worklist."""
    user = request.user
    if request.method == "GET":
        mine = DossierBatch.objects.filter(owner=user).exclude(state=State.CHOSEN).order_by("-pk")[:30]
        return render(request, "desk/dossier_batches.html", {"nav": "dossiers", "batches": mine})
    listed = dict(parse_qsl(request.POST.get("liste", "")[:2000]))
    if request.POST.get("tout"):
        numbers = numbers_of(wanted_of(listed), user, at_most=AT_MOST + 1)
    else:
        numbers = keys_in(request.POST.getlist("dossier"))
    try:
        found = do.choose_dossiers(numbers, by=user)
    except Refused as refusal:  # nothing ticked: back on the same list, told why
        messages.error(request, refusal.message)
        return redirect(f"{reverse('desk:dossiers')}?{urlencode(listed)}")
    return redirect("desk:dossier_batch", found.pk)


def _mine(request: AgentRequest, pk: int) -> DossierBatch:
    found = DossierBatch.objects.filter(pk=pk, owner=request.user).first()
    if found is None:
        raise Http404
    return found


@agent_required
@require_GET
def batch(request: AgentRequest, pk: int) -> HttpResponse:
    return _page(request, _mine(request, pk))


@agent_required
@require_POST
def prepare(request: AgentRequest, pk: int) -> HttpResponse:
    found, user = _mine(request, pk), request.user
    verb = request.POST.get("verb", "")
    if verb not in FORMS:
        raise Refused("Choisissez ce que vous voulez faire de ces dossiers.", status=400)
    form = FORMS[verb](request.POST, user=user, auto_id=f"{verb}-%s")
    if status := form.carry_out(lambda data: do.prepare_dossiers(found, verb, form.params(), by=user)):
        return _page(request, found, failed=verb, bound=form, status=status)
    return redirect("desk:dossier_batch", found.pk)


@agent_required
@require_POST
def act(request: AgentRequest, pk: int) -> HttpResponse:
    found, user = _mine(request, pk), request.user
    match request.POST.get("action", ""):
        case "confirmer":
            do.confirm_dossiers(found, by=user, count=count_of(request, "nombre"))
        case "abandonner":
            abandon(found, by=user)
            messages.success(request, "Rien n'a été fait.")
            return redirect("desk:dossiers")
        case _:
            raise Refused("Choisissez ce que vous voulez faire de ce lot.", status=400)
    return redirect("desk:dossier_batch", found.pk)


def _page(
    request: AgentRequest, found: DossierBatch, *, failed: str = "", bound: BulkForm | None = None, status: int = 200
) -> HttpResponse:
    state = State(found.state)
    counts = Counter(found.items.values_list("state", flat=True))
    aside = counts[ItemState.SKIPPED] + counts[ItemState.FAILED]
    changing = bool(failed) or "changer" in request.GET
    choosing = state == State.CHOSEN or (state == State.CHECKED and changing)
    context: dict[str, Any] = {
        "nav": "dossiers", "batch": found, "total": counts.total(),
        "counts": {name: counts[name] for name in ItemState.values},
        "waiting": counts[ItemState.WAITING], "at_most": AT_MOST, "choosing": choosing,
        "working": state in DossierBatch.WORKING, "progress": counts.total() - counts[ItemState.WAITING],
        "aside": aside, "chosen": counts.total() - aside, "has_errors": bool(failed),
    }  # fmt: skip
    if choosing:
        context["acts"] = _acts(request, found, failed, bound)
    else:
        context |= _lines(request, found)
    return render(request, "desk/dossier_batch.html", context, status=status)


def _acts(request: AgentRequest, found: DossierBatch, failed: str, bound: BulkForm | None) -> list[dict[str, Any]]:
    return [
        {
            "verb": verb, "label": DossierBatch.Verb(verb).label, "icon": ICONS[verb], "said": SAID[verb],
            "open": verb == (failed or found.verb),
            "form": form,
        }
        for verb, form in offered(FORMS, found, request.user, failed=failed, bound=bound).items()
    ]  # fmt: skip


def _lines(request: AgentRequest, found: DossierBatch) -> dict[str, Any]:
    """What will be done, or was, and what is left out: a page of each. A dossier he may no longer see has no name."""
    number = min(int(page) if (page := request.GET.get("p", "")).isdecimal() and len(page) < 5 else 1, 10_000)
    start = max(0, number - 1) * ON_A_PAGE
    rows = found.items.select_related("dossier__procedure", "dossier__applicant").order_by("pk")
    asides = [ItemState.SKIPPED, ItemState.FAILED]
    kept, aside = rows.exclude(state__in=asides), rows.filter(state__in=asides)
    shown = [*kept[start : start + ON_A_PAGE], *aside[start : start + ON_A_PAGE]]
    seen = Dossier.objects.visible_to(request.user).filter(pk__in=[item.dossier_id for item in shown])
    visible = set(seen.values_list("pk", flat=True))
    lines: list[dict[str, Any]] = [
        {
            "it": item, "dossier": item.dossier if item.dossier_id in visible else None,
            "amount": euros(item.amount_cents) if item.amount_cents is not None else "",
        }
        for item in shown
    ]  # fmt: skip
    longest = max(kept.count(), aside.count())
    return {
        "kept": [line for line in lines if line["it"].state not in asides],
        "asides": [line for line in lines if line["it"].state in asides],
        "with_amount": any(line["amount"] for line in lines),
        "page": start // ON_A_PAGE + 1, "following": start // ON_A_PAGE + 2 if longest > start + ON_A_PAGE else 0,
        "total_amount": _total(found),
    }  # fmt: skip


def _total(found: DossierBatch) -> str:
    kept = found.items.exclude(state__in=[ItemState.SKIPPED, ItemState.FAILED])
    amounts = kept.values_list("amount_cents", flat=True)
    known = [cents for cents in amounts if cents is not None]
    return euros(sum(known)) if known else ""
