"""The mail that needs a hand: quarantine, failed sendings, and the outgoing folder of the demonstration."""

from __future__ import annotations

import email
import email.policy
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from guichet.accounts.models import User
from guichet.cases import actions
from guichet.cases.actions.personal import finish_task
from guichet.cases.models import Case, InboundItem
from guichet.core import files as store
from guichet.core.downloads import given
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import excerpt, key_of, one_line, strip_controls
from guichet.desk.guard import AgentRequest, agent_required, mailroom_required
from guichet.outbox import actions as outbox
from guichet.outbox.models import Delivery

AT_MOST = 100
READ_AT_MOST = 256 * 1024


# -- quarantine --------------------------------------------------------------------------------------------------------


STOPPED = (InboundItem.State.QUARANTINED, InboundItem.State.DISCARDED)


def _quarantined(pk: int) -> InboundItem:
    item = InboundItem.objects.select_related("raw").filter(pk=pk, state__in=STOPPED).first()
    if item is None:
        raise Http404
    return item


@mailroom_required
@require_GET
def quarantine(request: AgentRequest) -> HttpResponse:
    """`?ecartes=1`: what was put aside, to be taken back; `?avant=`: a page further."""
    aside = request.GET.get("ecartes") == "1"
    state = InboundItem.State.DISCARDED if aside else InboundItem.State.QUARANTINED
    items = InboundItem.objects.filter(state=state).select_related("raw").order_by("-id")
    count = InboundItem.objects.filter(state=InboundItem.State.QUARANTINED).count()
    if before := key_of(request.GET.get("avant", "")):
        items = items.filter(pk__lt=before)
    page = list(items[: AT_MOST + 1])
    waiting = InboundItem.objects.in_trouble().order_by("next_try_at")
    return render(
        request,
        "desk/quarantine.html",
        {"nav": "quarantine", "items": page[:AT_MOST], "count": count, "aside": aside, "waiting": waiting.count(),
         "first_waiting": waiting.first(), "older": page[AT_MOST - 1].pk if len(page) > AT_MOST else ""},
    )  # fmt: skip


@mailroom_required
@require_GET
def quarantined(request: AgentRequest, pk: int) -> HttpResponse:
    item = _quarantined(pk)
    with store.open_bytes(item.raw_id) as handle:
        raw = handle.read(READ_AT_MOST)
    return render(request, "desk/quarantined.html", {"nav": "quarantine", "item": item, "mail": read_mail(raw)})


@mailroom_required
@require_GET
def quarantined_raw(request: AgentRequest, pk: int) -> FileResponse:
    item = _quarantined(pk)
    if not item.raw.may_be_opened:
        raise Refused(f"Ce message ne peut pas être téléchargé : {item.raw.get_scan_display()}.", status=403)
    return given(item.raw_id, f"message-{item.pk}.eml")


@mailroom_required
@require_POST
def quarantine_act(request: AgentRequest, pk: int) -> HttpResponse:
    item = _quarantined(pk)
    if request.POST.get("action") == "rejouer":
        actions.replay(item, by=request.user)
        messages.success(request, "Le message est remis dans la file : il sera relu dans un instant.")
    elif request.POST.get("action") == "demande":
        actions.replay(item, by=request.user, is_request=True)
        messages.success(request, "Le message est remis dans la file : une demande va s'ouvrir, sans accusé.")
    elif request.POST.get("action") == "ecarter":
        actions.discard(item, by=request.user)
        messages.success(request, "Le message est écarté. Il reste conservé : reprenez-le parmi les écartés.")
    elif request.POST.get("action") == "reprendre":
        actions.restore(item, by=request.user)
        messages.success(request, "Le message est revenu en quarantaine.")
    else:
        raise Http404
    return redirect("desk:quarantine")


# -- failed sendings ---------------------------------------------------------------------------------------------------


def failures_of(user: User) -> QuerySet[Delivery]:
    """Failures nobody dealt with, on cases the user sees; those of no case are for administrators."""
    found = Delivery.objects.filter(
        state__in=[Delivery.State.FAILED, Delivery.State.BOUNCED], handled_at__isnull=True
    ).select_related("parcel__interaction__case")
    if not user.is_administrator:
        return found.filter(parcel__interaction__case__in=Case.objects.visible_to(user))
    return found.exclude(parcel__interaction__case__sensitivity__gt=user.clearance)


@agent_required
@require_GET
def failures(request: AgentRequest) -> HttpResponse:
    found = failures_of(request.user).order_by("-id")
    lines = [(delivery, _case_of(delivery)) for delivery in found[:AT_MOST]]
    return render(request, "desk/failures.html", {"nav": "failures", "lines": lines, "count": found.count()})


def _case_of(delivery: Delivery) -> Case | None:
    interaction = getattr(delivery.parcel, "interaction", None)
    return interaction.case if interaction is not None else None


@agent_required
@require_POST
def failure_act(request: AgentRequest, pk: int) -> HttpResponse:
    delivery = failures_of(request.user).filter(pk=pk).first()
    if delivery is None:
        raise Http404
    case = _case_of(delivery)
    case_id = case.pk if case else None
    if request.POST.get("action") == "renvoyer":
        outbox.retry(delivery, by=request.user, case_id=case_id)
        messages.success(request, "Le message repart à la même adresse.")
    elif request.POST.get("action") == "classer":
        outbox.set_aside(delivery, by=request.user, case_id=case_id)
        messages.success(request, "C'est noté : cet échec est traité.")
    else:
        raise Http404
    if case is not None:
        about = f"delivery:{delivery.pk}"
        for task in case.tasks.filter(about=about, done_at__isnull=True).select_related("case"):
            finish_task(task, by=request.user)
    return redirect("desk:failures")


# -- the outgoing mail of the demonstration ----------------------------------------------------------------------------


def outgoing_folder() -> Path | None:
    folder = settings.CHANNELS["email"][1].get("folder") if "email" in settings.CHANNELS else ""
    return Path(str(folder), "new") if folder else None


def _outgoing(user: User) -> Path:
    if not user.is_administrator:
        raise NotAllowed
    folder = outgoing_folder()
    if folder is None:
        raise Http404
    return folder


def _mails(folder: Path) -> list[tuple[str, datetime, Path]]:
    """Newest first. Only plain files directly in the folder."""
    if not folder.is_dir():
        return []
    found = [(path.stat().st_mtime, path) for path in folder.glob("*.eml") if path.is_file() and not path.is_symlink()]
    found.sort(key=lambda pair: (pair[0], pair[1].name), reverse=True)
    zone = timezone.get_current_timezone()
    return [(path.name, datetime.fromtimestamp(stamp, tz=zone), path) for stamp, path in found[:AT_MOST]]


@agent_required
@require_GET
def outgoing(request: AgentRequest) -> HttpResponse:
    mails = []
    for name, at, path in _mails(_outgoing(request.user)):
        with path.open("rb") as handle:
            mails.append({"name": name, "at": at, **read_mail(handle.read(READ_AT_MOST))})
    return render(request, "desk/outgoing.html", {"nav": "outgoing", "mails": mails})


@agent_required
@require_GET
def outgoing_mail(request: AgentRequest, name: str) -> HttpResponse:
    found = next(((at, path) for known, at, path in _mails(_outgoing(request.user)) if known == name), None)
    if found is None:
        raise Http404
    with found[1].open("rb") as handle:
        mail = read_mail(handle.read(READ_AT_MOST))
    return render(request, "desk/outgoing_mail.html", {"nav": "outgoing", "name": name, "at": found[0], "mail": mail})


def read_mail(raw: bytes) -> dict[str, Any]:
    """Who, what, and the plain text of a mail, to look at. Never raises: what is unreadable is said."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        names_of = {"sender": "From", "to": "To", "subject": "Subject", "date": "Date"}
        heads = {key: one_line(str(message.get(name, "")))[:500] for key, name in names_of.items()}
        body = message.get_body(preferencelist=("plain",))
        text = strip_controls(str(body.get_content())) if body is not None else ""
        names = [one_line(part.get_filename() or "document") for part in message.iter_attachments()]
    except Exception:
        return {"sender": "", "to": "", "subject": "(illisible)", "date": "", "text": "", "files": [],
                "head": "Ce message ne peut pas être lu. Téléchargez-le pour l'examiner."}  # fmt: skip
    return {**heads, "text": text, "files": names, "head": excerpt(text, 140)}
