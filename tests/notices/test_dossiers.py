"""What is told of a dossier: once an event, in its thread, by what the person chose; never what was just said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.models import Clock, Interaction, Task
from guichet.journal.models import Event
from guichet.notices import actions as notices
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.models import Deadline, Decision, Dossier, Payment, Said
from tests.procedures.conftest import camille, filed, mobility, officers, without_number  # noqa: F401 (fixtures)
from tests.procedures.test_life import granted

Filed = Callable[..., Dossier]
ALL = ("convention", "ceam", "identite", "rib")
pytestmark = pytest.mark.django_db


def asked(dossier: Dossier, days: int, *, known_for: int = 60) -> Deadline:
    deadline = Deadline.objects.create(
        dossier=dossier, person=dossier.applicant, kind="piece", about="piece:1", by_person=True,
        label="Date limite d'envoi : attestation", day=timezone.localdate() + timedelta(days=days),
    )  # fmt: skip
    Deadline.objects.filter(pk=deadline.pk).update(changed_at=timezone.now() - timedelta(days=known_for))
    return deadline


def reminders(dossier: Dossier) -> list[str]:
    sent = Interaction.objects.filter(case=dossier.case, kind="reminder").order_by("pk")
    return list(sent.values_list("text", flat=True))


def test_a_date_is_reminded_at_each_stage_and_once(filed: Filed) -> None:  # noqa: F811
    dossier = filed()
    deadline = asked(dossier, 30)
    today = timezone.localdate()
    for day in (0, 0, 10, 23, 23, 29, 30, 31, 31):
        notices.remind_of_deadlines(today + timedelta(days=day))
    assert list(Said.objects.order_by("pk").values_list("what", flat=True)) == [
        f"J{stage}:{deadline.pk}:{deadline.day:%Y%m%d}" for stage in ("-30", "-7", "-1", "+1")
    ]
    assert len(reminders(dossier)) == 4
    assert Event.objects.filter(verb="dossier.noticed").count() == 4


def test_a_day_without_a_worker_is_made_up_for(filed: Filed) -> None:  # noqa: F811
    asked(filed(), 6)
    assert notices.remind_of_deadlines() == 1


def test_what_was_just_asked_is_not_reminded_the_same_day(filed: Filed) -> None:  # noqa: F811
    asked(filed(), 7, known_for=0)
    assert notices.remind_of_deadlines() == 0


def test_a_date_that_moved_is_reminded_anew(filed: Filed) -> None:  # noqa: F811
    dossier = filed()
    deadline = asked(dossier, 7)
    assert notices.remind_of_deadlines() == 1
    Deadline.objects.filter(pk=deadline.pk).update(day=deadline.day + timedelta(days=20))
    assert notices.remind_of_deadlines(timezone.localdate() + timedelta(days=20)) == 1


def test_what_is_done_is_not_reminded(filed: Filed) -> None:  # noqa: F811
    deadline = asked(filed(), 7)
    Deadline.objects.filter(pk=deadline.pk).update(done_at=timezone.now())
    assert notices.remind_of_deadlines() == 0


def test_what_must_be_done_ignores_the_refusal_and_the_rest_follows_it(
    filed: Filed, camille: Person,  # noqa: F811
) -> None:  # fmt: skip
    dossier = filed()
    do.choose_notices(camille, [])
    deadline = asked(dossier, 7)
    assert notices.remind_of_deadlines() == 1
    assert "preferences" not in reminders(dossier)[0]
    Deadline.objects.filter(pk=deadline.pk).update(kind="use", day=timezone.localdate() + timedelta(days=30))
    assert notices.remind_of_deadlines() == 0
    assert Said.objects.latest("pk").withheld == "non souhaité"
    assert Event.objects.filter(verb="dossier.notice_withheld", data__why="non souhaité").exists()


@pytest.mark.parametrize("how", ["deceased", "secret"])
def test_nothing_to_who_is_left_alone(filed: Filed, camille: Person, how: str) -> None:  # noqa: F811
    asked(filed(), 7)
    Person.objects.filter(pk=camille.pk).update(**{how: True})
    assert notices.remind_of_deadlines() == 0
    assert Said.objects.get().withheld
    assert not Task.objects.exists()


def test_without_a_mail_address_an_agent_has_a_task_once(filed: Filed, camille: Person) -> None:  # noqa: F811
    dossier = filed()
    asked(dossier, 7)
    Person.objects.filter(pk=camille.pk).update(electronic_reply_refused=True)
    assert notices.remind_of_deadlines() == 0
    notices.remind_of_deadlines()
    assert Task.objects.get(case=dossier.case).label.startswith("Rappeler par courrier")


def step_event(dossier: Dossier, *, transaction: int) -> Event:
    """The last change of step, as if it had been committed alone: the tests have one transaction for all."""
    event = Event.objects.filter(verb="dossier.step", subject=f"dossier:{dossier.pk}").order_by("pk").last()
    assert event is not None
    event.transaction = transaction
    return event


def test_a_step_is_told_once_and_not_when_its_change_wrote_already(
    filed: Filed, officers: tuple[User, User],  # noqa: F811
) -> None:  # fmt: skip
    dossier = filed(pieces=ALL)
    do.declare_admissible(dossier, by=officers[0])
    dossier.refresh_from_db()
    event = step_event(dossier, transaction=1)
    assert notices.tell_step(event)
    assert not notices.tell_step(event)
    said = Interaction.objects.get(case=dossier.case, automatic="notice")
    assert f"Étape {dossier.step}/{dossier.steps}" in said.text
    Said.objects.all().delete()
    with_filing = Event.objects.get(pk=event.pk)  # same transaction as the filing
    assert not notices.tell_step(with_filing)
    assert Said.objects.get().withheld == "dit par un autre message"


def test_a_step_left_behind_is_not_told(filed: Filed, officers: tuple[User, User]) -> None:  # noqa: F811
    dossier = filed(pieces=ALL)
    do.declare_admissible(dossier, by=officers[0])
    event = step_event(dossier, transaction=1)
    Dossier.objects.filter(pk=dossier.pk).update(step=6)
    assert not notices.tell_step(event)
    assert Said.objects.get().withheld == "le dossier a encore avancé"


def test_a_payment_is_told_and_a_rejected_one_whatever_was_chosen(
    filed: Filed, camille: Person, officers: tuple[User, User],  # noqa: F811
) -> None:  # fmt: skip
    dossier = filed(pieces=ALL)
    granted(dossier, officers, 40000)
    payment = dossier.payments.get(rank=1)

    def event(verb: str) -> Event:
        return Event(pk=9, verb=verb, subject=f"dossier:{dossier.pk}", data={"rank": 1}, transaction=1)

    Payment.objects.filter(pk=payment.pk).update(state="paid", paid_on=timezone.localdate())
    assert notices.tell_paid(event("dossier.paid"))
    assert not notices.tell_paid(event("dossier.paid"))
    told = Interaction.objects.filter(automatic="notice").get().text
    assert "133" not in without_number(told, dossier) and "€" not in told  # the amount stays in the account
    do.choose_notices(camille, [])
    Payment.objects.filter(pk=payment.pk).update(state="rejected")
    assert notices.tell_rejected(event("dossier.payment_rejected"))


def test_a_silence_that_lasted_becomes_a_decision_once(filed: Filed) -> None:  # noqa: F811
    dossier = filed(pieces=ALL)
    assert notices.note_implicit_decisions() == 0
    Clock.objects.filter(case=dossier.case, kind="silence").update(due_at=timezone.now() - timedelta(hours=1))
    assert notices.note_implicit_decisions() == 1
    assert notices.note_implicit_decisions() == 0
    assert Decision.objects.get().by == machine(GUICHET)
