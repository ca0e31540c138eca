"""« Mon compte »: what opens it, where it is open, closing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.accounts.models import Session
from guichet.citizens import sessions
from guichet.citizens.actions import (
    change_password,
    close_account,
    revoke_session,
    revoke_sessions,
    send_email_change,
)
from guichet.citizens.models import SignInLink
from guichet.core.limits import spend
from guichet.core.openid import provider
from guichet.core.refused import Refused
from guichet.portal.account_forms import ChangePasswordForm, CloseForm, NewAddressForm
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.portal.views.account.entrance import TRIES_PER_ADDRESS, WINDOW, send_from


@citizen_required
@require_safe
def account(request: CitizenRequest) -> HttpResponse:
    here = request.session.session_key or ""
    found = Session.objects.filter(citizen_id=request.citizen.pk, expire_date__gt=timezone.now())
    context: dict[str, Any] = {
        "account": request.citizen,
        "sessions": [(s.session_key[:12], s, s.session_key == here) for s in found.order_by("-created_at")[:50]],
        "franceconnect": provider("franceconnect") is not None,
        "identities": list(request.citizen.identities.order_by("linked_at")),
    }
    return render(request, "portal/account/account.html", context)


@sensitive_post_parameters()
@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: CitizenRequest) -> HttpResponse:
    """Whoever has none, or forgot it, chooses one by a link: only the owner of the mailbox may."""
    if not request.citizen.has_password:
        return redirect("portal:account")
    form = ChangePasswordForm(request.POST if request.method == "POST" else None, address=request.citizen.email)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                spend("citizen-own", str(request.citizen.pk), at_most=TRIES_PER_ADDRESS, per=WINDOW)
                changed = change_password(
                    request.citizen, current=form.cleaned_data["current"], password=form.cleaned_data["password"],
                    keep=request.session.session_key or "",
                )  # fmt: skip
            except Refused as refusal:
                form.add_error("current", refusal.message)
                status = refusal.status
            else:
                request.session.cycle_key()
                sessions.remember(request, changed)
                messages.success(request, "Votre mot de passe est changé. Vos autres connexions sont fermées.")
                return redirect("portal:account")
    context = {"form": form, "has_errors": status != 200}
    return render(request, "portal/account/password.html", context, status=status)


@citizen_required
@require_POST
def password_link(request: CitizenRequest) -> HttpResponse:
    send_from(request, request.citizen.email, SignInLink.Purpose.PASSWORD)
    return redirect("portal:link_sent")


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: CitizenRequest) -> HttpResponse:
    form = NewAddressForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                send_email_change(request.citizen, form.cleaned_data["email"])
            except Refused as refusal:
                form.add_error("email", refusal.message)
                status = refusal.status
            else:
                messages.success(request, "Un lien part à la nouvelle adresse : suivez-le pour la confirmer.")
                return redirect("portal:account")
    context = {"form": form, "has_errors": status != 200, "account": request.citizen}
    return render(request, "portal/account/address.html", context, status=status)


@citizen_required
@require_POST
def revoke(request: CitizenRequest) -> HttpResponse:
    """One by the start of its key, or all the others."""
    key = request.POST.get("session", "")
    if key:
        revoke_session(request.citizen, key)
    else:
        revoke_sessions(request.citizen, keep=request.session.session_key or "")
    messages.success(request, "La connexion est fermée." if key else "Vos autres connexions sont fermées.")
    return redirect("portal:account")


@sensitive_post_parameters()
@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: CitizenRequest) -> HttpResponse:
    form = CloseForm(request.POST if request.method == "POST" else None, account=request.citizen)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                spend("citizen-own", str(request.citizen.pk), at_most=TRIES_PER_ADDRESS, per=WINDOW)
                close_account(request.citizen, password=form.cleaned_data.get("password", ""))
            except Refused as refusal:
                form.add_error("password" if "password" in form.fields else None, refusal.message)
                status = refusal.status
            else:
                sessions.leave(request)
                return render(request, "portal/account/closed.html")
    context = {"form": form, "has_errors": status != 200, "account": request.citizen}
    return render(request, "portal/account/close.html", context, status=status)
