"""Which cases this browser may read: opened by a code sent to the requester, for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from guichet.cases.actions.follow import is_of_requester, proved_address
from guichet.cases.models import Attachment, Case, Interaction

LASTS = 2 * 3600
_KEY = "follow_cases"


@dataclass(frozen=True, slots=True)
class Opened:
    case: Case
    address: str

    @property
    def own_addresses(self) -> set[str]:
        person = self.case.person
        known = set(person.contact_points.filter(kind="email").values_list("value", flat=True)) if person else set()
        return known | {self.address}


def open_in_session(request: HttpRequest, case: Case, handle: str) -> None:
    """Remember the case under a new session key: a key known before is worth nothing after."""
    address = proved_address(handle)
    request.session.cycle_key()
    request.session.pop("follow_handle", None)
    others = [row for row in _rows(request) if row[0] != case.pk]
    request.session[_KEY] = [*others, [case.pk, address, time.time() + LASTS]]


def close_in_session(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
    request.session.cycle_key()


def opened_cases(request: HttpRequest) -> list[Opened]:
    """Oldest first. A merged case is shown as its survivor, when it still is a matter of the same requester."""
    found: dict[int, Opened] = {}
    for pk, address, _ in _rows(request):
        case = Case.objects.select_related("merged_into", "person", "topic").filter(pk=pk).first()
        if case is None:
            continue
        last = case.survivor()
        if not is_of_requester(last, address):
            continue
        found[last.pk] = Opened(last, address)
    return list(found.values())


def _rows(request: HttpRequest) -> list[tuple[int, str, float]]:
    now = time.time()
    return [(int(pk), str(address), float(until)) for pk, address, until in request.session.get(_KEY, ())
            if float(until) > now]  # fmt: skip


def history(opened: Opened) -> QuerySet[Interaction]:
    """What was said between the requester and us: no note, no third person, nothing that may still be undone."""
    settled = timezone.now() - timedelta(seconds=settings.UNDO_SECONDS)
    mine = Q(recipients=[])
    for address in opened.own_addresses:
        mine |= Q(recipients__icontains=f'"{address}"')
    sent = Q(direction=Interaction.Direction.OUT) & mine & (Q(at__lte=settled) | ~Q(automatic=""))
    received = Q(direction=Interaction.Direction.IN, third_person=False) & ~Q(kind=Interaction.Kind.MACHINE)
    return (
        opened.case.interactions.filter(sent | received, withdrawn_at__isnull=True)
        .prefetch_related("attachments__file")
        .order_by("-at", "-id")
    )


def attachment_of(request: HttpRequest, pk: int) -> Attachment | None:
    for opened in opened_cases(request):
        found = Attachment.objects.select_related("file").filter(pk=pk, interaction__in=history(opened)).first()
        if found is not None:
            return found
    return None
