"""Automatic sharing: who is given what, never twice, never taken from anybody, and why is said."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from guichet.accounts import own
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Absence, Membership, User
from guichet.cases import actions
from guichet.cases.actions.sharing import set_share, set_sharing, share_out, share_out_all
from guichet.cases.models import Case, Status
from guichet.cases.models.case import next_reference
from guichet.cases.sharing import SEEN_WITHIN, candidates, forecast
from guichet.core.refused import NotAllowed
from guichet.gateway.worker import drain
from guichet.journal.models import Event
from guichet.organisation import directory
from guichet.organisation.models import Team, Topic
from tests.factories import Region, build_region, case_of, mail, receive
from tests.journal.test_watching import caught_up


@pytest.fixture
def region(db: None) -> Region:
    found = build_region()
    set_sharing(found.transport, True, by=found.chief)
    found.transport.refresh_from_db()
    return found


def agent_of(team: Team, name: str, *, at_most: int = 20, seen: bool = True, **fields: object) -> User:
    user = User.objects.create_user(f"{name}@agents.example", "x" * 20, first_name=name, **fields)
    if seen:
        User.objects.filter(pk=user.pk).update(seen_at=timezone.now())
        user.refresh_from_db()
    Membership.objects.create(user=user, team=team, at_most=at_most)
    return user


def waiting(team: Team, number: int = 1, **fields: object) -> list[Case]:
    now = timezone.now()
    return [
        Case.objects.create(
            reference=next_reference(), subject=f"Q{n}", channel="email", team=team, status=Status.ASSIGNED,
            received_at=now, due_at=now + timedelta(hours=n), **fields,
        )
        for n in range(number)
    ]  # fmt: skip


def held_by(user: User) -> int:
    return Case.objects.filter(assignee=user).count()


def test_by_room_then_in_turn(region: Region) -> None:
    ana, bea = agent_of(region.transport, "Ana", at_most=6), agent_of(region.transport, "Béa", at_most=3)
    waiting(region.transport, 6)
    assert share_out(region.transport.pk) == 6
    assert (held_by(ana), held_by(bea)) == (4, 2)


def test_nobody_gets_more_than_he_takes(region: Region) -> None:
    ana = agent_of(region.transport, "Ana", at_most=2)
    waiting(region.transport, 5)
    assert share_out(region.transport.pk) == 2
    assert share_out(region.transport.pk) == 0
    done = Case.objects.filter(assignee=ana).first()
    assert done is not None
    actions.close(done, by=ana)
    assert share_out_all() == 1


@pytest.mark.parametrize("why", ["unavailable", "never seen", "gone long ago", "away", "closed", "supervisor"])
def test_who_is_not_there_gets_nothing(region: Region, why: str) -> None:
    ana = agent_of(region.transport, "Ana", seen=why != "never seen")
    if why == "unavailable":
        own.be_available(ana, False)
    elif why == "gone long ago":
        User.objects.filter(pk=ana.pk).update(seen_at=timezone.now() - SEEN_WITHIN - timedelta(minutes=1))
    elif why == "away":
        today = timezone.localdate()
        Absence.objects.create(user=ana, first_day=today, last_day=today)
    elif why == "closed":
        User.objects.filter(pk=ana.pk).update(is_active=False)
    elif why == "supervisor":
        Membership.objects.filter(user=ana).update(role="supervisor")
    waiting(region.transport)
    assert share_out(region.transport.pk) == 0
    assert forecast(region.transport, candidates(region.transport), region.chief).chosen is None


def test_only_topics_he_takes_and_those_below(region: Region) -> None:
    below = Topic.objects.create(code="carte.perdue", label="Carte perdue", parent=region.card)
    directory.forget()
    ana, bea = agent_of(region.transport, "Ana"), agent_of(region.transport, "Béa")
    for user, topic in ((ana, region.card), (bea, region.licence)):
        set_share(Membership.objects.get(user=user), 20, [topic], by=region.chief)
    waiting(region.transport, 3, topic=below)
    waiting(region.transport, 2)  # of no topic: neither takes it
    assert share_out(region.transport.pk) == 3
    assert (held_by(ana), held_by(bea)) == (3, 0)


def test_what_is_too_sensitive_waits(region: Region) -> None:
    ana = agent_of(region.transport, "Ana")
    waiting(region.transport, 2, sensitivity=1)
    assert share_out(region.transport.pk) == 0
    User.objects.filter(pk=ana.pk).update(clearance=1)
    assert share_out(region.transport.pk) == 2


def test_nothing_is_taken_from_anybody_nor_in_a_team_that_does_not_share(region: Region) -> None:
    agent_of(region.transport, "Ana")
    agent_of(region.youth, "Béa")
    waiting(region.transport, 2, assignee=region.nadia)
    waiting(region.youth, 2)
    waiting(region.transport, 1, snoozed_until=timezone.now() + timedelta(days=2))
    assert share_out_all() == 0
    assert held_by(region.nadia) == 2


def test_who_put_it_back_does_not_get_it_again(region: Region) -> None:
    ana = agent_of(region.transport, "Ana")
    [case] = waiting(region.transport)
    share_out(region.transport.pk)
    actions.release(case, by=ana)
    assert share_out(region.transport.pk) == 0
    bea = agent_of(region.transport, "Béa")
    assert share_out(region.transport.pk) == 1
    assert held_by(bea) == 1


def test_the_history_says_why_and_the_page_said_it_before(region: Region) -> None:
    ana = agent_of(region.transport, "Ana", at_most=7)
    [case] = waiting(region.transport)
    said = forecast(region.transport, candidates(region.transport), region.chief)
    assert said.chosen is not None and said.chosen.user == ana and said.case == case
    share_out(region.transport.pk)
    event = Event.objects.get(verb="case.shared", case_id=case.pk)
    assert event.actor == machine(GUICHET)
    assert event.words == f"Attribuée par partage à Ana : {said.why}"
    assert "0 demande à traiter sur 7 au plus" in said.why


@pytest.mark.django_db(transaction=True)
def test_a_mail_finds_its_agent_when_it_enters(region: Region) -> None:
    """The journal is read from now on; sharing follows it, and a message on a case that has somebody moves nothing."""
    drain()
    ana = agent_of(region.transport, "Ana")
    case = case_of(receive(mail(), to="transports17@nouvelle-aquitaine.example"))
    caught_up()
    assert Case.objects.get(pk=case.pk).assignee == ana
    caught_up()
    assert Event.objects.filter(verb="case.shared").count() == 1


def test_only_who_leads_the_team_sets_it(region: Region) -> None:
    seat = Membership.objects.get(user=region.nadia)
    for user in (region.nadia, region.leo):
        with pytest.raises(NotAllowed):
            set_sharing(region.transport, False, by=user)
        with pytest.raises(NotAllowed):
            set_share(seat, 3, [], by=user)
    Membership.objects.create(user=region.leo, team=region.root, role="supervisor")
    leo = User.objects.get(pk=region.leo.pk)
    set_share(seat, 3, [region.card], by=leo)
    assert Event.objects.get(verb="account.share_set").data["changes"][0] == ["demandes à la fois", "20", "3"]


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_give_each_case_once() -> None:
    region = build_region()
    set_sharing(region.transport, True, by=region.chief)
    agents = [agent_of(region.transport, name, at_most=10) for name in ("Ana", "Béa", "Cléo")]
    waiting(region.transport, 40)
    given: list[int] = []
    ready = threading.Barrier(4)

    def work() -> None:
        close_old_connections()
        try:
            ready.wait()
            given.append(share_out(region.transport.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(given) == 30
    assert [held_by(agent) for agent in agents] == [10, 10, 10]
    events = list(Event.objects.filter(verb="case.shared").values_list("case_id", flat=True))
    assert len(events) == len(set(events)) == 30
