"""Sessions are rows that know whose they are: listed, revoked, born once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.utils import timezone

from guichet.accounts import own
from guichet.accounts.models import Session
from guichet.accounts.sessions import SessionStore
from guichet.core.refused import Refused
from tests.factories import Region

pytestmark = pytest.mark.django_db


def opened(user_id: int | None = None, device: str = "") -> SessionStore:
    store = SessionStore()
    if user_id:
        store[SESSION_KEY] = str(user_id)
    store["device"] = device
    store.create()
    return store


def test_a_session_knows_its_user_and_its_device(region: Region) -> None:
    opened(region.nadia.pk, "Firefox sur Linux" + "x" * 300)
    row = Session.objects.get()
    assert row.user == region.nadia
    assert row.device.startswith("Firefox sur Linux") and len(row.device) == 160


def test_saving_again_keeps_the_day_it_was_opened(region: Region) -> None:
    store = opened()
    born = timezone.now() - timedelta(hours=3)
    Session.objects.update(created_at=born)
    again = SessionStore(store.session_key)
    again[SESSION_KEY] = str(region.nadia.pk)
    again.save()
    row = Session.objects.get()
    assert (row.created_at, row.user) == (born, region.nadia)


def test_revoking_closes_those_of_the_user_only(region: Region) -> None:
    mine, other = opened(region.nadia.pk), opened(region.leo.pk)
    assert own.revoke_session(region.nadia, str(other.session_key)[:12]) == 0
    assert own.revoke_session(region.nadia, str(mine.session_key)[:12]) == 1
    assert list(Session.objects.values_list("user_id", flat=True)) == [region.leo.pk]
    assert SessionStore(mine.session_key).load() == {}
    with pytest.raises(Refused):
        own.revoke_session(region.leo, "")


def test_an_expired_session_opens_nothing(region: Region) -> None:
    store = opened(region.nadia.pk)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert SessionStore(store.session_key).load() == {}
