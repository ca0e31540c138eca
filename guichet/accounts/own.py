"""What an agent changes on his own login: password, preferences, sessions, second factor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from guichet.accounts.models import Session, User
from guichet.core.refused import Refused
from guichet.journal.actions import record

RECOVERY_CODES = 8
SEEN_EVERY = timedelta(minutes=5)  # how precisely it is known that an agent is at his screen
THEMES = frozenset({"", "clair", "sombre"})


@transaction.atomic
def choose(user: User, *, theme: str, shortcuts: bool) -> None:
    if theme not in THEMES:
        raise Refused("Choisissez un thème dans la liste.", status=400)
    user.theme, user.shortcuts = theme, shortcuts
    user.save(update_fields=["theme", "shortcuts"])


@transaction.atomic
def be_available(user: User, available: bool) -> None:
    """Whether automatic sharing may give him new cases."""
    if user.available == available:
        return
    user.available = available
    user.save(update_fields=["available"])
    record("account.available" if available else "account.unavailable", by=user, subject=f"user:{user.pk}")


def be_seen(user: User) -> None:
    """He asked for a page: written in no journal, and once in a while only."""
    now = timezone.now()
    if user.seen_at is None or now - user.seen_at > SEEN_EVERY:
        user.seen_at = now
        User.objects.filter(pk=user.pk).update(seen_at=now)


@transaction.atomic
def change_password(user: User, password: str) -> None:
    """The new password was already validated by the form."""
    user.set_password(password)
    user.password_is_provisional = False
    user.save(update_fields=["password", "password_is_provisional"])
    record("account.password_changed", by=user, subject=f"user:{user.pk}")


@transaction.atomic
def revoke_session(user: User, key_prefix: str) -> int:
    """Close the sessions of `user` whose key starts so: whole keys are never printed on a page."""
    if len(key_prefix) < 8:
        raise Refused("Cette session n'existe plus.", status=400)
    closed, _ = Session.objects.filter(user=user, session_key__startswith=key_prefix).delete()
    record("account.sessions_revoked", by=user, subject=f"user:{user.pk}", count=closed)
    return closed


@transaction.atomic
def unlink_proconnect(user: User) -> None:
    """The next sign-in by ProConnect links it again, by the address."""
    gone, _ = user.identities.all().delete()
    if gone:
        record("account.identity_unlinked", by=user, subject=f"user:{user.pk}")


def confirmed_device(user: User) -> Any:
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def device_being_set_up(user: User) -> Any:
    """The same secret until it is confirmed, so that reloading the page does not spoil a scan."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "téléphone"})
    return device


@transaction.atomic
def confirm_device(user: User, code: str) -> list[str]:
    """Turn the second factor on; returns the recovery codes, shown once."""
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None:
        raise Refused("Il n'y a pas de second facteur à confirmer.")
    if not device.verify_token(code):
        raise Refused("Ce code ne correspond pas. Vérifiez l'heure de votre téléphone et saisissez le code affiché.",
                      status=400)  # fmt: skip
    device.confirmed = True
    device.save()
    StaticDevice.objects.filter(user=user).delete()
    spare = StaticDevice.objects.create(user=user, name="codes de secours", confirmed=True)
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=spare, token=value) for value in codes])
    record("account.second_factor_on", by=user, subject=f"user:{user.pk}")
    return codes


@transaction.atomic
def remove_device(user: User, password: str) -> None:
    if not user.check_password(password):
        raise Refused("Le mot de passe n'est pas le bon.", status=403)
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    record("account.second_factor_off", by=user, subject=f"user:{user.pk}")
