"""Verbs on logins."""

from __future__ import annotations

from django.db import transaction

from guichet.accounts.models import Membership, Session, User
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.organisation.models import Team


@transaction.atomic
def create_agent(email: str, *, by: User, password: str | None = None, **fields: object) -> User:
    if User.objects.filter(email__iexact=email).exists():
        raise Refused("Un compte existe déjà avec cette adresse.")
    user = User.objects.create_user(email, password, **fields)
    record("account.created", by=by, subject=f"user:{user.pk}")
    return user


@transaction.atomic
def join(user: User, team: Team, *, by: User, role: str = Membership.Role.AGENT) -> Membership:
    membership, _ = Membership.objects.update_or_create(user=user, team=team, defaults={"role": role})
    user.memberships_read = None
    record("account.joined", by=by, subject=f"user:{user.pk}", team=team.pk, role=role)
    return membership


@transaction.atomic
def revoke_sessions(user: User, *, by: User, keep: str = "") -> int:
    """Close every session of `user` but `keep` (the current one). The user or an administrator may."""
    if by.pk != user.pk and not by.is_administrator:
        raise NotAllowed
    closed, _ = Session.objects.filter(user=user).exclude(session_key=keep).delete()
    record("account.sessions_revoked", by=by, subject=f"user:{user.pk}", count=closed)
    return closed


@transaction.atomic
def deactivate(user: User, *, by: User) -> None:
    if not by.is_administrator:
        raise NotAllowed
    user.is_active = False
    user.save(update_fields=["is_active"])
    Session.objects.filter(user=user).delete()
    record("account.deactivated", by=by, subject=f"user:{user.pk}")
