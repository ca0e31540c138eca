"""Addresses that are told what happens: made, stopped and started again by an administrator."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction

from guichet.core.refused import Refused
from guichet.core.text import one_line
from guichet.gateway.actions.keys import require_administrator
from guichet.gateway.models import Webhook
from guichet.gateway.outgoing import NotCalled, checked_addresses, read_url
from guichet.gateway.telling import TOLD
from guichet.journal.actions import record
from guichet.organisation.models import Team

if TYPE_CHECKING:
    from guichet.accounts.models import User


def create_hook(
    name: str, url: str, *, by: User, events: Iterable[str], team: Team | None = None
) -> tuple[Webhook, str]:
    """The hook and the secret that signs its calls, told once. Raises `Refused`."""
    require_administrator(by)
    name, wanted = one_line(name)[:80], [verb for verb in TOLD if verb in set(events)]
    if not name:
        raise Refused("Donnez un nom à ce logiciel.", status=400)
    if not wanted:
        raise Refused("Choisissez au moins un événement dans la liste.", status=400)
    try:
        checked_addresses(read_url(url))  # asks the directory of names: no transaction is open
    except NotCalled as refusal:
        raise Refused(str(refusal), status=400) from None
    return _create(name, url, wanted, team, by=by)


@transaction.atomic
def _create(name: str, url: str, events: list[str], team: Team | None, *, by: User) -> tuple[Webhook, str]:
    secret = secrets.token_urlsafe(32)
    hook = Webhook.objects.create(name=name, url=url, secret=secret, events=events, team=team, created_by=by)
    record("interface.hook_created", by=by, subject=f"webhook:{hook.pk}", name=name, url=url, events=events,
           team=team.pk if team else None)  # fmt: skip
    return hook, secret


def stop_hook(hook: Webhook, *, by: User) -> None:
    """Nothing is sent nor queued for it any more; what waits is kept."""
    _switch(hook, False, by=by)


def resume_hook(hook: Webhook, *, by: User) -> None:
    _switch(hook, True, by=by)


@transaction.atomic
def _switch(hook: Webhook, on: bool, *, by: User) -> None:
    require_administrator(by)
    row = Webhook.objects.select_for_update().get(pk=hook.pk)
    if row.is_active == on:
        return
    row.is_active = on
    row.save(update_fields=["is_active"])
    verb = "interface.hook_resumed" if on else "interface.hook_stopped"
    record(verb, by=by, subject=f"webhook:{row.pk}", name=row.name)
