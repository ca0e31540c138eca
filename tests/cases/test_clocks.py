"""Deadlines of a case, in days of Paris: the golden dates, what holds them, what stops them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from guichet.cases import actions
from guichet.cases.clocks import clocks_for
from guichet.cases.models import Case, Clock, InboundItem, Status, Task
from guichet.cases.tasks import end_waiting
from guichet.core.calendar import paris_day
from guichet.core.refused import Refused
from guichet.notices.tasks import remind_waiting
from guichet.organisation import directory
from guichet.organisation.models import Commitment, Topic
from guichet.outbox.models import Delivery
from tests.cases.conftest import PARIS, At
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


def demand(region: Region, when: datetime, topic: Topic | None = None) -> Case:
    case = case_of(receive(mail(), at=when))
    actions.change_topic(case, topic or region.licence, by=region.chief)
    case.refresh_from_db()
    return case


def due(case: Case, kind: str) -> date:
    return paris_day(case.clocks.get(kind=kind).due_at)


# Received; registration receipt; receipt (calendar days, the shorter reading); implicit decision; promise of 5 days.
GOLDEN = [
    ((2026, 1, 10, 11, 0), (2026, 1, 12), (2026, 1, 20), (2026, 3, 10), (2026, 1, 16)),
    ((2026, 5, 13, 9, 0), (2026, 5, 15), (2026, 5, 23), (2026, 7, 13), (2026, 5, 21)),
    ((2026, 7, 1, 9, 0), (2026, 7, 2), (2026, 7, 11), (2026, 9, 1), (2026, 7, 8)),
    ((2026, 12, 31, 23, 40), (2027, 1, 4), (2027, 1, 10), (2027, 2, 28), (2027, 1, 8)),
    ((2027, 8, 31, 0, 10), (2027, 9, 1), (2027, 9, 10), (2027, 10, 31), (2027, 9, 7)),
]


@pytest.mark.parametrize(("received", "registration", "receipt", "silence", "promise"), GOLDEN)
def test_golden_dates(
    region: Region,
    received: tuple[int, ...],
    registration: tuple[int, int, int],
    receipt: tuple[int, int, int],
    silence: tuple[int, int, int],
    promise: tuple[int, int, int],
) -> None:
    start = datetime(*received, tzinfo=PARIS)  # type: ignore[arg-type]
    case = Case(channel="email", topic=region.licence, nature="demand", team=region.youth, received_at=start)
    days = {clock.kind: paris_day(clock.due_at) for clock in clocks_for(case)}
    assert days == {
        Clock.Kind.REGISTRATION: date(*registration),
        Clock.Kind.RECEIPT: date(*receipt),
        Clock.Kind.SILENCE: date(*silence),
        Clock.Kind.COMMITMENT: date(*promise),
    }


@pytest.mark.parametrize(
    ("nature", "said", "effect", "months"),
    [
        ("demand", ("acceptance", 4), "acceptance", 4),  # what the topic says
        ("demand", ("none", None), "rejection", 2),  # nothing said: the default of the law
        ("complaint", ("acceptance", 1), "rejection", 2),  # fixed by the law, whatever the topic says
        ("appeal", ("none", None), "rejection", 2),
        ("cada", ("none", None), "rejection", 1),
        ("rights", ("none", None), "rejection", 1),
        ("information", ("none", None), None, None),
        ("report", ("none", None), None, None),
    ],
)
def test_what_silence_means(
    region: Region, nature: str, said: tuple[str, int | None], effect: str | None, months: int | None
) -> None:
    topic = Topic.objects.create(code=f"x.{nature}", label="x", nature=nature, silence=said[0], silence_months=said[1])
    directory.forget()
    case = Case(channel="email", topic=topic, nature=nature, received_at=datetime(2026, 7, 1, 9, tzinfo=PARIS))
    silence = next((clock for clock in clocks_for(case) if clock.kind == Clock.Kind.SILENCE), None)
    assert (silence and (silence.effect, silence.months)) == ((effect, months) if effect else None)


# -- missing pieces (CRPA L114-5) -------------------------------------------------------------------------------------


def asked(region: Region, at: At, topic: Topic | None = None) -> Case:
    at(2026, 7, 1, 9)
    case = demand(region, datetime(2026, 7, 1, 9, tzinfo=PARIS), topic)
    at(2026, 7, 20, 10)
    until = datetime(2026, 8, 10, tzinfo=PARIS)
    actions.ask_pieces(case, by=region.chief, pieces=["Justificatif de domicile"], until=until)
    case.refresh_from_db()
    return case


def supply(case: Case, when: datetime) -> None:
    sent = case.interactions.get(kind="pieces")
    receive(mail(message_id="<p1@courriel.example>", headers=f"In-Reply-To: {sent.message_id}\n"), at=when)
    case.refresh_from_db()


def test_pieces_supplied_give_back_the_days_they_took(region: Region, at: At) -> None:
    case = asked(region, at)
    assert case.status == Status.WAITING_CITIZEN
    assert case.clocks.get(kind=Clock.Kind.SILENCE).is_suspended
    supply(case, at(2026, 7, 31, 0, 30))  # 30 July at 22:30 in UTC: the day is that of Paris
    assert due(case, Clock.Kind.SILENCE) == date(2026, 9, 12)
    assert case.status == Status.ASSIGNED or case.status == Status.IN_PROGRESS
    assert case.due_at == case.clocks.get(kind=Clock.Kind.SILENCE).due_at


def test_pieces_never_supplied_suspend_no_longer_than_the_delay_given(region: Region, at: At) -> None:
    case = asked(region, at)
    at(2026, 8, 10, 23, 0)
    end_waiting(0)
    case.refresh_from_db()
    assert case.status == Status.WAITING_CITIZEN  # the last day is whole
    at(2026, 8, 12, 6, 11)
    end_waiting(0)
    case.refresh_from_db()
    assert due(case, Clock.Kind.SILENCE) == date(2026, 9, 22)
    assert not case.is_over and case.unread  # back to the agent: a machine decides nothing
    assert case.due_at == case.clocks.get(kind=Clock.Kind.SILENCE).due_at
    assert Task.objects.get(case=case).label.startswith("Les pièces demandées ne sont pas venues")
    end_waiting(0)
    assert Task.objects.filter(case=case).count() == 1


def test_pieces_after_the_delay_do_not_suspend_more(region: Region, at: At) -> None:
    case = asked(region, at)
    supply(case, at(2026, 8, 20, 9))
    assert due(case, Clock.Kind.SILENCE) == date(2026, 9, 22)


def test_an_acceptance_starts_only_with_the_pieces(region: Region, at: At) -> None:
    topic = Topic.objects.create(
        code="y", label="y", nature="demand", silence="acceptance", silence_months=2, team=region.youth
    )
    directory.forget()
    case = asked(region, at, topic)
    assert "ne commencera qu'à leur réception" in case.interactions.get(kind="pieces").text
    at(2026, 8, 12, 6, 11)
    end_waiting(0)
    assert case.clocks.get(kind=Clock.Kind.SILENCE).is_suspended  # without them, nothing is accepted
    supply(case, at(2026, 8, 20, 9))
    assert due(case, Clock.Kind.SILENCE) == date(2026, 10, 20)


def test_asking_pieces_taken_back_never_suspended_anything(region: Region, at: At) -> None:
    case = asked(region, at)
    actions.withdraw_reply(case.interactions.get(kind="pieces"), by=region.chief)
    case.refresh_from_db()
    clock = case.clocks.get(kind=Clock.Kind.SILENCE)
    assert not clock.suspensions.exists() and paris_day(clock.due_at) == date(2026, 9, 1)
    assert case.status == Status.IN_PROGRESS and case.remind_at is None and case.give_up_at is None


def test_a_letter_says_a_suspension_only_when_there_is_one(region: Region, at: At) -> None:
    now = at(2026, 7, 1, 9)
    case = actions.change_topic(case_of(receive(mail(), at=now)), region.card, by=region.nadia)
    sent = actions.ask_pieces(case, by=region.nadia, pieces=["Photo"], until=datetime(2026, 7, 20, tzinfo=PARIS))
    assert "L. 114-5" not in sent.text
    assert "L. 114-5" in asked_text(region, at)


def asked_text(region: Region, at: At) -> str:
    at(2026, 7, 1, 9)
    case = case_of(receive(mail(message_id="<z@courriel.example>"), at=datetime(2026, 7, 1, 9, tzinfo=PARIS)))
    actions.change_topic(case, region.licence, by=region.chief)
    until = datetime(2026, 8, 10, tzinfo=PARIS)
    return actions.ask_pieces(case, by=region.chief, pieces=["Photo"], until=until).text


@pytest.mark.parametrize(("pieces", "day"), [([" ", ""], 20), (["Photo"], 1), (["Photo"], 0)])
def test_pieces_are_named_and_have_a_delay(region: Region, at: At, pieces: list[str], day: int) -> None:
    now = at(2026, 7, 1, 9)
    case = case_of(receive(mail(), at=now))
    until = datetime(2026, 7, day, tzinfo=PARIS) if day else datetime(2026, 6, 30, tzinfo=PARIS)
    with pytest.raises(Refused):
        actions.ask_pieces(case, by=region.nadia, pieces=pieces, until=until)


# -- waiting for the person -------------------------------------------------------------------------------------------


def waiting(region: Region, at: At, *, days: int | None = None) -> Case:
    now = at(2026, 9, 1, 9)
    case = actions.change_topic(case_of(receive(mail(), at=now)), region.card, by=region.nadia)
    actions.wait_for_citizen(case, by=region.nadia, days=days)
    case.refresh_from_db()
    return case


def test_waiting_reminds_once_then_ends_and_a_message_reopens(region: Region, at: At) -> None:
    case = waiting(region, at)
    assert case.due_at.year == 9999  # the promise is held
    before = Delivery.objects.count()
    at(2026, 9, 8, 10)
    remind_waiting(0)
    remind_waiting(0)
    reminder = case.interactions.get(kind="reminder")
    assert Delivery.objects.count() == before + 1 and "nous clôturerons" in reminder.text
    at(2026, 10, 1, 8)
    end_waiting(0)
    case.refresh_from_db()
    assert not case.is_over
    at(2026, 10, 1, 10)
    end_waiting(0)
    case.refresh_from_db()
    assert (case.status, case.result) == (Status.CLOSED, "no_reaction")
    answer = mail(message_id="<w@courriel.example>", headers=f"In-Reply-To: {reminder.message_id}\n")
    receive(answer, at=at(2026, 10, 3, 9))
    case.refresh_from_db()
    assert case.status == Status.REOPENED and case.result == "" and case.closed_at is None


def test_the_held_promise_gets_back_its_working_time(region: Region, at: At) -> None:
    case = waiting(region, at)
    was = case.clocks.get(kind=Clock.Kind.COMMITMENT).due_at
    assert paris_day(was) == date(2026, 9, 8)
    sent = case.interactions.get(direction="out")
    receive(mail(message_id="<v@courriel.example>", headers=f"In-Reply-To: {sent.message_id}\n"), at=at(2026, 9, 3, 9))
    assert due(case, Clock.Kind.COMMITMENT) == date(2026, 9, 10)  # two working days were not ours


def test_a_short_wait_is_reminded_before_its_end(region: Region, at: At) -> None:
    case = waiting(region, at, days=4)
    assert case.remind_at is not None and case.give_up_at is not None
    assert paris_day(case.remind_at) == date(2026, 9, 3) and paris_day(case.give_up_at) == date(2026, 9, 5)
    with pytest.raises(Refused):
        actions.wait_for_citizen(case, by=region.nadia, days=0)


def test_a_demand_is_never_ended_by_a_machine(region: Region, at: At) -> None:
    at(2026, 7, 1, 9)
    case = demand(region, datetime(2026, 7, 1, 9, tzinfo=PARIS))
    actions.wait_for_citizen(case, by=region.chief)
    at(2026, 7, 9, 9)
    remind_waiting(0)
    assert "nous clôturerons" not in case.interactions.get(kind="reminder").text
    at(2026, 8, 2, 9)
    end_waiting(0)
    case.refresh_from_db()
    assert not case.is_over and case.unread and Task.objects.filter(case=case).exists()
    assert due(case, Clock.Kind.SILENCE) == date(2026, 9, 1)  # waiting never suspended the legal delay


# -- answering, closing, reopening ------------------------------------------------------------------------------------


def test_a_holding_reply_stops_only_the_promise(region: Region, at: At) -> None:
    at(2026, 7, 1, 9)
    case = demand(region, datetime(2026, 7, 1, 9, tzinfo=PARIS))
    actions.hold(case, by=region.chief, text="Nous étudions votre demande.")
    case.refresh_from_db()
    running = {clock.kind for clock in case.clocks.filter(stopped_at__isnull=True)}
    assert running == {Clock.Kind.SILENCE}
    assert case.status == Status.IN_PROGRESS and case.due_at == case.clocks.get(kind=Clock.Kind.SILENCE).due_at


@pytest.mark.parametrize(("result", "runs"), [("granted", False), ("answered", False), ("no_answer", True)])
def test_the_legal_delay_resumes_unless_the_demand_was_answered(
    region: Region, at: At, result: str, runs: bool
) -> None:
    at(2026, 7, 1, 9)
    case = demand(region, datetime(2026, 7, 1, 9, tzinfo=PARIS))
    actions.close(case, by=region.chief, result=result)
    at(2026, 8, 1, 9)
    actions.reopen(case, by=region.chief)
    silence = case.clocks.get(kind=Clock.Kind.SILENCE)
    assert silence.is_running is runs
    assert paris_day(silence.due_at) == date(2026, 9, 1)
    promise = case.clocks.get(kind=Clock.Kind.COMMITMENT)
    assert promise.is_running and paris_day(promise.due_at) == date(2026, 8, 7)  # not late the minute it comes back


def test_a_topic_that_changes_back_keeps_its_legal_delay(region: Region, at: At) -> None:
    at(2026, 7, 1, 9)
    case = demand(region, datetime(2026, 7, 1, 9, tzinfo=PARIS))
    actions.change_topic(case, region.card, by=region.chief)
    assert not case.clocks.get(kind=Clock.Kind.SILENCE).is_running
    actions.change_topic(case, region.licence, by=region.chief)
    assert case.clocks.get(kind=Clock.Kind.SILENCE).is_running and due(case, Clock.Kind.SILENCE) == date(2026, 9, 1)


def test_a_topic_keeps_the_promise_made_when_the_case_was_reopened(region: Region, at: At) -> None:
    at(2026, 7, 1, 9)
    case = demand(region, datetime(2026, 7, 1, 9, tzinfo=PARIS))
    actions.close(case, by=region.chief)
    at(2026, 7, 22, 9)
    actions.reopen(case, by=region.chief)
    actions.change_topic(case, region.card, by=region.chief)
    assert due(case, Clock.Kind.COMMITMENT) == date(2026, 7, 29)


def test_a_topic_starts_nothing_on_what_is_over_nor_on_history(region: Region, at: At) -> None:
    now = at(2026, 7, 1, 9)
    closed = case_of(receive(mail(), at=now))
    actions.close(closed, by=region.chief)
    actions.change_topic(closed, region.licence, by=region.chief)
    assert not closed.clocks.filter(stopped_at__isnull=True).exists()
    old = case_of(receive(mail(message_id="<h@courriel.example>"), at=now, quiet=True))
    actions.change_topic(old, region.licence, by=region.chief)
    assert not old.clocks.exists() and InboundItem.objects.filter(quiet=True).exists()


def test_the_promise_of_the_topic_replaces_that_of_the_channel(region: Region, at: At) -> None:
    Commitment.objects.create(channel="email", topic=region.licence, amount=15)
    directory.forget()
    at(2026, 7, 1, 9)
    case = demand(region, datetime(2026, 7, 1, 9, tzinfo=PARIS))
    assert due(case, Clock.Kind.COMMITMENT) == date(2026, 7, 23)
