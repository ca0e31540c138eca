"""The pages of who answers for a team: numbers that are lists, work moved by hand, closed to others."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import Membership, User
from guichet.cases.models import Case, Status
from guichet.journal.models import Event
from guichet.organisation.models import Team

MakeAgent = Callable[..., User]
MakeCase = Callable[..., Case]


@pytest.fixture
def below(team: Team) -> Team:
    return Team.objects.create(code="TRA-17", name="Transport 17", path=f"{team.path}17/", parent=team)


@pytest.fixture
def ines(make_agent: MakeAgent, team: Team) -> User:
    found = make_agent("ines@agents.example", first_name="Inès", last_name="Poitevin")
    Membership.objects.create(user=found, team=team, role=Membership.Role.SUPERVISOR)
    return found


@pytest.fixture
def led(ines: User) -> Client:
    client = Client()
    client.force_login(ines)
    return client


def count_on(page: str, kind: str, agent: str = "") -> int:
    """The number that links to this list."""
    tail = f"&amp;agent={agent}" if agent else ""
    found = re.search(rf'\?quoi={kind}{tail}">(\d+)<', page)
    return int(found[1]) if found else 0


def test_every_number_is_the_length_of_the_list_it_opens(
    led: Client, team: Team, agent: User, make_case: MakeCase
) -> None:
    asleep = timezone.now() + timedelta(days=3)
    make_case(team, hours=-2, assignee=agent)
    make_case(team, hours=-2)
    make_case(team, hours=3, assignee=agent)
    make_case(team, hours=90, assignee=agent, status=Status.WAITING_CITIZEN)
    make_case(team, hours=90, assignee=agent, status=Status.IN_APPROVAL)
    make_case(team, hours=-5, assignee=agent, snoozed_until=asleep)  # nobody's work now, whatever its date
    page = led.get(f"/bureau/equipes/{team.pk}/").content.decode()
    who = str(agent.pk)
    kinds = ("a-traiter", "retard", "jour", "attente", "a-viser", "ouvertes")
    assert [count_on(page, kind, who) for kind in kinds] == [3, 1, 1, 1, 1, 5]
    assert count_on(page, "libres", "personne") == 1
    for kind, tail in re.findall(r"\?quoi=([a-z-]+)((?:&amp;agent=\w+)?)\"", page):
        agent_key = tail.partition("=")[2]
        number = count_on(page, kind, agent_key)
        address = f"/bureau/equipes/{team.pk}/demandes/?quoi={kind}" + (f"&agent={agent_key}" if agent_key else "")
        assert led.get(address).content.decode().count('name="cas"') == number, address


def test_a_supervisor_sees_his_subtree_and_nothing_else(
    led: Client, team: Team, below: Team, other_team: Team, make_case: MakeCase
) -> None:
    make_case(below)
    make_case(other_team)
    page = led.get("/bureau/equipes/").content.decode()
    assert "Transport 17" in page and "Aides aux jeunes" not in page
    assert led.get(f"/bureau/equipes/{below.pk}/").status_code == 200
    for address in (f"/bureau/equipes/{other_team.pk}/", f"/bureau/equipes/{other_team.pk}/demandes/"):
        assert led.get(address).status_code == 404
    too_long = led.get(f"/bureau/equipes/{below.pk}/demandes/?quoi=ouvertes&agent={'9' * 30}")
    assert too_long.status_code == 200  # no number that the database cannot hold
    posted = led.post(f"/bureau/equipes/{other_team.pk}/repartir/", {"to": "file", "toutes": "oui", "sure": "oui"})
    assert posted.status_code == 404


def test_an_agent_has_no_page_of_teams(desk: Client, team: Team, case: Case, agent: User) -> None:
    assert "/bureau/equipes/" not in desk.get("/bureau/").content.decode()
    for address in ("", f"{team.pk}/", f"{team.pk}/demandes/"):
        assert desk.get(f"/bureau/equipes/{address}").status_code == 403
    sent = {"to": str(agent.pk), "cas": str(case.pk), "sure": "oui"}
    assert desk.post(f"/bureau/equipes/{team.pk}/repartir/", sent).status_code == 403
    case.refresh_from_db()
    assert case.assignee is None


def test_ticked_cases_are_given_once_confirmed_each_with_its_event(
    led: Client, team: Team, agent: User, ines: User, make_case: MakeCase
) -> None:
    cases = [make_case(team) for _ in range(3)]
    sent = {"to": str(agent.pk), "cas": [str(case.pk) for case in cases[:2]]}
    asked = led.post(f"/bureau/equipes/{team.pk}/repartir/", sent).content.decode()
    assert "Donner 2 demandes à Nadia Belkacem" in asked
    assert not Case.objects.filter(assignee=agent).exists()
    done = led.post(f"/bureau/equipes/{team.pk}/repartir/", {**sent, "sure": "oui"}, follow=True)
    assert "2 demandes attribuées à Nadia Belkacem." in done.content.decode()
    assert set(Case.objects.filter(assignee=agent)) == set(cases[:2])
    events = Event.objects.filter(verb="case.assigned", actor=ines)
    assert sorted(event.case_id or 0 for event in events) == sorted(case.pk for case in cases[:2])


def test_all_the_work_of_an_agent_goes_back_to_the_list_of_the_team(
    led: Client, team: Team, agent: User, make_case: MakeCase
) -> None:
    for _ in range(3):
        make_case(team, assignee=agent, status=Status.IN_PROGRESS)
    other = make_case(team)
    sent = {"to": "file", "quoi": "ouvertes", "agent": str(agent.pk), "toutes": "oui"}
    assert "Remettre 3 demandes dans la file" in led.post(f"/bureau/equipes/{team.pk}/repartir/", sent).content.decode()
    led.post(f"/bureau/equipes/{team.pk}/repartir/", {**sent, "sure": "oui"})
    assert not Case.objects.filter(assignee=agent).exists()
    assert Event.objects.filter(verb="case.released").count() == 3
    other.refresh_from_db()
    assert other.version == 1


def test_what_cannot_be_given_is_said_and_the_rest_is_done(
    led: Client, team: Team, make_agent: MakeAgent, agent: User, make_case: MakeCase
) -> None:
    """Too sensitive for him: refused for that one only."""
    User.objects.filter(email="ines@agents.example").update(clearance=2)
    open_one, secret = make_case(team), make_case(team, sensitivity=2)
    sent = {"to": str(agent.pk), "cas": [str(open_one.pk), str(secret.pk)], "sure": "oui"}
    page = led.post(f"/bureau/equipes/{team.pk}/repartir/", sent, follow=True).content.decode()
    assert "1 demande attribuée à" in page and secret.spoken_reference in page
    secret.refresh_from_db()
    assert secret.assignee is None


@pytest.mark.parametrize("sent", [{}, {"to": "file"}, {"to": "999999", "cas": "1"}, {"to": "file", "cas": "x"}])
def test_nothing_chosen_is_a_sentence(led: Client, team: Team, case: Case, sent: dict[str, str]) -> None:
    response = led.post(f"/bureau/equipes/{team.pk}/repartir/", sent)
    assert response.status_code == 400
    assert "alerte--erreur" in response.content.decode() or "champ__erreur" in response.content.decode()


def test_a_case_of_another_team_cannot_be_slipped_in(
    led: Client, team: Team, other_team: Team, agent: User, make_case: MakeCase
) -> None:
    foreign = make_case(other_team)
    sent = {"to": str(agent.pk), "cas": str(foreign.pk), "sure": "oui"}
    assert led.post(f"/bureau/equipes/{team.pk}/repartir/", sent).status_code == 400
    foreign.refresh_from_db()
    assert foreign.assignee is None


# -- sharing -----------------------------------------------------------------------------------------------------------


def test_sharing_is_set_on_the_page_of_the_team_and_gives_what_waits(
    led: Client, team: Team, agent: User, make_case: MakeCase
) -> None:
    case = make_case(team)
    User.objects.filter(pk=agent.pk).update(seen_at=timezone.now())
    page = led.post(f"/bureau/equipes/{team.pk}/partage/", {"partage": "oui"}, follow=True).content.decode()
    assert "rien n'attend ; Nadia Belkacem sera servi" in page
    case.refresh_from_db()
    assert case.assignee == agent
    sent = {"at_most": "1", "topics": []}
    page = led.post(f"/bureau/equipes/{team.pk}/agents/{agent.pk}/", sent, follow=True).content.decode()
    assert "1 demande à traiter sur 1 au plus" in page and "au complet" in page
    assert "rien n'est donné, aucun agent ne peut recevoir" in page


def test_an_agent_says_whether_he_takes_new_cases(desk: Client, agent: User, team: Team) -> None:
    """The switch is shown where it has an effect, and being at the desk is noted."""
    assert "aria-pressed" not in desk.get("/bureau/").content.decode()
    Team.objects.filter(pk=team.pk).update(shares_out=True)
    assert 'aria-pressed="true"' in desk.get("/bureau/").content.decode()
    page = desk.post("/bureau/compte/disponible/", {"disponible": "non"}, follow=True).content.decode()
    assert 'aria-pressed="false"' in page
    agent.refresh_from_db()
    assert agent.available is False and agent.seen_at is not None


def test_the_sharing_of_another_team_is_not_there(led: Client, other_team: Team, make_agent: MakeAgent) -> None:
    leo = make_agent("leo@agents.example", other_team)
    assert led.post(f"/bureau/equipes/{other_team.pk}/partage/", {"partage": "oui"}).status_code == 404
    assert led.get(f"/bureau/equipes/{other_team.pk}/agents/{leo.pk}/").status_code == 404
    assert led.get(f"/bureau/equipes/{other_team.pk}/agents/999/").status_code == 404


# -- absences ----------------------------------------------------------------------------------------------------------


def absence_of(user: User, substitute: User | None) -> dict[str, str]:
    today = timezone.localdate()
    return {
        "who": str(user.pk), "first_day": today.isoformat(), "last_day": (today + timedelta(days=3)).isoformat(),
        "substitute": str(substitute.pk) if substitute else "", "leaves_to": "substitute" if substitute else "queue",
    }  # fmt: skip


def test_a_supervisor_records_an_absence_and_the_case_passes(
    led: Client, desk: Client, team: Team, agent: User, make_agent: MakeAgent, make_case: MakeCase
) -> None:
    theo = make_agent("theo@agents.example", team, first_name="Théo", last_name="Marchand")
    case = make_case(team, assignee=agent, status=Status.IN_PROGRESS, hours=24)
    page = led.post("/bureau/absences/", absence_of(agent, theo), follow=True).content.decode()
    assert "absence est enregistrée." in page and "en ce moment" in page
    case.refresh_from_db()
    assert case.assignee == theo
    absence = agent.absences.get()
    shown = desk.get(f"/bureau/absences/{absence.pk}/").content.decode()
    assert case.spoken_reference in shown and "Théo Marchand" in shown
    assert "en absence jusqu'au" in led.get(f"/bureau/equipes/{team.pk}/").content.decode()
    # given to her by name, it goes to him, and the form said so
    other = make_case(team)
    assert (
        "Nadia Belkacem (en absence jusqu"
        in led.get(f"/bureau/demandes/{other.reference}/faire/attribuer/").content.decode()
    )
    led.post(f"/bureau/demandes/{other.reference}/faire/attribuer/", {"to": str(agent.pk)})
    other.refresh_from_db()
    assert other.assignee == theo


def test_the_page_of_a_case_says_that_its_agent_is_away(
    led: Client, desk: Client, team: Team, agent: User, make_agent: MakeAgent, make_case: MakeCase
) -> None:
    theo = make_agent("theo@agents.example", team, first_name="Théo", last_name="Marchand")
    case = make_case(team, assignee=agent, hours=24 * 30, last_inbound_at=timezone.now() - timedelta(days=2))
    desk.post("/bureau/absences/", absence_of(agent, theo))
    page = led.get(f"/bureau/demandes/{case.reference}/").content.decode()
    assert "Nadia Belkacem est en absence jusqu'au" in page and "Remplacement : Théo Marchand." in page
    assert "Vous êtes noté en absence" in desk.get(f"/bureau/demandes/{case.reference}/").content.decode()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"last_day": "2001-01-01"}, "Le dernier jour vient avant le premier"),
        ({"substitute": ""}, "Choisissez un remplaçant"),
        ({"first_day": "demain"}, "champ__erreur"),
        ({"substitute": "self"}, "Le remplaçant est une autre personne"),
    ],
)
def test_a_wrong_absence_is_a_sentence_and_writes_nothing(
    led: Client, team: Team, ines: User, agent: User, make_agent: MakeAgent, more: dict[str, str], said: str
) -> None:
    theo = make_agent("theo@agents.example", team)
    more = {name: str(agent.pk) if value == "self" else value for name, value in more.items()}
    response = led.post("/bureau/absences/", absence_of(agent, theo) | more)
    assert response.status_code == 400 and said in response.content.decode()
    assert not agent.absences.exists()


def test_an_agent_records_his_own_absence_only(desk: Client, team: Team, agent: User, make_agent: MakeAgent) -> None:
    theo = make_agent("theo@agents.example", team)
    desk.post("/bureau/absences/", absence_of(theo, None))  # the field is not his: it is for himself
    assert not theo.absences.exists() and agent.absences.count() == 1
    other = Client()
    other.force_login(theo)
    absence = agent.absences.get()
    assert other.get(f"/bureau/absences/{absence.pk}/").status_code == 404
    assert other.post(f"/bureau/absences/{absence.pk}/finir/").status_code == 404
    assert desk.post(f"/bureau/absences/{absence.pk}/finir/").status_code == 302
    assert not agent.absences.exists()
