"""FranceConnect: recognised by its number alone, linked by the person alone, never by a machine."""

from __future__ import annotations

import secrets

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from guichet.citizens import letters
from guichet.citizens.actions.opening import open_account
from guichet.citizens.actions.writing_down import locked, note
from guichet.citizens.models import Account, ExternalIdentity, of_living
from guichet.core.openid import Identity
from guichet.core.refused import Refused
from guichet.outbox.actions import queue
from guichet.people.identity import Claim, agrees

CODE_MINUTES = 10
SHOWN = ("given_name", "family_name", "preferred_username", "birthdate")
OTHER_NAME = (
    "Ce compte est au nom d'une autre personne que votre identité FranceConnect. Utilisez une autre adresse ou "
    "écrivez-nous."
)
ELSEWHERE = "Cette identité est déjà reliée à un autre compte."


@transaction.atomic
def account_of(identity: Identity) -> Account | None:
    """The open account that this number opens; what it says now is kept, to be shown."""
    rows = ExternalIdentity.objects.select_for_update(of=("self",)).select_related("account__person__merged_into")
    found = rows.filter(issuer=identity.issuer, sub=identity.sub, account__closed_at__isnull=True).first()
    if found is None:
        return None
    found.claims, found.used_at = _shown(identity), timezone.now()
    found.save(update_fields=["claims", "used_at"])
    return of_living(found.account)


@transaction.atomic
def link_identity(account: Account, identity: Identity) -> ExternalIdentity:
    """The person proved both, and said yes. Raises `Refused` when the names have nothing in common."""
    account = locked(account)
    if not agrees(account.person, claim_of(identity)):
        raise Refused(OTHER_NAME)
    linked, created = ExternalIdentity.objects.get_or_create(
        issuer=identity.issuer,
        sub=identity.sub,
        defaults={
            "account": account,
            "provider": identity.provider,
            "claims": _shown(identity),
            "used_at": timezone.now(),
        },
    )
    if linked.account_id != account.pk:
        raise Refused(ELSEWHERE)
    if created:
        queue(letters.warning(account.email, f"{linked.get_provider_display()} ouvre désormais votre compte."))
        note("citizen.identity_linked", account, provider=identity.provider)
    return linked


@transaction.atomic
def open_with_identity(address: str, identity: Identity) -> Account:
    """A new account, without password; `address` was proved just now."""
    account = open_account(claim_of(identity, address))
    link_identity(account, identity)
    return account


@transaction.atomic
def unlink_identity(account: Account, pk: int) -> None:
    account = locked(account)
    found = ExternalIdentity.objects.filter(pk=pk, account=account).first()
    if found is None:
        return
    found.delete()
    queue(letters.warning(account.email, f"{found.get_provider_display()} n'ouvre plus votre compte."))
    note("citizen.identity_unlinked", account, provider=found.provider)


@transaction.atomic
def send_identity_code(address: str) -> str:
    """Sent whether an account exists or not; returns its digest, for the session of who asked."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    queue(letters.code_letter(address, code, CODE_MINUTES))
    return make_password(code)


def claim_of(identity: Identity, address: str = "") -> Claim:
    """Family name at birth, first given name; the name in use helps to recognise (FranceConnect)."""
    given = identity.claims.get("given_name_array")
    first = str(given[0]) if isinstance(given, list) and given else identity.text("given_name")
    return Claim(
        email=address,
        first_name=first[:80],
        family_name=identity.text("family_name")[:80],
        displayed_name=identity.text("preferred_username"),
    )


def _shown(identity: Identity) -> dict[str, str]:
    return {name: identity.text(name) for name in SHOWN if identity.text(name)}
