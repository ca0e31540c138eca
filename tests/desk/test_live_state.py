from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.test import Client

from guichet.accounts.models import User
from guichet.cases.models import Case, Status
from guichet.journal.snapshots import is_snapshot
from guichet.notices.actions import warn_at_once
from guichet.organisation.models import Team

Make = Callable[..., Case]


def test_counters_and_rows_are_those_of_the_page(make_case: Make, team: Team, desk: Client) -> None:
    shown = [make_case(team, subject=f"Objet {n}") for n in range(3)]
    page = desk.get(f"/bureau/?file=equipe-{team.pk}")
    new = make_case(team)
    Case.objects.filter(pk=shown[0].pk).update(subject="Objet changé")
    Case.objects.filter(pk=shown[1].pk).update(status=Status.ANSWERED)
    ids = ",".join(str(case.pk) for case in shown)
    state = desk.get("/bureau/etat/", {"file": f"equipe-{team.pk}", "lignes": ids, "changees": new.pk}).json()
    assert state["compteurs"][f"equipe-{team.pk}"] == state["liste"] == "3"  # two that stay, one new
    assert state["parties"] == [shown[1].pk] and state["nouvelles"] == [new.pk]
    assert "Objet changé" in state["lignes"][str(shown[0].pk)]
    # A row asked again is the row of the page: nothing flickers when nothing changed.
    whole = re.sub(r"\s+", " ", page.content.decode())
    assert re.sub(r"\s+", " ", state["lignes"][str(shown[2].pk)]).strip() in whole


def test_of_another_teams_case_nothing_is_said(make_case: Make, team: Team, other_team: Team, desk: Client) -> None:
    hidden = make_case(other_team)
    for key in (f"equipe-{team.pk}", f"equipe-{other_team.pk}", "canal-email", ""):
        state = desk.get("/bureau/etat/", {"file": key, "lignes": hidden.pk, "changees": hidden.pk}).json()
        assert state["lignes"] == {} and state["nouvelles"] == []
    assert Client().get("/bureau/etat/").status_code == 302


def test_the_bell_rings_on_an_open_screen(case: Case, agent: User, desk: Client) -> None:
    page = desk.get("/bureau/").content.decode()
    assert "Avertissements, aucun à lire" in page and "data-cloche" in page
    assert warn_at_once(case.pk) == 1
    assert "1 avertissement à lire" in desk.get("/bureau/etat/").json()["cloche"]


def test_odd_questions_are_harmless(desk: Client, case: Case) -> None:
    for odd in ("", "x", "-1", "9" * 30, "²", ",".join("1" * 500)):
        assert desk.get("/bureau/etat/", {"file": odd, "lignes": odd, "changees": odd}).status_code == 200


def test_pages_say_where_to_listen_and_from_when(desk: Client, case: Case) -> None:
    for address in ("/bureau/", f"/bureau/demandes/{case.reference}/"):
        response = desk.get(address)
        assert is_snapshot(response.context["live_since"])
        assert f'data-direct="{settings.LIVE_URL}"' in response.content.decode()
        assert settings.LIVE_URL in response["Content-Security-Policy"]
