"""« À faire » : what the base lacks, found by itself; a person decides of each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from guichet.cases.actions.ideas import ask_ideas, draft_from, set_aside, take_wording
from guichet.cases.models import AnswerIdea
from guichet.core.refused import NotAllowed, Refused
from guichet.desk import toil
from guichet.desk.answers import searched
from guichet.desk.forms.articles import owners
from guichet.desk.forms.fields import DeskForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.knowledge import base_page, must_write
from guichet.knowledge import actions, policy
from guichet.knowledge.content import read_content
from guichet.knowledge.markup import anchor_of
from guichet.knowledge.models import ANSWER_LENGTH, Article
from guichet.organisation.models import Team


class DraftForm(DeskForm):
    """The first words of an article, from what agents write."""

    title = forms.CharField(label="Titre", max_length=120)
    answer = forms.CharField(
        label="Réponse", max_length=ANSWER_LENGTH, widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Gardez ce qui vaut pour tous : ni nom, ni numéro, ni date d'un cas particulier.",
    )  # fmt: skip
    owner = forms.ModelChoiceField(Team.objects.none(), label="Équipe responsable", empty_label="Choisissez")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners()  # type: ignore[attr-defined]


@agent_required
@require_GET
def work(request: AgentRequest) -> HttpResponse:
    if not policy.reads_drafts(request.user):
        raise NotAllowed("Seuls les rédacteurs et les responsables d'équipe voient ce travail.")
    return base_page(
        request, "base_work", tab="work", questions=toil.questions(), judged=toil.judged(request.user),
        wordings=toil.ideas(AnswerIdea.Kind.WORDING), answers=toil.ideas(AnswerIdea.Kind.ANSWER), days=toil.DAYS,
    )  # fmt: skip


@agent_required
def question(request: AgentRequest) -> HttpResponse:
    """One question without answer: an article that answers it, a new one, or nothing."""
    must_write(request)
    given = request.POST if request.method == "POST" else request.GET
    key = given.get("mots", "")[:300]
    asked = toil.wordings_of(key) if key else []
    if request.method == "POST":
        return _decide(request, key)
    if not asked:
        raise Http404
    words = request.GET.get("q", "").strip()[:200] or asked[0]
    return base_page(
        request, "base_question", tab="work", key=key, attach="", asked=asked, words_typed=words,
        offers=searched(words, request.user),
    )  # fmt: skip


def _decide(request: AgentRequest, key: str) -> HttpResponse:
    if request.POST.get("action") == "ignorer":
        actions.handle_asked(key, by=request.user)
        messages.success(request, "Cette question ne vous sera plus proposée.")
    else:
        article = _article(request)
        actions.handle_asked(key, article=article, by=request.user)
        messages.success(request, f"La question est ajoutée aux formulations de « {article.title} ».")
    return redirect("desk:base_work")


def _article(request: AgentRequest) -> Article:
    rows = Article.objects.filter(policy.readable_by(request.user), archived_at__isnull=True).select_related("live")
    found = rows.filter(code=request.POST.get("article", "")).first()
    if found is None:
        raise Refused("Choisissez un article de la base.", status=400)
    return found


@agent_required
def idea(request: AgentRequest, pk: int) -> HttpResponse:
    must_write(request)
    found = AnswerIdea.objects.select_related("article__live").filter(pk=pk).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        match request.POST.get("action", ""):
            case "ignorer":
                set_aside(found, by=request.user)
                messages.success(request, "Cette idée ne vous sera plus proposée.")
                return redirect("desk:base_work")
            case "rattacher":
                article = take_wording(
                    found, article=_article(request), text=request.POST.get("texte", "")[:300], by=request.user
                )
                messages.success(request, f"La question est ajoutée aux formulations de « {article.title} ».")
                return redirect("desk:base_work")
            case "ecrire":
                return _draft(request, found)
            case _:
                raise Http404
    form = DraftForm(initial={"title": found.question[:120], "answer": found.answer[:ANSWER_LENGTH]})
    return _idea_page(request, found, form)


def _draft(request: AgentRequest, found: AnswerIdea) -> HttpResponse:
    form = DraftForm(request.POST)
    made: list[Article] = []

    def run(data: dict[str, Any]) -> None:
        text = data["answer"].replace("\r\n", "\n")
        content = read_content({"title": data["title"], "answer": text, "topics": [found.topic] if found.topic else []})
        made.append(draft_from(found, anchor_of(data["title"]), content, owner=data["owner"], by=request.user))

    if status := form.carry_out(run):
        return _idea_page(request, found, form, status=status)
    messages.success(request, "Le brouillon est créé. Complétez-le, puis demandez sa relecture.")
    return redirect("desk:article_edit", made[0].code)


def _idea_page(request: AgentRequest, found: AnswerIdea, form: DraftForm, *, status: int = 200) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:200] or found.question
    return base_page(
        request, "base_idea", tab="work", status=status, idea=found, form=form, key="", attach="rattacher",
        words_typed=words, offers=searched(words, request.user), cases=toil.cases_of(found, request.user),
    )  # fmt: skip


@agent_required
@require_POST
def look_again(request: AgentRequest) -> HttpResponse:
    ask_ideas(by=request.user)
    messages.success(request, "La recherche est demandée : revenez dans quelques minutes.")
    return redirect("desk:base_work")
