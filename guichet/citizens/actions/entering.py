"""Signing in: by password, by a link. What follows (second factor, session) is the face's."""

from __future__ import annotations

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.db import transaction

from guichet.citizens.actions.linking import EXPIRED, use
from guichet.citizens.actions.writing_down import note
from guichet.citizens.models import Account, SignInLink
from guichet.core.refused import Refused


def right_password(address: str, password: str) -> Account | None:
    """The open account of that address, if this is its password. The same time whether it exists or not."""
    account = Account.objects.select_related("person").filter(email=address, closed_at__isnull=True).first()
    hashed = account.password if account is not None else UNUSABLE_PASSWORD_PREFIX
    return account if check_password(password, hashed) else None


@transaction.atomic
def use_sign_in_link(link: SignInLink) -> Account:
    if link.purpose != SignInLink.Purpose.SIGN_IN or link.account is None:
        raise Refused(EXPIRED, status=400)
    use(link)
    return link.account


@transaction.atomic
def note_entry(account: Account, how: str) -> None:
    """`how`: « mot de passe », « lien », « FranceConnect »…"""
    note("citizen.signed_in", account, how=how)


@transaction.atomic
def note_export(account: Account) -> None:
    """The person takes his data away: the journal says when."""
    note("citizen.data_exported", account)
