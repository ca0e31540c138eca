"""FranceConnect: going there, coming back, and saying which account the identity opens the first time.

Nothing is linked in silence: the person proves the account (a code to its address, or signing in), sees what will be
done, and presses the button.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.hashers import check_password
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.citizens.actions import (
    account_of,
    link_identity,
    open_with_identity,
    send_identity_code,
    unlink_identity,
)
from guichet.citizens.actions.identities import CODE_MINUTES, ELSEWHERE, claim_of
from guichet.citizens.actions.opening import record_of
from guichet.citizens.models import Account, of_living
from guichet.core.limits import client_address, spend
from guichet.core.openid import Abandoned, Identity, Provider, Unreachable, Untrusted, finish, provider, start
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.portal.account_forms import AddressForm
from guichet.portal.citizen import (
    CitizenRequest,
    citizen_of,
    citizen_required,
    enter_or_ask_code,
    own_page,
    wanted_page,
)
from guichet.portal.forms import CodeForm
from guichet.portal.views.account.entrance import MAILS_PER_CLIENT, SIGNED_BY

WAITS = 30 * 60  # seconds between coming back and saying which account
TRIES = 3
HOUR = timedelta(hours=1)
ENOUGH = "Trop d'essais. Demandez un nouveau code."
_WAITING = "citizen_identity"


def _provider() -> Provider:
    found = provider("franceconnect")
    if found is None:
        raise Http404
    return found


@never_cache
@require_safe
def leave_for(request: HttpRequest) -> HttpResponse:
    of = _provider()
    try:
        return start(request, of, after=wanted_page(request))
    except Unreachable:
        return _fault(request, of, reachable=False)


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    of = _provider()
    try:
        identity, after = finish(request, of)
    except Abandoned:
        messages.error(request, "FranceConnect n’est pas allé au bout : vous n’êtes pas connecté.")
        return redirect("portal:sign_in")
    except Unreachable:
        return _fault(request, of, reachable=False)
    except Untrusted:
        return _fault(request, of, reachable=True)
    after = own_page(request, after)
    here, known = citizen_of(request), account_of(identity)
    request.session[SIGNED_BY] = [identity.provider, identity.id_token]  # signing out closes it there, whatever follows
    if known is None:
        request.session[_WAITING] = {
            "sub": identity.sub, "issuer": identity.issuer, "claims": identity.claims, "id_token": identity.id_token,
            "at": time.time(), "after": after,
        }  # fmt: skip
        return redirect("portal:identity")
    if here is not None and here.pk != known.pk:
        messages.error(request, f"{ELSEWHERE} Déconnectez-vous d’abord pour ouvrir l’autre.")
        return redirect("portal:account")
    return _enter(request, known, identity, after)


def _enter(request: HttpRequest, account: Account, identity: Identity, after: str) -> HttpResponse:
    request.session.pop(_WAITING, None)
    response = enter_or_ask_code(request, account, how="FranceConnect", after=after)
    request.session[SIGNED_BY] = [identity.provider, identity.id_token]
    return response


def _fault(request: HttpRequest, of: Provider, *, reachable: bool) -> HttpResponse:
    context = {"provider": of, "reachable": reachable}
    return render(request, "portal/account/provider_fault.html", context, status=400 if reachable else 503)


# -- which account ----------------------------------------------------------------------------------------------------


def _waiting(request: HttpRequest) -> tuple[dict[str, Any], Identity] | None:
    """What came back and is not linked yet."""
    kept = request.session.get(_WAITING)
    if not kept or time.time() - kept["at"] > WAITS:
        return None
    return kept, Identity("franceconnect", kept["issuer"], kept["sub"], kept["claims"], kept["id_token"], frozenset())


def _said(identity: Identity) -> dict[str, Any]:
    try:
        born: date | None = date.fromisoformat(identity.text("birthdate"))
    except ValueError:  # « 1980-00-00 » when the day is not known
        born = None
    used = identity.text("preferred_username")
    return {
        "name": f"{identity.text('given_name')} {identity.text('family_name')}".strip(),
        "used": used if used != identity.text("family_name") else "",
        "born": born,
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def identity(request: HttpRequest) -> HttpResponse:
    """Signed in: link it here? Else: at which address are you known, or do you want an account?"""
    found = _waiting(request)
    if found is None:
        return redirect("portal:sign_in")
    kept, who = found
    here = citizen_of(request)
    form = AddressForm(request.POST if request.method == "POST" else None, initial={"email": who.text("email")})
    fault, status = "", 200
    if request.method == "POST":
        status = 400
        try:
            if here is not None:
                link_identity(here, who)
                messages.success(request, "FranceConnect ouvre désormais votre compte.")
                return _enter(request, here, who, kept["after"] or "/mon-compte/")
            if form.is_valid():
                return _send_code(request, kept, form.cleaned_data["email"])
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
    context = {"form": form, "said": _said(who), "account": here, "fault": fault, "has_errors": status != 200}
    template = "portal/account/identity.html" if here is None else "portal/account/identity_link.html"
    return render(request, template, context, status=status)


def _send_code(request: HttpRequest, kept: dict[str, Any], address: str) -> HttpResponse:
    spend("citizen-mails", client_address(request), at_most=MAILS_PER_CLIENT, per=HOUR)
    spend("citizen-mail", address, at_most=5, per=HOUR)
    request.session[_WAITING] = {
        **kept, "email": address, "code": send_identity_code(address), "until": time.time() + CODE_MINUTES * 60,
        "proved": False,
    }  # fmt: skip
    return redirect("portal:identity_code")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def identity_code(request: HttpRequest) -> HttpResponse:
    """The address is proved by the code it received."""
    found = _waiting(request)
    if found is None or "code" not in found[0]:
        return redirect("portal:identity")
    kept, _ = found
    form = CodeForm(request.POST if request.method == "POST" else None)
    fault, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                # Counted in the database: two tries at once count as two.
                spend("identity-code", kept["code"], at_most=TRIES, per=HOUR, message=ENOUGH)
            except Refused as refusal:
                fault, status = refusal.message, refusal.status
            else:
                typed = "".join(form.cleaned_data["code"].split())
                if time.time() <= kept["until"] and check_password(typed, kept["code"]):
                    request.session[_WAITING] = {**kept, "proved": True}
                    return redirect("portal:identity_confirm")
                fault = "Ce code n’est pas le bon, ou il a expiré."
    context = {"form": form, "address": kept["email"], "fault": fault, "has_errors": status != 200}
    return render(request, "portal/account/identity_code.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def identity_confirm(request: HttpRequest) -> HttpResponse:
    """What will be done, said; then done."""
    found = _waiting(request)
    if found is None or not found[0].get("proved"):
        return redirect("portal:identity")
    kept, who = found
    address = kept["email"]
    rows = Account.objects.select_related("person__merged_into")
    known = rows.filter(email=address, closed_at__isnull=True).first()
    account = of_living(known) if known else None
    fault, status = "", 200
    if request.method == "POST":
        try:
            if account is not None:
                link_identity(account, who)
            else:
                account = open_with_identity(address, who)
                messages.success(request, "Votre compte est ouvert.")
            return _enter(request, account, who, kept["after"])
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
    context = {
        "said": _said(who), "account": account, "address": address, "fault": fault, "has_errors": bool(fault),
        "record": None if account else record_of(claim_of(who, address)),
    }  # fmt: skip
    return render(request, "portal/account/identity_confirm.html", context, status=status)


@citizen_required
@require_POST
def unlink(request: CitizenRequest) -> HttpResponse:
    unlink_identity(request.citizen, key_of(request.POST.get("identite", "")))
    messages.success(request, "FranceConnect n’ouvre plus votre compte.")
    return redirect("portal:account")
