"""The same act on many cases: chosen in the list, checked here, followed here."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guichet.accounts.models import User
from guichet.cases.actions import batching
from guichet.cases.models import Batch, BatchItem, Case, ReplyTemplate
from guichet.core.refused import Refused
from guichet.core.text import keys_in
from guichet.desk import filling, listing, queues
from guichet.desk.answers import inserted
from guichet.desk.forms.bulk import FORMS, BulkForm, offered
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.posted import count_of

SHOWN = 200
# To who received an answer of the base that changed since.
CHANGED = """Bonjour,

Nous vous avions répondu au sujet de « {title} ». Notre réponse a changé. Voici ce qui vaut aujourd'hui :

{text}

Nous vous prions de nous excuser si notre premier message vous a gêné."""
BUTTONS = {"reply": "Voir avant d'envoyer", "link": "Voir avant de lier"}
ICONS = {"reply": "reply", "assign": "user-plus", "transfer": "forward", "close": "check", "link": "share-2"}


@agent_required
@require_http_methods(["GET", "POST"])
def batches(request: AgentRequest) -> HttpResponse:
    """My batches; or a new one of what was ticked in the list."""
    user = request.user
    if request.method == "GET":
        mine = Batch.objects.filter(owner=user).exclude(state=Batch.State.CHOSEN).order_by("-pk")[:30]
        return render(request, "desk/batches.html", {"nav": "inbox", "batches": mine})
    if request.POST.get("tout"):
        address = dict(parse_qsl(request.POST.get("liste", "")[:2000]))
        kept = listing.read_listing(address, user, queues.groups(user))
        numbers = listing.numbers(kept, batching.AT_MOST + 1)
    else:
        numbers = keys_in(request.POST.getlist("demande"))
    try:
        found = batching.choose(numbers, by=user)
    except Refused as refusal:  # Enter on a box sends the form with nothing ticked: back on the same list, told why
        messages.error(request, refusal.message)
        return redirect(f"{reverse('desk:inbox')}?{urlencode(dict(parse_qsl(request.POST.get('liste', '')[:2000])))}")
    return redirect("desk:batch", found.pk)


@agent_required
@require_GET
def batch(request: AgentRequest, pk: int) -> HttpResponse:
    found = _mine(request, pk)
    offer = inserted(request.GET["article"], request.user) if "article" in request.GET else None
    if offer is None:
        return _page(request, found)
    typed = {"text": CHANGED.format(title=offer.version.title, text=offer.text), "article": offer.version.pk}
    bound = FORMS[Batch.Verb.REPLY](user=request.user, auto_id="reply-%s", initial=typed)
    return _page(request, found, failed=Batch.Verb.REPLY, bound=bound)


@agent_required
@require_POST
def prepare(request: AgentRequest, pk: int) -> HttpResponse:
    found, user = _mine(request, pk), request.user
    verb = request.POST.get("verb", "")
    if verb not in FORMS:
        raise Refused("Choisissez ce que vous voulez faire de ces demandes.", status=400)
    form = FORMS[verb](request.POST, user=user, auto_id=f"{verb}-%s")

    def run(data: dict[str, Any]) -> None:
        texts = _filled(found, data["text"], user) if verb == Batch.Verb.REPLY else {}
        batching.prepare(found, verb, form.params(), by=user, texts=texts)

    if status := form.carry_out(run):
        return _page(request, found, failed=verb, bound=form, status=status)
    return redirect("desk:batch", found.pk)


def _filled(found: Batch, text: str, by: User) -> dict[int, str]:
    cases = Case.objects.filter(pk__in=found.items.values("case")).select_related("person")
    template = ReplyTemplate(text=text)
    return {case.pk: filling.fill(template, filling.values_of(case, by)) for case in cases}


@agent_required
@require_POST
def act(request: AgentRequest, pk: int) -> HttpResponse:
    found, user = _mine(request, pk), request.user
    match request.POST.get("action", ""):
        case "confirmer":
            batching.confirm(found, by=user, count=count_of(request, "nombre"))
        case "annuler":
            batching.undo(found, by=user)
        case "abandonner":
            batching.abandon(found, by=user)
            messages.success(request, "Rien n'a été fait.")
            return redirect("desk:inbox")
        case _:
            raise Refused("Choisissez ce que vous voulez faire de ce lot.", status=400)
    return redirect("desk:batch", found.pk)


def _mine(request: AgentRequest, pk: int) -> Batch:
    found = Batch.objects.filter(pk=pk, owner=request.user).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: AgentRequest, found: Batch, *, failed: str = "", bound: BulkForm | None = None, status: int = 200
) -> HttpResponse:
    user, state = request.user, Batch.State(found.state)
    counts = Counter(found.items.values_list("state", flat=True))
    context: dict[str, Any] = {
        "nav": "inbox", "batch": found, "total": counts.total(), "counts": {str(k): v for k, v in counts.items()},
        "waiting": counts[BatchItem.State.WAITING], "at_most": batching.AT_MOST,
    }  # fmt: skip
    choosing = state in {Batch.State.CHOSEN, Batch.State.CHECKED}
    if choosing:
        context["acts"] = [
            {
                "verb": verb, "label": Batch.Verb(verb).label, "icon": ICONS[verb], "open": verb == failed,
                "button": BUTTONS.get(verb, "Voir avant de confirmer"),
                "form": form,
            }
            for verb, form in offered(FORMS, found, user, failed=failed, bound=bound).items()
        ]  # fmt: skip
    asides = found.items.filter(state__in=[BatchItem.State.SKIPPED, BatchItem.State.FAILED, BatchItem.State.GONE])
    visible = set(Case.objects.visible_to(user).filter(pk__in=found.items.values("case")).values_list("pk", flat=True))
    lines = [
        (item, item.case if item.case_id in visible else None)
        for item in asides.select_related("case__person").order_by("state", "pk")[:SHOWN]
    ]
    sample = found.items.filter(state=BatchItem.State.WAITING).exclude(text="").select_related("case__person").first()
    leaves = found.leaves_at
    context |= {
        "choosing": choosing and not (state == Batch.State.CHECKED and not failed),
        "lines": lines, "more": asides.count() - len(lines), "sample": sample if state == Batch.State.CHECKED else None,
        "working": state in Batch.WORKING, "progress": counts.total() - counts[BatchItem.State.WAITING],
        "may_undo": found.verb == "reply" and state in {Batch.State.RUNNING, Batch.State.DONE}
        and leaves is not None and leaves > timezone.now(),
        "status": status,
    }  # fmt: skip
    return render(request, "desk/batch.html", context, status=status)
