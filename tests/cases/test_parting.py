"""One message, two matters; two matters that belong together."""

from __future__ import annotations

from datetime import datetime

import pytest

from guichet.cases import actions
from guichet.cases.actions.writing import answer_to
from guichet.cases.matching import takes_part
from guichet.cases.models import Attachment, Case, CaseLink, Clock, Interaction, Status
from guichet.core import files
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.journal.models import Event
from guichet.organisation.models import Sensitivity
from guichet.outbox.models import Delivery
from tests.cases.conftest import PARIS
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 6, 22, 10, 24, tzinfo=PARIS)


@pytest.fixture
def case(region: Region) -> Case:
    return case_of(receive(mail(), at=MONDAY))


def received(case: Case) -> Interaction:
    return case.interactions.filter(direction="in").order_by("-id")[0]


def test_the_new_case_has_its_number_its_date_its_receipt(region: Region, case: Case) -> None:
    sent = Delivery.objects.count()
    new = actions.split(received(case), by=region.nadia, subject="Bourse\nde rentrée")
    new.refresh_from_db()
    assert new.reference != case.reference and new.subject == "Bourse de rentrée"
    assert (new.person, new.team, new.received_at) == (case.person, case.team, MONDAY)
    receipt = new.interactions.get(direction="out")
    assert new.spoken_reference in receipt.text and Delivery.objects.count() == sent + 1
    stopped = set(new.clocks.filter(stopped_at__isnull=False).values_list("kind", flat=True))
    assert stopped == {Clock.Kind.REGISTRATION, Clock.Kind.RECEIPT}
    link = CaseLink.objects.get()
    assert (link.first, link.second, link.kind) == (case, new, CaseLink.Kind.SPLIT)
    assert case.interactions.filter(direction="in").count() == 1  # the message stays in the first case too


def test_a_receipt_still_owed_for_one_is_owed_for_both(region: Region) -> None:
    origin = case_of(receive(mail(to="demandes@nouvelle-aquitaine.example"), at=MONDAY))
    new = actions.split(received(origin), by=region.chief, subject="Autre sujet")
    assert new.team == region.unrouted and new.status == Status.REGISTERED
    assert new.clocks.get(kind=Clock.Kind.RECEIPT).is_running


def test_files_come_along(region: Region, case: Case) -> None:
    file = files.keep(b"bonjour", name="a.txt")
    Attachment.objects.create(interaction=received(case), file=file, name="a.txt")
    new = actions.split(received(case), by=region.nadia, subject="x")
    assert received(new).attachments.get().file_id == file.pk
    assert received(case).attachments.count() == 1 and StoredFile.objects.filter(pk=file.pk).count() == 1


def test_nobody_reads_more_than_before(region: Region, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(sensitivity=Sensitivity.SENSITIVE)
    new = actions.split(received(case), by=region.chief, subject="x")
    assert new.sensitivity == Sensitivity.SENSITIVE


def test_answers_find_the_case_they_answer(region: Region, case: Case) -> None:
    new = actions.split(received(case), by=region.nadia, subject="x")
    sent = actions.reply(new, by=region.nadia, text="Oui.")
    assert sent.parcel is not None and sent.parcel.in_reply_to == "<m1@courriel.example>"  # in his own thread
    for n, target in enumerate((case, new)):
        sent = target.interactions.filter(direction="out").order_by("id")[0]
        thread = f"References: <m1@courriel.example> {sent.message_id}\n"
        answer = mail(message_id=f"<r{n}@courriel.example>", headers=thread)
        assert case_of(receive(answer)) == target
    bare = mail(message_id="<r9@courriel.example>", headers="In-Reply-To: <m1@courriel.example>\n")
    assert case_of(receive(bare)) == case  # to his own message only: the first case


def test_a_third_persons_message_opens_his_own_case(region: Region, case: Case) -> None:
    sent = case.interactions.get(direction="out")
    third = mail(message_id="<t@x.example>", sender="Paul Mer <paul@ailleurs.example>",
                 headers=f"In-Reply-To: {sent.message_id}\n")  # fmt: skip
    receive(third)
    new = actions.split(received(case), by=region.nadia, subject="x")
    assert new.person is not None and new.person != case.person and new.person.full_name == "Paul Mer"
    assert answer_to(new) == [("paul@ailleurs.example", "Paul Mer")]
    assert not takes_part(new, "sandrine.lacoste@courriel.example")


def test_only_what_was_received_is_split(region: Region, case: Case) -> None:
    with pytest.raises(Refused):
        actions.split(case.interactions.get(direction="out"), by=region.nadia, subject="x")
    assert Case.objects.count() == 1


def test_history_split_sends_nothing(region: Region) -> None:
    old = case_of(receive(mail(), at=MONDAY, quiet=True))
    new = actions.split(received(old), by=region.nadia, subject="x")
    assert not new.clocks.exists() and not Delivery.objects.exists()


def test_links_are_said_once_whatever_the_order_and_taken_back(region: Region, case: Case) -> None:
    other = case_of(receive(mail(message_id="<l@courriel.example>")))
    made = actions.link(other, case, by=region.nadia)
    assert actions.link(case, other, by=region.nadia) == made
    assert Event.objects.filter(verb="case.linked").count() == 2
    assert case.interactions.count() == other.interactions.count() == 2  # linked, not merged
    with pytest.raises(Refused):
        actions.link(case, case, by=region.nadia)
    actions.unlink(case, other, by=region.nadia)
    assert not CaseLink.objects.exists()
    new = actions.split(received(case), by=region.nadia, subject="x")
    with pytest.raises(Refused):
        actions.unlink(new, case, by=region.nadia)
