"""The page of a filed dossier: steps, documents one by one, thread, decision, payments."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.cases.models import Interaction
from guichet.cases.receipts import receipt_of
from guichet.core.downloads import given
from guichet.core.refused import Refused
from guichet.core.text import number_of
from guichet.organisation.directory import directory
from guichet.portal.access import Opened, history
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.portal.forms import MessageForm
from guichet.portal.own import own_dossier, own_draft, proved_answers
from guichet.portal.tokens import FormToken, read_token
from guichet.portal.uploads import Uploads, take
from guichet.portal.views.dossiers.filing import ELSEWHERE, kept_by
from guichet.portal.views.dossiers.sending import take_document
from guichet.procedures import recap, showing
from guichet.procedures.actions import (
    change_account,
    correct,
    keep_recap,
    note_first_read,
    reuse,
    see_thread,
    withdraw,
    write_message,
)
from guichet.procedures.answers import pages_of
from guichet.procedures.letters import ALGORITHM, said
from guichet.procedures.models import Decision, Dossier, Outcome, PieceFile
from guichet.procedures.models.dossier import Phase
from guichet.procedures.offering import offered
from guichet.procedures.questions import shown

CORRECTABLE = frozenset({Phase.ADMISSIBILITY, Phase.DOCUMENTS})

CAME = {"paper": "par courrier", "counter": "à l’accueil", "phone": "par téléphone"}  # typed by an agent


@citizen_required
@require_safe
def dossier(request: CitizenRequest, reference: str) -> HttpResponse:
    return _show(request, own_dossier(request, reference))


def _show(
    request: CitizenRequest, found: Dossier, *, form: MessageForm | None = None, uploads: Uploads | None = None,
    token: FormToken | None = None, fault: str = "", piece_faults: dict[str, str] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    person = request.citizen.person
    see_thread(found, person=person)
    decision = found.decisions.filter(withdrawn_at__isnull=True).exclude(notified_at=None).first()
    uploads = uploads or Uploads()
    payments = list(found.payments.all())
    context: dict[str, Any] = {
        "dossier": found,
        "procedure": found.procedure,
        "state": showing.state_of(found),
        "steps": showing.steps(found),
        "pieces": offered(found, piece_faults or {}),
        "history": _history(request, found),
        "decision": decision,
        "withdrawn": _withdrawn(found),
        "appeal": found.definition.appeal,
        "amount": recap.euros(found.amount_cents) if found.amount_cents and decision else "",
        "payments": [{"it": p, "amount": recap.euros(p.amount_cents)} for p in payments if p.state != "cancelled"],
        "account_end": next((p.iban_end for p in payments if p.iban), ""),
        "may_change_account": any(p.state in {"planned", "ready", "rejected"} and p.iban for p in payments),
        "officer": found.officer if found.officer and not found.officer.anonymous else None,
        "service": directory().contact_block(directory().team(found.procedure.team_id)),
        "corrections": pages_of(found.definition, found.known()) if found.phase in CORRECTABLE else [],
        "may_withdraw": not found.is_over and found.decided_at is None,
        "late_fee": recap.euros(found.late_fee_cents) if found.late_fee_cents else "",
        "beneficiary": showing.for_whom(found, person),
        "came": CAME.get(found.channel, ""),
        "form": form or MessageForm(),
        "uploads": uploads,
        "token": (token or FormToken.new()).signed,
        "fault": fault,
        "has_errors": bool(fault or uploads.errors or piece_faults or (form is not None and form.errors)),
    }
    return render(request, "portal/dossiers/dossier.html", context, status=status)


def _withdrawn(found: Dossier) -> Decision | None:
    """The decision that was taken back, while no other has taken its place."""
    last = found.decisions.exclude(outcome=Outcome.IMPLICIT_REJECTION).first()
    return last if last is not None and last.withdrawn_at is not None else None


def _history(request: CitizenRequest, found: Dossier) -> list[dict[str, Any]]:
    if found.case is None:
        return []
    opened = Opened(found.case, request.citizen.email)
    own = opened.own_addresses
    # Each document has its line in the list above: the thread says words.
    said = history(opened).exclude(automatic="piece")
    return [
        {
            "it": it, "is_mine": it.direction == "in", "is_me": not it.sender_address or it.sender_address in own,
            "folded": _folded(it),
        }
        for it in said[:100]
    ]  # fmt: skip


def _folded(it: Interaction) -> str:
    """What is long and the same for everybody is told in a line, and opened by who wants it."""
    if it.external_id and it.external_id.startswith("dossier:"):
        return "Dépôt du dossier\u00a0: vos réponses"
    return "Accusé de réception" if it.kind == Interaction.Kind.RECEIPT else ""


@citizen_required
@require_safe
def filed(request: CitizenRequest, reference: str) -> HttpResponse:
    """Just after the filing: the number, the receipt, what comes next."""
    found = own_dossier(request, reference)
    assert found.case is not None
    clocks = {clock.kind: clock for clock in found.case.clocks.all()}
    context = {
        "dossier": found, "procedure": found.procedure, "receipt": receipt_of(found.case, clocks),
        "missing": [o for o in offered(found, {}) if o.piece and o.piece.state == "missing" and o.spec.required],
        "late_fee": recap.euros(found.late_fee_cents) if found.late_fee_cents else "", "address": request.citizen.email,
    }  # fmt: skip
    return render(request, "portal/dossiers/filed.html", context)


@citizen_required
@require_POST
def document(request: CitizenRequest, reference: str, code: str) -> HttpResponse:
    found = own_dossier(request, reference)
    try:
        if kept := request.POST.get("garde", ""):
            piece = reuse(found, code, person=request.citizen.person, kept=kept_by(found, kept))
        else:
            piece = take_document(request, found, code)
    except Refused as refusal:
        return _show(request, found, fault=refusal.message, piece_faults={code: refusal.message}, status=refusal.status)
    sent = piece.files.filter(replaced_at__isnull=True).first()
    if sent is not None and sent.warning:
        messages.warning(request, f"«\u00a0{piece.label}\u00a0» est arrivé. {sent.warning}")
    else:
        messages.success(request, f"«\u00a0{piece.label}\u00a0» est arrivé. Nous le vérifions.")
    return redirect("portal:dossier", reference=found.reference)


@citizen_required
@require_POST
def message(request: CitizenRequest, reference: str) -> HttpResponse:
    found = own_dossier(request, reference)
    token = read_token(request.POST.get("token", "")) or FormToken.new()
    form, uploads = MessageForm(request.POST), Uploads()
    fault, status = "", 400
    try:
        uploads = take(request, token.key)
        if form.is_valid() and not uploads.errors:
            write_message(
                found, person=request.citizen.person, address=request.citizen.email, text=form.cleaned_data["message"],
                files=uploads.contents, key=token.key,
            )  # fmt: skip
            messages.success(request, "Votre message est arrivé. Nous l’avons ajouté à votre dossier.")
            return redirect("portal:dossier", reference=found.reference)
    except Refused as refusal:
        fault, status = refusal.message, refusal.status
    return _show(request, found, form=form, uploads=uploads, token=token, fault=fault, status=status)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: CitizenRequest, reference: str) -> HttpResponse:
    found = own_dossier(request, reference)
    if request.method == "POST":
        withdraw(found, person=request.citizen.person)
        messages.success(request, "Votre demande est retirée.")
        return redirect("portal:dossier", reference=found.reference)
    return render(request, "portal/dossiers/withdraw.html", {"dossier": found, "procedure": found.procedure})


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: CitizenRequest, reference: str, code: str) -> HttpResponse:
    """Before the appraisal, an answer may be corrected (CRPA L123-1)."""
    found = own_dossier(request, reference)
    page = next((p for p in pages_of(found.definition, found.known()) if p.code == code), None)
    if page is None or found.phase not in CORRECTABLE:
        raise Http404
    errors: dict[str, str] = {}
    fault, status = "", 200
    if request.method == "POST":
        posted = {name: request.POST.getlist(name) for name in request.POST} | proved_answers(request, found)
        try:
            found, errors = correct(
                found, code, posted, person=request.citizen.person, edit=number_of(request.POST.get("edit", ""))
            )
        except Refused as refusal:
            fault, status = (ELSEWHERE if refusal.code == "stale" else refusal.message), refusal.status
        else:
            if not errors:
                messages.success(request, "Vos réponses sont corrigées.")
                return redirect("portal:dossier", reference=found.reference)
            status = 400
    context = {
        "dossier": found, "procedure": found.procedure, "page": page, "fault": fault,
        "questions": shown(
            page, found.known(), found.answers, errors, proved=proved_answers(request, found)
        ), "has_errors": bool(errors or fault),
    }  # fmt: skip
    return render(request, "portal/dossiers/correction.html", context, status=status)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def bank_account(request: CitizenRequest, reference: str) -> HttpResponse:
    found = own_dossier(request, reference)
    fault, status = "", 200
    if request.method == "POST":
        try:
            change_account(
                found, person=request.citizen.person, iban=request.POST.get("iban", "")[:60],
                holder=request.POST.get("titulaire", "")[:140],
            )  # fmt: skip
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            messages.success(request, "Le nouveau compte est enregistré pour les versements qui ne sont pas partis.")
            return redirect("portal:dossier", reference=found.reference)
    context = {
        "dossier": found, "procedure": found.procedure, "fault": fault, "has_errors": bool(fault),
        "iban": request.POST.get("iban", "")[:60], "holder": request.POST.get("titulaire", "")[:140],
    }  # fmt: skip
    return render(request, "portal/dossiers/bank_account.html", context, status=status)


@citizen_required
@require_safe
def computation(request: CitizenRequest, reference: str) -> HttpResponse:
    """How the amount was computed, once it is decided (CRPA L311-3-1)."""
    found = own_dossier(request, reference)
    decision = found.decisions.filter(withdrawn_at__isnull=True).exclude(notified_at=None).first()
    if decision is None or not decision.computation.get("lines"):
        raise Http404
    context = {
        "dossier": found, "procedure": found.procedure, "lines": said(decision)["lines"], "algorithm": ALGORITHM,
        "sections": recap.sections(found), "rules": found.definition.parameters, "day": found.counted_from,
        "amount": recap.euros(decision.amount_cents or 0),
    }  # fmt: skip
    return render(request, "portal/dossiers/computation.html", context)


# -- files ------------------------------------------------------------------------------------------------------------


@citizen_required
@require_safe
def summary_pdf(request: CitizenRequest, reference: str) -> HttpResponseBase:
    found = own_dossier(request, reference)
    kept = keep_recap(found, person=request.citizen.person)
    if kept is None:
        raise Refused("Le récapitulatif ne peut pas être fabriqué pour l'instant. Imprimez cette page.")
    return given(kept.sha256, f"recapitulatif-{found.reference}.pdf", "application/pdf")


@citizen_required
@require_safe
def decision_pdf(request: CitizenRequest, reference: str) -> HttpResponseBase:
    found = own_dossier(request, reference)
    decision = found.decisions.filter(withdrawn_at__isnull=True, letter__isnull=False).exclude(notified_at=None).first()
    if decision is None or decision.letter is None:
        raise Http404
    note_first_read(decision, person=request.citizen.person)
    return given(decision.letter.sha256, f"decision-{found.reference}.pdf", "application/pdf")


@citizen_required
@require_safe
def piece_file(request: CitizenRequest, pk: int) -> HttpResponseBase:
    sent = PieceFile.objects.select_related("file", "piece__dossier").filter(pk=pk).first()
    if sent is None:
        raise Http404
    own_draft(request, sent.piece.dossier.key)
    if not sent.file.may_be_opened:
        raise Refused(
            "Ce document ne peut pas être ouvert\u00a0: son analyse n’est pas finie, ou elle a trouvé un virus."
        )
    return given(sent.file_id, sent.name, sent.file.media_type)
