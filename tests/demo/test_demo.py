"""The demo Region holds together: what its cases say agrees with their clocks."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Min, Q

from guichet.cases.models import Case, Clock, RoutingModel, Status
from guichet.cases.models.case import NO_DEADLINE
from guichet.core.reference import check
from guichet.demo import history, region
from guichet.organisation.models import Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer examples: learning all of them takes seconds, and is tried elsewhere."""
    every = region.examples()
    monkeypatch.setattr(region, "examples", lambda: every[::6])
    region.build()
    history.load(120)


def test_every_case_is_due_when_its_soonest_clock_is(loaded: None) -> None:
    running = Min("clocks__due_at", filter=Q(clocks__stopped_at__isnull=True))
    cases = Case.objects.annotate(soonest=running)
    assert cases.filter(soonest__isnull=False).exists()
    assert all(case.due_at == (case.soonest or NO_DEADLINE) for case in cases)


def test_numbers_are_valid_and_over_cases_have_no_running_clock(loaded: None) -> None:
    assert all(check(case.reference) == case.reference for case in Case.objects.all())
    assert not Clock.objects.filter(case__status=Status.CLOSED, stopped_at__isnull=True).exists()


def test_it_is_loaded_once(loaded: None) -> None:
    before = Case.objects.count()
    call_command("demo", "--once")
    assert Case.objects.count() == before
    with pytest.raises(CommandError):
        call_command("demo")
    assert len(region.accounts()) == len(region.AGENTS) + 1


def test_a_load_that_was_killed_goes_on(loaded: None) -> None:
    RoutingModel.objects.all().delete()
    before = Case.objects.count()
    call_command("demo", "--once")
    assert RoutingModel.objects.filter(is_current=True).count() == 1 and Case.objects.count() == before


def test_a_real_region_without_cases_gets_none(db: None) -> None:
    Team.objects.create(code="X", name="Une vraie Région")
    call_command("demo", "--once")
    assert not Case.objects.exists() and Team.objects.count() == 1


def test_what_waits_for_a_topic_has_its_proposals(loaded: None) -> None:
    before = set(Case.objects.filter(interactions__direction="in").values_list("pk", flat=True)[:8])
    Case.objects.filter(pk__in=before).update(topic=None, team=None, status=Status.REGISTERED, closed_at=None)
    history.orient_waiting()
    oriented = Case.objects.filter(pk__in=before)
    assert all(case.routing_decisions.get().proposals for case in oriented)
    for case in oriented:
        assert case.team is not None
        assert case.team.takes_unrouted == (case.status == Status.REGISTERED)
        assert case.topic_guessed == (case.topic_id is not None)
