"""The appraisal side: a worklist, a dossier with its documents beside the form, one verb at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from guichet.accounts.models import User
from guichet.core.downloads import SHOWN_AS, given
from guichet.core.downloads import shown as shown_in_place
from guichet.core.reference import check
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.desk.dossiers import WORK, count_of, counts, shown, silences, silences_counted, wanted_of, worklist
from guichet.desk.entries import entries
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.posted import cents_of, day_of
from guichet.desk.previews import IMAGES
from guichet.procedures import actions as do
from guichet.procedures.actions.batching import AT_MOST
from guichet.procedures.models import Dossier, PieceFile, Sitting

# What is shown again after a refusal.
TYPED = ("avis", "avant", "entendue", "fondement", "montant", "motif", "motifs", "pourquoi", "texte")
DELAY = 15  # days proposed for the missing pieces


@agent_required
@require_safe
def dossiers(request: AgentRequest) -> HttpResponse:
    wanted = wanted_of(request.GET.dict())
    rows, following = worklist(wanted, request.user)
    context = {
        "nav": "dossiers", "rows": rows, "wanted": wanted,
        "following": wanted.address(apres=following) if following else "",
        "list_count": count_of(wanted, request.user, at_most=AT_MOST + 1), "at_most": AT_MOST,
        "counts": counts(request.user), "phases": [(phase.value, phase.label) for phase in WORK],
        "typing": entries(request.user).count(), "late": silences_counted(request.user),
        "is_first": not wanted.after, "first": wanted.address(),
        "whose": [("", "Tous"), ("moi", "Les miens"), ("personne", "À personne")],
    }  # fmt: skip
    return render(request, "desk/dossiers.html", context)


@agent_required
@require_safe
def silence(request: AgentRequest) -> HttpResponse:
    """The implicit decisions that come, fifteen days ahead."""
    return render(request, "desk/silences.html", {"nav": "dossiers", "clocks": silences(request.user)})


def _dossier(request: AgentRequest, reference: str) -> Dossier:
    found = (
        Dossier.objects.visible_to(request.user)
        .select_related("procedure", "version", "applicant", "case", "officer", "entered_by", "filed_by", "entry")
        .filter(reference=check(reference) or "").first()
    )  # fmt: skip
    if found is None:
        raise Http404
    return found


@agent_required
@require_safe
def dossier(request: AgentRequest, reference: str) -> HttpResponse:
    found = _dossier(request, reference)
    do.note_read(found, by=request.user)
    return _show(request, found)


def _show(request: AgentRequest, found: Dossier, *, fault: str = "", verb: str = "", status: int = 200) -> HttpResponse:
    context = shown(found, request.user)
    asked = request.GET.get("piece") or request.POST.get("piece_montree") or ""
    lines = [line for line in context["pieces"] if line.file]
    looked = next((line for line in lines if str(line.file.pk) == asked), None)
    looked = (
        looked
        or next((line for line in lines if line.piece.state == "received"), None)
        or (lines[0] if lines else None)
    )
    context |= {
        "nav": "dossiers", "entry": getattr(found, "entry", None), "fault": fault, "fault_verb": verb, "looked": looked,
        "typed": {name: request.POST.get(name, "") if fault else "" for name in TYPED},
        "is_image": bool(looked and looked.file.file.media_type in IMAGES),
        "is_shown": bool(looked and looked.file.file.may_be_opened and looked.file.file.media_type in SHOWN_AS),
        "until": (timezone.localdate() + timedelta(days=DELAY)).isoformat(),
        "officers": _officers(found),
        "sittings": list(
            Sitting.objects.filter(state=Sitting.State.OPEN, day__gte=timezone.localdate()).order_by("day")
        ),
        "has_errors": bool(fault),
    }  # fmt: skip
    return render(request, "desk/dossier.html", context, status=status)


def _officers(found: Dossier) -> list[User]:
    return list(
        User.objects.filter(kind=User.Kind.HUMAN, is_active=True, memberships__team=found.procedure.team)
        .distinct().order_by("last_name", "first_name")[:100]
    )  # fmt: skip


# -- verbs ------------------------------------------------------------------------------------------------------------


def _piece(request: AgentRequest, found: Dossier) -> Any:
    piece = found.pieces.filter(pk=key_of(request.POST.get("piece", ""))).first()
    if piece is None:
        raise Http404
    return piece


def _opinion(found: Dossier) -> Any:
    opinion = found.opinions.filter(dropped_at__isnull=True).first()
    if opinion is None:
        raise Refused("Il n'y a pas d'avis à examiner.")
    return opinion


def _judge(request: AgentRequest, found: Dossier) -> str:
    accepted = request.POST.get("juge") == "oui"
    piece = do.judge(
        _piece(request, found), by=request.user, accepted=accepted, reason=request.POST.get("motif", "")[:500]
    )
    return f"«\u00a0{piece.label}\u00a0» : {'accepté' if accepted else 'à renvoyer, à demander avec les autres'}."


def _assign(request: AgentRequest, found: Dossier) -> str:
    wanted = request.POST.get("agent", "")
    officer = request.user if wanted == "moi" else next((u for u in _officers(found) if str(u.pk) == wanted), None)
    do.assign(found, officer, by=request.user)
    return f"Dossier confié à {officer.full_name}." if officer else "Dossier remis dans la file."


def _ask(request: AgentRequest, found: Dossier) -> str:
    asked = do.ask_missing(
        found, by=request.user, until=day_of(request, "avant"), text=request.POST.get("texte", "")[:4000]
    )
    said = "Le délai légal est suspendu." if asked.suspends else "L'instruction continue, le délai légal court."
    return f"Les pièces sont demandées. {said}"


def _propose(request: AgentRequest, found: Dossier) -> str:
    do.propose(
        found, by=request.user, way=request.POST.get("avis", ""), reasons=request.POST.get("motifs", "")[:8000],
        amount_cents=cents_of(request, "montant"), why_other=request.POST.get("pourquoi", "")[:2000],
    )  # fmt: skip
    return "L'avis est proposé. Un autre agent le vérifie."


def _decide(request: AgentRequest, found: Dossier) -> str:
    outcome = request.POST.get("decision", "")
    do.decide(found, by=request.user, outcome=outcome, reasons=request.POST.get("motifs", "")[:8000])
    return "La décision est prise et notifiée."


def _enrol(request: AgentRequest, found: Dossier) -> str:
    sitting = Sitting.objects.filter(pk=key_of(request.POST.get("seance", ""))).first()
    if sitting is None:
        raise Refused("Choisissez une séance.", status=400)
    do.enrol(sitting, [found], by=request.user)
    return f"Inscrit à la séance du {sitting.day:%d/%m/%Y}."


def _shorten(request: AgentRequest, found: Dossier) -> str:
    try:
        done = Decimal(request.POST.get("duree", "").replace(",", "."))
    except InvalidOperation:
        raise Refused("Écrivez la durée réelle en nombre.", status=400) from None
    total = do.shorten(found, by=request.user, done=done)
    return f"Le montant est ramené à {total / 100:.2f} €.".replace(".", ",", 1)


def _recover(request: AgentRequest, found: Dossier) -> str:
    do.recover(
        found, by=request.user, cents=cents_of(request, "montant") or 0, reason=request.POST.get("motif", "")[:120]
    )
    return "Le reversement est demandé."


def _withdraw(request: AgentRequest, found: Dossier) -> str:
    pk = key_of(request.POST.get("prise", ""))
    decision = found.decisions.filter(pk=pk).first()
    if decision is None:
        raise Refused("Cette décision n'est plus là.", status=404)
    do.withdraw_decision(
        decision, by=request.user, ground=request.POST.get("fondement", ""), heard=bool(request.POST.get("entendue")),
        reason=request.POST.get("motifs", "")[:8000],
    )  # fmt: skip
    return "La décision est retirée. La personne en est informée, la demande est de nouveau en instruction."


def _said(words: str) -> Callable[[Any], str]:
    return lambda done: words


VERBS: dict[str, Callable[[AgentRequest, Dossier], str]] = {
    "attribuer": _assign,
    "juger": _judge,
    "dispenser": lambda r, d: _said("Pièce dispensée.")(
        do.waive(_piece(r, d), by=r.user, reason=r.POST.get("motif", "")[:500])
    ),
    "recevable": lambda r, d: _said("La demande est recevable.")(do.declare_admissible(d, by=r.user)),
    "pieces": _ask,
    "complet": lambda r, d: _said("L'instruction commence.")(do.complete(d, by=r.user)),
    "recalculer": lambda r, d: _said("Le montant est calculé.")(do.recompute(d, by=r.user)),
    "proposer": _propose,
    "confirmer": lambda r, d: _said("L'avis est confirmé.")(do.confirm(_opinion(d), by=r.user)),
    "renvoyer": lambda r, d: _said("L'avis est renvoyé à son auteur.")(
        do.send_back(_opinion(d), by=r.user, reason=r.POST.get("motif", "")[:500])
    ),
    "decider": _decide,
    "retirer": _withdraw,
    "inscrire": _enrol,
    "ecourter": _shorten,
    "reverser": _recover,
    "caduc": lambda r, d: _said("Le dossier est caduc.")(do.lapse(d, by=r.user, reason=r.POST.get("motif", "")[:500])),
}  # fmt: skip


@agent_required
@require_POST
def act(request: AgentRequest, reference: str, verb: str) -> HttpResponse:
    found = _dossier(request, reference)
    if verb not in VERBS:
        raise Http404
    try:
        said = VERBS[verb](request, found)
    except Refused as refusal:
        found = _dossier(request, reference)
        return _show(request, found, fault=refusal.message, verb=verb, status=refusal.status)
    messages.success(request, said)
    return redirect("desk:dossier", reference=found.reference)


@agent_required
@require_safe
def piece_file(request: AgentRequest, pk: int) -> HttpResponseBase:
    """A document, in place when a browser draws it; its reading is that of the dossier."""
    sent = PieceFile.objects.select_related("file", "piece").filter(
        Q(piece__dossier__in=Dossier.objects.visible_to(request.user))
        | Q(piece__dossier__in=Dossier.objects.being_entered(request.user)), pk=pk,
    ).first()  # fmt: skip
    if sent is None:
        raise Http404
    if not sent.file.may_be_opened:
        raise Refused(
            "Ce document ne peut pas être ouvert\u00a0: son analyse n'est pas finie, ou elle a trouvé un virus."
        )
    if sent.file.media_type in SHOWN_AS and "telecharger" not in request.GET:
        return shown_in_place(sent.file_id, sent.name, sent.file.media_type)
    return given(sent.file_id, sent.name, sent.file.media_type)
