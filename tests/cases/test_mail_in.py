"""A mail becomes a case: registered, acknowledged, routed; what follows joins it; nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from guichet.cases import actions
from guichet.cases.models import Case, Clock, InboundItem, Interaction, Status
from guichet.journal.models import Event
from guichet.outbox.models import Delivery
from guichet.outbox.sending import send_due
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


def test_a_mail_is_registered_acknowledged_and_routed(region: Region) -> None:
    case = case_of(receive(mail()))
    assert case.team == region.transport
    assert case.status == Status.ASSIGNED
    assert case.person is not None and case.person.full_name == "Sandrine Lacoste"
    receipt = case.interactions.get(direction="out")
    assert receipt.kind == Interaction.Kind.RECEIPT
    assert case.spoken_reference in receipt.text
    assert "Transports scolaires" in receipt.text and "05 36 49 12 12" in receipt.text
    assert "L. 112-11" in receipt.text
    delivery = Delivery.objects.get(parcel=receipt.parcel)
    assert delivery.recipient == "sandrine.lacoste@courriel.example"
    stopped = {c.kind for c in case.clocks.filter(stopped_at__isnull=False)}
    assert stopped == {Clock.Kind.REGISTRATION, Clock.Kind.RECEIPT}
    assert case.due_at == case.clocks.get(kind=Clock.Kind.COMMITMENT).due_at


def test_an_unknown_team_gives_a_registration_receipt_then_a_full_one_once_routed(region: Region) -> None:
    case = case_of(receive(mail(to=settings.MAIL_ADDRESS)))
    assert case.team == region.unrouted and case.status == Status.REGISTERED
    assert [i.kind for i in case.interactions.filter(direction="out")] == ["registration"]
    assert case.clocks.get(kind=Clock.Kind.RECEIPT).is_running
    actions.transfer(case, region.transport, by=region.chief, reason="C'est pour eux")
    kinds = list(case.interactions.filter(direction="out").order_by("id").values_list("kind", flat=True))
    assert kinds == ["registration", "receipt"]
    assert not case.clocks.get(kind=Clock.Kind.RECEIPT).is_running


def test_the_box_of_the_whole_region_is_nobodys_team(region: Region) -> None:
    case = case_of(receive(mail(to="Region@nouvelle-aquitaine.example")))
    assert case.team == region.unrouted and case.status == Status.REGISTERED
    assert not case.informed_teams.exists()
    both = mail(
        to="region@nouvelle-aquitaine.example, transports17@nouvelle-aquitaine.example", message_id="<m2@x.example>"
    )
    assert case_of(receive(both)).team == region.transport


def test_a_postcode_in_the_mail_says_which_department(region: Region) -> None:
    body = "Mon fils a perdu sa carte.\n\nSandrine Lacoste\n17320 Marennes"
    assert case_of(receive(mail(body=body))).department == "17"
    stranger = mail(sender="Autre <autre@courriel.example>", message_id="<m2@x.example>")
    assert case_of(receive(stranger)).department == ""


def test_the_same_bytes_twice_are_one_item_and_the_same_message_one_case(region: Region) -> None:
    first = receive(mail())
    assert receive(mail()).pk == first.pk
    other = receive(mail(headers="X-Relay: 2\n"))  # other bytes, same Message-ID
    assert other.outcome == "duplicate"
    assert Case.objects.count() == 1


def test_an_answer_joins_its_case_by_references_and_reopens_it(region: Region) -> None:
    case = case_of(receive(mail()))
    sent = case.interactions.get(direction="out")
    actions.close(case, by=region.nadia)
    answer = mail(message_id="<m2@courriel.example>", subject="Re: tout autre chose",
                  headers=f"References: <inconnu@x.example> {sent.message_id}\n")  # fmt: skip
    again = case_of(receive(answer))
    assert again.pk == case.pk
    assert again.status == Status.REOPENED and again.closed_at is None
    assert again.clocks.get(kind=Clock.Kind.COMMITMENT).is_running


def test_an_answer_finds_its_case_by_the_signed_address_alone(region: Region) -> None:
    case = case_of(receive(mail()))
    reply_to = case.interactions.get(direction="out").parcel.reply_to  # type: ignore[union-attr]
    assert case_of(receive(mail(message_id="<m3@x.example>", subject="sans rapport", to=reply_to))).pk == case.pk
    forged = reply_to.replace(case.reference, "1600007")
    assert case_of(receive(mail(message_id="<m4@x.example>", subject="sans rapport", to=forged))).pk != case.pk


def test_a_number_in_the_subject_counts_only_from_who_takes_part(region: Region) -> None:
    case = case_of(receive(mail()))
    subject = f"Demande N° {case.reference}"
    assert case_of(receive(mail(message_id="<m5@x.example>", subject=subject))).pk == case.pk
    stranger = mail(message_id="<m6@x.example>", subject=subject, sender="Paul <paul@ailleurs.example>")
    assert case_of(receive(stranger)).pk != case.pk


def test_a_third_person_takes_part_without_becoming_the_person(region: Region) -> None:
    case = case_of(receive(mail()))
    sent = case.interactions.get(direction="out")
    third = mail(message_id="<m7@x.example>", sender="Paul Mer <paul@ailleurs.example>",
                 headers=f"In-Reply-To: {sent.message_id}\n")  # fmt: skip
    interaction = receive(third).interaction
    assert interaction is not None and interaction.case_id == case.pk and interaction.third_person
    assert interaction.person is None
    assert actions.writing.answer_to(case) == [("sandrine.lacoste@courriel.example", "Sandrine Lacoste")]


def test_after_the_grace_days_an_answer_opens_a_linked_case(region: Region, settings: Any) -> None:
    case = case_of(receive(mail()))
    sent = case.interactions.get(direction="out")
    actions.close(case, by=region.nadia)
    late = timezone.now() + timedelta(days=settings.REOPEN_GRACE_DAYS + 1)
    item = receive(mail(message_id="<m8@x.example>", headers=f"In-Reply-To: {sent.message_id}\n"), at=late)
    follow = case_of(item)
    assert follow.pk != case.pk
    assert case.links_from.get().second == follow


@pytest.mark.parametrize("header", ["Auto-Submitted: auto-replied\n", "Precedence: bulk\n", "X-Autoreply: yes\n"])
def test_a_machine_answer_wakes_nothing(region: Region, header: str) -> None:
    case = case_of(receive(mail()))
    sent = case.interactions.get(direction="out")
    actions.close(case, by=region.nadia)
    receive(mail(message_id="<m9@x.example>", headers=f"In-Reply-To: {sent.message_id}\n{header}"))
    case.refresh_from_db()
    assert case.status == Status.CLOSED
    assert case.interactions.filter(kind="machine").count() == 1
    assert Delivery.objects.count() == 1  # no receipt for a machine


def test_a_machine_mail_that_answers_nothing_waits_in_the_quarantine(region: Region) -> None:
    item = receive(mail(headers="Auto-Submitted: auto-generated\n"))
    assert item.state == InboundItem.State.QUARANTINED
    assert Case.objects.count() == 0
    actions.replay(item, by=region.chief)
    item.refresh_from_db()
    assert item.state == InboundItem.State.WAITING


def test_one_sender_is_not_acknowledged_without_end(region: Region) -> None:
    for n in range(8):
        receive(mail(message_id=f"<loop{n}@x.example>"))
    assert Case.objects.count() == 8
    assert Delivery.objects.count() == 5


def test_a_shared_mailbox_is_two_persons(region: Region) -> None:
    one = case_of(receive(mail(message_id="<s1@x.example>")))
    two = case_of(receive(mail(message_id="<s2@x.example>", sender="Marc Dubois <sandrine.lacoste@courriel.example>")))
    assert one.person != two.person
    sender = "LACOSTE Sandrine <sandrine.lacoste@courriel.example>"
    three = case_of(receive(mail(message_id="<s3@x.example>", sender=sender)))
    assert three.person == one.person


@pytest.mark.parametrize("raw", [b"", b"\x00\xff\xfe", b"not a mail", b"From: a@b\r\n\r\n", b"Subject: x\r\n" * 2000])
def test_whatever_the_bytes_nothing_is_lost(region: Region, raw: bytes) -> None:
    item = receive(raw)
    assert item.state in {InboundItem.State.DONE, InboundItem.State.QUARANTINED}
    from guichet.core.files import read_bytes

    assert read_bytes(item.raw_id) == raw


def test_a_fault_of_ours_leaves_no_half_case(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    from guichet.cases.actions import opening as pipeline

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("after the case was written")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "receipt_rows", broken)
        item = receive(mail())
    assert Case.objects.count() == 0 and Interaction.objects.count() == 0 and Delivery.objects.count() == 0
    assert item.tries >= 1
    assert item.state == InboundItem.State.WAITING and item.next_try_at > timezone.now()
    InboundItem.objects.update(next_try_at=timezone.now())
    actions.understand_waiting()
    assert Case.objects.count() == 1


def test_history_replayed_sends_nothing_and_starts_no_clock(region: Region) -> None:
    case = case_of(receive(mail(), quiet=True))
    assert Delivery.objects.count() == 0
    assert case.clocks.count() == 0


def test_a_bounce_marks_the_address_and_makes_a_task(region: Region, tmp_path: Path) -> None:
    case = case_of(receive(mail()))
    send_due()
    sent = case.interactions.get(direction="out")
    dsn = (
        "From: MAILER-DAEMON@relay.example\r\nTo: demandes@nouvelle-aquitaine.example\r\nSubject: Undelivered\r\n"
        "Message-ID: <b1@relay.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nUnknown user\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        "Final-Recipient: rfc822; sandrine.lacoste@courriel.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n"
        f"--B\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {sent.message_id}\r\nSubject: x\r\n\r\nx\r\n--B--\r\n"
    ).encode()
    item = receive(dsn)
    assert item.outcome == "bounce"
    assert Delivery.objects.get().state == Delivery.State.BOUNCED
    assert case.tasks.count() == 1
    assert case.person is not None and case.person.contact_points.get().bad_since is not None
    assert Case.objects.count() == 1


def test_a_machine_may_send_a_request(region: Region) -> None:
    """A form of another site writes as a machine: an agent says that it is a request, and no machine is answered."""
    item = receive(mail(headers="Auto-Submitted: auto-generated\n"))
    assert item.state == InboundItem.State.QUARANTINED and not Case.objects.exists()
    actions.replay(item, by=region.chief, is_request=True)
    actions.understand_waiting()
    case = Case.objects.get()
    message = case.interactions.get(direction="in")
    assert (message.kind, message.automatic != "") == (Interaction.Kind.MESSAGE, True)
    assert not Delivery.objects.exists()
    assert Event.objects.filter(verb="case.receipt_withheld", case_id=case.pk).exists()
