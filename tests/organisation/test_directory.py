"""The snapshot of the Region: who is in charge, whom to call, what was promised."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from guichet.accounts.machines import GUICHET, machine
from guichet.core.calendar import paris_day
from guichet.core.refused import Refused
from guichet.organisation import directory as snapshot
from guichet.organisation.actions import close_exceptionally, route_topic, save_team
from guichet.organisation.directory import directory
from guichet.organisation.models import Closure, Commitment, Team, Topic
from tests.factories import Region

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 6, 22, 8, tzinfo=UTC)


def test_topic_and_department_designate_the_team_then_the_topic_then_its_parents(region: Region) -> None:
    by = machine(GUICHET)
    child = Topic.objects.create(code="aides.permis.moto", label="Moto", parent=region.licence)
    snapshot.forget()
    assert directory().team_for(region.card, "17") == region.transport
    assert directory().team_for(region.card, "33") is None
    assert directory().team_for(child, "33") == region.youth
    route_topic(child, "33", region.transport, by=by)
    assert directory().team_for(child, "33") == region.transport
    assert directory().team_for(None, "33") is None


def test_a_team_that_is_closed_down_receives_nothing(region: Region) -> None:
    region.youth.is_active = False
    save_team(region.youth, by=machine(GUICHET))
    assert directory().team_for(region.licence, "") is None


def test_an_address_designates_its_team_whatever_the_case(region: Region) -> None:
    assert directory().team_of_address("Jeunes@Nouvelle-Aquitaine.EXAMPLE") == region.youth
    assert directory().team_of_address("transports17@nouvelle-aquitaine.example") == region.transport
    assert directory().team_of_address("inconnu@nouvelle-aquitaine.example") is None
    assert "jeunes@nouvelle-aquitaine.example" in directory().own_addresses
    assert directory().unrouted_team == region.unrouted


def test_what_a_team_leaves_blank_is_said_by_those_above(region: Region) -> None:
    block = directory().contact_block(region.transport)
    assert (block.name, block.phone) == ("Transports scolaires", "05 36 49 12 12")
    assert block.email == "transports17@nouvelle-aquitaine.example"
    assert block.is_complete
    assert not directory().contact_block(None).is_complete


def test_a_promise_is_that_of_the_nearest_topic_in_the_days_of_the_team(region: Region) -> None:
    assert paris_day(directory().promised_at("email", None, None, MONDAY) or MONDAY) == date(2026, 6, 29)
    Commitment.objects.create(channel="email", topic=region.licence, amount=2)
    close_exceptionally(
        Closure(team=region.youth, first_day=date(2026, 6, 23), last_day=date(2026, 6, 24), reason="Déménagement"),
        by=machine(GUICHET),
    )
    promised = directory().promised_at("email", region.licence, region.youth, MONDAY)
    assert promised is not None and paris_day(promised) == date(2026, 6, 26)
    elsewhere = directory().promised_at("email", region.licence, region.transport, MONDAY)
    assert elsewhere is not None and paris_day(elsewhere) == date(2026, 6, 24)
    assert directory().promised_at("phone", None, None, MONDAY) is None


def test_the_snapshot_is_read_again_after_a_while_and_at_once_after_a_change(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = directory()
    assert directory() is first
    save_team(Team(code="NEW", name="Nouvelle", parent=region.root), by=machine(GUICHET))
    second = directory()
    assert second is not first
    monkeypatch.setattr(snapshot, "FRESH_SECONDS", -1.0)
    assert directory() is not second


def test_a_team_is_never_under_itself(region: Region) -> None:
    region.root.parent = region.transport
    with pytest.raises(Refused):
        save_team(region.root, by=machine(GUICHET))
