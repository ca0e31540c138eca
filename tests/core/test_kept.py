"""A question compiled once answers as the ORM would, whatever the values, and refuses what it could not keep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.core.kept import Kept, attach
from guichet.organisation.models import Team, Topic

BY_CODE = Kept(lambda code, least: Team.objects.filter(code=code, position__gte=least))
AMONG = Kept(lambda keys: Topic.objects.filter(team_id__among=keys).select_related("team", "parent").order_by("code"))
SHIFTED = Kept(lambda least: Team.objects.annotate(next=F("position") + 1).filter(position__gte=least).order_by("pk"))


@pytest.fixture
def teams(db: None) -> list[Team]:
    return [Team.objects.create(code=f"T{n}", name=f"Équipe {n}", path=f"/{n}/", position=n) for n in range(3)]


def test_the_rows_are_those_of_the_orm(teams: list[Team]) -> None:
    for n, team in enumerate(teams):
        assert BY_CODE(f"T{n}", 0) == [team]
        assert BY_CODE.first(f"T{n}", n + 1) is None
    assert BY_CODE.first("T1", 1).__dict__.keys() == Team.objects.get(code="T1").__dict__.keys()
    assert [team.next for team in SHIFTED(1)] == [2, 3]  # type: ignore[attr-defined]
    assert SHIFTED.number(2) == 1
    assert SHIFTED.number(32_101) == 0  # the specimen of a value is a value as well


def test_related_rows_come_with_them(teams: list[Team]) -> None:
    above = Topic.objects.create(code="a", label="A", team=teams[0])
    Topic.objects.create(code="b", label="B", team=teams[1], parent=above)
    Topic.objects.create(code="c", label="C", team=teams[2])
    assert AMONG([]) == []
    with CaptureQueriesContext(connection) as asked:
        found = AMONG([teams[0].pk, teams[1].pk])
        assert [(topic.code, topic.team, topic.parent) for topic in found] == [
            ("a", teams[0], None), ("b", teams[1], above),
        ]  # fmt: skip
    assert len(asked) == 1
    attach(teams, "topics", found, "team_id")
    with CaptureQueriesContext(connection) as asked:
        assert [[topic.code for topic in team.topics.all()] for team in teams] == [["a"], ["b"], []]
    assert len(asked) == 0


def test_what_cannot_be_kept_is_refused(teams: list[Team]) -> None:
    with pytest.raises(TypeError, match="nowhere"):
        Kept(lambda n: Team.objects.all())(1)
    with pytest.raises(TypeError, match="apart"):
        Kept(lambda active: Team.objects.filter(is_active=active))(True)
    with pytest.raises(TypeError, match="whole rows"):
        Kept(lambda n: Team.objects.filter(pk=n).values("pk"))(1)  # type: ignore[type-var,arg-type,return-value]
    with pytest.raises(TypeError, match="whole rows"):
        Kept(lambda n: Team.objects.filter(pk=n).prefetch_related("topics"))(1)
    moments = Kept(lambda at: Team.objects.filter(memberships__user__joined_at__lt=at))
    assert moments(timezone.now() - timedelta(days=1)) == []


def test_codes_may_be_written_in_the_query(teams: list[Team]) -> None:
    lower = Team.objects.create(code="ab", name="Équipe", path="/9/", position=9)
    asked = Team.objects.filter(code__written=["ab", "c_d"])
    assert list(asked) == [lower]
    assert list(Team.objects.exclude(code__written=["ab"])) == teams
    assert "IN ('ab', 'c_d')" in str(asked.query)
    for code in ("a'b", "A", "a b", ""):
        with pytest.raises(ValueError, match="codes"):
            list(Team.objects.filter(code__written=["ab", code]))
