"""The form of a procedure: page by page, kept at each of them; documents; summary; filing."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from guichet.core.refused import Refused, Stale
from guichet.core.text import number_of
from guichet.core.typed import typed_before
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.portal.own import keeping_what_was_typed, own_draft, proved_answers
from guichet.portal.views.dossiers.sending import take_document
from guichet.procedures.actions import discard, file_dossier, reuse, save_page
from guichet.procedures.answers import faults, pages_of
from guichet.procedures.definition import Page
from guichet.procedures.models import Dossier, KeptDocument
from guichet.procedures.offering import kept_document, offered
from guichet.procedures.questions import shown, typed_there
from guichet.procedures.touring import DOCUMENTS, SUMMARY, summary, tour

ELSEWHERE = (
    "Ce brouillon a changé ailleurs, dans un autre onglet ou sur un autre appareil. Voici la dernière version\u00a0: "
    "ce que vous veniez d'écrire est gardé ci-dessous."
)


def _draft(request: CitizenRequest, key: uuid.UUID) -> Dossier:
    draft = own_draft(request, key)
    if not draft.is_draft:
        raise Http404
    return draft


@citizen_required
@require_safe
def draft(request: CitizenRequest, key: uuid.UUID) -> HttpResponse:
    """The link that resumes it: at the page where it was left."""
    found = own_draft(request, key)
    if not found.is_draft:
        return redirect("portal:dossier", reference=found.reference)
    pages = pages_of(found.definition, found.known())
    at = next((page for page in pages if page.code == found.page), pages[0])
    return redirect("portal:draft_page", key=key, code=at.code)


def _to(found: Dossier, code: str) -> HttpResponse:
    return redirect("portal:draft_page", key=found.key, code=code)


@keeping_what_was_typed
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: CitizenRequest, key: uuid.UUID, code: str) -> HttpResponse:
    found = _draft(request, key)
    if code == DOCUMENTS:
        return _documents(request, found)
    if code == SUMMARY:
        return _summary(request, found)
    asked = next((p for p in pages_of(found.definition, found.known()) if p.code == code), None)
    if asked is None:
        raise Http404
    if request.method == "POST":
        return _save(request, found, asked)
    if (typed := typed_before(request)) is not None:
        found, _ = save_page(
            found, code, {**typed, **proved_answers(request, found)}, person=request.citizen.person, edit=found.edit
        )
        messages.info(
            request, "Votre session avait expiré. Ce que vous aviez écrit est là\u00a0: vérifiez, puis continuez."
        )
    wrong = (
        faults(found.definition, found.answers, day=found.counted_from).get(code, {}) if "voir" in request.GET else {}
    )
    return _show(request, found, asked, wrong)


def _save(request: CitizenRequest, found: Dossier, asked: Page) -> HttpResponse:
    posted = {name: request.POST.getlist(name) for name in request.POST} | proved_answers(request, found)
    try:
        found, errors = save_page(
            found, asked.code, posted, person=request.citizen.person, edit=number_of(request.POST.get("edit", ""))
        )
    except Stale:
        found.refresh_from_db()
        return _show(request, found, asked, {}, fault=ELSEWHERE, lost=typed_there(asked, posted), status=409)
    if request.POST.get("suite") == "quitter":
        messages.success(request, "Votre brouillon est enregistré. Vous pouvez le reprendre quand vous voulez.")
        return redirect("portal:dashboard")
    if errors:
        return _show(request, found, asked, errors, status=400)
    return _to(found, tour(found, asked.code)["after"])


def _show(
    request: CitizenRequest, found: Dossier, asked: Page, errors: dict[str, str], *, fault: str = "",
    lost: list[tuple[str, str]] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        **tour(found, asked.code), "page": asked, "questions": shown(
            asked, found.known(), found.answers, errors, proved=proved_answers(request, found)
        ),
        "fault": fault, "lost": lost or [], "has_errors": bool(errors or fault),
    }  # fmt: skip
    return render(request, "portal/dossiers/page.html", context, status=status)


# -- documents --------------------------------------------------------------------------------------------------------


def _documents(request: CitizenRequest, found: Dossier) -> HttpResponse:
    faults_of: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        code = request.POST.get("piece", "")
        try:
            if kept := request.POST.get("garde", ""):
                reuse(found, code, person=request.citizen.person, kept=kept_by(found, kept))
            else:
                take_document(request, found, code)
            return _to(found, DOCUMENTS)
        except Refused as refusal:
            faults_of[code], status = refusal.message, refusal.status
    context = {
        **tour(found, DOCUMENTS), "pieces": offered(found, faults_of), "has_errors": bool(faults_of),
        "fault": next(iter(faults_of.values()), ""),
    }  # fmt: skip
    return render(request, "portal/dossiers/documents.html", context, status=status)


def kept_by(found: Dossier, pk: str) -> KeptDocument:
    """A document of the applicant's account, named by his page. Raises `Refused` (404) when it is not there."""
    kept = kept_document(found, pk)
    if kept is None:
        raise Refused("Ce document n'est plus dans votre espace.", status=404)
    return kept


# -- summary and filing -----------------------------------------------------------------------------------------------


def _summary(request: CitizenRequest, found: Dossier) -> HttpResponse:
    fault, status = "", 200
    if request.method == "POST":
        try:
            filed = file_dossier(found, person=request.citizen.person, address=request.citizen.email)
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            return redirect("portal:dossier_filed", reference=filed.reference)
    context = {**tour(found, SUMMARY), **summary(found), "fault": fault, "has_errors": bool(fault)}
    return render(request, "portal/dossiers/summary.html", context, status=status)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: CitizenRequest, key: uuid.UUID) -> HttpResponse:
    found = _draft(request, key)
    if request.method == "POST":
        discard(found, person=request.citizen.person)
        messages.success(request, "Le brouillon est supprimé.")
        return redirect("portal:dashboard")
    return render(request, "portal/dossiers/discard.html", {"draft": found, "procedure": found.procedure})
