from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from guichet.core.limits import TooMany, client_address, forget, spend
from guichet.core.models import Allowance

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_the_allowance_is_counted_by_purpose_and_by_who() -> None:
    assert [spend("code", "a", at_most=2, per=HOUR) for _ in range(2)] == [1, 2]
    with pytest.raises(TooMany) as refusal:
        spend("code", "a", at_most=2, per=HOUR, message="Patientez.")
    assert (refusal.value.status, refusal.value.message) == (429, "Patientez.")
    assert spend("code", "b", at_most=2, per=HOUR) == 1
    assert spend("login", "a", at_most=2, per=HOUR) == 1


def test_a_window_that_ended_starts_again_and_a_running_one_is_not_prolonged() -> None:
    for _ in range(3):
        spend("code", "a", at_most=3, per=HOUR)
    until = Allowance.objects.get().until
    with pytest.raises(TooMany):
        spend("code", "a", at_most=3, per=HOUR)
    assert Allowance.objects.get().until == until
    Allowance.objects.update(until=until - 2 * HOUR)
    assert spend("code", "a", at_most=3, per=HOUR) == 1


def test_success_gives_it_back() -> None:
    spend("code", "a", at_most=1, per=HOUR)
    forget("code", "a")
    assert spend("code", "a", at_most=1, per=HOUR) == 1


def test_who_is_kept_as_a_digest_only() -> None:
    spend("code", "sandrine@courriel.example", at_most=1, per=HOUR)
    assert "sandrine" not in Allowance.objects.get().key


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9, 192.0.2.7", "192.0.2.7"),
        (2, "9.9.9.9, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
        (2, "192.0.2.7", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)  # fmt: skip
def test_a_forged_header_changes_nothing(settings: Any, proxies: int, forwarded: str, expected: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded})
    assert client_address(request) == expected


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_time_are_all_counted() -> None:
    counts: list[int] = []
    start = threading.Barrier(5)

    def one() -> None:
        start.wait()
        counts.append(spend("code", "a", at_most=10, per=HOUR))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(counts) == [1, 2, 3, 4, 5]
