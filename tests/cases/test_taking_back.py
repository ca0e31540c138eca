"""An answer is taken back while nothing of it has begun to leave, and not after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from guichet.cases import actions
from guichet.cases.models import Draft, Interaction, Status
from guichet.core.refused import Refused
from guichet.outbox.models import Delivery
from guichet.outbox.sending import _claim, send_due
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(region: Region) -> Interaction:
    case = case_of(receive(mail()))
    send_due()  # the receipt
    return actions.reply(case, by=region.nadia, text="Oui, il peut prendre le car.", close_with="answered")


def due(answer: Interaction) -> None:
    Delivery.objects.filter(parcel=answer.parcel).update(next_try_at=timezone.now() - timedelta(seconds=1))


def test_it_comes_back_to_the_editor(region: Region, answer: Interaction) -> None:
    assert actions.withdraw_reply(answer, by=region.nadia) == "Oui, il peut prendre le car."
    answer.case.refresh_from_db()
    assert answer.case.status == Status.IN_PROGRESS and answer.case.closed_at is None
    assert Draft.objects.get(case=answer.case, user=region.nadia).text == "Oui, il peut prendre le car."
    due(answer)
    assert send_due() == 0
    assert Delivery.objects.get(parcel=answer.parcel).state == Delivery.State.CANCELLED


def test_not_once_it_is_sent(region: Region, answer: Interaction) -> None:
    due(answer)
    assert send_due() == 1
    with pytest.raises(Refused, match="Trop tard"):
        actions.withdraw_reply(answer, by=region.nadia)
    assert Delivery.objects.get(parcel=answer.parcel).state == Delivery.State.SENT


def test_not_while_a_worker_is_sending_it(region: Region, answer: Interaction) -> None:
    due(answer)
    assert _claim() is not None
    with pytest.raises(Refused, match="Trop tard"):
        actions.withdraw_reply(answer, by=region.nadia)
