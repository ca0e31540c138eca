"""Absences: who stands in, what passes and what does not, once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from guichet.accounts.absences import absences_on, colleagues_of, stand_in
from guichet.accounts.models import Absence, Membership, User
from guichet.cases import actions
from guichet.cases.actions.absences import end_absence, pass_on_all, record_absence
from guichet.cases.models import Case, PassedOn, Status
from guichet.cases.models.case import NO_DEADLINE, next_reference
from guichet.core.refused import NotAllowed, Refused
from guichet.gateway.worker import drain
from guichet.journal.models import Event
from guichet.organisation.models import Team
from tests.factories import Region, build_region, case_of, mail, receive
from tests.journal.test_watching import caught_up


def days(number: int) -> date:
    return timezone.localdate() + timedelta(days=number)


@pytest.fixture
def region(db: None) -> Region:
    return build_region()


@pytest.fixture
def ana(region: Region) -> User:
    return agent_of(region.transport, "Ana")


def agent_of(team: Team, name: str, **fields: object) -> User:
    user = User.objects.create_user(f"{name}@agents.example", "x" * 20, first_name=name, **fields)
    Membership.objects.create(user=user, team=team)
    return user


def away(user: User, substitute: User | None = None, first: int = 0, last: int = 5, **fields: object) -> Absence:
    wanted = Absence(user=user, substitute=substitute, first_day=days(first), last_day=days(last), **fields)
    return record_absence(wanted, by=user)


def case_for(user: User, team: Team, *, due: int | None = None, message: int = -9, **fields: object) -> Case:
    now = timezone.now()
    values = {"status": Status.IN_PROGRESS, "assignee": user, **fields}
    case = Case.objects.create(
        reference=next_reference(), subject="Carte", channel="email", team=team, received_at=now,
        last_inbound_at=now + timedelta(days=message), due_at=NO_DEADLINE if due is None else now + timedelta(days=due),
        **values,
    )  # fmt: skip
    if due is not None:
        case.clocks.create(kind="commitment", started_at=now, due_at=case.due_at, base_due_at=case.due_at)
    return case


def holder(case: Case) -> User | None:
    return Case.objects.get(pk=case.pk).assignee


# -- who stands in -----------------------------------------------------------------------------------------------------


def test_the_chain_is_followed_to_somebody_who_is_there(region: Region, ana: User) -> None:
    bea, cleo = agent_of(region.transport, "Béa"), agent_of(region.transport, "Cléo")
    away(region.nadia, ana)
    assert stand_in(region.nadia, absences_on(days(0))) == ana
    away(ana, bea)
    away(bea, cleo)
    assert stand_in(region.nadia, absences_on(days(0))) == cleo
    User.objects.filter(pk=cleo.pk).update(is_active=False)
    assert stand_in(region.nadia, absences_on(days(0))) is None


def test_a_chain_that_turns_round_is_nobody(region: Region, ana: User) -> None:
    away(region.nadia, ana)
    away(ana, region.nadia)
    assert stand_in(region.nadia, absences_on(days(0))) is None
    case = case_for(region.nadia, region.transport, due=2)
    pass_on_all()
    assert holder(case) is None


@pytest.mark.parametrize(("first", "last", "there"), [(0, 0, False), (-3, 0, False), (1, 4, True), (-4, -1, True)])
def test_both_days_are_included(region: Region, first: int, last: int, there: bool) -> None:
    Absence.objects.create(user=region.nadia, first_day=days(first), last_day=days(last))
    assert (region.nadia.pk not in absences_on(days(0))) is there


# -- new assignments ---------------------------------------------------------------------------------------------------


def test_what_is_given_to_the_absent_goes_to_the_substitute(region: Region, ana: User) -> None:
    away(region.nadia, ana)
    case = case_for(region.nadia, region.transport, assignee=None, status=Status.ASSIGNED)
    actions.assign(case, region.nadia, by=region.chief)
    assert holder(case) == ana
    [event] = Event.objects.filter(case_id=case.pk)
    assert "Attribuée à Ana, qui remplace Nadia Belkacem" in event.words


def test_without_a_substitute_it_is_refused_and_said(region: Region) -> None:
    away(region.nadia, leaves_to="queue")
    case = case_for(region.nadia, region.transport, assignee=None, status=Status.ASSIGNED)
    with pytest.raises(Refused, match="personne ne remplace Nadia Belkacem"):
        actions.assign(case, region.nadia, by=region.chief)
    actions.assign(case, region.nadia, by=region.nadia)  # he takes it himself: he is there after all
    assert holder(case) == region.nadia


def test_before_the_first_day_nothing_changes(region: Region, ana: User) -> None:
    away(region.nadia, ana, first=1)
    case = case_for(region.nadia, region.transport, assignee=None, status=Status.ASSIGNED)
    actions.assign(case, region.nadia, by=region.chief)
    assert holder(case) == region.nadia


# -- what passes -------------------------------------------------------------------------------------------------------


def test_only_what_cannot_wait_passes_once_and_says_why(region: Region, ana: User) -> None:
    due = case_for(region.nadia, region.transport, due=3)
    late = case_for(region.nadia, region.transport, due=-1)
    message = case_for(region.nadia, region.transport, message=0, status=Status.ANSWERED)
    later = case_for(region.nadia, region.transport, due=12)
    waiting = case_for(region.nadia, region.transport, due=3, status=Status.WAITING_CITIZEN)
    over = case_for(region.nadia, region.transport, message=0, status=Status.CLOSED, closed_at=timezone.now())
    absence = away(region.nadia, ana)  # begins today: at once
    assert [holder(case) for case in (due, late, message)] == [ana] * 3
    assert [holder(case) for case in (later, waiting, over)] == [region.nadia] * 3
    events = {event.case_id: event.words for event in Event.objects.filter(verb="case.passed_on")}
    assert events[due.pk] == "Passée à Ana, qui remplace Nadia Belkacem : échéance pendant l'absence"
    assert events[message.pk].endswith("message arrivé")
    before = Event.objects.count()
    assert pass_on_all() == 0
    assert Event.objects.count() == before
    assert set(absence.passed.values_list("case_id", flat=True)) == {due.pk, late.pk, message.pk}


def test_an_absence_to_come_passes_nothing_before_its_day(region: Region, ana: User) -> None:
    case = case_for(region.nadia, region.transport, due=3)
    absence = away(region.nadia, ana, first=2)
    assert pass_on_all() == 0
    assert holder(case) == region.nadia
    Absence.objects.filter(pk=absence.pk).update(first_day=days(0))
    assert pass_on_all() == 1
    assert holder(case) == ana


def test_back_to_the_list_when_so_chosen_or_when_nobody_may_see_it(region: Region, ana: User) -> None:
    region.nadia.clearance = 2
    region.nadia.save()
    secret = case_for(region.nadia, region.transport, due=1, sensitivity=2)
    away(region.nadia, ana)
    assert holder(secret) is None
    assert Case.objects.get(pk=secret.pk).status == Status.ASSIGNED
    mine = case_for(ana, region.transport, due=1)
    away(ana, leaves_to="queue")
    assert holder(mine) is None
    assert "Remise dans la file, Ana est en absence" in Event.objects.filter(case_id=mine.pk).latest("id").words


def test_what_he_takes_back_stays_his(region: Region, ana: User) -> None:
    case = case_for(region.nadia, region.transport, due=2)
    away(region.nadia, ana)
    actions.assign(case, region.nadia, by=region.nadia)
    assert pass_on_all() == 0
    assert holder(case) == region.nadia


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_meanwhile_passes_its_case(region: Region, ana: User) -> None:
    drain()
    caught_up()  # what others run on this server holds the journal back
    case = case_of(receive(mail(), to="transports17@nouvelle-aquitaine.example"))
    actions.assign(case, region.nadia, by=region.nadia)
    drain()
    caught_up()  # what others run on this server holds the journal back
    Case.objects.filter(pk=case.pk).update(due_at=NO_DEADLINE)
    case.clocks.all().delete()
    away(region.nadia, ana, first=0, last=3)
    PassedOn.objects.all().delete()  # received today: what passed at once is not what is tried here
    Case.objects.filter(pk=case.pk).update(assignee=region.nadia)
    again = mail(message_id="<m2@courriel.example>", headers="In-Reply-To: <m1@courriel.example>\n",
                 subject=f"Re: demande N° {case.spoken_reference}")  # fmt: skip
    assert case_of(receive(again, to="transports17@nouvelle-aquitaine.example")) == case
    drain()
    caught_up()  # what others run on this server holds the journal back
    assert holder(case) == ana


def test_at_the_return_nothing_is_taken_back(region: Region, ana: User) -> None:
    case = case_for(region.nadia, region.transport, due=2)
    absence = away(region.nadia, ana)
    end_absence(absence, by=region.nadia)
    pass_on_all()
    assert holder(case) == ana
    assert absence.passed.get().case == case


# -- who may, and what is refused --------------------------------------------------------------------------------------


def test_set_by_himself_or_who_leads_his_team(region: Region, ana: User) -> None:
    def by(user: User) -> Absence:
        return record_absence(
            Absence(user=region.nadia, first_day=days(1), last_day=days(2), leaves_to="queue"), by=user
        )

    for user in (ana, region.leo):
        with pytest.raises(NotAllowed):
            by(user)
    lead = agent_of(region.root, "Inès")
    Membership.objects.filter(user=lead).update(role="supervisor")
    absence = by(User.objects.get(pk=lead.pk))
    with pytest.raises(NotAllowed):
        end_absence(absence, by=ana)
    end_absence(absence, by=region.chief)
    assert not Absence.objects.exists()  # it had not begun


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(3, 1, "avant le premier"), (-5, -2, "déjà finie"), (0, 500, "au plus un an"), (4, 8, "déjà enregistrée")],
)
def test_dates_that_make_no_sense(region: Region, ana: User, first: int, last: int, said: str) -> None:
    away(region.nadia, ana, first=7, last=9)
    with pytest.raises(Refused, match=said):
        away(region.nadia, ana, first=first, last=last)


def test_the_substitute_works_for_the_same_team(region: Region, ana: User) -> None:
    assert ana in colleagues_of(region.nadia) and region.leo not in colleagues_of(region.nadia)
    with pytest.raises(Refused, match="mêmes équipes"):
        away(region.nadia, region.leo)
