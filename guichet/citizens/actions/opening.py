"""A first sign-in: the login, and the record of the person it belongs to."""

from __future__ import annotations

import secrets

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from guichet.citizens.actions.linking import EXPIRED, use
from guichet.citizens.actions.writing_down import author, note
from guichet.citizens.models import Account, SignInLink
from guichet.core.refused import Refused
from guichet.people.actions import add_contact_point, propose_duplicate, verify_point, welcome
from guichet.people.identity import Claim, holders, recognise
from guichet.people.models import ContactPoint, Person

EMAIL = ContactPoint.Kind.EMAIL.value
PROOF = "compte en ligne"


@transaction.atomic
def open_from_link(link: SignInLink, *, first_name: str, family_name: str, password: str) -> Account:
    """The link came back: the address is proved. An empty password leaves the links by mail to sign in."""
    if link.purpose != SignInLink.Purpose.OPEN:
        raise Refused(EXPIRED, status=400)
    use(link)
    claim = Claim(email=link.email, first_name=first_name, family_name=family_name)
    return open_account(claim, password=password)


@transaction.atomic
def open_account(claim: Claim, *, password: str = "") -> Account:
    """`claim.email` was proved just now by who asks. Raises `Refused` when it has an account already."""
    if Account.objects.filter(email=claim.email, closed_at__isnull=True).exists():
        raise Refused("Vous avez déjà un compte à cette adresse : connectez-vous.")
    account = Account.objects.create(
        person=_person(claim),
        email=claim.email,
        email_verified_at=timezone.now(),
        password=make_password(password or None),
        session_salt=secrets.token_hex(16),
    )
    note("citizen.opened", account)
    return account


def record_of(claim: Claim) -> Person | None:
    """The record that a new account of this claim joins: one whose own, proved address it is, and whose name agrees.

    An address that was only written somewhere proves nothing, a shared one neither (behaviours 50 and 87).
    """
    person, _ = recognise(claim)
    if person is None or person.is_organisation or person.deceased:
        return None
    point = person.contact_points.filter(kind=EMAIL, value=claim.email).first()
    if point is None or not point.is_verified or point.is_shared:
        return None
    return None if person.accounts.filter(closed_at__isnull=True).exists() else person


def _person(claim: Claim) -> Person:
    by = author()
    if record_of(claim) is not None:
        return welcome(claim, by=by, source="account")  # the same, completed with what was not known
    others = holders(EMAIL, claim.email)
    unknown = Claim(first_name=claim.first_name, family_name=claim.family_name, civility=claim.civility)
    person = welcome(unknown, by=by, source="account")
    point = add_contact_point(person, EMAIL, claim.email, by=by, source=ContactPoint.Source.ACCOUNT.value)
    verify_point(point, by=by, how=PROOF)
    for other in others:  # an agent decides whether they are one
        propose_duplicate(person, other, reason="même adresse e-mail, compte en ligne ouvert", score=60)
    return person
