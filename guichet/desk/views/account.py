"""My account: password, second factor, sessions, preferences."""

from __future__ import annotations

from typing import Any

import django_otp
import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from guichet.accounts import own
from guichet.accounts.actions import revoke_sessions
from guichet.accounts.models import Session, User
from guichet.core.refused import Refused
from guichet.desk.forms.account import CodeForm, PasswordOnlyForm, PreferencesForm
from guichet.desk.guard import AgentRequest, agent_required


def _page(request: AgentRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    user = request.user
    here = request.session.session_key or ""
    sessions = Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-created_at")
    context: dict[str, Any] = {
        "preferences": PreferencesForm(initial={"theme": user.theme, "shortcuts": user.shortcuts}),
        "password_form": password_form(user),
        "sessions": [(s.session_key[:12], s, s.session_key == here) for s in sessions],
        "second_factor": own.confirmed_device(user) is not None,
        "proconnect": user.identities.first(),
        "removal": PasswordOnlyForm(auto_id="retrait-%s"),
    }
    return render(request, "desk/account.html", context | more, status=status)


def password_form(user: User, data: Any = None) -> PasswordChangeForm:
    form = PasswordChangeForm(user, data)
    for field in form.fields.values():
        field.widget.attrs["class"] = "saisie"
        field.widget.attrs.pop("autofocus", None)
    return form


@agent_required
@require_GET
def account(request: AgentRequest) -> HttpResponse:
    return _page(request)


@agent_required
@require_POST
def preferences(request: AgentRequest) -> HttpResponse:
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _page(request, status=400, preferences=form)
    own.choose(request.user, theme=form.cleaned_data["theme"], shortcuts=form.cleaned_data["shortcuts"])
    messages.success(request, "Vos préférences sont enregistrées.")
    return redirect("desk:account")


@sensitive_post_parameters()
@agent_required
@require_POST
def password(request: AgentRequest) -> HttpResponse:
    form = password_form(request.user, request.POST)
    if not form.is_valid():
        return _page(request, status=400, password_form=form)
    own.change_password(request.user, form.cleaned_data["new_password1"])
    update_session_auth_hash(request, request.user)
    revoke_sessions(request.user, by=request.user, keep=request.session.session_key or "")
    messages.success(request, "Votre mot de passe est changé. Vos autres sessions sont fermées.")
    return redirect("desk:account")


@agent_required
@require_POST
def unlink_proconnect(request: AgentRequest) -> HttpResponse:
    own.unlink_proconnect(request.user)
    messages.success(request, "ProConnect n'ouvre plus votre compte.")
    return redirect("desk:account")


@agent_required
@require_POST
def revoke(request: AgentRequest) -> HttpResponse:
    """One session by the start of its key, or all the others."""
    key = request.POST.get("session", "")
    if key:
        own.revoke_session(request.user, key)
    else:
        revoke_sessions(request.user, by=request.user, keep=request.session.session_key or "")
    messages.success(request, "C'est fait : la session est fermée." if key else "Vos autres sessions sont fermées.")
    return redirect("desk:account")


@agent_required
def second_factor(request: AgentRequest) -> HttpResponse:
    """Show the code to scan, then ask for what the application displays."""
    user = request.user
    if own.confirmed_device(user) is not None:
        return redirect("desk:account")
    device = own.device_being_set_up(user)
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                codes = own.confirm_device(user, form.cleaned_data["code"])
            except Refused as refusal:
                form.add_error("code", refusal.message)
            else:
                device.refresh_from_db()
                django_otp.login(request, device)
                revoke_sessions(user, by=user, keep=request.session.session_key or "")
                return render(request, "desk/recovery.html", {"codes": codes})
    picture = segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    secret = " ".join(_groups(device.config_url.partition("secret=")[2].partition("&")[0]))
    context = {"form": form, "picture": picture, "secret": secret}
    return render(request, "desk/second_factor.html", context, status=status)


def _groups(text: str) -> list[str]:
    return [text[n : n + 4] for n in range(0, len(text), 4)]


@agent_required
@require_POST
def second_factor_off(request: AgentRequest) -> HttpResponse:
    own.remove_device(request.user, request.POST.get("password", ""))
    messages.success(request, "La vérification en deux étapes est désactivée.")
    return redirect("desk:account")
