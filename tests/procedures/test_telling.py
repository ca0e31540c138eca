"""Preferences, and dates in a calendar: a private address that is worth nothing once renewed or revoked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from guichet.citizens.models import Account
from guichet.people.models import Person
from guichet.procedures.models import CalendarFeed, Deadline, Dossier, Preference
from tests.factories import citizen_account, signed_in

pytestmark = pytest.mark.django_db
Filed = Callable[..., Dossier]
AT = "/mes-demarches/preferences/"


@pytest.fixture
def account(camille: Person) -> Account:
    found = citizen_account()
    assert found.person == camille
    return found


@pytest.fixture
def deadline(filed: Filed) -> Deadline:
    dossier = filed()
    return Deadline.objects.create(
        dossier=dossier, person=dossier.applicant, kind="piece", about="piece:1", by_person=True,
        label="Date limite d'envoi : RIB", day=timezone.localdate() + timedelta(days=9),
    )  # fmt: skip


def address(client: Client) -> str:
    page = client.post(f"{AT}agenda/", {"faire": "creer"}).content.decode()
    found = re.search(r"/mes-demarches/agenda/[\w-]+\.ics", page)
    assert found, page
    return found.group()


def test_what_is_not_ticked_is_not_wanted(account: Account, client: Client) -> None:
    signed_in(client, account).post(AT, {"avis": ["progress", "inconnu"]})
    wanted = dict(Preference.objects.values_list("kind", "wanted"))
    assert wanted == {"progress": True, "reminders": False, "payments": False}


def test_the_calendar_says_the_title_and_the_number(account: Account, deadline: Deadline, client: Client) -> None:
    given = signed_in(client, account).get("/mes-demarches/echeances.ics")
    assert given["Content-Type"].startswith("text/calendar")
    (event,) = Calendar.from_ical(given.content).walk("VEVENT")
    assert str(event["SUMMARY"]) == f"{deadline.label} (N° {deadline.dossier.spoken_reference})"
    assert event.decoded("DTSTART") == deadline.day  # a whole day
    assert b"Camille" not in given.content
    assert b"courriel.example" not in given.content


def test_a_moved_date_keeps_its_name_and_a_done_one_leaves(
    account: Account, deadline: Deadline, client: Client
) -> None:
    signed_in(client, account)

    def event() -> list[tuple[str, int]]:
        read = Calendar.from_ical(client.get("/mes-demarches/echeances.ics").content)
        return [(str(one["UID"]), int(one["SEQUENCE"])) for one in read.walk("VEVENT")]

    before = event()[0]
    Deadline.objects.update(day=deadline.day + timedelta(days=3), changed_at=timezone.now() + timedelta(seconds=5))
    after = event()[0]
    assert (after[0], after[1] > before[1]) == (before[0], True)
    Deadline.objects.update(done_at=timezone.now())
    assert event() == []


def test_the_private_address_needs_no_session_and_dies_when_renewed_or_revoked(
    account: Account, deadline: Deadline, client: Client
) -> None:
    signed_in(client, account)
    first, calendar = address(client), Client()
    assert deadline.dossier.reference.encode() in calendar.get(first).content.replace(b"\r\n ", b"")
    assert first.rpartition("/")[2][:-4] not in CalendarFeed.objects.get().digest
    second = address(client)
    assert calendar.get(first).status_code == 404
    assert calendar.get(second).status_code == 200
    client.post(f"{AT}agenda/", {"faire": "supprimer"})
    assert calendar.get(second).status_code == 404


def test_the_private_address_dies_with_the_account(account: Account, deadline: Deadline, client: Client) -> None:
    found = address(signed_in(client, account))
    account.closed_at, account.email = timezone.now(), ""
    account.save()
    assert Client().get(found).status_code == 404
