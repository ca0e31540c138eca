"""The form of a procedure as an agent types it for somebody: the pages, questions and faults of the citizen's."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from guichet.core.refused import Refused, Stale
from guichet.core.sent import read_document
from guichet.core.text import key_of, number_of
from guichet.core.typed import typed_before
from guichet.desk.entries import came_with, entry_of
from guichet.desk.guard import AgentRequest, keeping_typed
from guichet.procedures import actions as do
from guichet.procedures.actions.entering import receipt_address
from guichet.procedures.answers import faults, pages_of
from guichet.procedures.definition import Page
from guichet.procedures.models import Dossier
from guichet.procedures.offering import kept_document, offered
from guichet.procedures.questions import shown, typed_there
from guichet.procedures.touring import DOCUMENTS, SUMMARY, summary, tour

ELSEWHERE = (
    "Cette saisie a changé ailleurs, dans un autre onglet ou par un collègue. Voici la dernière version\u00a0: ce que "
    "vous veniez d'écrire est gardé ci-dessous."
)
BACK = "Votre session avait expiré. Ce que vous aviez écrit est là\u00a0: vérifiez, puis continuez."


@keeping_typed
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: AgentRequest, key: uuid.UUID, code: str) -> HttpResponse:
    found = entry_of(request.user, key)
    do.note_read(found, by=request.user)
    if code == DOCUMENTS:
        return _documents(request, found)
    if code == SUMMARY:
        return _summary(request, found)
    pages = pages_of(found.definition, found.known())
    asked = next((one for one in pages if one.code == code), None)
    if asked is None:  # not asked any more since another answer changed
        if code not in {one.code for one in found.definition.pages}:
            raise Http404
        return _to(found, pages[0].code)
    if request.method == "POST":
        return _save(request, found, asked)
    if (typed := typed_before(request)) is not None:
        found, _ = do.save_page(found, code, typed, person=found.applicant, edit=found.edit, by=request.user)
        messages.info(request, BACK)
    wrong = faults(found.definition, found.answers, day=found.counted_from).get(code, {})
    return _show(request, found, asked, wrong if "voir" in request.GET else {})


def _to(found: Dossier, code: str) -> HttpResponse:
    return redirect("desk:entry_page", key=found.key, code=code)


def _save(request: AgentRequest, found: Dossier, asked: Page) -> HttpResponse:
    posted = {name: request.POST.getlist(name) for name in request.POST}
    try:
        found, errors = do.save_page(
            found, asked.code, posted, person=found.applicant, edit=number_of(request.POST.get("edit", "")),
            by=request.user,
        )  # fmt: skip
    except Stale:
        found = entry_of(request.user, found.key)
        return _show(request, found, asked, {}, fault=ELSEWHERE, lost=typed_there(asked, posted), status=409)
    if request.POST.get("suite") == "quitter":
        messages.success(request, "La saisie est enregistrée. Vous ou un collègue pouvez la reprendre.")
        return redirect("desk:entries")
    if errors:
        return _show(request, entry_of(request.user, found.key), asked, errors, status=400)
    return _to(found, tour(found, asked.code)["after"])


def _show(
    request: AgentRequest, found: Dossier, asked: Page, errors: dict[str, str], *, fault: str = "",
    lost: list[tuple[str, str]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        **tour(found, asked.code), "nav": "dossiers", "page": asked, "fault": fault, "lost": lost or [],
        "questions": shown(asked, found.known(), found.answers, errors, autofill=False),
        "has_errors": bool(errors or fault),
    }  # fmt: skip
    return render(request, "desk/entry_page.html", context, status=status)


def _documents(request: AgentRequest, found: Dossier) -> HttpResponse:
    faults_of: dict[str, str] = {}
    status = 200
    attached = came_with(found, request.user)
    if request.method == "POST":
        code = request.POST.get("piece", "")
        try:
            _take(request, found, code)
            return _to(found, DOCUMENTS)
        except Refused as refusal:
            faults_of[code], status = refusal.message, refusal.status
    context = {
        **tour(found, DOCUMENTS), "nav": "dossiers", "pieces": offered(found, faults_of), "attached": attached,
        "fault": next(iter(faults_of.values()), ""), "has_errors": bool(faults_of),
    }  # fmt: skip
    return render(request, "desk/entry_documents.html", context, status=status)


def _take(request: AgentRequest, found: Dossier, code: str) -> None:
    """A document that is kept for the person, one that came with the letter, or a scan."""
    person, by = found.applicant, request.user
    if wanted := request.POST.get("garde", ""):
        kept = kept_document(found, wanted)
        if kept is None:
            raise Refused("Ce document n'est plus gardé pour cette personne.", status=404)
        do.reuse(found, code, person=person, kept=kept, by=by)
    elif "lettre" in request.POST:
        wanted_pk = key_of(request.POST["lettre"])
        attachment = next((one for one in came_with(found, by) if one.pk == wanted_pk), None)
        if attachment is None:
            raise Refused("Choisissez un document du courrier.", status=400)
        do.take_from_letter(found, code, attachment, by=by)
    else:
        name, content, warning = read_document(request)
        do.send_piece(found, code, person=person, content=content, name=name, warning=warning, by=by)


def _summary(request: AgentRequest, found: Dossier) -> HttpResponse:
    fault, status = "", 200
    if request.method == "POST":
        try:
            filed = do.file_entry(found, by=request.user)
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            return redirect("desk:entry_filed", reference=filed.reference)
    context = {
        **tour(found, SUMMARY), **summary(found), "nav": "dossiers", "receipt_to": receipt_address(found),
        "fault": fault, "has_errors": bool(fault),
    }  # fmt: skip
    return render(request, "desk/entry_summary.html", context, status=status)
