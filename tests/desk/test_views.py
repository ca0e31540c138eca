from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from guichet.accounts.models import Membership, User
from guichet.cases.models import Case, SavedView
from guichet.desk.queues import CAPPED
from guichet.organisation.models import Team

Make = Callable[..., Case]


def counter(client: Client, view: SavedView) -> str | None:
    groups = client.get("/bureau/").context["groups"]
    return next((q.shown for g in groups for q in g.queues if q.key == f"vue-{view.pk}"), None)


@pytest.fixture
def chief(make_agent: Callable[..., User], team: Team) -> User:
    user = make_agent("ines@agents.example")
    Membership.objects.create(user=user, team=team, role=Membership.Role.SUPERVISOR)
    return user


def logged(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_list_is_kept_and_found_again(make_case: Make, team: Team, agent: User, desk: Client) -> None:
    urgent = make_case(team, urgent=True)
    make_case(team)
    answer = desk.post("/bureau/vues/enregistrer/", {"liste": f"file=equipe-{team.pk}&urgent=1", "name": "Urgentes"})
    view = SavedView.objects.get()
    assert answer["Location"] == f"/bureau/?vue={view.pk}"
    page = desk.get(answer["Location"])
    assert [row.case.pk for row in page.context["rows"]] == [urgent.pk]
    assert page.context["list_title"] == "Urgentes"
    assert counter(desk, view) == page.context["list_count"] == "1"
    assert desk.get(f"/bureau/demandes/{urgent.reference}/?{page.context['kept']}").context["list_title"] == "Urgentes"
    assert desk.post("/bureau/vues/enregistrer/", {"liste": "", "name": " "}).status_code == 400


def test_a_shared_view_gives_no_right(
    make_case: Make,
    make_agent: Callable[..., User],
    team: Team,
    other_team: Team,
    agent: User,
    desk: Client,
    chief: User,
) -> None:  # fmt: skip
    make_case(team, urgent=True)
    make_case(team, urgent=True, sensitivity=2)
    stranger = logged(make_agent("leo@agents.example", other_team))
    form = {"liste": "file=toutes&urgent=1", "name": "Urgentes", "team": str(team.pk)}
    desk.post("/bureau/vues/enregistrer/", form)  # an agent has no such field: kept for himself
    assert SavedView.objects.get(owner=agent).team is None
    logged(chief).post("/bureau/vues/enregistrer/", form)
    view = SavedView.objects.get(owner=chief)
    assert view.team == team
    assert counter(desk, view) == "1"
    assert counter(stranger, view) is None
    assert stranger.post(f"/bureau/vues/{view.pk}/faire/", {"action": "supprimer"}).status_code == 404
    assert desk.post(f"/bureau/vues/{view.pk}/faire/", {"action": "supprimer"}).status_code == 403
    assert [row.case.urgent for row in desk.get(f"/bureau/?vue={view.pk}").context["rows"]] == [True]
    assert stranger.get(f"/bureau/?vue={view.pk}").context["listed"].misread


def test_names_and_order(agent: User, desk: Client) -> None:
    views = [SavedView.objects.create(owner=agent, name=name, position=n) for n, name in enumerate("ABC")]
    desk.post(f"/bureau/vues/{views[2].pk}/faire/", {"action": "monter"})
    desk.post(f"/bureau/vues/{views[0].pk}/faire/", {"action": "monter"})
    assert [view.name for view in SavedView.objects.all()] == ["A", "C", "B"]
    taken = desk.post(f"/bureau/vues/{views[0].pk}/faire/", {"action": "changer", "name": "B"})
    assert taken.status_code == 409
    assert "déjà une vue de ce nom" in taken.content.decode()
    desk.post(f"/bureau/vues/{views[0].pk}/faire/", {"action": "changer", "name": "Demain"})
    desk.post(f"/bureau/vues/{views[1].pk}/faire/", {"action": "supprimer"})
    assert [view.name for view in SavedView.objects.all()] == ["Demain", "C"]
    assert desk.get("/bureau/vues/").status_code == 200


def test_a_large_count_says_that_it_is_not_exact(agent: User, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from guichet.desk import queues

    assert queues.shown_count(CAPPED, capped=True) == "999+"
    assert queues.shown_count(CAPPED, capped=False) == "1000"
