"""Opening the follow-up of a case without an account: a code sent to an address of the case, never the number alone.

Nothing that is answered says whether a number or an address exists.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from guichet.accounts.machines import PORTAL, machine
from guichet.cases.matching import takes_part
from guichet.cases.models import Case, FollowCode
from guichet.core.limits import spend
from guichet.core.reference import check
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.outbox.actions import Letter, queue
from guichet.people.actions import verify_point

CODE_MINUTES = 10
MAX_TRIES = 3
CODES_PER_HOUR = 5
WRONG = "Ce code n'est pas le bon, ou il a expiré. Vérifiez-le, ou demandez-en un autre."


def send_follow_code(reference: str, address: str) -> str:
    """Send a code if this address belongs to this case; return a handle for the next page in both cases."""
    address = address.strip().lower()
    spend("follow-address", address, at_most=CODES_PER_HOUR, per=timedelta(hours=1))
    handle = secrets.token_urlsafe(24)
    digits = check(reference)
    case = Case.objects.select_related("merged_into", "person").filter(reference=digits).first() if digits else None
    if case is not None:
        case = case.survivor()
        if not is_of_requester(case, address):
            case = None
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        # The same work whether the case exists or not: neither the page nor its time tells.
        FollowCode.objects.create(
            case=case,
            address=address,
            code_hash=make_password(code),
            link_hash=link_digest(handle),
            expires_at=timezone.now() + timedelta(minutes=CODE_MINUTES),
        )
        if case is not None:
            _queue_code(case, address, code, handle)
    return handle


def is_of_requester(case: Case, address: str) -> bool:
    """A third person who answered takes part in the exchange, and gets no access to the file (behaviours 18)."""
    if case.participants.filter(email=address).exists():
        return False
    return takes_part(case, address)


def _queue_code(case: Case, address: str, code: str, handle: str) -> None:
    text = (
        f"Bonjour,\n\nVotre code pour suivre la demande N° {case.spoken_reference} : {code}\n\n"
        f"Il est valable {CODE_MINUTES} minutes. Vous pouvez aussi ouvrir cette page, puis confirmer :\n"
        f"{settings.PUBLIC_URL}/suivi/lien/{handle}/\n\n"
        "Si vous n'avez rien demandé, ne faites rien : personne n'a accès à votre demande.\n\n"
        f"{settings.REGION_NAME}"
    )
    queue(
        Letter(
            subject=f"{code} : votre code de suivi",
            text=text,
            to=[(address, "")],
            sender_name=settings.REGION_NAME,
            automatic=True,
        )
    )


def open_follow(handle: str, code: str) -> Case:
    """The case, when the code is the one that was sent. Three tries, ten minutes, once."""
    found = _live(handle)
    if found is None:
        raise Refused(WRONG, status=400)
    # The try is counted before it is judged, in a statement of its own: two tries at once count as two.
    counted = FollowCode.objects.filter(pk=found.pk, tries__lt=MAX_TRIES).update(tries=F("tries") + 1)
    if not counted:
        raise Refused("Trop d'essais. Demandez un nouveau code.", status=429)
    if not check_password("".join(code.split()), found.code_hash) or found.case is None:
        raise Refused(WRONG, status=400)
    return _opened(found)


def open_follow_link(handle: str) -> Case:
    """The same from the link of the mail, after the button was pressed: a scanner that follows links opens nothing."""
    found = _live(handle)
    if found is None or found.case is None or found.tries >= MAX_TRIES:
        raise Refused("Ce lien a expiré. Demandez un nouveau code.", status=400)
    return _opened(found)


@transaction.atomic
def _opened(found: FollowCode) -> Case:
    if not FollowCode.objects.filter(pk=found.pk, used_at__isnull=True).update(used_at=timezone.now()):
        raise Refused(WRONG, status=400)
    case = found.case
    assert case is not None
    case = case.survivor()
    by = machine(PORTAL)
    if case.person is not None:
        for point in case.person.contact_points.filter(kind="email", value=found.address, verified_at__isnull=True):
            verify_point(point, by=by, how="code reçu par e-mail")
    record("case.followed", by=by, case_id=case.pk, on_behalf_of=case.person_id)
    return case


def _live(handle: str) -> FollowCode | None:
    return (
        FollowCode.objects.select_related("case__merged_into", "case__person")
        .filter(link_hash=link_digest(handle), used_at__isnull=True, expires_at__gt=timezone.now())
        .first()
    )


def proved_address(handle: str) -> str:
    """The address a code was sent to; worth something once the code opened the case."""
    found = FollowCode.objects.filter(link_hash=link_digest(handle)).values_list("address", flat=True).first()
    return found or ""


def link_digest(handle: str) -> str:
    return hashlib.sha256(handle.encode()).hexdigest()
