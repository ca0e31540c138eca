"""Links sent by mail. The same work is done and the same is answered whether an account exists or not."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from guichet.citizens import letters
from guichet.citizens.actions.writing_down import author, locked, note
from guichet.citizens.models import Account, SignInLink
from guichet.core.limits import spend
from guichet.core.refused import Refused
from guichet.outbox.actions import queue
from guichet.people.actions import add_contact_point, verify_point

Purpose = SignInLink.Purpose
MAILS_PER_HOUR = 5
EXPIRED = "Ce lien a expiré, ou il a déjà servi. Demandez-en un autre."
ENOUGH = "Plusieurs messages sont déjà partis à cette adresse. Attendez un peu avant d'en demander un autre."
TAKEN = "Cette adresse ne peut pas être utilisée pour ce compte."


def send_link(address: str, wanted: Purpose, *, after: str = "") -> None:
    """Where there is no account, the link opens one; where there is one already, it signs in."""
    spend("citizen-mail", address, at_most=MAILS_PER_HOUR, per=timedelta(hours=1), message=ENOUGH)
    account = Account.objects.filter(email=address, closed_at__isnull=True).first()
    purpose = (Purpose.SIGN_IN if wanted == Purpose.OPEN else wanted) if account else Purpose.OPEN
    _send(purpose, address, account, after=after, asked=wanted)


def send_email_change(account: Account, address: str) -> None:
    """To the new address, which is taken once it is proved. An address that has an account is told so by the mail."""
    spend("citizen-mail", address, at_most=MAILS_PER_HOUR, per=timedelta(hours=1))
    if address == account.email:
        raise Refused("C'est déjà l'adresse de votre compte.", status=400)
    other = Account.objects.filter(email=address, closed_at__isnull=True).first()
    if other is not None:
        _send(Purpose.SIGN_IN, address, other, after="", asked=Purpose.OPEN)
    else:
        _send(Purpose.EMAIL, address, account, after="", asked=Purpose.EMAIL)


@transaction.atomic
def _send(purpose: Purpose, address: str, account: Account | None, *, after: str, asked: Purpose) -> None:
    handle = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        purpose=purpose,
        account=account,
        email=address,
        digest=digest(handle),
        after=after[:500],
        expires_at=timezone.now() + timedelta(minutes=letters.MINUTES[purpose]),
    )
    queue(letters.link_letter(purpose, address, handle, asked=asked))


def find_link(handle: str) -> SignInLink | None:
    """To show its page; nothing is used."""
    found = SignInLink.objects.select_related("account__person").filter(digest=digest(handle)).first()
    return found if found is not None and found.is_live and _stands(found) else None


def use(link: SignInLink) -> None:
    """Once, whoever presses twice. Inside the transaction of what it opens."""
    now = timezone.now()
    if not SignInLink.objects.filter(pk=link.pk, used_at__isnull=True, expires_at__gt=now).update(used_at=now):
        raise Refused(EXPIRED, status=400)


def _stands(link: SignInLink) -> bool:
    """The account is open, and still has the address that the link proves."""
    if link.account is None:
        return link.purpose == Purpose.OPEN
    return link.account.is_open and (link.purpose == Purpose.EMAIL or link.account.email == link.email)


def digest(handle: str) -> str:
    return hashlib.sha256(handle.encode()).hexdigest()


def forget_old_links() -> int:
    """Those that open nothing since a week."""
    gone, _ = SignInLink.objects.filter(expires_at__lt=timezone.now() - timedelta(days=7)).delete()
    return gone


@transaction.atomic
def change_email(link: SignInLink) -> Account:
    """The link came back from the new address: it is the address of the account, and of the person."""
    if link.purpose != Purpose.EMAIL or link.account is None:
        raise Refused(EXPIRED, status=400)
    account = locked(link.account)
    use(link)
    if Account.objects.filter(email=link.email, closed_at__isnull=True).exclude(pk=account.pk).exists():
        raise Refused(TAKEN)
    before, account.email, account.email_verified_at = account.email, link.email, timezone.now()
    account.save(update_fields=["email", "email_verified_at"])
    SignInLink.objects.filter(account=account, used_at__isnull=True).delete()
    point = add_contact_point(account.person, "email", account.email, by=author(), source="account")
    verify_point(point, by=author(), how="compte en ligne")
    queue(letters.warning(before, "L'adresse e-mail de votre compte a été remplacée par une autre."))
    note("citizen.email_changed", account)
    return account
