"""Entering and leaving the desk."""

from __future__ import annotations

import time
from datetime import timedelta

import django_otp
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from guichet.accounts.models import User
from guichet.accounts.own import confirmed_device
from guichet.accounts.sessions import device_of
from guichet.core import limits
from guichet.core.openid import logout_address, provider
from guichet.desk.forms.account import CodeForm, LoginForm
from guichet.desk.guard import is_agent
from guichet.journal.actions import record

WINDOW = timedelta(minutes=15)
TRIES_PER_ADDRESS = 8
TRIES_PER_CLIENT = 40
PENDING_SECONDS = 300
PROCONNECT = "proconnect_id_token"  # given back when signing out
WRONG = "L'adresse ou le mot de passe n'est pas le bon."
BACKEND = "guichet.accounts.backends.Backend"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    after = after_login(request, str(request.POST.get("suite") or request.GET.get("suite") or ""))
    if is_agent(request.user):
        return HttpResponseRedirect(after)
    form = LoginForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            email, password = form.cleaned_data["email"].lower(), form.cleaned_data["password"]
            try:
                limits.spend("login-client", limits.client_address(request), at_most=TRIES_PER_CLIENT, per=WINDOW)
                limits.spend("login-address", email, at_most=TRIES_PER_ADDRESS, per=WINDOW)
            except limits.TooMany as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
            else:
                user = authenticate(request, username=email, password=password)
                if isinstance(user, User) and is_agent(user):
                    return let_in_or_ask_code(request, user, after)
                form.add_error(None, WRONG)
    context = {"form": form, "after": after, "proconnect": provider("proconnect") is not None}
    return render(request, "desk/login.html", context, status=status)


def let_in_or_ask_code(request: HttpRequest, user: User, after: str) -> HttpResponse:
    if confirmed_device(user) is None:
        return let_in(request, user, after)
    request.session.cycle_key()
    request.session["pending"] = [user.pk, int(time.time())]
    request.session["after"] = after
    return redirect("desk:code")


@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Second step, after the password: the code of the application, or a recovery code."""
    user = _pending(request)
    if user is None:
        return redirect("desk:login")
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                limits.spend("login-code", str(user.pk), at_most=TRIES_PER_ADDRESS, per=WINDOW)
            except limits.TooMany as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
            else:
                device = django_otp.match_token(user, form.cleaned_data["code"])
                if device is not None:
                    after = str(request.session.get("after") or settings.LOGIN_REDIRECT_URL)
                    limits.forget("login-code", str(user.pk))
                    response = let_in(request, user, after)
                    django_otp.login(request, device)
                    return response
                form.add_error("code", "Ce code n'est pas le bon, ou il a déjà servi.")
    return render(request, "desk/code.html", {"form": form}, status=status)


def _pending(request: HttpRequest) -> User | None:
    pending = request.session.get("pending")
    if not pending or time.time() - pending[1] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=pending[0]).first()
    return user if user is not None and is_agent(user) else None


def let_in(request: HttpRequest, user: User, after: str) -> HttpResponse:
    """A new session key at every login: a key known before is worth nothing after."""
    request.session.pop("pending", None)
    request.session.pop("after", None)
    login(request, user, backend=BACKEND)
    request.session["device"] = device_of(request.headers.get("User-Agent", ""))
    limits.forget("login-address", user.email.lower())
    record("account.signed_in", by=user, subject=f"user:{user.pk}")
    return HttpResponseRedirect(after)


def after_login(request: HttpRequest, wanted: str) -> str:
    """The page asked for before, when it is one of the desk."""
    inside = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=False)
    return wanted if inside and wanted.startswith("/bureau/") else settings.LOGIN_REDIRECT_URL


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Here, then at ProConnect when it opened the session: by a page of ours, for a form that would lead there is
    stopped by our own policy on forms."""
    id_token = str(request.session.get(PROCONNECT) or "")
    logout(request)
    of = provider("proconnect") if id_token else None
    address = logout_address(request, of, id_token) if of is not None else ""
    return render(request, "desk/leaving.html", {"address": address}) if address else redirect("desk:login")
