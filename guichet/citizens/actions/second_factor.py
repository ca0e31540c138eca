"""A second proof at each sign-in: the code of an application, or a spare code. Never asked unless it was wanted."""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import quote, urlencode

from django.db import transaction
from django_otp.oath import TOTP

from guichet.citizens import letters
from guichet.citizens.actions.lost_factor import keep_factor, take_off
from guichet.citizens.actions.sessions import forget_sessions
from guichet.citizens.actions.writing_down import locked, note
from guichet.citizens.models import Account
from guichet.core.refused import Refused
from guichet.outbox.actions import queue

NAME = "Mes Démarches"
SPARE_CODES = 8
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
TOLERANCE = 1  # of 30 seconds: clocks of telephones drift
WRONG = "Ce code n'est pas le bon, ou il a déjà servi."


def new_secret() -> str:
    """In base 32, as applications want it (RFC 6238: 160 bits)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def application_address(account: Account, secret: str) -> str:
    """What the picture to scan says."""
    label = quote(f"{NAME}:{account.email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': NAME}, quote_via=quote)}"


@transaction.atomic
def turn_on(account: Account, secret: str, code: str, *, keep: str) -> list[str]:
    """Returns the spare codes, shown once. Other sessions are closed: they were opened with less."""
    account = locked(account)
    if account.has_second_factor:
        raise Refused("La vérification en deux étapes est déjà activée.")
    step = _step_of(secret, code, after=-1)
    if step is None:
        raise Refused("Ce code ne correspond pas. Vérifiez l'heure de votre téléphone, puis écrivez le code affiché.",
                      status=400)  # fmt: skip
    codes = [_spare_code() for _ in range(SPARE_CODES)]
    account.totp_secret, account.totp_step = secret, step
    account.recovery_digests = [_digest(account, one) for one in codes]
    account.save(update_fields=["totp_secret", "totp_step", "recovery_digests"])
    forget_sessions(account, keep=keep)
    queue(letters.warning(account.email, "La vérification en deux étapes de votre compte vient d'être activée."))
    note("citizen.second_factor_on", account)
    return codes


@transaction.atomic
def turn_off(account: Account, code: str) -> None:
    account = locked(account)
    if not _proves(account, code):
        raise Refused(WRONG, status=400)
    take_off(account, "citizen.second_factor_off", told=[account.email])


@transaction.atomic
def second_proof(account: Account, code: str) -> bool:
    """Whether the code proves it, once: what served does not serve again."""
    account = locked(account)
    if not _proves(account, code):
        return False
    account.save(update_fields=["totp_step", "recovery_digests"])
    keep_factor(account)
    return True


def _proves(account: Account, code: str) -> bool:
    if not account.has_second_factor:
        return False
    step = _step_of(account.totp_secret, code, after=account.totp_step)
    if step is not None:
        account.totp_step = step
        return True
    digest = _digest(account, code)
    if digest not in account.recovery_digests:
        return False
    account.recovery_digests = [one for one in account.recovery_digests if one != digest]
    note("citizen.recovery_code_used", account, left=len(account.recovery_digests))
    return True


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    """Which period of thirty seconds the code is of; None when it is of none that may serve."""
    bare = "".join(code.split())
    if not (bare.isascii() and bare.isdecimal() and len(bare) == 6):
        return None
    clock = TOTP(base64.b32decode(secret))
    return int(clock.t()) if clock.verify(int(bare), tolerance=TOLERANCE, min_t=after + 1) else None


def _spare_code() -> str:
    text = "".join(secrets.choice(LETTERS) for _ in range(10))
    return f"{text[:5]}-{text[5:]}"


def _digest(account: Account, code: str) -> str:
    bare = "".join(c for c in code.lower() if c in LETTERS)
    return hashlib.sha256(f"{account.pk}|{bare}".encode()).hexdigest()
