"""Verbs on logins."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from guichet.accounts.models import AgentIdentity, Membership, Session, User
from guichet.core.openid import Identity
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.journal.changes import changes_of
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
def agent_of(identity: Identity) -> User:
    """The agent whom ProConnect names. The first time, his professional address says who he is; then its number alone.

    Never makes an account. Raises `Refused` for whoever is not an agent of the Region.
    """
    siren = str(settings.LEGAL["siren"])
    if not siren or not identity.text("siret").startswith(siren):
        raise NotAllowed("Cette identité ProConnect n'est pas celle d'un agent de la Région.")
    linked = AgentIdentity.objects.select_related("user").filter(issuer=identity.issuer, sub=identity.sub).first()
    user = linked.user if linked is not None else _agent_at(identity)
    if user is None or not user.is_active or user.kind != User.Kind.HUMAN:
        raise NotAllowed("Aucun compte du bureau n'a cette identité ProConnect. Demandez-en un à un administrateur.")
    if linked is None:
        AgentIdentity.objects.create(user=user, issuer=identity.issuer, sub=identity.sub)
        record("account.identity_linked", by=user, subject=f"user:{user.pk}")
    return user


def _agent_at(identity: Identity) -> User | None:
    if identity.claims.get("email_verified") is False or not identity.text("email"):
        return None
    user = User.objects.select_for_update().filter(email__iexact=identity.text("email")).first()
    if user is not None and user.identities.filter(issuer=identity.issuer).exists():
        # Another person who was given the same address later, or another home: somebody looks at it.
        raise NotAllowed("Ce compte est relié à une autre identité ProConnect : entrez avec votre mot de passe.")
    return user


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


# -- set by administrators --------------------------------------------------------------------------------------------

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another when it is read aloud


def _ask(by: User) -> None:
    if not by.is_administrator:
        raise NotAllowed("Seuls les administrateurs gèrent les comptes.")


def _provisional(user: User) -> str:
    """A password to hand over: it opens nothing but the page where it is changed."""
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    user.set_password(password)
    user.password_is_provisional = True
    return password


@transaction.atomic
def open_account(user: User, *, by: User) -> str:
    """A new agent; returns his provisional password, shown once and written nowhere."""
    _ask(by)
    if User.objects.filter(email__iexact=user.email).exists():
        raise Refused("Un compte existe déjà avec cette adresse.", status=400)
    user.email = user.email.lower()
    password = _provisional(user)
    user.save()
    record("account.created", by=by, subject=f"user:{user.pk}")
    return password


@transaction.atomic
def change_account(user: User, *, by: User) -> User:
    """Name, capacity, rights. An administrator does not take his own right away: somebody else does it."""
    _ask(by)
    if User.objects.filter(email__iexact=user.email).exclude(pk=user.pk).exists():
        raise Refused("Un autre compte a déjà cette adresse.", status=400)
    if user.pk == by.pk and not user.is_administrator:
        raise Refused("Vous ne pouvez pas vous retirer le droit d'administrer : demandez-le à un autre administrateur.")
    user.email = user.email.lower()
    changes = changes_of(user)
    user.save()
    if changes:
        record("account.changed", by=by, subject=f"user:{user.pk}", changes=changes)
    return user


@transaction.atomic
def set_memberships(user: User, wanted: dict[Team, tuple[str, bool]], *, by: User) -> None:
    """Team → (role, whether his answers are approved before they leave). Teams not given are left."""
    _ask(by)
    known = {m.team: m for m in user.memberships.select_related("team")}
    changes = []
    for team in set(known) - set(wanted):
        known[team].delete()
        changes.append(["équipe", team.name, ""])
    for team, (role, watched) in wanted.items():
        before = known.get(team)
        if before is not None and (before.role, before.needs_approval) == (role, watched):
            continue
        was = f"{team.name}, {before.get_role_display()}" if before else ""
        membership, _ = Membership.objects.update_or_create(
            user=user, team=team, defaults={"role": role, "needs_approval": watched}
        )
        became = f"{team.name}, {membership.get_role_display()}{', réponses visées' if watched else ''}"
        changes.append(["équipe", was, became])
    user.memberships_read = None
    if changes:
        record("account.changed", by=by, subject=f"user:{user.pk}", changes=changes)


@transaction.atomic
def renew_password(user: User, *, by: User) -> str:
    """A new provisional password; every session is closed, and ProConnect no longer opens the account."""
    _ask(by)
    password = _provisional(user)
    user.save(update_fields=["password", "password_is_provisional"])
    user.identities.all().delete()
    Session.objects.filter(user=user).delete()
    record("account.password_reset", by=by, subject=f"user:{user.pk}")
    return password


@transaction.atomic
def reset_second_factor(user: User, *, by: User) -> None:
    """The telephone is lost: the next sign-in asks for the password only. Every session is closed."""
    _ask(by)
    gone, _ = TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    if not gone:
        raise Refused("La vérification en deux étapes n'est pas activée sur ce compte.")
    Session.objects.filter(user=user).delete()
    record("account.second_factor_reset", by=by, subject=f"user:{user.pk}")


@transaction.atomic
def reactivate(user: User, *, by: User) -> None:
    _ask(by)
    user.is_active = True
    user.save(update_fields=["is_active"])
    record("account.reactivated", by=by, subject=f"user:{user.pk}")
