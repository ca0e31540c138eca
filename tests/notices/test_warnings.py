"""Warnings before and after a promise is missed: to the right person, once, not in a flood."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import Absence, Membership, User
from guichet.cases import actions
from guichet.cases.models import Case, Clock, Status, Suspension, Task
from guichet.cases.models.case import next_reference
from guichet.core.calendar import PARIS
from guichet.journal.models import Event
from guichet.notices.actions import LATE_WITHIN, mark_warnings_read, warn
from guichet.notices.models import Alert
from guichet.notices.watchers import tell_at_once
from tests.factories import Region, build_region, case_of, mail, receive

TUESDAY = datetime(2026, 6, 23, 10, tzinfo=PARIS)


@pytest.fixture
def region(db: None, monkeypatch: pytest.MonkeyPatch) -> Region:
    monkeypatch.setattr(timezone, "now", lambda: TUESDAY)
    return build_region()


@pytest.fixture
def ines(region: Region) -> User:
    user = User.objects.create_user("ines@agents.example", "x" * 20, first_name="Inès")
    Membership.objects.create(user=user, team=region.root, role="supervisor")
    return user


def promised(region: Region, due: datetime, **fields: object) -> Case:
    values = {"assignee": region.nadia, "status": Status.IN_PROGRESS, **fields}
    case = Case.objects.create(
        reference=next_reference(), subject="Carte", channel="email", team=region.transport,
        received_at=TUESDAY - timedelta(days=5), due_at=due, **values,
    )  # fmt: skip
    Clock.objects.create(case=case, kind="commitment", started_at=case.received_at, due_at=due, base_due_at=due)
    return case


def told() -> list[tuple[str, str]]:
    return sorted((alert.kind, alert.user.first_name) for alert in Alert.objects.select_related("user"))


def test_who_holds_it_half_a_working_day_before_and_once(region: Region, ines: User) -> None:
    promised(region, TUESDAY + timedelta(hours=3))
    promised(region, TUESDAY + timedelta(hours=30))  # tomorrow at four: not yet
    assert warn() == 1
    assert told() == [("near", "Nadia")]
    assert warn() == 0
    assert Event.objects.filter(verb="case.warned").count() == 1


def test_half_a_day_is_of_working_time(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    """Friday at half past four in the afternoon: what is due on Monday morning is near."""
    friday = datetime(2026, 6, 26, 16, 30, tzinfo=PARIS)
    monkeypatch.setattr(timezone, "now", lambda: friday)
    promised(region, datetime(2026, 6, 29, 9, 30, tzinfo=PARIS))
    assert warn() == 1


def test_who_leads_when_nobody_holds_it_or_once_past(region: Region, ines: User) -> None:
    promised(region, TUESDAY + timedelta(hours=2), assignee=None, status=Status.ASSIGNED)
    promised(region, TUESDAY - timedelta(hours=1))
    promised(region, TUESDAY - LATE_WITHIN - timedelta(hours=1))  # long ago: told to nobody now
    warn()
    assert told() == [("late", "Inès"), ("nobody", "Inès")]
    assert warn() == 0


def test_the_nearest_who_leads(region: Region, ines: User) -> None:
    near = User.objects.create_user("bob@agents.example", "x" * 20, first_name="Bob")
    Membership.objects.create(user=near, team=region.transport, role="supervisor")
    promised(region, TUESDAY - timedelta(hours=1))
    warn()
    assert told() == [("late", "Bob")]


def test_the_absent_are_told_through_who_stands_in(region: Region, ines: User) -> None:
    ana = User.objects.create_user("ana@agents.example", "x" * 20, first_name="Ana")
    Membership.objects.create(user=ana, team=region.transport)
    today = TUESDAY.date()
    Absence.objects.create(user=region.nadia, first_day=today, last_day=today, substitute=ana)
    promised(region, TUESDAY + timedelta(hours=2))
    warn()
    assert told() == [("near", "Ana")]


@pytest.mark.parametrize("state", ["answered", "held", "too sensitive"])
def test_what_is_kept_held_or_hidden_warns_nobody(region: Region, ines: User, state: str) -> None:
    case = promised(region, TUESDAY - timedelta(hours=1), sensitivity=2 if state == "too sensitive" else 0)
    if state == "answered":
        case.clocks.update(stopped_at=TUESDAY)
    elif state == "held":
        Suspension.objects.create(clock=case.clocks.get(), reason="waiting_citizen", started_at=TUESDAY)
    assert warn() == 0


def test_a_new_promise_warns_again(region: Region, ines: User) -> None:
    case = promised(region, TUESDAY - timedelta(hours=1))
    warn()
    case.clocks.update(started_at=TUESDAY - timedelta(hours=2))
    assert warn() == 1


def test_the_bell_counts_what_the_page_shows_and_one_marks_his_own_only(region: Region, ines: User) -> None:
    for hours in (1, 2, 3):
        promised(region, TUESDAY - timedelta(hours=hours))
    kept = promised(region, TUESDAY - timedelta(hours=4))
    warn()
    actions.close(kept, by=region.nadia)  # answered since: it is no longer counted
    client = Client()
    client.force_login(ines)
    page = client.get("/bureau/avertissements/").content.decode()
    assert "3 avertissements à lire" in page
    assert page.count("<section") == 1 and "Échéance dépassée, Transports 17" in page  # one heap, not three lines
    assert mark_warnings_read(None, by=region.nadia) == 0
    other = Client()
    other.force_login(region.leo)
    other.post("/bureau/avertissements/lus/", {"lus": ",".join(str(a.pk) for a in Alert.objects.all())})
    assert Alert.objects.filter(read_at=None).count() == 4
    first = Alert.objects.filter(user=ines).exclude(case=kept)[0]
    client.post("/bureau/avertissements/lus/", {"lus": str(first.pk)})
    assert "2 avertissements à lire" in client.get("/bureau/").content.decode()
    client.post("/bureau/avertissements/lus/", {"tout": "oui"})
    assert "aucun à lire" in client.get("/bureau/").content.decode()


def test_who_is_in_danger_is_told_to_the_whole_team_at_once(region: Region, ines: User) -> None:
    body = "Je n'en peux plus, je vais me tuer."
    case = case_of(receive(mail(body=body)))
    assert case.urgent and case.team == region.transport
    assert Event.objects.get(verb="case.urgent").words == "À lire tout de suite : risque suicidaire"
    tell_at_once(Event.objects.get(verb="case.urgent"))
    assert told() == [("danger", "Inès"), ("danger", "Nadia")]
    assert Event.objects.filter(verb="case.warned").count() == 1
    client = Client()
    client.force_login(region.nadia)
    page = client.get("/bureau/avertissements/").content.decode()
    assert "À lire tout de suite, Transports 17" in page and "1 avertissement à lire" in page
    assert "urgente</span>" not in page
    assert "urgente</span>" in client.get("/bureau/?file=toutes").content.decode()

    # Said again after the first was read: told again.
    mark_warnings_read(None, by=region.nadia)
    again = mail(body=body, message_id="<m2@x.example>", headers="In-Reply-To: <m1@courriel.example>\n")
    assert case_of(receive(again)) == case
    tell_at_once(Event.objects.filter(verb="case.urgent").latest("pk"))
    assert Alert.objects.get(user=region.nadia).read_at is None
    assert Task.objects.filter(case=case, kind=Task.Kind.DANGER).count() == 1


def test_a_danger_said_in_an_answer_makes_the_case_urgent(region: Region, ines: User) -> None:
    case = case_of(receive(mail()))
    assert not case.urgent and not Event.objects.filter(verb="case.urgent").exists()
    again = mail(body="Si rien ne change je vais me tuer.", message_id="<m2@x.example>",
                 headers="In-Reply-To: <m1@courriel.example>\n")  # fmt: skip
    assert case_of(receive(again)) == case
    case.refresh_from_db()
    assert case.urgent
    assert Task.objects.get(case=case, kind=Task.Kind.DANGER).label.startswith("À lire tout de suite")
    tell_at_once(Event.objects.get(verb="case.urgent"))
    assert told() == [("danger", "Inès"), ("danger", "Nadia")]


def test_a_team_of_nobody_is_not_left_alone_with_a_danger(region: Region) -> None:
    Membership.objects.filter(user=region.nadia).delete()
    Membership.objects.create(user=region.leo, team=region.unrouted)
    receive(mail(body="Je vais me tuer."))
    tell_at_once(Event.objects.get(verb="case.urgent"))
    assert told() == [("danger", "Léo")]
