"""What surrounds the articles: synonyms, the calendar of the season, files in and out."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from guichet.core.calendar import paris_day
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.desk.forms.words import ImportForm, SeasonForm, SynonymForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.articles import readable
from guichet.desk.views.knowledge import base_page, must_write
from guichet.knowledge import actions, policy
from guichet.knowledge.exchange import read_text, to_csv, to_markdown, whole_row_of
from guichet.knowledge.models import Article, SeasonEvent, Synonym

SHOWN = 500


@agent_required
def synonyms(request: AgentRequest) -> HttpResponse:
    """One list, one form: add, correct, remove."""
    must_write(request)
    form, status, failed = SynonymForm(), 200, 0
    if request.method == "POST":
        pk = key_of(request.POST.get("synonyme", ""))
        found = Synonym.objects.filter(pk=pk).first() if pk else Synonym()
        if found is None:
            raise Refused("Ce synonyme n'existe plus.", status=409)
        if request.POST.get("action") == "supprimer" and pk:
            actions.delete_synonym(found, by=request.user)
            messages.success(request, f"« {found.said} » est supprimé.")
            return redirect("desk:synonyms")
        form, failed = SynonymForm(request.POST), pk or 0
        status = form.carry_out(lambda data: actions.save_synonym(form.made(found), by=request.user))
        if not status:
            messages.success(request, f"« {found.said} » se lit maintenant « {found.meant} ».")
            return redirect("desk:synonyms")
    words = request.GET.get("q", "").strip()[:120]
    rows = Synonym.objects.filter(said__icontains=words) if words else Synonym.objects.all()
    listed = list(rows[: SHOWN + 1])
    return base_page(
        request, "synonyms", tab="synonyms", status=status, form=form, failed=failed, rows=listed[:SHOWN],
        more=len(listed) > SHOWN, words_typed=words,
    )  # fmt: skip


@agent_required
@require_GET
def season(request: AgentRequest) -> HttpResponse:
    must_write(request)
    today = paris_day(timezone.now())
    events = SeasonEvent.objects.select_related("article__live").order_by("-shown_until", "-pk")[:100]
    return base_page(request, "season", tab="season", events=events, today=today)


@agent_required
def event(request: AgentRequest, pk: int = 0) -> HttpResponse:
    must_write(request)
    found = SeasonEvent.objects.select_related("article").filter(pk=pk).first() if pk else SeasonEvent()
    if found is None:
        raise Http404
    if request.method == "POST" and request.POST.get("action") == "supprimer" and pk:
        actions.delete_season(found, by=request.user)
        messages.success(request, f"« {found.title} » est supprimé.")
        return redirect("desk:season")
    form = SeasonForm(request.POST or None, event=found)
    status = 200
    if request.method == "POST":
        status = form.carry_out(lambda data: actions.save_season(form.made(), by=request.user))
        if not status:
            messages.success(request, "L'événement est enregistré.")
            return redirect("desk:season")
    return base_page(request, "season_event", tab="season", status=status, form=form, is_new=not pk)


# -- files ------------------------------------------------------------------------------------------------------------


@agent_required
def bring_in(request: AgentRequest) -> HttpResponse:
    """A file is tried first: how many would be new or changed, what is wrong; then it becomes drafts."""
    must_write(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return base_page(request, "base_import", tab="files", form=ImportForm(), trial=None)
    trial = request.POST.get("action") != "importer"
    done: list[actions.Imported] = []

    def run(data: dict[str, object]) -> None:
        items = read_text(str(data["content"]), form.form, str(data["name"]))
        owner = form.cleaned_data["owner"]
        done.append(actions.import_articles(items, owner=owner, trial=trial, by=request.user))

    if status := form.carry_out(run):
        return base_page(request, "base_import", tab="files", status=status, form=form, trial=None)
    [result] = done
    if trial or result.problems:
        again = ImportForm(initial={name: form.cleaned_data[name] for name in ("owner", "content", "name")})
        status = 400 if result.problems else 200
        return base_page(
            request,
            "base_import",
            tab="files",
            status=status,
            form=again,
            trial=result,
            filed=form.cleaned_data["name"],
        )
    count = result.created + result.changed
    messages.success(request, f"{count} article{'s' if count > 1 else ''} en brouillon : à relire avant publication.")
    return redirect("desk:base")


@agent_required
@require_GET
def take_out(request: AgentRequest, form: str) -> HttpResponse:
    """What is in service and this agent may read."""
    rows = Article.objects.live().filter(policy.readable_by(request.user)).select_related("live", "owner")
    articles = rows.prefetch_related("wordings").order_by("code")
    if form == "csv":
        return _file(to_csv(articles), "base-de-reponses.csv", "text/csv")
    if form == "json":
        text = json.dumps([whole_row_of(article) for article in articles], ensure_ascii=False, indent=1)
        return _file(text, "base-de-reponses.json", "application/json")
    raise Http404


@agent_required
@require_GET
def markdown(request: AgentRequest, code: str) -> HttpResponse:
    found = readable(request, code)
    if found.live is None:
        raise Http404
    return _file(to_markdown(found), f"{found.code}.md", "text/markdown")


def _file(text: str, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
