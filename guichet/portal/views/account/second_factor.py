"""The second step of signing in, and turning it on and off."""

from __future__ import annotations

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from guichet.citizens.actions import ask_removal, new_secret, second_proof, turn_off, turn_on
from guichet.citizens.actions.lost_factor import WAIT
from guichet.citizens.actions.second_factor import WRONG, application_address
from guichet.core.limits import forget, spend
from guichet.core.refused import Refused
from guichet.portal.account_forms import SecondCodeForm
from guichet.portal.citizen import CitizenRequest, citizen_required, enter, pending
from guichet.portal.views.account.entrance import TRIES_PER_ADDRESS, WINDOW

_SECRET = "citizen_new_secret"  # noqa: S105 (where it waits in the session until it is confirmed)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """After the first proof: the code of the application, or a spare code."""
    waited = pending(request)
    if waited is None:
        return redirect("portal:sign_in")
    account, how, after = waited
    form = SecondCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                spend("citizen-code", str(account.pk), at_most=TRIES_PER_ADDRESS, per=WINDOW)
                if second_proof(account, form.cleaned_data["code"]):
                    forget("citizen-code", str(account.pk))
                    return enter(request, account, how=f"{how}, en deux étapes", after=after)
            except Refused as refusal:
                form.add_error("code", refusal.message)
                status = refusal.status
            else:
                form.add_error("code", WRONG)
    context = {"form": form, "has_errors": status != 200}
    return render(request, "portal/account/code.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def lost(request: HttpRequest) -> HttpResponse:
    """After the first proof, for who has neither telephone nor spare codes: what can be done, and when it will be."""
    waited = pending(request)
    if waited is None:
        return redirect("portal:sign_in")
    account = waited[0]
    leaves_at = ask_removal(account) if request.method == "POST" else account.factor_leaves_at
    return render(request, "portal/account/lost_code.html", {"leaves_at": leaves_at, "days": WAIT.days})


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def turn_on_page(request: CitizenRequest) -> HttpResponse:
    """The picture to scan, then what the application displays. The same secret until it is confirmed."""
    if request.citizen.has_second_factor:
        return redirect("portal:account")
    secret = str(request.session.get(_SECRET) or new_secret())
    request.session[_SECRET] = secret
    form = SecondCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                spend("citizen-code", str(request.citizen.pk), at_most=TRIES_PER_ADDRESS, per=WINDOW)
                codes = turn_on(request.citizen, secret, form.cleaned_data["code"],
                                keep=request.session.session_key or "")  # fmt: skip
            except Refused as refusal:
                form.add_error("code", refusal.message)
                status = refusal.status
            else:
                del request.session[_SECRET]
                forget("citizen-code", str(request.citizen.pk))
                return render(request, "portal/account/spare_codes.html", {"codes": codes})
    address = application_address(request.citizen, secret)
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    groups = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
    context = {"form": form, "has_errors": status != 200, "picture": picture, "secret": groups}
    return render(request, "portal/account/second_factor.html", context, status=status)


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def turn_off_page(request: CitizenRequest) -> HttpResponse:
    if not request.citizen.has_second_factor:
        return redirect("portal:account")
    form = SecondCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                spend("citizen-code", str(request.citizen.pk), at_most=TRIES_PER_ADDRESS, per=WINDOW)
                turn_off(request.citizen, form.cleaned_data["code"])
            except Refused as refusal:
                form.add_error("code", refusal.message)
                status = refusal.status
            else:
                forget("citizen-code", str(request.citizen.pk))
                messages.success(request, "La vérification en deux étapes est désactivée.")
                return redirect("portal:account")
    context = {"form": form, "has_errors": status != 200}
    return render(request, "portal/account/second_factor_off.html", context, status=status)
