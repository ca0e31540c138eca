"""Writing an article: its draft, with what is wrong in it said while it is typed; a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from guichet.core.refused import Refused
from guichet.desk.forms.articles import NewForm, PlaceForm, TextForm
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.views.articles import open_version, readable
from guichet.desk.views.knowledge import base_page, must_write
from guichet.knowledge import actions, checks, renderings
from guichet.knowledge.content import content_of
from guichet.knowledge.differences import Change, differences
from guichet.knowledge.markup import to_plain
from guichet.knowledge.models import Article, Audience, Kind, Version
from guichet.knowledge.pictures import MOST_BYTES
from guichet.knowledge.voice import voice

NOBODY = "-"  # no draft was seen: whoever began one meanwhile is not written over


@agent_required
def edit(request: AgentRequest, code: str) -> HttpResponse:
    """The draft of an article. « Enregistrer » keeps it, « Demander la relecture » gives it to another."""
    must_write(request)
    found = readable(request, code)
    draft = open_version(found)
    base = draft or found.live or found.versions.order_by("-number").first()
    if request.method != "POST":
        form = TextForm(version=base, initial={"seen": _mark(draft)})
        if draft is None:
            form.initial["remark"] = ""
        return _page(request, found, form)
    form = TextForm(request.POST, request.FILES, version=base)
    action = request.POST.get("action", "enregistrer")
    if action in {"aide", "verifier"}:
        return _checked(request, found, form, fragment=action == "aide")
    status = form.carry_out(lambda data: _save(request, found, form, draft))
    if status == 409:
        return _stale(request, found, form)
    if status:
        return _page(request, found, form, status=status)
    if action == "soumettre":
        try:
            actions.submit(_now(found), by=request.user)
        except Refused as refusal:
            again = TextForm(version=open_version(found), initial={"seen": _mark(open_version(found))})
            return _page(request, found, again, status=refusal.status, problem=f"Enregistré, mais : {refusal.message}")
        messages.success(request, "La version est en relecture : un autre que son auteur la publie.")
        return redirect("desk:article", found.code)
    if action == "image":
        return _pictured(request, found, form)
    messages.success(request, "Le brouillon est enregistré.")
    return redirect("desk:article_edit", found.code)


def _pictured(request: AgentRequest, found: Article, form: TextForm) -> HttpResponse:
    """The text is saved; now its image. Refused, what was said of it is shown again."""
    data, version = form.cleaned_data, _now(found)
    try:
        if data["picture"] is None:
            raise Refused("Choisissez une image.", status=400)
        actions.add_picture(
            version, data["picture"].read(MOST_BYTES + 1), words=data["picture_words"],
            decorative=data["picture_decorative"], caption=data["picture_caption"], by=request.user,
        )  # fmt: skip
    except Refused as refusal:
        said = {name: data[name] for name in ("picture_words", "picture_decorative", "picture_caption")}
        again = TextForm(version=version, initial={"seen": _mark(version), **said})
        again.picture_problem = refusal.message
        return _page(request, found, again, status=refusal.status)
    messages.success(request, "L'image est à la fin du texte complet : déplacez sa ligne où elle doit être.")
    return redirect(f"{reverse('desk:article_edit', args=[found.code])}#t-image")


def _mark(draft: Version | None) -> str:
    return draft.changed_at.isoformat() if draft is not None else NOBODY


def _now(found: Article) -> Version:
    version = open_version(found)
    assert version is not None
    return version


def _save(request: AgentRequest, found: Article, form: TextForm, draft: Version | None) -> None:
    content, by = form.content(), request.user
    seen = form.cleaned_data["seen"]
    version = draft or actions.start_draft(found, by=by)
    if draft is None and seen == NOBODY and version.author_id == by.pk:
        seen = version.changed_at.isoformat()
    actions.save_draft(version, content, remark=form.cleaned_data["remark"], seen=seen or NOBODY, by=by)


def _stale(request: AgentRequest, found: Article, form: TextForm) -> HttpResponse:
    """Somebody saved meanwhile: his text and what was typed face each other; saving again is a decision."""
    version = _now(found)
    changes = differences(content_of(version), form.content())
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["seen"] = _mark(version)  # type: ignore[index]
    return _page(request, found, form, status=409, changes=changes, other=version)


def _page(
    request: AgentRequest, found: Article, form: TextForm, *, status: int = 200, problem: str = "",
    changes: list[Change] | None = None, other: Version | None = None, version: Version | None = None,
) -> HttpResponse:  # fmt: skip
    place = PlaceForm(
        initial={"kind": found.kind, "audience": found.audience, "owner": found.owner_id, "position": found.position}
    )
    typed = version or open_version(found) or found.live
    return _edit_page(
        request, form, status=status, article=found, place=place, draft=open_version(found), problem=problem,
        changes=changes, other=other, is_aid=found.kind == Kind.AID,
        **(help_of(typed, found) if typed is not None else {}),
    )  # fmt: skip


def _edit_page(request: AgentRequest, form: TextForm, *, status: int = 200, **more: Any) -> HttpResponse:
    blank = {"article": None, "draft": None, "problem": "", "changes": None, "is_aid": False, "is_new": False,
             "helped": False}  # fmt: skip
    return base_page(request, "article_edit", tab="articles", status=status, form=form, **{**blank, **more})


# -- what is wrong in the text ----------------------------------------------------------------------------------------


def help_of(version: Version, found: Article) -> dict[str, Any]:
    version.article = found
    wordings = found.wordings.count() if found.pk else None
    return {
        "reading": checks.reading(f"{to_plain(version.answer)}\n{to_plain(version.body)}"),
        "blocking": checks.blocking(version), "findings": checks.findings(version, wordings),
        "sms": renderings.sms(version.sms), "voice": voice(version), "helped": True,
    }  # fmt: skip


def _checked(request: AgentRequest, found: Article, form: TextForm, *, fragment: bool) -> HttpResponse:
    version, problem = Version(article=found), ""
    if form.is_valid():
        try:
            form.content().put(version)
        except Refused as refusal:
            problem = refusal.message
    else:
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
    if fragment:
        context = {"problem": problem, **({} if problem else help_of(version, found))}
        return render(request, "desk/_writing_help.html", context)
    return _page(request, found, form, status=400 if problem else 200, problem=problem, version=version)


# -- a new one --------------------------------------------------------------------------------------------------------


@agent_required
def new(request: AgentRequest) -> HttpResponse:
    must_write(request)
    given = {"title": request.GET.get("titre", "")[:120], "wordings": request.GET.get("formulation", "")[:300]}
    form = NewForm(request.POST or None, initial=given)
    if request.method != "POST":
        return _edit_page(request, form, is_new=True)
    action = request.POST.get("action", "enregistrer")
    if action in {"aide", "verifier"}:
        return _checked_new(request, form, fragment=action == "aide")

    def run(data: dict[str, Any]) -> None:
        made = actions.create_article(
            form.address, form.content(), kind=data["kind"], audience=data["audience"], owner=data["owner"],
            by=request.user,
        )  # fmt: skip
        if data["wordings"]:
            actions.add_wordings(made, data["wordings"], by=request.user)

    if status := form.carry_out(run):
        return _edit_page(request, form, status=status, is_new=True)
    messages.success(request, "L'article est créé : c'est un brouillon, il n'est visible nulle part.")
    return redirect("desk:article_edit", form.address)


def _checked_new(request: AgentRequest, form: NewForm, *, fragment: bool) -> HttpResponse:
    found = Article(
        kind=request.POST.get("kind", Kind.QUESTION), audience=request.POST.get("audience", Audience.CITIZEN)
    )
    version, problem = Version(article=found), ""
    form.is_valid()
    try:
        form.content().put(version)
    except Refused as refusal:
        problem = refusal.message
    context = {"problem": problem, **({} if problem else help_of(version, found))}
    if fragment:
        return render(request, "desk/_writing_help.html", context)
    return _edit_page(request, form, is_new=True, **context)


@agent_required
def place(request: AgentRequest, code: str) -> HttpResponse:
    """Nature, public, owner, order: changed at once, no review."""
    found = readable(request, code)
    if request.method != "POST":
        return redirect("desk:article_edit", found.code)
    must_write(request)
    form = PlaceForm(request.POST)
    if status := form.carry_out(lambda data: actions.set_article(found, **data, by=request.user)):
        raise Refused(" ".join(str(error) for errors in form.errors.values() for error in errors), status=status)
    messages.success(request, "Les réglages de l'article sont enregistrés.")
    return redirect("desk:article", found.code)
