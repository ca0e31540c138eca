"""Calls to webhooks: one a hook and event, in the order of the dossier, tried again ever later, then given up."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.core.refused import Refused
from guichet.gateway.actions.keys import require_administrator
from guichet.gateway.models import Webhook, WebhookCall
from guichet.gateway.outgoing import NotCalled, post, sign
from guichet.gateway.telling import TOLD, details, link_to
from guichet.journal.actions import record
from guichet.journal.models import Event
from guichet.journal.watching import watch
from guichet.procedures.models import Dossier

if TYPE_CHECKING:
    from guichet.accounts.models import User

State = WebhookCall.State
LEASE = timedelta(seconds=60)  # longer than the longest call
LATER = (1, 5, 30, 120, 360, 720, 1440)  # minutes before each new try; then it is given up
AT_ONCE = 20


@watch("gateway.webhooks", TOLD)
def queue_calls(event: Event) -> None:
    """Inside the transaction that moves the watcher: each event becomes one call of each hook that wants it."""
    hooks = list(Webhook.objects.filter(is_active=True, events__contains=[event.verb]).select_related("team"))
    if not hooks or event.case_id is None:
        return
    dossier = Dossier.objects.filter(case_id=event.case_id).select_related("procedure__team").first()
    if dossier is None or dossier.reference is None:
        return
    body = {
        "event": str(event.pk), "verb": event.verb, "at": event.at.isoformat(), "dossier": dossier.reference,
        "procedure": dossier.procedure.code, "link": link_to(dossier.reference), "details": details(event),
    }  # fmt: skip
    path = dossier.procedure.team.path
    WebhookCall.objects.bulk_create(
        [
            WebhookCall(hook=hook, event_id=event.pk, dossier_id=dossier.pk, verb=event.verb, body=body)
            for hook in hooks
            if hook.team is None or path.startswith(hook.team.path)
        ],
        ignore_conflicts=True,
    )


def send_calls() -> int:
    """Send those that are due. Returns how many were tried."""
    claimed = _claim()
    for call in claimed:
        _send(call)
    return len(claimed)


@transaction.atomic
def _claim() -> list[WebhookCall]:
    """Under a lease: a killed worker leaves only rows that wait. The first waiting one of each dossier and hook."""
    now = timezone.now()
    before = WebhookCall.objects.filter(
        hook=OuterRef("hook"), dossier_id=OuterRef("dossier_id"), pk__lt=OuterRef("pk"), state=State.WAITING
    )
    found = list(
        WebhookCall.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("hook")
        .filter(~Exists(before), state=State.WAITING, next_at__lte=now, hook__is_active=True)
        .order_by("next_at", "pk")[:AT_ONCE]
    )
    for call in found:
        call.tries += 1
        call.next_at = now + LEASE
        call.save(update_fields=["tries", "next_at"])
    return found


def _send(call: WebhookCall) -> None:
    body = json.dumps(call.body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    status, error = None, ""
    try:
        status = post(call.hook.url, body, {
            "Guichet-Call": str(call.pk), "Guichet-Event": call.verb,
            "Guichet-Signature": sign(call.hook.secret, int(time.time()), body),
        })  # fmt: skip
        if not 200 <= status < 300:
            error = f"Réponse {status}"
    except NotCalled as reason:
        error = str(reason)
    _note(call, status, error)


@transaction.atomic
def _note(call: WebhookCall, status: int | None, error: str) -> None:
    """The outcome of that try only: a call that was taken over or replayed meanwhile is left as it is."""
    row = WebhookCall.objects.select_for_update().filter(pk=call.pk, tries=call.tries, state=State.WAITING).first()
    if row is None:
        return
    now = timezone.now()
    row.status, row.error = status, error[:200]
    if not error:
        row.state, row.done_at, row.next_at = State.TOLD, now, None
    elif row.tries > len(LATER):
        row.state, row.done_at, row.next_at = State.GIVEN_UP, now, None
        record("interface.call_given_up", by=machine(GUICHET), subject=f"webhook:{row.hook_id}", call=row.pk,
               name=call.hook.name)  # fmt: skip
    else:
        row.next_at = now + timedelta(minutes=LATER[row.tries - 1])
    row.save()


@transaction.atomic
def replay(call: WebhookCall, *, by: User) -> None:
    """Sent again at once, whatever became of it; the caller knows it by its number."""
    require_administrator(by)
    row = WebhookCall.objects.select_for_update().select_related("hook").get(pk=call.pk)
    if not row.hook.is_active:
        raise Refused("Ce logiciel n'est plus averti : remettez-le en service d'abord.")
    row.state, row.tries, row.next_at, row.done_at, row.error = State.WAITING, 0, timezone.now(), None, ""
    row.save()
    record("interface.call_replayed", by=by, subject=f"webhook:{row.hook_id}", call=row.pk, name=row.hook.name)
