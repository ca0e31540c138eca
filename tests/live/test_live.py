"""Commit here, told there: by a real process listening to a real PostgreSQL."""

from __future__ import annotations

import signal
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client

from guichet.accounts.actions import join
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Membership, Session
from guichet.accounts.own import change_password, revoke_session
from guichet.cases import actions
from guichet.cases.actions.presence import be_present, leave
from guichet.cases.models import Case
from guichet.journal.snapshots import current_snapshot
from guichet.organisation.models import Sensitivity
from tests.factories import Region, build_region, case_of, mail, receive
from tests.live.conftest import Live, Stream, session_of

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]
Listen = Callable[..., Stream]
LACOSTE = "sandrine.lacoste@courriel.example"


@pytest.fixture
def region(transactional_db: None) -> Region:
    return build_region()


@pytest.fixture
def case(region: Region) -> Case:
    return case_of(receive(mail()))


def since(text: str) -> dict[str, str]:
    return {"path": f"/direct/?depuis={text}"}


def test_a_commit_is_told_with_numbers_and_kinds_only(region: Region, case: Case, listen: Listen) -> None:
    stream = listen(session_of(region.nadia))
    assert stream.response.headers["Content-Type"].startswith("text/event-stream")
    actions.assign(case, region.nadia, by=region.nadia)
    told = stream.next()
    assert (
        told is not None and told.event == "changements" and told.data == {"demandes": [{"id": case.pk, "change": 1}]}
    )
    sent = case.interactions.get(direction="out")
    receive(mail(message_id="<n@courriel.example>", headers=f"In-Reply-To: {sent.message_id}\n"))
    told = stream.next()
    assert told is not None and told.cases == {case.pk: {"message": 1}}


def test_what_is_rolled_back_is_not_told(region: Region, case: Case, listen: Listen) -> None:
    stream = listen(session_of(region.nadia))
    with transaction.atomic():
        actions.note(case, by=region.nadia, text="x")
        transaction.set_rollback(True)
    actions.assign(case, region.nadia, by=region.nadia)
    told = stream.next()
    assert told is not None and told.cases == {case.pk: {"change": 1}}


def test_another_teams_case_is_not_told(region: Region, case: Case, listen: Listen) -> None:
    youth, admin = listen(session_of(region.leo)), listen(session_of(region.chief))
    actions.assign(case, region.nadia, by=region.nadia)
    mine = case_of(receive(mail(message_id="<y@x.example>", to="jeunes@nouvelle-aquitaine.example")))
    told = youth.next()
    assert told is not None and set(told.cases) == {mine.pk}  # the first thing told is his own
    first = admin.next()
    assert first is not None and case.pk in first.cases  # perhaps both in one message


def test_a_sensitive_case_is_not_told_below_its_clearance(region: Region, case: Case, listen: Listen) -> None:
    other = case_of(receive(mail(message_id="<o@courriel.example>")))
    Case.objects.filter(pk=case.pk).update(sensitivity=Sensitivity.SENSITIVE)
    stream = listen(session_of(region.nadia))
    actions.close(case, by=region.chief)
    actions.close(other, by=region.nadia)
    told = stream.next()
    assert told is not None and set(told.cases) == {other.pk}


def test_both_teams_of_a_transfer_are_told(region: Region, case: Case, listen: Listen) -> None:
    streams = [listen(session_of(region.nadia)), listen(session_of(region.leo))]
    actions.transfer(case, region.youth, by=region.nadia, reason="Pour eux")
    for stream in streams:
        told = stream.next()
        assert told is not None and set(told.cases) == {case.pk}


def test_readings_and_persons_are_not_told(region: Region, case: Case, listen: Listen) -> None:
    stream = listen(session_of(region.nadia))
    actions.mark_read(case, by=region.nadia)
    actions.close(case, by=region.nadia)
    told = stream.next()
    assert told is not None and told.cases == {case.pk: {"change": 1}}


# -- cuts -------------------------------------------------------------------------------------------------------------


def test_a_cut_and_a_return_lose_nothing(region: Region, case: Case, listen: Listen) -> None:
    stream = listen(session_of(region.nadia))
    actions.assign(case, region.nadia, by=region.nadia)
    told = stream.next()
    assert told is not None
    stream.close()
    other = case_of(receive(mail(message_id="<o@courriel.example>")))
    actions.close(case, by=region.nadia)
    again = listen(session_of(region.nadia), Last_Event_ID=told.id).next()
    assert again is not None and set(again.cases) == {case.pk, other.pk}


def test_what_changed_between_the_page_and_its_stream_is_told(region: Region, case: Case, listen: Listen) -> None:
    client = Client()
    client.force_login(region.nadia)
    page = client.get("/bureau/").context["live_since"]
    actions.close(case, by=region.nadia)
    told = listen(session_of(region.nadia), **since(page)).next()
    assert told is not None and set(told.cases) == {case.pk}


def test_a_slow_committer_is_not_skipped(region: Region, case: Case, listen: Listen) -> None:
    """A transaction that began before others and commits after them; a mark taken meanwhile still tells it."""
    other = case_of(receive(mail(message_id="<o@courriel.example>")))
    stream = listen(session_of(region.nadia))

    given = connection.settings_dict
    with psycopg.connect(
        dbname=given["NAME"], user=given["USER"], host=given["HOST"], port=given["PORT"] or None
    ) as slow:
        slow.execute(
            "INSERT INTO journal_event (verb, actor_id, case_id, subject, data) "
            "VALUES ('case.noted', %s, %s, '', '{}')",
            [region.nadia.pk, case.pk],
        )
        actions.close(other, by=region.nadia)
        told = stream.next()
        assert told is not None and set(told.cases) == {other.pk}  # not delayed by the one still running
        stream.close()
        slow.commit()
    again = listen(session_of(region.nadia), Last_Event_ID=told.id).next()
    assert again is not None and set(again.cases) == {case.pk}


@pytest.mark.parametrize(
    "mark", ["n'importe quoi", "1:2", "9" * 5000, "0:0:", "9000000000000000000:9000000000000000000:"]
)
def test_a_mark_that_means_nothing_asks_to_look_at_everything(region: Region, listen: Listen, mark: str) -> None:
    told = listen(session_of(region.nadia), Last_Event_ID=mark).next()
    assert told is not None and (told.event, told.data) == ("reprendre", {})


def test_too_much_to_tell_asks_to_look_at_everything(region: Region, case: Case, listen: Listen) -> None:
    before = current_snapshot()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journal_event (verb, actor_id, case_id, subject, data) "
            "SELECT 'case.noted', %s, %s, '', '{}' FROM generate_series(1, 501)",
            [region.nadia.pk, case.pk],
        )
    told = listen(session_of(region.nadia), **since(before)).next()
    assert told is not None and told.event == "reprendre"


def test_the_listening_connection_cut_under_it(region: Region, case: Case, live: Live, listen: Listen) -> None:
    stream = listen(session_of(region.nadia))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 2
    actions.close(case, by=region.nadia)  # while it is deaf
    told = stream.next()
    assert told is not None and set(told.cases) == {case.pk}
    live.wait_until_listening()


# -- who is behind the cookie -----------------------------------------------------------------------------------------


def test_only_an_agent_with_a_session_listens(region: Region, case: Case, listen: Listen) -> None:
    assert listen().status == 401
    assert listen("x" * 32).status == 401
    assert listen(session_of(machine(GUICHET))).status == 401
    region.leo.is_active = False
    key = session_of(region.leo)
    region.leo.save()
    assert listen(key).status == 401
    assert listen(session_of(region.nadia), path="/direct/autre").status == 404


def test_only_the_desk_reads_the_stream(region: Region, listen: Listen) -> None:
    key = session_of(region.nadia)
    assert listen(key, Origin="https://ailleurs.example").status == 403
    assert listen(key, Origin="null").status == 403
    ours = listen(key, Origin="http://127.0.0.1:8000")
    assert ours.status == 200
    assert ours.response.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:8000"
    assert ours.response.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize("how", ["revoked", "password"])
def test_a_session_that_ends_ends_its_stream(region: Region, case: Case, listen: Listen, how: str) -> None:
    key = session_of(region.nadia)
    stream, other = listen(key), listen(session_of(region.leo))
    if how == "revoked":
        revoke_session(region.nadia, key[:12])
        assert not Session.objects.filter(session_key=key).exists()
    else:
        change_password(region.nadia, "une autre phrase bien longue 42")
    assert stream.next() is None
    join(region.leo, region.transport, by=region.chief)
    assert other.response.isclosed() is False
    assert listen(key).status == 401


def test_a_right_that_changes_is_seen_at_the_next_look(region: Region, case: Case, listen: Listen) -> None:
    stream = listen(session_of(region.nadia))
    Membership.objects.filter(user=region.nadia).delete()
    revoke_session(region.leo, "aaaaaaaa")  # whatever of an account makes it look again
    mine = case_of(receive(mail(message_id="<y@x.example>", to="jeunes@nouvelle-aquitaine.example")))
    actions.close(case, by=region.chief)
    join(region.nadia, region.youth, by=region.chief)
    revoke_session(region.leo, "aaaaaaaa")
    actions.close(mine, by=region.chief)
    told = stream.next()
    assert told is not None and set(told.cases) == {mine.pk}


def test_it_stops_at_once_and_ends_its_streams(region: Region, live: Live, listen: Listen) -> None:
    stream = listen(session_of(region.nadia))
    live.process.send_signal(signal.SIGTERM)
    assert stream.next() is None
    said, _ = live.process.communicate(timeout=20)
    assert live.process.returncode in {0, -signal.SIGTERM} and b"Traceback" not in said, said


def test_presence_is_told_to_the_screens_that_have_the_case_open(region: Region, case: Case, listen: Listen) -> None:
    opened = {"path": f"/direct/?demande={case.pk}"}
    beside, inbox = listen(session_of(region.chief), **opened), listen(session_of(region.chief))
    stranger = listen(session_of(region.leo), **opened)
    be_present(case, by=region.nadia, state="reads")
    be_present(case, by=region.nadia, state="reads")  # the same: not told again
    leave(case, by=region.nadia)
    actions.assign(case, region.nadia, by=region.nadia)
    told = [beside.next() for _ in range(3)]
    assert [one and one.event for one in told] == ["presence", "presence", "changements"]
    assert told[0] is not None and told[0].data == {"demande": case.pk}
    first = inbox.next()
    assert first is not None and first.event == "changements"
    mine = case_of(receive(mail(message_id="<z@x.example>", to="jeunes@nouvelle-aquitaine.example")))
    other = stranger.next()
    assert other is not None and set(other.cases) == {mine.pk}
