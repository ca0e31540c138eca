"""A decision taken back: within the law's delay, told with its reasons; documents that lose their validity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.models import Clock, Interaction, Status
from guichet.core.refused import Refused
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.models import Decision, Dossier, Payment, Piece
from guichet.procedures.withdrawing import delay, grounds
from tests.factories import citizen_account, signed_in
from tests.house.lived import agent
from tests.procedures.conftest import PDF, exported
from tests.procedures.test_life import ALL, accept_all, granted, to_committee

Officers = tuple[User, User]
Filed = Callable[..., Dossier]
pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def decided(filed: Filed, officers: Officers) -> Dossier:
    return granted(filed(pieces=ALL), officers, 40000)


def withdraw(dossier: Dossier, by: User, *, ground: str = "unlawful", reason: str = "Revenu mal lu.") -> Dossier:
    return do.withdraw_decision(dossier.decisions.get(), by=by, ground=ground, reason=reason, heard=True)


def dated(dossier: Dossier, **ago: int) -> None:
    dossier.decisions.update(decided_at=timezone.now() - timedelta(**ago))


@pytest.mark.parametrize(
    ("taken", "last"),
    [((2026, 3, 12), (2026, 7, 12)), ((2026, 10, 31), (2027, 2, 28)), ((2026, 8, 31), (2026, 12, 31))],
)
def test_four_months_from_date_to_date(taken: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    """CRPA L242-1: following the day it was taken, not that of its notification."""
    decision = Decision(decided_at=datetime(*taken, 18, tzinfo=PARIS), outcome="granted")
    assert delay(decision, today=date(*last)).last_day == date(*last)
    assert "unlawful" in grounds(decision, today=date(*last))
    assert "unlawful" not in grounds(decision, today=date(*last) + timedelta(days=1))


def test_a_withdrawn_grant_stops_what_has_not_left(decided: Dossier, officers: Officers) -> None:
    leo, julien = officers
    order = do.prepare_order(list(decided.payments.filter(rank=1)), by=leo, execution_day=timezone.localdate())
    row = withdraw(decided, julien)
    assert (row.phase, row.outcome, row.decided_at, row.amount_cents) == ("appraisal", "", None, None)
    assert set(decided.payments.values_list("state", "order")) == {("cancelled", None)}
    assert not order.payments.exists()
    decision = decided.decisions.get()
    assert decision.withdrawn_at and decision.withdrawn_by == julien and decision.withdrawn_why == "Revenu mal lu."
    notice = Interaction.objects.filter(case=decided.case, kind="decision").latest("pk")
    assert "est retirée" in notice.text and "Revenu" not in notice.text  # a mail says where to read, not what
    clock = Clock.objects.get(case=decided.case, kind="silence")
    assert clock.is_running and clock.started_at.date() == timezone.now().date()


def test_the_next_decision_pays_anew(decided: Dossier, officers: Officers) -> None:
    leo, julien = officers
    withdraw(decided, julien)
    do.confirm(do.propose(decided, by=leo, way="favourable"), by=julien)
    sitting = do.open_sitting(by=leo, day=timezone.localdate())
    do.enrol(sitting, [decided], by=leo)
    do.freeze(sitting, by=leo)
    do.vote(sitting.seats.get(), by=leo, result="granted", amount_cents=30000)
    do.hold(sitting, by=leo, deliberation="2026.200")
    live = decided.payments.exclude(state="cancelled")
    assert list(live.values_list("rank", "amount_cents")) == [(1, 10000), (2, 10000), (3, 10000)]


def test_what_was_paid_is_asked_back(decided: Dossier, officers: Officers) -> None:
    leo, julien = officers
    order = exported(decided.payments.filter(rank=1), officers)
    with pytest.raises(Refused, match="attendez son retour"):
        withdraw(decided, julien)
    paid = order.payments.get()
    do.read_return(order, f"{decided.reference}-1-{paid.pk};PAYE;;\n".encode(), by=leo)
    withdraw(decided, julien)
    assert decided.payments.get(kind="recovery").amount_cents == 13333
    assert dict(decided.payments.exclude(kind="recovery").values_list("rank", "state")) == {
        1: Payment.State.PAID, 2: "cancelled", 3: "cancelled",
    }  # fmt: skip


def test_after_four_months_only_what_the_law_binds_to_no_delay(decided: Dossier, officers: Officers) -> None:
    dated(decided, days=130)
    with pytest.raises(Refused, match="quatre mois"):
        withdraw(decided, officers[1])
    assert withdraw(decided, officers[1], ground="fraud").phase == "appraisal"


def test_the_person_is_heard_and_told_why(decided: Dossier, officers: Officers) -> None:
    decision = decided.decisions.get()
    with pytest.raises(Refused, match="observations"):
        do.withdraw_decision(decision, by=officers[0], ground="unlawful", reason="Erreur.")
    with pytest.raises(Refused, match="motifs"):
        do.withdraw_decision(decision, by=officers[0], ground="unlawful", reason=" ", heard=True)
    with pytest.raises(Refused, match="fondement"):
        do.withdraw_decision(decision, by=officers[0], ground="x", reason="Erreur.", heard=True)
    do.withdraw_decision(decision, by=officers[0], ground="requested", reason="À sa demande.")  # he asked for it
    with pytest.raises(Refused, match="déjà retirée"):
        do.withdraw_decision(decision, by=officers[0], ground="requested", reason="Encore.")


def test_a_withdrawn_refusal_opens_its_thread_again(filed: Filed, officers: Officers) -> None:
    dossier = filed()
    do.decide(dossier, by=officers[0], outcome="refused", reasons="Hors de la région.")
    assert dossier.case is not None
    dossier.case.refresh_from_db()
    assert dossier.case.status == Status.CLOSED
    with pytest.raises(Refused, match="ne vaut pas"):
        do.withdraw_decision(dossier.decisions.get(), by=officers[1], ground="fraud", reason="x")
    do.withdraw_decision(dossier.decisions.get(), by=officers[1], ground="unlawful", reason="L'adresse est dedans.")
    dossier.refresh_from_db()
    dossier.case.refresh_from_db()
    assert (dossier.phase, dossier.closed_at, dossier.case.status) == ("appraisal", None, Status.APPRAISAL)


def test_on_the_pages_of_both(decided: Dossier, officers: Officers, camille: Person) -> None:
    desk, base = agent(officers[1]), f"/bureau/dossiers/{decided.reference}"
    page = unescape(desk.get(f"{base}/").content.decode())
    assert "Retirer la décision" in page and "peut être retirée jusqu'au" in page and "il reste" in page
    posted = {"prise": decided.decisions.get().pk, "fondement": "unlawful", "motifs": "Revenu mal lu."}
    answer = desk.post(f"{base}/faire/retirer/", posted)
    assert answer.status_code == 400
    kept = unescape(answer.content.decode())
    assert "observations (CRPA L121-1" in kept and "Revenu mal lu." in kept
    dated(decided, days=130)
    late = unescape(desk.get(f"{base}/").content.decode())
    assert "délai de quatre mois est passé" in late and 'value="unlawful"' not in late
    assert desk.post(f"{base}/faire/retirer/", posted | {"entendue": "1"}).status_code == 409
    dated(decided, days=1)
    assert desk.post(f"{base}/faire/retirer/", posted | {"entendue": "1"}).status_code == 302
    after = unescape(desk.get(f"{base}/").content.decode())
    assert "Retirée le" in after and "Julien Faure" in after and 'name="fondement"' not in after
    account = citizen_account("camille.duprat@courriel.example")
    type(account).objects.filter(pk=account.pk).update(person=camille)
    account.refresh_from_db()
    seen = unescape(signed_in(Client(), account).get(f"/mes-demarches/dossier/{decided.reference}/").content.decode())
    assert "est retirée" in seen and "Revenu mal lu." in seen and "Voies et délais de recours" in seen


# -- documents past their validity ------------------------------------------------------------------------------------


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def test_a_document_past_its_validity_is_asked_again(filed: Filed, officers: Officers, camille: Person) -> None:
    leo, _ = officers
    dossier = filed(pieces=ALL)
    do.declare_admissible(dossier, by=leo)
    accept_all(dossier, by=leo)
    dossier.pieces.filter(code="identite").update(valid_until=yesterday())
    dossier.pieces.filter(code="rib").update(valid_until=timezone.localdate())  # its last day
    assert do.expire_pieces(by=machine(GUICHET)) == 1
    piece = dossier.pieces.get(code="identite")
    assert piece.state == Piece.State.EXPIRED and "plus valable depuis" in piece.reason
    assert do.expire_pieces(by=machine(GUICHET)) == 0
    dossier.refresh_from_db()
    assert dossier.expected == "Document à envoyer" and "identité" in dossier.expected_what
    request = do.ask_missing(dossier, by=leo, until=timezone.localdate() + timedelta(days=9))
    assert list(request.pieces.values_list("code", flat=True)) == ["identite"]
    with pytest.raises(Refused, match="plus valable"):
        do.send_piece(dossier, "identite", person=camille, content=PDF + b"identite", name="identite.pdf")
    do.send_piece(dossier, "identite", person=camille, content=PDF + b"neuve", name="identite.pdf")
    piece.refresh_from_db()
    assert (piece.state, piece.reason) == (Piece.State.RECEIVED, "")
    assert do.expire_pieces(by=machine(GUICHET)) == 0


def test_validity_no_longer_counts_once_two_agents_agreed(filed: Filed, officers: Officers) -> None:
    dossier = to_committee(filed(pieces=ALL), officers)
    dossier.pieces.update(valid_until=yesterday())
    assert do.expire_pieces(by=machine(GUICHET)) == 0
    assert not dossier.pieces.filter(state="expired").exists()
