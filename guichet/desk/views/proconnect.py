"""ProConnect: agents enter the desk with the identity their administration gave them. It never makes an account."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from guichet.accounts.actions import agent_of
from guichet.core.openid import Abandoned, Provider, Unreachable, Untrusted, finish, provider, start
from guichet.core.refused import Refused
from guichet.desk.views.login import PROCONNECT, after_login, let_in, let_in_or_ask_code

SAID = {
    Abandoned: "L'identification avec ProConnect n'est pas allée au bout.",
    Untrusted: "La réponse de ProConnect ne prouve pas votre identité : nous ne l'avons pas acceptée.",
    Unreachable: "ProConnect ne répond pas. Réessayez dans quelques minutes, ou entrez avec votre mot de passe.",
}


def _provider() -> Provider:
    found = provider("proconnect")
    if found is None:
        raise Http404
    return found


@never_cache
@require_safe
def leave_for(request: HttpRequest) -> HttpResponse:
    of = _provider()
    try:
        return start(request, of, after=after_login(request, request.GET.get("suite", "")))
    except Unreachable:
        return _refused(request, SAID[Unreachable], 503)


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    of = _provider()
    try:
        identity, after = finish(request, of)
        user = agent_of(identity)
    except (Abandoned, Untrusted) as fault:
        return _refused(request, SAID[type(fault)], 400)
    except Unreachable:
        return _refused(request, SAID[Unreachable], 503)
    except Refused as refusal:
        return _refused(request, refusal.message, refusal.status)
    after = after_login(request, after)
    enter = let_in if "mfa" in identity.methods else let_in_or_ask_code  # a second proof was asked there
    response = enter(request, user, after)
    request.session[PROCONNECT] = identity.id_token
    return response


def _refused(request: HttpRequest, why: str, status: int) -> HttpResponse:
    return render(request, "desk/proconnect_fault.html", {"why": why}, status=status)
