"""Two cases become one, and two again: exchanges, deadlines, tasks, readers."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from guichet.cases import actions
from guichet.cases.models import Case, CaseMerge, Clock, Status, Task
from guichet.core.calendar import paris_day
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.models import Event
from guichet.organisation.models import Sensitivity
from tests.cases.conftest import PARIS, At
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(region: Region, at: At) -> tuple[Case, Case]:
    """The same person wrote twice: on 1 July, and on 8 July."""
    first = case_of(receive(mail(message_id="<a@courriel.example>"), at=at(2026, 7, 1, 9)))
    second = case_of(receive(mail(message_id="<b@courriel.example>"), at=at(2026, 7, 8, 9)))
    return first, second


def fresh(*cases: Case) -> None:
    for case in cases:
        case.refresh_from_db()


def state(case: Case) -> dict[str, object]:
    """All of a case that merging could change, its version apart."""
    case.refresh_from_db()
    fields = {f.attname: getattr(case, f.attname) for f in Case._meta.concrete_fields if f.attname != "version"}
    clocks = {
        clock.kind: (
            clock.pk, clock.due_at, clock.base_due_at, clock.stopped_at, clock.stopped_why,
            [(s.pk, s.started_at, s.ended_at) for s in clock.suspensions.order_by("pk")],
        )
        for clock in case.clocks.all()
    }  # fmt: skip
    exchanges = list(case.interactions.order_by("pk").values_list("pk", flat=True))
    tasks = list(case.tasks.order_by("pk").values_list("pk", flat=True))
    return {"fields": fields, "clocks": clocks, "exchanges": exchanges, "tasks": tasks}


def test_its_exchanges_move_and_its_number_leads_to_the_survivor(region: Region, pair: tuple[Case, Case]) -> None:
    first, second = pair
    both = first.interactions.count() + second.interactions.count()
    sent = second.interactions.get(direction="out")
    actions.merge(first, second, by=region.nadia)
    fresh(first, second)
    assert (second.status, second.result, second.is_over) == (Status.MERGED, "duplicate", True)
    assert first.interactions.count() == both and not second.interactions.exists()
    assert second.survivor() == first
    for n, header in enumerate((f"In-Reply-To: {sent.message_id}\n", "")):
        to = "transports17@nouvelle-aquitaine.example" if header else sent.parcel.reply_to  # type: ignore[union-attr]
        item = receive(mail(message_id=f"<c{n}@courriel.example>", subject="suite", headers=header, to=to))
        assert case_of(item) == first
    verbs = set(Event.objects.filter(case_id__in=[first.pk, second.pk]).values_list("case_id", "verb"))
    assert (first.pk, "case.merged") in verbs and (second.pk, "case.merged_into") in verbs


@pytest.mark.parametrize("held", ["pieces", "wait"])
def test_undoing_gives_everything_back(region: Region, pair: tuple[Case, Case], at: At, held: str) -> None:
    first, second = pair
    actions.change_topic(second, region.licence, by=region.chief)
    if held == "pieces":
        actions.ask_pieces(second, by=region.chief, pieces=["Photo"], until=datetime(2026, 7, 30, tzinfo=PARIS))
    else:
        actions.wait_for_citizen(second, by=region.chief)
    Task.objects.create(case=second, label="Rappeler")
    before = [state(case) for case in pair]
    at(2026, 7, 10, 9)
    done = actions.merge(first, second, by=region.chief)
    assert state(first)["tasks"] and not state(second)["tasks"]
    at(2026, 7, 12, 9)
    actions.undo_merge(done, by=region.chief)
    assert [state(case) for case in pair] == before
    with pytest.raises(Refused):
        actions.undo_merge(done, by=region.chief)


def test_a_case_that_was_over_is_over_again_as_it_was(region: Region, pair: tuple[Case, Case], at: At) -> None:
    first, second = pair
    at(2026, 7, 9, 9)
    actions.close(second, by=region.nadia, result="refused")
    before = state(second)
    at(2026, 7, 10, 9)
    done = actions.merge(first, second, by=region.nadia)
    at(2026, 7, 12, 9)
    actions.undo_merge(done, by=region.nadia)
    assert state(second) == before


def test_what_was_set_aside_or_transmitted_is_not_merged(region: Region, pair: tuple[Case, Case]) -> None:
    first, second = pair
    actions.reject_as_abusive(second, by=region.nadia)
    second.refresh_from_db()
    with pytest.raises(Refused, match="ne peut pas être réunie"):
        actions.merge(first, second, by=region.nadia)


def test_what_came_since_stays_with_the_survivor(region: Region, pair: tuple[Case, Case], at: At) -> None:
    first, second = pair
    done = actions.merge(first, second, by=region.nadia)
    sent = done.survivor.interactions.filter(pk__in=done.interactions).get(direction="out")
    at(2026, 7, 20, 9)
    came = receive(
        mail(message_id="<n@courriel.example>", headers=f"In-Reply-To: {sent.message_id}\n"), at=at(2026, 7, 20, 9)
    )
    assert case_of(came) == first
    actions.reply(first, by=region.nadia, text="Oui.")
    answered = first.interactions.filter(author=region.nadia).get()
    actions.undo_merge(done, by=region.nadia)
    fresh(first, second)
    assert came.interaction is not None
    assert set(first.interactions.values_list("pk", flat=True)) >= {came.interaction.pk, answered.pk}
    assert set(second.interactions.values_list("pk", flat=True)) == set(done.interactions)
    assert first.last_inbound_at == datetime(2026, 7, 20, 9, tzinfo=PARIS)
    assert second.last_inbound_at == datetime(2026, 7, 8, 9, tzinfo=PARIS)
    assert (first.status, second.status) == (Status.ANSWERED, Status.ASSIGNED)
    # An answer to the message that went back finds its case again.
    again = receive(mail(message_id="<o@courriel.example>", headers=f"In-Reply-To: {sent.message_id}\n"))
    assert case_of(again) == second


def test_the_soonest_deadline_goes_on(region: Region, pair: tuple[Case, Case], at: At) -> None:
    first, second = pair
    actions.change_topic(first, region.licence, by=region.chief)  # legal delay on 1 September
    at(2026, 7, 10, 9)
    done = actions.merge(second, first, by=region.chief)
    fresh(first, second)
    days = {clock.kind: paris_day(clock.due_at) for clock in second.clocks.filter(stopped_at__isnull=True)}
    assert days == {Clock.Kind.SILENCE: date(2026, 9, 1), Clock.Kind.COMMITMENT: date(2026, 7, 8)}
    assert second.due_at == second.clocks.get(kind=Clock.Kind.COMMITMENT).due_at
    actions.close(second, by=region.chief)
    at(2026, 7, 15, 9)
    actions.undo_merge(done, by=region.chief)  # the survivor ended meanwhile: the other matter did not
    fresh(first, second)
    assert second.is_over and not second.clocks.filter(stopped_at__isnull=True).exists()
    assert not first.is_over and first.clocks.get(kind=Clock.Kind.SILENCE).is_running
    assert paris_day(first.clocks.get(kind=Clock.Kind.SILENCE).due_at) == date(2026, 9, 1)


def test_nobody_reads_more_than_before(region: Region, pair: tuple[Case, Case]) -> None:
    first, second = pair
    Case.objects.filter(pk=second.pk).update(sensitivity=Sensitivity.SENSITIVE)
    second.refresh_from_db()
    with pytest.raises(NotAllowed):
        actions.merge(first, second, by=region.nadia)
    done = actions.merge(first, second, by=region.chief)
    fresh(first)
    assert first.sensitivity == Sensitivity.SENSITIVE
    assert not Case.objects.visible_to(region.nadia).filter(pk=first.pk).exists()
    actions.undo_merge(done, by=region.chief)
    fresh(first, second)
    assert (first.sensitivity, second.sensitivity) == (Sensitivity.NORMAL, Sensitivity.SENSITIVE)


def test_chains_are_followed_and_undone_from_the_last(region: Region, pair: tuple[Case, Case]) -> None:
    first, second = pair
    third = case_of(receive(mail(message_id="<d@courriel.example>")))
    before = [state(case) for case in (first, second, third)]
    one = actions.merge(second, first, by=region.nadia)
    two = actions.merge(third, second, by=region.nadia)
    fresh(first, second, third)
    assert first.survivor() == third and third.interactions.count() == 6
    with pytest.raises(Refused, match="annulez d'abord la dernière"):
        actions.undo_merge(one, by=region.nadia)
    actions.undo_merge(two, by=region.nadia)
    actions.undo_merge(one, by=region.nadia)
    assert [state(case) for case in (first, second, third)] == before


def test_no_cycle(region: Region, pair: tuple[Case, Case]) -> None:
    first, second = pair
    actions.merge(first, second, by=region.nadia)
    fresh(first, second)
    for survivor, absorbed in ((second, first), (first, second), (first, first)):
        with pytest.raises(Refused):
            actions.merge(survivor, absorbed, by=region.nadia)
    # Even a cycle written by hand ends.
    Case.objects.filter(pk=first.pk).update(merged_into=second)
    assert Case.objects.get(pk=first.pk).survivor().pk in {first.pk, second.pk}


def test_two_persons_are_never_merged_through_their_cases(region: Region, pair: tuple[Case, Case]) -> None:
    first, _ = pair
    other = case_of(receive(mail(message_id="<e@x.example>", sender="Paul <paul@ailleurs.example>")))
    nobody = case_of(receive(mail(message_id="<f@x.example>", sender="Paul <paul@ailleurs.example>")))
    Case.objects.filter(pk=nobody.pk).update(person=None)
    nobody.refresh_from_db()
    for absorbed in (other, nobody):
        with pytest.raises(Refused, match="liez-les plutôt"):
            actions.merge(first, absorbed, by=region.nadia)
        assert actions.preview_merge(first, absorbed, by=region.nadia).refusal


def test_a_case_that_is_over_absorbs_nothing(region: Region, pair: tuple[Case, Case]) -> None:
    first, second = pair
    actions.close(first, by=region.nadia)
    with pytest.raises(Refused, match="rouvrez"):
        actions.merge(first, second, by=region.nadia)


def test_the_preview_says_what_would_happen_and_changes_nothing(region: Region, pair: tuple[Case, Case]) -> None:
    first, second = pair
    Task.objects.create(case=first, label="Rappeler")
    before = [state(case) for case in pair]
    preview = actions.preview_merge(second, first, by=region.nadia)
    assert (preview.exchanges, preview.tasks, preview.refusal) == (2, 1, "")
    assert preview.kinds == ("Réponse promise", "Délai légal")
    assert [state(case) for case in pair] == before and not CaseMerge.objects.exists()
