"""Questions asked ahead travel together, are found once by who asks them, and never change what he is told."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from guichet.core.ahead import ahead
from guichet.core.kept import Kept
from guichet.core.rows import ask, tell
from guichet.organisation.models import Team

BY_CODE = Kept(lambda code: Team.objects.filter(code=code))
AMONG = Kept(lambda keys: Team.objects.filter(id__among=keys).order_by("code"))
TWO = ("SELECT %s::int + 1", [1])


@pytest.fixture
def teams(db: None) -> list[Team]:
    return [Team.objects.create(code=f"T{n}", name=f"Équipe {n}", path=f"/{n}/", position=n) for n in range(3)]


def test_what_was_asked_ahead_is_not_asked_again(teams: list[Team]) -> None:
    keys = [team.pk for team in teams]
    with ahead(BY_CODE.asking("T1"), AMONG.asking(keys), AMONG.counting(keys), TWO) as left:
        with CaptureQueriesContext(connection) as seen:
            assert BY_CODE("T1") == [teams[1]]
            assert AMONG(keys) == teams
            assert AMONG.number(keys) == 3
            assert ask(*TWO) == [(2,)]
        assert not seen.captured_queries
        assert not left


def test_they_are_counted_as_questions(teams: list[Team]) -> None:
    with CaptureQueriesContext(connection) as seen, ahead(BY_CODE.asking("T1"), TWO):
        BY_CODE("T1")
    assert len(seen.captured_queries) == 2


def test_another_value_is_asked_and_so_is_the_same_a_second_time(teams: list[Team]) -> None:
    with ahead(BY_CODE.asking("T1")) as left:
        assert BY_CODE("T2") == [teams[2]]
        assert left
        assert BY_CODE("T1") == [teams[1]]
        tell("DELETE FROM organisation_team WHERE code = %s", ["T1"])
        assert BY_CODE("T1") == []


def test_nothing_stays_afterwards(teams: list[Team]) -> None:
    with ahead(BY_CODE.asking("T1")):
        pass
    tell("DELETE FROM organisation_team WHERE code = %s", ["T1"])
    assert BY_CODE("T1") == []


def test_one_trip_inside_another(teams: list[Team]) -> None:
    with ahead(BY_CODE.asking("T1"), TWO) as left:
        with ahead(BY_CODE.asking("T0"), BY_CODE.asking("T2")):
            assert BY_CODE("T2") == [teams[2]]
            assert BY_CODE("T1") == [teams[1]]
        assert len(left) == 1  # neither what was taken inside, nor what was asked there for nothing
        with CaptureQueriesContext(connection) as seen:
            assert ask(*TWO) == [(2,)]
        assert not seen.captured_queries


@pytest.mark.django_db(transaction=True)
def test_a_question_that_fails_is_an_error_of_the_database_and_the_connection_goes_on() -> None:
    with pytest.raises(DatabaseError), ahead(TWO, ("SELECT 1 / %s::int", [0]), TWO):
        raise AssertionError("not reached")
    assert ask(*TWO) == [(2,)]
    with pytest.raises(DatabaseError), transaction.atomic(), ahead(("SELECT nothing", [])):
        raise AssertionError("not reached")
    assert ask(*TWO) == [(2,)]
