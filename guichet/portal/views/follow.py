"""Following a case without an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.cases.actions.citizen import add_message, close_as_citizen, reopen_as_citizen, send_receipt_again
from guichet.cases.actions.follow import open_follow, open_follow_link, send_follow_code
from guichet.cases.models import Case, Clock, Status
from guichet.core.downloads import given
from guichet.core.limits import client_address, spend
from guichet.core.refused import Refused
from guichet.organisation.directory import directory
from guichet.portal.access import Opened, attachment_of, close_in_session, history, open_in_session, opened_cases
from guichet.portal.forms import CodeForm, FollowForm, MessageForm, ReopenForm
from guichet.portal.tokens import FormToken, read_token
from guichet.portal.uploads import Uploads, take

ASKED_PER_HOUR, TRIED_PER_HOUR, WRITTEN_PER_HOUR = 30, 60, 60
HOUR = timedelta(hours=1)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        form = FollowForm(initial={"reference": request.GET.get("numero", "")[:30]})
        return render(request, "portal/follow.html", {"form": form})
    form = FollowForm(request.POST)
    fault, status = "", 400
    if form.is_valid():
        try:
            spend("follow-client", client_address(request), at_most=ASKED_PER_HOUR, per=HOUR)
            handle = send_follow_code(form.cleaned_data["reference"], form.cleaned_data["email"])
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            request.session["follow_handle"] = handle
            return redirect("portal:follow_code")
    context = {"form": form, "fault": fault, "has_errors": True}
    return render(request, "portal/follow.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    handle = request.session.get("follow_handle")
    if not handle:
        return redirect("portal:follow")
    if request.method != "POST":
        return render(request, "portal/follow_code.html", {"form": CodeForm()})
    form = CodeForm(request.POST)
    fault, status = "", 400
    if form.is_valid():
        try:
            spend("follow-try", client_address(request), at_most=TRIED_PER_HOUR, per=HOUR)
            case = open_follow(handle, form.cleaned_data["code"])
        except Refused as refusal:
            fault, status = refusal.message, refusal.status
        else:
            open_in_session(request, case, handle)
            return redirect("portal:follow_case")
    context = {"form": form, "fault": fault, "has_errors": True}
    return render(request, "portal/follow_code.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, handle: str) -> HttpResponse:
    """Mail scanners follow links: reading this page opens nothing, its button does."""
    if request.method != "POST":
        return render(request, "portal/follow_link.html")
    spend("follow-try", client_address(request), at_most=TRIED_PER_HOUR, per=HOUR)
    open_in_session(request, open_follow_link(handle), handle)
    return redirect("portal:follow_case")


# -- the case ---------------------------------------------------------------------------------------------------------


def _opened(request: HttpRequest) -> Opened | None:
    """The case asked for among those this browser opened; the last one when none is named."""
    asked = request.POST.get("numero") or request.GET.get("numero")
    found = opened_cases(request)
    if asked:
        return next((o for o in found if o.case.reference == asked), None)
    return found[-1] if found else None


def _to_case(opened: Opened) -> HttpResponse:
    return redirect(f"{reverse('portal:follow_case')}?numero={opened.case.survivor().reference}")


@never_cache
@require_safe
def case(request: HttpRequest) -> HttpResponse:
    opened = _opened(request)
    if opened is None:
        return redirect("portal:follow")
    return _show(request, opened)


def _show(
    request: HttpRequest, opened: Opened, *, form: MessageForm | ReopenForm | None = None,
    uploads: Uploads | None = None, token: FormToken | None = None, fault: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    shown = opened.case
    own = opened.own_addresses
    promise = shown.clock(Clock.Kind.COMMITMENT)
    uploads = uploads or Uploads()
    context: dict[str, Any] = {
        "case": shown,
        "others": [o.case for o in opened_cases(request) if o.case.pk != shown.pk],
        "steps": steps(shown),
        "history": [
            {"it": it, "is_mine": it.direction == "in", "is_me": not it.sender_address or it.sender_address in own}
            for it in history(opened)
        ],
        "service": directory().contact_block(directory().team(shown.team_id)),
        "promised_at": promise.due_at if promise and promise.is_running and not shown.is_over else None,
        "absorbed": list(shown.absorbed.order_by("received_at")),
        "form": form or (ReopenForm() if shown.is_over else MessageForm()),
        "uploads": uploads,
        "token": (token or FormToken.new()).signed,
        "fault": fault,
        "has_errors": bool(fault or uploads.errors or (form is not None and form.errors)),
    }
    return render(request, "portal/case.html", context, status=status)


def steps(case: Case) -> list[dict[str, Any]]:
    """Four steps everyone understands; where the case stands among them."""
    at = {
        Status.REGISTERED: 1, Status.ASSIGNED: 2, Status.ANSWERED: 4,
    }.get(Status(case.status), 5 if case.is_over else 3)  # fmt: skip
    last = case.said_to_citizen if case.is_over else "Demande terminée"
    labels: tuple[str, ...] = ("Demande reçue", "Service choisi", "Traitement en cours", "Réponse envoyée", last)
    if case.is_over and case.first_answered_at is None:
        labels = (*labels[:3], last)
        at = 4
    return [
        {"label": label, "done": number < at or (case.is_over and number == at), "current": number == at}
        for number, label in enumerate(labels, start=1)
    ]


@never_cache
@require_POST
def message(request: HttpRequest) -> HttpResponse:
    opened = _opened(request)
    if opened is None:
        return redirect("portal:follow")
    token = read_token(request.POST.get("token", "")) or FormToken.new()
    form = MessageForm(request.POST)
    uploads = Uploads()
    fault, status = "", 400
    try:
        spend("follow-write", client_address(request), at_most=WRITTEN_PER_HOUR, per=HOUR)
        uploads = take(request, token.key)
        if form.is_valid() and not uploads.errors:
            text = form.cleaned_data["message"]
            add_message(opened.case, address=opened.address, text=text, files=uploads.contents, key=token.key)
            messages.success(request, "Votre message est arrivé. Nous l’avons ajouté à votre demande.")
            return _to_case(opened)
    except Refused as refusal:
        fault, status = refusal.message, refusal.status
    return _show(request, opened, form=form, uploads=uploads, token=token, fault=fault, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    opened = _opened(request)
    if opened is None:
        return redirect("portal:follow")
    if request.method != "POST":
        return render(request, "portal/case_close.html", {"case": opened.case})
    close_as_citizen(opened.case)
    messages.success(request, "Votre demande est terminée. Vous pouvez la rouvrir si besoin.")
    return _to_case(opened)


@never_cache
@require_POST
def receipt_again(request: HttpRequest) -> HttpResponse:
    opened = _opened(request)
    if opened is None:
        return redirect("portal:follow")
    try:
        send_receipt_again(opened.case, address=opened.address)
    except Refused as refusal:
        return _show(request, opened, fault=refusal.message, status=refusal.status)
    messages.success(request, f"Votre accusé de réception part à l’adresse {opened.address}.")
    return _to_case(opened)


@never_cache
@require_POST
def reopen(request: HttpRequest) -> HttpResponse:
    opened = _opened(request)
    if opened is None:
        return redirect("portal:follow")
    token = read_token(request.POST.get("token", "")) or FormToken.new()
    form = ReopenForm(request.POST)
    fault, status = "", 400
    try:
        spend("follow-write", client_address(request), at_most=WRITTEN_PER_HOUR, per=HOUR)
        if form.is_valid():
            reopen_as_citizen(opened.case, address=opened.address, text=form.cleaned_data["message"], key=token.key)
            messages.success(request, "Votre demande est rouverte.")
            return _to_case(opened)
    except Refused as refusal:
        fault, status = refusal.message, refusal.status
    return _show(request, opened, form=form, token=token, fault=fault, status=status)


@never_cache
@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = attachment_of(request, pk)
    if found is None:
        raise Http404
    if not found.file.may_be_opened:
        raise Refused(
            "Ce document ne peut pas être ouvert\u00a0: son analyse n’est pas finie, ou elle a trouvé un virus."
        )
    return given(found.file_id, found.name, found.file.media_type)


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    close_in_session(request)
    return redirect("portal:home")
