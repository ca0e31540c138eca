"""What the routing learnt: its versions and how well they do, the examples it learns from."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from guichet.cases.actions import routing as actions
from guichet.cases.models import Case, RoutingModel, TopicExample
from guichet.cases.routing.measuring import measured
from guichet.core.jobs import is_asked
from guichet.core.refused import Refused
from guichet.core.text import excerpt, key_of
from guichet.desk.forms.routing import topic_names
from guichet.desk.forms.rules import ExampleForm
from guichet.desk.guard import AgentRequest, routing_required
from guichet.desk.views.tuning import must_tune, tuning_page
from guichet.journal.models import Event
from guichet.organisation.models import Sensitivity

VERSIONS, PAGE = 30, 50


@routing_required
@require_GET
def quality(request: AgentRequest) -> HttpResponse:
    versions = list(RoutingModel.objects.select_related("by")[:VERSIONS])
    last = (
        Event.objects.filter(
            subject="routing_models", case_id=None, person_id=None,
            verb__in=["routing.learning_failed", "routing.learning_asked"],
        )
        .order_by("-id").first()
    )  # fmt: skip
    failed = last if last is not None and last.verb == "routing.learning_failed" else None
    return tuning_page(
        request, "quality", "quality", versions=[(version, _percents(version.quality)) for version in versions],
        measure=measured(), learning=is_asked(actions.LEARNING), failed=failed,
        corrections=TopicExample.objects.filter(interaction__isnull=False).count(),
        examples=TopicExample.objects.count(),
    )  # fmt: skip


def _percents(quality: dict[str, Any]) -> dict[str, int]:
    return {name: round(value * 100) for name, value in quality.items() if isinstance(value, float)}


@routing_required
@require_POST
def quality_act(request: AgentRequest) -> HttpResponse:
    must_tune(request)
    version = request.POST.get("version", "")
    try:
        if request.POST.get("action") == "apprendre":
            actions.ask_learning(by=request.user)
            messages.success(request, "L'apprentissage est demandé : la nouvelle version sera là dans un instant.")
        elif model := RoutingModel.objects.filter(pk=key_of(version)).first():
            actions.put_in_service(model, by=request.user)
            messages.success(request, f"La version {model.pk} est en service.")
        else:
            raise Http404
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk:quality")


@routing_required
def examples(request: AgentRequest) -> HttpResponse:
    """What the routing learns from; a corrected message is shown to who may see its case."""
    form, status = ExampleForm(request.POST or None), 200
    if request.method == "POST":
        must_tune(request)
        added: list[int] = []
        status = form.carry_out(
            lambda data: added.append(actions.add_examples([(data["text"], data["topic"].code)], by=request.user))
        )
        if not status:
            messages.success(request, "L'exemple est ajouté." if added[0] else "Cet exemple y était déjà.")
            return redirect("desk:examples")
    words, before = request.GET.get("q", "").strip()[:120], request.GET.get("avant", "")
    seen = Q(interaction__case__in=Case.objects.visible_to(request.user))
    found = TopicExample.objects.all()
    if words:
        found = found.filter(
            Q(text__icontains=words) | Q(topic__label__icontains=words) | Q(topic__code__istartswith=words)
            | (seen & Q(interaction__text__icontains=words))
        )  # fmt: skip
    count = found.count()
    if mark := key_of(before):
        found = found.filter(pk__lt=mark)
    page = list(found.select_related("topic", "by", "interaction__case").order_by("-pk")[: PAGE + 1])
    cases = [example.interaction.case_id for example in page if example.interaction]
    visible = set(Case.objects.visible_to(request.user).filter(pk__in=cases).values_list("pk", flat=True))
    return tuning_page(
        request, "examples", "examples", status=status, form=form, search=words, count=count,
        lines=[(example, _shown(example, visible)) for example in page[:PAGE]],
        following=page[PAGE - 1].pk if len(page) > PAGE else "",
        topic_names=topic_names(Sensitivity.RESERVED),
    )  # fmt: skip


def _shown(example: TopicExample, visible: set[int]) -> str:
    if example.interaction is None:
        return example.text
    if example.interaction.case_id not in visible:
        return ""
    return excerpt(f"{example.interaction.subject} – {example.interaction.text}", 240)


@routing_required
@require_POST
def example_remove(request: AgentRequest, pk: int) -> HttpResponse:
    must_tune(request)
    found = TopicExample.objects.filter(pk=pk).select_related("topic").first()
    if found is None:
        raise Http404
    actions.forget_example(found, by=request.user)
    messages.success(request, "L'exemple est retiré : il ne comptera plus au prochain apprentissage.")
    return redirect("desk:examples")
