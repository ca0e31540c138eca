"""The page of a link received by mail. Mail scanners follow links: reading it does nothing, its button does."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from guichet.citizens.actions import change_email, choose_password, find_link, open_from_link, use_sign_in_link
from guichet.citizens.models import SignInLink
from guichet.core.refused import Refused
from guichet.portal.account_forms import NewPasswordForm, OpenForm
from guichet.portal.citizen import enter_or_ask_code, own_page

Purpose = SignInLink.Purpose
TEMPLATES = {
    Purpose.OPEN: "portal/account/open.html",
    Purpose.SIGN_IN: "portal/account/confirm_sign_in.html",
    Purpose.PASSWORD: "portal/account/new_password.html",
    Purpose.EMAIL: "portal/account/confirm_email.html",
}


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, handle: str) -> HttpResponse:
    found = find_link(handle)
    if found is None:
        return _expired(request)
    purpose = Purpose(found.purpose)
    form = _form(purpose, found.email, request.POST if request.method == "POST" else None)
    errors = request.method == "POST" and form is not None and not form.is_valid()
    if request.method == "POST" and not errors:
        try:
            return _do(request, found, {} if form is None else form.cleaned_data)
        except Refused:  # pressed twice, or closed meanwhile
            return _expired(request)
    context = {"form": form, "link": found, "has_errors": errors}
    return render(request, TEMPLATES[purpose], context, status=400 if errors else 200)


def _form(purpose: SignInLink.Purpose, address: str, data: object) -> OpenForm | NewPasswordForm | None:
    if purpose == Purpose.OPEN:
        return OpenForm(data, address=address)
    return NewPasswordForm(data, address=address) if purpose == Purpose.PASSWORD else None


def _do(request: HttpRequest, found: SignInLink, said: dict[str, str]) -> HttpResponse:
    after = own_page(request, found.after)
    if found.purpose == Purpose.OPEN:
        account = open_from_link(found, first_name=said["first_name"], family_name=said["family_name"],
                                 password=said["password"])  # fmt: skip
        messages.success(request, "Votre compte est ouvert.")
        return enter_or_ask_code(request, account, how="ouverture du compte", after=after)
    if found.purpose == Purpose.PASSWORD:
        account = choose_password(found, said["password"])
        messages.success(request, "Votre mot de passe est enregistré.")
        return enter_or_ask_code(request, account, how="nouveau mot de passe", after=after)
    if found.purpose == Purpose.EMAIL:
        change_email(found)
        messages.success(request, "Votre nouvelle adresse est enregistrée.")
        return redirect("portal:account")
    return enter_or_ask_code(request, use_sign_in_link(found), how="lien reçu par e-mail", after=after)


def _expired(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/account/expired.html", status=400)
