"""Keys of programs: made and revoked by an administrator, recognised at each call."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User as _User
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import one_line
from guichet.gateway.models import ApiKey, Scope
from guichet.journal.actions import record
from guichet.organisation.models import Team

if TYPE_CHECKING:
    from guichet.accounts.models import User

PREFIX = "gch_"
UNUSABLE = "!"
NOTED_EVERY = timedelta(minutes=1)


def require_administrator(by: User) -> None:
    """Machines load what the command line says."""
    if not by.is_machine and not (by.is_active and by.is_administrator):
        raise NotAllowed


@transaction.atomic
def create_key(
    name: str, *, by: User, scopes: Iterable[str], team: Team | None = None, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """The key and its secret, which is told once: only its digest is kept. Raises `Refused`."""
    require_administrator(by)
    name, wanted = one_line(name)[:80], sorted(set(scopes))
    if not name:
        raise Refused("Donnez un nom à cette clé : celui du logiciel qui s'en servira.", status=400)
    if not wanted or not set(wanted) <= set(Scope.values):
        raise Refused("Choisissez au moins un droit dans la liste.", status=400)
    if expires_at is not None and expires_at <= timezone.now():
        raise Refused("La date de fin doit être à venir.", status=400)
    secret = PREFIX + secrets.token_urlsafe(32)
    machine = _User.objects.create(
        email=f"cle-{uuid4().hex}@machine.invalid", kind=_User.Kind.MACHINE, last_name=name, password=UNUSABLE
    )
    key = ApiKey.objects.create(
        name=name, digest=digest_of(secret), hint=secret[:10], scopes=wanted, team=team, user=machine,
        created_by=by, expires_at=expires_at,
    )  # fmt: skip
    record("interface.key_created", by=by, subject=f"api_key:{key.pk}", name=name, scopes=wanted,
           team=team.pk if team else None)  # fmt: skip
    return key, secret


@transaction.atomic
def revoke_key(key: ApiKey, *, by: User) -> None:
    require_administrator(by)
    row = ApiKey.objects.select_for_update().get(pk=key.pk)
    if row.revoked_at is not None:
        return
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    _User.objects.filter(pk=row.user_id).update(is_active=False)
    record("interface.key_revoked", by=by, subject=f"api_key:{row.pk}", name=row.name)


def key_of(secret: str) -> ApiKey | None:
    """The key in force that this secret opens; its last use is noted, to the minute."""
    found = ApiKey.objects.select_related("user", "team").filter(digest=digest_of(secret)).first()
    if found is None or not found.is_live:
        return None
    now = timezone.now()
    if found.last_used_at is None or found.last_used_at < now - NOTED_EVERY:
        ApiKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def digest_of(secret: str) -> str:
    """The secret holds 256 bits drawn at random: a plain digest cannot be turned back."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
