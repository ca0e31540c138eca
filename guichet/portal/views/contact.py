"""The single form, its confirmation, and the same form inside another site of the Region."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.conf import settings
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from guichet.cases.actions.form import InboundForm, receive_form
from guichet.cases.models import Case, Interaction
from guichet.cases.receipts import receipt_of
from guichet.core.limits import client_address, spend
from guichet.core.pdf import pdf_of
from guichet.core.refused import Refused
from guichet.noa.models import Chat
from guichet.noa.transcript import questions
from guichet.portal.forms import ContactForm
from guichet.portal.theme import read_colour, theme_of
from guichet.portal.tokens import FormToken, read_token
from guichet.portal.uploads import Uploads, take

SENT_PER_HOUR, TRIES_PER_HOUR = 20, 120
# What another page of the portal already knows: field, name in the address, length.
_SAID = (("topic", "sujet", 60), ("reference", "numero", 30), ("message", "message", 300))
TRY_AGAIN = "Votre message n’est pas parti. Relisez-le, puis envoyez-le à nouveau dans quelques secondes."


@csrf_exempt  # the plain form is protected below; the embedded one, which gets no cookie, by its token and its origin
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    if settings.EMBED_ORIGINS and request.GET.get("integre") == "1":
        embedded = csp_replace({"frame-ancestors": list(settings.EMBED_ORIGINS)})(_embedded)
        return xframe_options_exempt(embedded)(request)  # type: ignore[return-value]
    return _plain(request)


@csrf_protect
def _plain(request: HttpRequest) -> HttpResponse:
    return _answer(request, embedded=False)


def _embedded(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and not _from_here(request):
        return _show(request, _bound(request), Uploads(), _token(request), embedded=True, fault=TRY_AGAIN, status=403)
    return _answer(request, embedded=True)


def _from_here(request: HttpRequest) -> bool:
    """The browser says that our own page posted this."""
    parts = urlsplit(settings.PUBLIC_URL)
    own = {f"{parts.scheme}://{parts.netloc}", f"{request.scheme}://{request.get_host()}"}
    return request.headers.get("Origin", "") in own


def _bound(request: HttpRequest) -> ContactForm:
    return ContactForm(request.POST)


def _token(request: HttpRequest) -> FormToken:
    return read_token(request.POST.get("token", "")) or FormToken.new()


def _answer(request: HttpRequest, *, embedded: bool) -> HttpResponse:
    if request.method != "POST":
        said = {name: request.GET.get(said, "")[:length] for name, said, length in _SAID}
        form = ContactForm(initial={**said, **_talked(request.GET.get("conversation", ""))})
        return _show(request, form, Uploads(), FormToken.new(), embedded=embedded)
    token = read_token(request.POST.get("token", ""))
    form, known = _bound(request), token or FormToken.new()
    who = client_address(request)
    try:
        spend("contact-try", who, at_most=TRIES_PER_HOUR, per=timedelta(hours=1))
        uploads = take(request, known.key)
    except Refused as refusal:
        return _show(request, form, Uploads(), known, embedded=embedded, fault=refusal.message, status=refusal.status)
    if token is None or not token.is_timely or request.POST.get("website"):
        if known.is_too_old:
            known = known.renewed()
        return _show(request, form, uploads, known, embedded=embedded, fault=TRY_AGAIN, status=400)
    if not form.is_valid() or uploads.errors:
        return _show(request, form, uploads, known, embedded=embedded, status=400)
    try:
        spend("contact", who, at_most=SENT_PER_HOUR, per=timedelta(hours=1))
        case = _receive_once(form.inbound(token.key, uploads.contents))
    except Refused as refusal:
        return _show(request, form, uploads, known, embedded=embedded, fault=refusal.message, status=refusal.status)
    if embedded:
        colour = read_colour(request.GET.get("couleur", ""))
        return render(request, "portal/received.html", {**_confirmation(case, embedded=True), "colour": colour})
    request.session["contact_case"] = case.pk
    return redirect("portal:received")


def _talked(key: str) -> dict[str, str]:
    """What a citizen told the assistant, so that he does not write it twice. The key is his alone."""
    chat = Chat.objects.filter(key=key[:32]).first() if key else None
    if chat is None:
        return {}
    found = {"message": questions(chat)}
    return found | ({"topic": chat.topic} if chat.topic else {})


def _receive_once(form: InboundForm) -> Case:
    try:
        return receive_form(form)
    except IntegrityError:  # the same click arrived twice at the same time: the other one made the case
        return receive_form(form)


def _show(
    request: HttpRequest, form: ContactForm, uploads: Uploads, token: FormToken, *, embedded: bool, fault: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    has_errors = bool(fault or uploads.errors or (form.is_bound and form.errors))
    context = {
        "form": form,
        "uploads": uploads,
        "token": token.signed,
        "embedded": embedded,
        "layout": "portal/embedded.html" if embedded else "portal/base.html",
        "colour": read_colour(request.GET.get("couleur", "")) if embedded else "",
        "fault": fault,
        "has_errors": has_errors,
    }
    return render(request, "portal/contact.html", context, status=status)


# -- confirmation -----------------------------------------------------------------------------------------------------


def _confirmation(case: Case, *, embedded: bool = False) -> dict[str, Any]:
    clocks = {clock.kind: clock for clock in case.clocks.all()}
    first = (
        case.interactions.filter(direction=Interaction.Direction.IN)
        .prefetch_related("attachments__file")
        .order_by("at", "id")
        .first()
    )
    attachments = list(first.attachments.all()) if first else []
    acknowledged = case.interactions.filter(kind__in=[Interaction.Kind.RECEIPT, Interaction.Kind.REGISTRATION]).exists()
    return {
        "case": case,
        "receipt": receipt_of(case, clocks),
        "attachments": attachments,
        "attachments_size": sum(a.file.size for a in attachments),
        "copy_sent": acknowledged,
        "embedded": embedded,
        "layout": "portal/embedded.html" if embedded else "portal/base.html",
    }


def _case_just_sent(request: HttpRequest) -> Case | None:
    pk = request.session.get("contact_case")
    return Case.objects.select_related("person", "topic").filter(pk=pk).first() if pk else None


@never_cache
@require_safe
def received(request: HttpRequest) -> HttpResponse:
    case = _case_just_sent(request)
    if case is None:
        return redirect("portal:contact")
    return render(request, "portal/received.html", _confirmation(case))


@never_cache
@require_safe
def receipt_pdf(request: HttpRequest) -> HttpResponse:
    case = _case_just_sent(request)
    if case is None:
        return redirect("portal:contact")
    content = pdf_of(render_to_string("portal/receipt_pdf.html", _confirmation(case), request))
    if content is None:
        return redirect("portal:received")
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="accuse-{case.reference}.pdf"'
    return response


@require_safe
def embed_script(request: HttpRequest) -> HttpResponse:
    """The one line another site adds; it only knows the address it came from."""
    if not settings.EMBED_ORIGINS:
        raise Http404
    response = render(request, "portal/integrer.js", content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def embed_colours(request: HttpRequest, colour: str) -> HttpResponse:
    """The colours of the site that embeds the form, made readable."""
    if not settings.EMBED_ORIGINS or read_colour(colour) != colour:
        raise Http404
    context = {"theme": theme_of(colour)}
    response = render(request, "portal/couleurs.css", context, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response
