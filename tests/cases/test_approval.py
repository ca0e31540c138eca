"""Approval before sending: whose answers wait, who decides, what leaves and to whom."""

from __future__ import annotations

import pytest

from guichet.accounts.actions import create_agent, join
from guichet.accounts.models import Membership, User
from guichet.cases import actions
from guichet.cases.models import Case, Draft, Interaction, Proposal, Status
from guichet.cases.policy import needs_approval
from guichet.core.refused import NotAllowed, Refused, Stale
from guichet.journal.models import Event
from guichet.organisation import directory
from guichet.outbox.models import Delivery, Parcel
from guichet.people.models import ContactPoint
from tests.factories import Region

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(region: Region) -> User:
    user = create_agent("ines@agents.example", by=region.chief, first_name="Inès", last_name="Poitevin")
    join(user, region.root, by=region.chief, role="supervisor")
    return user


def left() -> list[str]:
    """Texts that are to leave, receipts put aside."""
    return [*Parcel.objects.filter(automatic=False).order_by("pk").values_list("text", flat=True)]


def verbs(case: Case) -> list[str]:
    return [*Event.objects.filter(case_id=case.pk).order_by("pk").values_list("verb", flat=True)]


def test_whose_answers_are_read_first(region: Region, case: Case, ines: User) -> None:
    assert not needs_approval(region.nadia, case)
    Membership.objects.filter(user=region.nadia).update(needs_approval=True)
    nadia = User.objects.get(pk=region.nadia.pk)
    assert needs_approval(nadia, case)
    with pytest.raises(Refused, match="doit être visée"):
        actions.reply(case, by=nadia, text="Bonjour.")
    Membership.objects.filter(user=region.nadia).update(needs_approval=False)
    nadia = User.objects.get(pk=region.nadia.pk)
    case.topic = region.card
    case.save()
    region.card.needs_approval = True
    region.card.save()
    directory.forget()
    assert needs_approval(nadia, case)
    assert not needs_approval(ines, case) and not needs_approval(region.chief, case)  # they approve
    assert left() == []


def test_approved_it_leaves_once_to_the_recipients_of_then(region: Region, case: Case, ines: User) -> None:
    promise = case.clocks.get(kind="commitment")
    proposal = actions.propose(case, by=region.nadia, text="Bonjour Madame.", close_with="answered")
    case.refresh_from_db()
    assert case.status == Status.IN_APPROVAL and left() == []
    promise.refresh_from_db()
    assert promise.stopped_at is None and not promise.suspensions.exists()  # the clock of the citizen runs
    ContactPoint.objects.filter(person=case.person, kind="email").update(value="autre@courriel.example")
    with pytest.raises(NotAllowed):
        actions.approve(proposal, by=region.nadia)
    sent = actions.approve(proposal, by=ines)
    assert sent.author == region.nadia and "Nadia Belkacem" in left()[0]  # whoever approves, the author signs
    delivery = Delivery.objects.get(parcel=sent.parcel)
    assert delivery.recipient == "sandrine.lacoste@courriel.example"
    case.refresh_from_db()
    assert case.status == Status.CLOSED
    with pytest.raises(Refused, match="déjà approuvée"):
        actions.approve(proposal, by=ines)
    with pytest.raises(Refused, match="déjà approuvée"):
        actions.withdraw_proposal(proposal, by=region.nadia)
    assert len(left()) == 1
    assert [v for v in verbs(case) if v in {"case.proposed", "case.approved", "case.replied", "case.closed"}] == [
        "case.proposed", "case.approved", "case.closed", "case.replied",
    ]  # fmt: skip


def test_corrected_by_who_approves(region: Region, case: Case, ines: User) -> None:
    proposal = actions.propose(case, by=region.nadia, text="Bonjour.")
    with pytest.raises(Refused, match="champ à remplir"):
        actions.approve(proposal, by=ines, text="Bonjour {prénom}.")
    actions.approve(proposal, by=ines, text="Bonjour Madame.")
    assert left()[0].startswith("Bonjour Madame.")
    assert Event.objects.get(verb="case.approved").data["how"] == ", après correction"


def test_a_page_that_is_stale_approves_nothing(region: Region, case: Case, ines: User) -> None:
    proposal = actions.propose(case, by=region.nadia, text="Bonjour.")
    with pytest.raises(Stale):
        actions.approve(proposal, by=ines, version=case.version)
    assert left() == [] and Proposal.objects.get().state == "waiting"


def test_sent_back_with_a_reason(region: Region, case: Case, ines: User) -> None:
    proposal = actions.propose(case, by=region.nadia, text="Bonjour.", files=[("plan.txt", b"plan")])
    with pytest.raises(Refused, match="Dites à l'auteur"):
        actions.send_back(proposal, by=ines, reason=" ")
    with pytest.raises(NotAllowed):
        actions.send_back(proposal, by=region.nadia, reason="non")
    actions.send_back(proposal, by=ines, reason="Citez l'article.")
    draft = Draft.objects.get(user=region.nadia)
    assert draft.text == "Bonjour." and draft.files[0][1] == "plan.txt"
    case.refresh_from_db()
    assert case.status == Status.IN_PROGRESS and left() == []
    assert Event.objects.get(verb="case.sent_back").data["reason"] == "Citez l'article."
    again = actions.propose(case, by=region.nadia, text="Mieux.", draft_files=[draft.files[0][0]])
    assert actions.approve(again, by=ines).attachments.get().name == "plan.txt"


def test_withdrawn_by_its_author_only(region: Region, case: Case, ines: User) -> None:
    proposal = actions.propose(case, by=region.nadia, text="Bonjour.")
    with pytest.raises(Refused, match="attend déjà un visa"):
        actions.propose(case, by=region.nadia, text="Encore.")
    with pytest.raises(Refused, match="attend déjà un visa"):
        actions.reply(case, by=ines, text="À côté.")
    with pytest.raises(NotAllowed):
        actions.withdraw_proposal(proposal, by=ines)
    actions.withdraw_proposal(proposal, by=region.nadia)
    assert Draft.objects.get().text == "Bonjour."
    with pytest.raises(Refused, match="déjà retirée"):
        actions.approve(proposal, by=ines)
    assert not Interaction.objects.filter(author=region.nadia).exists()


def test_a_case_that_ends_gives_the_text_back(region: Region, case: Case, ines: User) -> None:
    proposal = actions.propose(case, by=region.nadia, text="Bonjour.")
    actions.close(case, by=ines, result="no_answer")
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn" and Draft.objects.get(user=region.nadia).text == "Bonjour."
    with pytest.raises(Refused):
        actions.approve(proposal, by=ines)
    assert left() == []
