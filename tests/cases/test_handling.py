"""Taking, passing on, putting to sleep, ending: who may, what follows, what is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from guichet.cases import actions
from guichet.cases.actions.moving import move
from guichet.cases.models import Attachment, Case, Interaction, Status
from guichet.cases.models.case import MOVES, OVER
from guichet.cases.tasks import wake_sleeping
from guichet.core import files
from guichet.core.models import StoredFile
from guichet.core.refused import NotAllowed, Refused, Stale
from guichet.journal.models import Event
from guichet.organisation.models import CompetentBody, Sensitivity
from guichet.outbox.models import Delivery
from guichet.people.actions import add_contact_point
from tests.cases.conftest import PARIS, At
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db
SECRET_WORDS = "zygomatique"  # the citizen's: never in the journal


@pytest.fixture
def case(region: Region) -> Case:
    body = f"Mon {SECRET_WORDS} me fait mal."
    return case_of(receive(mail(subject=f"Mon {SECRET_WORDS}", body=body)))


def fresh(case: Case) -> Case:
    case.refresh_from_db()
    return case


# -- moves ------------------------------------------------------------------------------------------------------------

PAIRS = [(one, other) for one in Status for other in Status if one != other]


@pytest.mark.parametrize(("origin", "wanted"), PAIRS, ids=lambda s: s.value)
def test_a_case_moves_as_the_table_says_and_not_otherwise(region: Region, origin: Status, wanted: Status) -> None:
    case = case_of(receive(mail()))
    case.status = origin
    case.closed_at = timezone.now() if origin in OVER else None
    if wanted in MOVES[origin]:
        move(case, wanted)
        assert case.status == wanted and (case.closed_at is not None) == (wanted in OVER)
    else:
        with pytest.raises(Refused):
            move(case, wanted)
        assert case.status == origin


def test_what_is_over_only_reopens_or_merges() -> None:
    for status in OVER:
        assert MOVES[status] <= {Status.REOPENED, Status.MERGED}, status
        assert Status.REOPENED in MOVES[status]


# -- every verb: who may, what is recorded ----------------------------------------------------------------------------

Do = Callable[[Case, Any, Region], object]
TOMORROW = timedelta(days=1)
VERBS: dict[str, tuple[Do, str]] = {
    "assign": (lambda c, by, r: actions.assign(c, r.nadia, by=by), "case.assigned"),
    "release": (lambda c, by, r: actions.release(c, by=by), "case.released"),
    "transfer": (lambda c, by, r: actions.transfer(c, r.youth, by=by, reason="Pour eux"), "case.transferred"),
    "topic": (lambda c, by, r: actions.change_topic(c, r.licence, by=by), "case.topic_changed"),
    "close": (lambda c, by, r: actions.close(c, by=by), "case.closed"),
    "snooze": (lambda c, by, r: actions.snooze(c, timezone.now() + TOMORROW, by=by), "case.snoozed"),
    "wake": (lambda c, by, r: actions.wake(c, by=by), "case.woken"),
    "abusive": (lambda c, by, r: actions.reject_as_abusive(c, by=by), "case.abusive"),
    "transmit": (lambda c, by, r: actions.transmit(c, CompetentBody.objects.get(), by=by), "case.transmitted"),
    "reply": (lambda c, by, r: actions.reply(c, by=by, text="Oui."), "case.replied"),
    "note": (lambda c, by, r: actions.note(c, by=by, text="Vu."), "case.noted"),
    "hold": (lambda c, by, r: actions.hold(c, by=by, text="Bientôt."), "case.held"),
    "wait": (lambda c, by, r: actions.wait_for_citizen(c, by=by), "case.waiting"),
    "pieces": (
        lambda c, by, r: actions.ask_pieces(c, by=by, pieces=["Photo"], until=timezone.now() + 9 * TOMORROW),
        "case.pieces_asked",
    ),
    "split": (
        lambda c, by, r: actions.split(c.interactions.get(direction="in"), by=by, subject="x"), "case.split",
    ),
    "read": (lambda c, by, r: actions.mark_read(c, by=by), "case.read"),
}  # fmt: skip


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_records_one_event_without_the_citizens_words(region: Region, case: Case, name: str) -> None:
    do, verb = VERBS[name]
    seen = set(Event.objects.values_list("pk", flat=True))
    do(case, region.nadia, region)
    new = Event.objects.exclude(pk__in=seen)
    own = [event for event in new if event.case_id == case.pk and event.actor_id == region.nadia.pk]
    assert [event.verb for event in own] == [verb]
    for event in Event.objects.all():
        assert SECRET_WORDS not in str(event.data).lower() + event.subject
        assert "lacoste" not in str(event.data).lower()


@pytest.mark.parametrize("name", [name for name in VERBS if name != "read"])
def test_no_verb_is_for_another_team(region: Region, case: Case, name: str) -> None:
    do, _ = VERBS[name]
    before, events = fresh(case).version, Event.objects.count()
    with pytest.raises(NotAllowed):
        do(case, region.leo, region)
    assert fresh(case).version == before and Event.objects.count() == events
    assert Interaction.objects.count() == 2


@pytest.mark.parametrize(("clearance", "sees"), [(0, False), (1, True), (2, True)])
def test_sensitivity_is_a_right_apart_from_the_team(region: Region, case: Case, clearance: int, sees: bool) -> None:
    Case.objects.filter(pk=case.pk).update(sensitivity=Sensitivity.SENSITIVE)
    region.nadia.clearance = clearance
    region.nadia.save()
    assert Case.objects.visible_to(region.nadia).filter(pk=case.pk).exists() is sees
    if not sees:
        with pytest.raises(NotAllowed):
            actions.note(case, by=region.nadia, text="x")


def test_a_verb_on_a_stale_page_changes_nothing(region: Region, case: Case) -> None:
    shown = case.version
    actions.note(case, by=region.nadia, text="x")
    actions.assign(case, region.nadia, by=region.nadia)
    for verb in (
        lambda: actions.transfer(case, region.youth, by=region.nadia, reason="x", version=shown),
        lambda: actions.close(case, by=region.nadia, version=shown),
        lambda: actions.transmit(case, CompetentBody.objects.get(), by=region.nadia, version=shown),
    ):
        with pytest.raises(Stale):
            verb()


# -- transfer ---------------------------------------------------------------------------------------------------------


def test_a_transfer_says_why_keeps_the_clocks_and_wakes(region: Region, case: Case) -> None:
    actions.assign(case, region.nadia, by=region.nadia)
    actions.snooze(case, timezone.now() + 9 * TOMORROW, by=region.nadia)
    clocks = list(case.clocks.order_by("pk").values_list("due_at", "stopped_at"))
    actions.transfer(case, region.youth, by=region.nadia, reason="  C'est une aide  ")
    fresh(case)
    assert (case.team, case.assignee, case.status) == (region.youth, None, Status.ASSIGNED)
    assert case.unread and case.snoozed_until is None  # the next team sees it at once
    assert list(case.clocks.order_by("pk").values_list("due_at", "stopped_at")) == clocks
    event = Event.objects.get(verb="case.transferred")
    assert event.data["reason"] == "C'est une aide" and event.words.startswith("Transférée de Transports 17 à Aides")
    assert case in Case.objects.visible_to(region.leo).to_handle()


def test_ping_pong_is_counted(region: Region, case: Case) -> None:
    for turn, team in enumerate((region.youth, region.transport, region.youth), start=1):
        actions.transfer(case, team, by=region.chief, reason="Pas pour nous")
        assert fresh(case).transfers == turn
    assert list(Event.objects.filter(verb="case.transferred").order_by("pk").values_list("data__count", flat=True)) == [
        1, 2, 3,
    ]  # fmt: skip


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_transfer_without_a_reason_is_refused(region: Region, case: Case, reason: str) -> None:
    with pytest.raises(Refused):
        actions.transfer(case, region.youth, by=region.nadia, reason=reason)


def test_a_transfer_goes_to_another_living_team_of_a_running_case(region: Region, case: Case) -> None:
    with pytest.raises(Refused):
        actions.transfer(case, region.transport, by=region.nadia, reason="x")
    region.youth.is_active = False
    region.youth.save()
    with pytest.raises(Refused):
        actions.transfer(case, region.youth, by=region.nadia, reason="x")
    actions.close(case, by=region.nadia)
    with pytest.raises(Refused):
        actions.transfer(case, region.unrouted, by=region.nadia, reason="x")


def test_an_agent_who_may_not_see_it_is_not_given_it(region: Region, case: Case) -> None:
    with pytest.raises(Refused, match="transférez"):
        actions.assign(case, region.leo, by=region.nadia)
    actions.assign(case, region.nadia, by=region.nadia)
    region.licence.sensitivity = Sensitivity.SENSITIVE
    region.licence.save()
    actions.change_topic(case, region.licence, by=region.chief)
    assert fresh(case).assignee is None  # it rose above her clearance


# -- sleep ------------------------------------------------------------------------------------------------------------


def test_it_sleeps_until_the_date(region: Region, case: Case, at: At) -> None:
    now = at(2026, 9, 1, 9)
    actions.snooze(case, now + TOMORROW, by=region.nadia)
    wake_sleeping(0)
    assert fresh(case).snoozed_until and case not in Case.objects.visible_to(region.nadia).to_handle()
    at(2026, 9, 2, 9, 5)
    wake_sleeping(0)
    assert fresh(case).snoozed_until is None and case.unread
    assert case in Case.objects.visible_to(region.nadia).to_handle()
    with pytest.raises(Refused):
        actions.snooze(case, now, by=region.nadia)


@pytest.mark.parametrize(("header", "wakes"), [("", True), ("Auto-Submitted: auto-replied\n", False)])
def test_it_sleeps_until_the_first_message_of_a_person(region: Region, case: Case, header: str, wakes: bool) -> None:
    actions.snooze(case, timezone.now() + 9 * TOMORROW, by=region.nadia)
    sent = case.interactions.get(direction="out")
    receive(mail(message_id="<s@courriel.example>", headers=f"In-Reply-To: {sent.message_id}\n{header}"))
    assert (fresh(case).snoozed_until is None) is wakes


# -- the end ----------------------------------------------------------------------------------------------------------


def test_closing_and_reopening(region: Region, case: Case) -> None:
    actions.close(case, by=region.nadia, result="granted")
    assert (fresh(case).status, case.result) == (Status.CLOSED, "granted") and case.closed_at
    for verb in (actions.close, actions.reject_as_abusive):
        with pytest.raises(Refused):
            verb(case, by=region.nadia)
    with pytest.raises(Refused):
        actions.reply(case, by=region.nadia, text="x")
    actions.reopen(case, by=region.nadia)
    assert (fresh(case).status, case.result, case.closed_at) == (Status.REOPENED, "", None)
    with pytest.raises(Refused):
        actions.reopen(case, by=region.nadia)
    with pytest.raises(Refused):
        actions.close(case, by=region.nadia, result="inconnu")


@pytest.mark.parametrize(("late", "same"), [(-1, True), (1, False)])
def test_a_message_after_the_end(region: Region, case: Case, late: int, same: bool) -> None:
    Case.objects.filter(pk=case.pk).update(sensitivity=Sensitivity.SENSITIVE)
    actions.close(case, by=region.chief)
    sent = case.interactions.get(direction="out")
    when = fresh(case).closed_at + timedelta(days=settings.REOPEN_GRACE_DAYS, minutes=late)  # type: ignore[operator]
    again = mail(message_id="<g@courriel.example>", headers=f"In-Reply-To: {sent.message_id}\n")
    found = case_of(receive(again, at=when))
    assert (found == case) is same
    if same:
        assert fresh(case).status == Status.REOPENED
        return
    assert fresh(case).status == Status.CLOSED and case.links_from.get().second == found
    assert found.sensitivity == Sensitivity.SENSITIVE and found.interactions.filter(direction="out").count() == 1


# -- not ours (CRPA L114-2) -------------------------------------------------------------------------------------------


def test_what_is_not_ours_is_transmitted_and_the_person_told(region: Region, case: Case, at: At) -> None:
    sent = case.interactions.get(direction="out")
    file = files.keep(b"plan", name="plan.txt")
    bad = files.keep(b"virus", name="virus.txt")
    StoredFile.objects.filter(pk=bad.pk).update(scan="infected")
    came = receive(mail(message_id="<2@courriel.example>", body="Voici la suite.",
                        headers=f"In-Reply-To: {sent.message_id}\n"))  # fmt: skip
    for one, name in ((file, "plan.txt"), (bad, "virus.txt")):
        Attachment.objects.create(interaction=came.interaction, file_id=one.pk, name=name)
    body = CompetentBody.objects.get()
    actions.transmit(case, body, by=region.nadia)
    assert (fresh(case).status, case.result, case.transmitted_to) == (Status.TRANSMITTED, "transmitted", body)
    letter, told = case.interactions.filter(kind="transmission").order_by("id")
    assert letter.recipients == [["contact@cd17.example", body.name]]
    assert SECRET_WORDS in letter.text and "Voici la suite." in letter.text and "L. 114-2" in letter.text
    assert list(letter.parcel.files.values_list("name", flat=True)) == ["plan.txt"]  # type: ignore[union-attr]
    assert told.recipients == [["sandrine.lacoste@courriel.example", "Sandrine Lacoste"]] and body.name in told.text
    assert not case.clocks.filter(stopped_at__isnull=True).exists()


def test_the_person_is_told_where_an_answer_would_go(region: Region, case: Case) -> None:
    assert case.person is not None
    add_contact_point(case.person, "email", "ancienne@courriel.example", by=region.nadia)
    case.person.contact_points.filter(value="ancienne@courriel.example").update(id=1)  # the first of the list
    sent = case.interactions.get(direction="out")
    third = mail(message_id="<3@x.example>", sender="Paul <paul@ailleurs.example>",
                 headers=f"In-Reply-To: {sent.message_id}\n")  # fmt: skip
    receive(third)
    actions.transmit(case, CompetentBody.objects.get(), by=region.nadia)
    letter, told = case.interactions.filter(kind="transmission").order_by("id")
    assert told.recipients == [["sandrine.lacoste@courriel.example", "Sandrine Lacoste"]]
    assert "paul@ailleurs.example" not in letter.text


def test_nothing_is_transmitted_half(region: Region, case: Case) -> None:
    body = CompetentBody.objects.get()
    CompetentBody.objects.update(email="")
    sent = Delivery.objects.count()
    with pytest.raises(Refused):
        actions.transmit(case, CompetentBody.objects.get(pk=body.pk), by=region.nadia)
    CompetentBody.objects.update(email="contact@cd17.example")
    case.person.contact_points.update(bad_since=timezone.now())  # type: ignore[union-attr]
    with pytest.raises(Refused, match="courrier"):
        actions.transmit(case, body, by=region.nadia)
    assert Delivery.objects.count() == sent and not fresh(case).is_over


# -- reading ----------------------------------------------------------------------------------------------------------


def test_each_reading_is_recorded_and_the_first_of_the_team_clears_the_mark(region: Region, case: Case) -> None:
    actions.mark_read(case, by=region.chief)
    actions.mark_read(fresh(case), by=region.nadia)
    assert not fresh(case).unread
    seen = Event.objects.filter(verb="case.read", case_id=case.pk, person_id=case.person_id)
    assert [event.actor_id for event in seen.order_by("pk")] == [region.chief.pk, region.nadia.pk]


def test_golden_reception_at_the_last_minute_of_the_year(region: Region) -> None:
    case = case_of(receive(mail(), at=datetime(2026, 12, 31, 23, 40, tzinfo=PARIS)))
    assert "31\u00a0décembre 2026" in case.interactions.get(direction="out").text
