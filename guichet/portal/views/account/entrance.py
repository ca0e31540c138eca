"""Signing in and out, and asking for a link. Nothing said here tells whether an address has an account."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.citizens import sessions
from guichet.citizens.actions import right_password, send_link
from guichet.citizens.models import SignInLink
from guichet.core.limits import client_address, spend
from guichet.core.openid import came_back_signed_out, logout_address, provider
from guichet.core.refused import Refused
from guichet.portal.account_forms import AddressForm, SignInForm
from guichet.portal.citizen import citizen_of, enter_or_ask_code, landing, wanted_page

Purpose = SignInLink.Purpose
WINDOW = timedelta(minutes=15)
TRIES_PER_ADDRESS, TRIES_PER_CLIENT, MAILS_PER_CLIENT = 8, 40, 30
WRONG = "L’adresse ou le mot de passe n’est pas le bon."
SIGNED_BY = "citizen_signed_by"  # the provider of identity that opened this session, and its token
_SENT_TO = "citizen_sent_to"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    after = wanted_page(request)
    if citizen_of(request) is not None:
        return HttpResponseRedirect(after or landing())
    form = SignInForm(request.POST if request.method == "POST" else None)
    fault, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            address = form.cleaned_data["email"]
            try:
                spend("citizen-client", client_address(request), at_most=TRIES_PER_CLIENT, per=WINDOW)
                spend("citizen-address", address, at_most=TRIES_PER_ADDRESS, per=WINDOW)
            except Refused as refusal:
                fault, status = f"{refusal.message} Vous pouvez aussi recevoir un lien par e-mail.", refusal.status
            else:
                account = right_password(address, form.cleaned_data["password"])
                if account is not None:
                    return enter_or_ask_code(request, account, how="mot de passe", after=after)
                fault = WRONG
    context = {
        "form": form, "fault": fault, "has_errors": status != 200, "after": after,
        "franceconnect": provider("franceconnect") is not None,
    }  # fmt: skip
    return render(request, "portal/account/sign_in.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_link(request: HttpRequest) -> HttpResponse:
    return _ask(request, Purpose.SIGN_IN, "portal/account/ask_link.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    return _ask(request, Purpose.OPEN, "portal/account/create.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    return _ask(request, Purpose.PASSWORD, "portal/account/forgotten.html")


def _ask(request: HttpRequest, purpose: SignInLink.Purpose, template: str) -> HttpResponse:
    after = wanted_page(request)
    form = AddressForm(request.POST if request.method == "POST" else None)
    fault, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                send_from(request, form.cleaned_data["email"], purpose, after=after)
            except Refused as refusal:
                fault, status = refusal.message, refusal.status
            else:
                return redirect("portal:link_sent")
    context = {"form": form, "fault": fault, "has_errors": status != 200, "after": after}
    return render(request, template, context, status=status)


def send_from(request: HttpRequest, address: str, purpose: SignInLink.Purpose, *, after: str = "") -> None:
    spend("citizen-mails", client_address(request), at_most=MAILS_PER_CLIENT, per=timedelta(hours=1))
    send_link(address, purpose, after=after)
    request.session[_SENT_TO] = address


@never_cache
@require_safe
def link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/account/link_sent.html", {"address": request.session.get(_SENT_TO, "")})


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Here, then at the provider of identity that opened the session (RP-initiated logout): by a page of ours, for a
    form that would lead there is stopped by our own policy on forms."""
    code, id_token = request.session.get(SIGNED_BY) or ("", "")
    sessions.leave(request)
    of = provider(code) if code else None
    address = logout_address(request, of, id_token) if of is not None else ""
    if not address:
        return redirect("portal:signed_out")
    return render(request, "portal/account/leaving.html", {"provider": of, "address": address})


@never_cache
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Also where the provider leads back; a return that nobody began says the same and does nothing."""
    came_back_signed_out(request)
    return render(request, "portal/account/signed_out.html")
