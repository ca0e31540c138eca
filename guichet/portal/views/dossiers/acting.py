"""« Aidants »: who acts for me, for whom I act; children and organisations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from guichet.citizens import actions as do
from guichet.citizens.actions.mandating import ADVISER, ADVISER_DAYS, RELATIVE, TO_CHECK
from guichet.citizens.models import MandateInvitation
from guichet.core import identifiers
from guichet.core.calendar import say_day
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.portal.account_forms import BAD_EMAIL
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.procedures.acting import mandates_for, mandates_of


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def helpers(request: CitizenRequest) -> HttpResponse:
    fault, status = "", 200
    done = request.POST.get("faire", "")
    if request.method == "POST":
        try:
            said = _do(done)(request)
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            messages.success(request, said)
            return redirect("portal:helpers")
    person = request.citizen.person
    held = list(mandates_of(person))
    context = {
        "given": list(mandates_for(person)),
        "held": [{"it": mandate, "to_check": mandate.proof == TO_CHECK} for mandate in held],
        "invited": list(MandateInvitation.objects.filter(
            principal=person, answered_at__isnull=True, expires_at__gt=timezone.now()
        ).order_by("-pk")[:20]),
        "typed": {name: request.POST.get(name, "")[:200] for name in TYPED}, "done": done, "fault": fault,
        "has_errors": bool(fault), "days": ADVISER_DAYS,
    }  # fmt: skip
    return render(request, "portal/dossiers/helpers.html", context, status=status)


TYPED = ("adresse", "qui", "fin", "prenom", "nom", "naissance", "organisme", "numero", "fonction")


def _do(verb: str) -> Callable[[CitizenRequest], str]:
    found = {"inviter": _invite, "annuler": _take_back, "finir": _end, "enfant": _child, "organisme": _organisation}
    if verb not in found:
        raise Refused("Cette action n’existe pas.", status=400)
    return found[verb]


def _invite(request: CitizenRequest) -> str:
    address = identifiers.email(request.POST.get("adresse", "")[:300])
    if address is None:
        raise Refused(BAD_EMAIL, status=400)
    if not request.POST.get("accord"):
        raise Refused("Cochez la case pour donner votre accord.", status=400)
    who = request.POST.get("qui", "")
    until = _day(request.POST.get("fin", ""), required=False)
    invitation = do.invite(request.citizen, address, ADVISER if who == ADVISER else RELATIVE, last_day=until)
    end = f" Elle pourra agir jusqu’au {say_day(invitation.last_day)}." if invitation.last_day else ""
    return f"L’invitation est partie à {address}.{end}"


def _take_back(request: CitizenRequest) -> str:
    do.take_back(request.citizen, _number(request))
    return "L’invitation est annulée."


def _end(request: CitizenRequest) -> str:
    mandate = do.end_own_mandate(request.citizen, _number(request))
    if mandate.holder_id == request.citizen.person_id:
        return f"Vous n’agissez plus pour {mandate.principal.full_name}."
    return f"{mandate.holder.full_name} n’agit plus pour vous et ne voit plus vos demandes."


def _child(request: CitizenRequest) -> str:
    born = _day(request.POST.get("naissance", ""), required=True)
    assert born is not None
    mandate = do.declare_child(
        request.citizen, first_name=request.POST.get("prenom", "")[:200],
        family_name=request.POST.get("nom", "")[:200], born_on=born,
    )  # fmt: skip
    return f"Vous pouvez faire des demandes pour {mandate.principal.first_name}, jusqu’à sa majorité."


def _organisation(request: CitizenRequest) -> str:
    mandate = do.declare_organisation(
        request.citizen, name=request.POST.get("organisme", "")[:300], number=request.POST.get("numero", "")[:40],
        function=request.POST.get("fonction", "")[:200],
    )  # fmt: skip
    return f"Vous pouvez faire des demandes pour {mandate.principal.full_name}. Nous vérifierons votre fonction."


def _number(request: CitizenRequest) -> int:
    return key_of(request.POST.get("lequel", ""))


def _day(said: str, *, required: bool) -> date | None:
    if not said and not required:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Refused("La date n’est pas juste\u00a0: donnez le jour, le mois et l’année.", status=400) from None


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: CitizenRequest, handle: str) -> HttpResponse:
    """Read by who signed in with the address it was sent to: accepted or refused by a button, once."""
    found = do.find_invitation(handle, request.citizen)
    if found is None:
        context = {"invitation": None, "email": request.citizen.email}
        return render(request, "portal/dossiers/invitation.html", context, status=404)
    if request.method == "POST":
        mandate = do.answer_invitation(request.citizen, handle, accepted=request.POST.get("reponse") == "oui")
        if mandate is None:
            messages.success(request, "Vous avez refusé cette invitation.")
        else:
            messages.success(request, f"Vous pouvez maintenant agir pour {mandate.principal.full_name}.")
        return redirect("portal:helpers")
    return render(request, "portal/dossiers/invitation.html", {"invitation": found, "email": request.citizen.email})
