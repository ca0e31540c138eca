"""The life of a dossier, from the first page to the last third, through the same actions as the screens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree

from guichet.accounts.models import User
from guichet.cases.actions import close
from guichet.cases.models import Clock, Interaction, Status
from guichet.core import files
from guichet.core.calendar import paris_day, say_day
from guichet.core.refused import NotAllowed, Refused, Stale
from guichet.outbox.models import Parcel
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.models import Deadline, Decision, Dossier, KeptDocument, Outcome, Payment, Piece, Procedure
from tests.factories import Region
from tests.procedures.conftest import PDF, STUDENT, citizen, exported, fill, without_number

Officers = tuple[User, User]
Filed = Callable[..., Dossier]
pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def accept_all(dossier: Dossier, *, by: User) -> None:
    for piece in dossier.pieces.filter(state=Piece.State.RECEIVED):
        do.judge(piece, by=by, accepted=True)


def send(dossier: Dossier, person: Person, *codes: str) -> None:
    for code in codes:
        do.send_piece(dossier, code, person=person, content=PDF + code.encode(), name=f"{code}.pdf")


ALL = ("convention", "ceam", "identite", "rib")


def to_committee(dossier: Dossier, officers: Officers) -> Dossier:
    leo, julien = officers
    do.declare_admissible(dossier, by=leo)
    accept_all(dossier, by=leo)
    do.complete(dossier, by=leo)
    opinion = do.propose(dossier, by=leo, way="favourable")
    do.confirm(opinion, by=julien)
    dossier.refresh_from_db()
    return dossier


def granted(dossier: Dossier, officers: Officers, cents: int | None = None) -> Dossier:
    leo, _ = officers
    to_committee(dossier, officers)
    sitting = do.open_sitting(by=leo, day=timezone.localdate())
    do.enrol(sitting, [dossier], by=leo)
    do.freeze(sitting, by=leo)
    do.vote(sitting.seats.get(), by=leo, result="granted", amount_cents=cents)
    do.hold(sitting, by=leo, deliberation="2026.100")
    dossier.refresh_from_db()
    return dossier


# -- filing -----------------------------------------------------------------------------------------------------------


def test_filing_gives_a_number_a_receipt_and_clocks_at_once(filed: Filed, region: Region) -> None:
    dossier = filed()
    assert dossier.reference and dossier.case and dossier.case.reference == dossier.reference
    assert (dossier.step, dossier.steps) == (2, 7)
    receipt = Parcel.objects.get()
    assert "vaudra" in receipt.text or "considérée comme refusée" in receipt.text
    assert "sous réserve que votre demande soit complète" in receipt.text
    assert "/mes-demarches/dossier/" in receipt.text
    kinds = {clock.kind: clock for clock in dossier.case.clocks.all()}
    assert kinds[Clock.Kind.SILENCE].effect == "rejection"
    assert not kinds[Clock.Kind.RECEIPT].is_running  # stopped by the full receipt
    assert dossier.case.status == Status.APPRAISAL
    assert "3M02" not in dossier.case.interactions.get(direction="in").text  # of an account, the end only


def test_filing_twice_is_filing_once(filed: Filed, camille: Person) -> None:
    dossier = filed()
    again = do.file_dossier(dossier, person=camille)
    assert again.reference == dossier.reference
    assert Parcel.objects.count() == 1


def test_a_second_dossier_of_the_year_is_refused_with_the_number_of_the_first(
    filed: Filed, mobility: Procedure, camille: Person
) -> None:
    first = filed()
    draft = fill(do.begin(mobility, camille), camille, STUDENT)
    with pytest.raises(Refused, match=first.spoken_reference):
        do.file_dossier(draft, person=camille)
    do.withdraw(first, person=camille)
    assert do.file_dossier(draft, person=camille).reference


def test_eligibility_never_refuses_a_filing(filed: Filed) -> None:
    assert filed(date_naissance="1980-01-01", etablissement_na="non").reference


def test_nothing_is_filed_while_an_answer_lacks(mobility: Procedure, camille: Person) -> None:
    draft = do.begin(mobility, camille)
    with pytest.raises(Refused, match="questions sans réponse"):
        do.file_dossier(draft, person=camille)


def test_what_was_typed_wrong_is_kept_and_told(mobility: Procedure, camille: Person) -> None:
    draft = do.begin(mobility, camille)
    posted = {code: [value] for code, value in {**STUDENT, "date_naissance": "31/02/2004"}.items()}
    draft, errors = do.save_page(draft, "vous", posted, person=camille, edit=draft.edit)
    assert "date" in errors["date_naissance"].lower()
    assert draft.answers["date_naissance!"] == "31/02/2004"
    assert draft.answers["ville"] == "Poitiers"


def test_the_profile_prefills_and_a_second_tab_never_wins_unseen(mobility: Procedure, camille: Person) -> None:
    draft = do.begin(mobility, camille)
    assert draft.answers["prenom"] == "Camille"
    assert do.begin(mobility, camille).pk == draft.pk
    shown = draft.edit
    do.save_page(draft, "vous", {"prenom": ["Camille"]}, person=camille, edit=shown)
    with pytest.raises(Stale):
        do.save_page(draft, "vous", {"prenom": ["Autre"]}, person=camille, edit=shown)


def test_another_citizen_sees_and_does_nothing(filed: Filed) -> None:
    dossier = filed()
    other = citizen("Paul", "Autre", "paul@courriel.example")
    assert not Dossier.objects.of_person(other).exists()
    with pytest.raises(NotAllowed):
        do.withdraw(dossier, person=other)
    with pytest.raises(NotAllowed):
        do.send_piece(dossier, "rib", person=other, content=PDF, name="rib.pdf")


def test_a_window_that_is_shut_takes_nothing_but_the_postmark_counts(mobility: Procedure, region: Region) -> None:
    body = dict(mobility.live.body)  # type: ignore[union-attr]
    today = timezone.localdate()
    body["windows"] = [{"opens": "2020-01-01", "closes": (today - timedelta(days=2)).isoformat()}]
    version = mobility.live
    assert version is not None
    type(version).objects.filter(pk=version.pk).update(body=body)
    mobility = Procedure.objects.get(pk=mobility.pk)
    person = citizen("Ana", "Late", "ana@courriel.example")
    with pytest.raises(Refused, match="terminée"):
        do.begin(mobility, person)
    came = do.Arrival(channel="paper", received_on=today, postmark=today - timedelta(days=1))
    draft = do.enter(mobility, person, came, by=region.chief, key=uuid.uuid4())
    draft = fill_by(draft, person, region.leo)
    with pytest.raises(Refused, match="hors de la période"):
        do.file_entry(draft, by=region.leo)
    came = do.Arrival(channel="paper", received_on=today, postmark=today - timedelta(days=3))
    filed = do.file_entry(do.change_arrival(draft, came, by=region.leo), by=region.leo)
    assert filed.entered_by == region.chief and filed.channel == "paper"


def fill_by(draft: Dossier, person: Person, by: User) -> Dossier:
    posted = {code: [value] for code, value in STUDENT.items()}
    for page in draft.definition.pages:
        draft, errors = do.save_page(draft, page.code, posted, person=person, edit=draft.edit, by=by)
        assert not errors
    return draft


# -- pieces ------------------------------------------------------------------------------------------------------------


def test_all_missing_pieces_are_asked_in_one_letter_and_hold_the_clock_as_the_law_allows(
    filed: Filed, officers: Officers, camille: Person
) -> None:
    dossier = filed(pieces=("ceam", "identite", "rib"))
    until = timezone.localdate() + timedelta(days=15)
    ceam = dossier.pieces.get(code="ceam")
    do.judge(ceam, by=officers[0], accepted=False, reason="La photo est floue : le numéro ne se lit pas.")
    request = do.ask_missing(dossier, by=officers[0], until=until)
    assert {piece.code for piece in request.pieces.all()} == {"convention", "ceam"}
    assert request.suspends  # the internship agreement is indispensable
    dossier.refresh_from_db()
    assert dossier.case is not None
    silence = dossier.case.clocks.get(kind=Clock.Kind.SILENCE)
    assert silence.is_suspended
    letter = dossier.case.interactions.get(kind=Interaction.Kind.PIECES)
    assert "photo est floue" in letter.text and "Convention de stage" in letter.text
    assert (dossier.phase, dossier.step, dossier.expected) == ("documents", 3, "2 documents à envoyer")
    assert dossier.expected_by == until
    assert Deadline.objects.filter(dossier=dossier, by_person=True, done_at=None).count() == 2
    with pytest.raises(Refused, match="déjà demandées"):
        do.ask_missing(dossier, by=officers[0], until=until)
    send(dossier, camille, "convention")
    assert not Clock.objects.get(pk=silence.pk).is_suspended  # what is left holds nothing back
    with pytest.raises(Refused, match="n'avons pas pu accepter"):
        send(dossier, camille, "ceam")  # the same blurred photograph
    do.send_piece(dossier, "ceam", person=camille, content=PDF + b"sharp", name="ceam.pdf")
    dossier.refresh_from_db()
    assert dossier.expected == ""
    assert not Deadline.objects.filter(dossier=dossier, by_person=True, done_at=None).exists()


def test_a_piece_that_is_not_indispensable_suspends_nothing(filed: Filed, officers: Officers) -> None:
    dossier = filed(pieces=("convention", "ceam", "identite"))
    request = do.ask_missing(dossier, by=officers[0], until=timezone.localdate() + timedelta(days=10))
    assert not request.suspends
    assert dossier.case is not None
    assert not dossier.case.clocks.get(kind=Clock.Kind.SILENCE).is_suspended
    letter = dossier.case.interactions.get(kind=Interaction.Kind.PIECES)
    assert "continue pendant ce temps" in letter.text


@pytest.mark.parametrize(("supplied", "due"), [(date(2026, 7, 31), date(2026, 9, 12)), (None, date(2026, 9, 22))])
def test_the_golden_suspension(
    filed: Filed, officers: Officers, camille: Person, monkeypatch: pytest.MonkeyPatch, supplied: date | None, due: date
) -> None:
    """Received on 1 July, asked on the 20th until 10 August, supplied on the 31st: 12 September; never: the 22nd."""

    def on(day: date) -> None:
        moment = datetime(day.year, day.month, day.day, 10, tzinfo=PARIS)
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    on(date(2026, 7, 1))
    dossier = filed(pieces=("ceam", "identite", "rib"))
    on(date(2026, 7, 20))
    do.ask_missing(dossier, by=officers[0], until=date(2026, 8, 10))
    if supplied:
        on(supplied)
        send(dossier, camille, "convention")
    on(date(2026, 8, 11))
    do.end_overdue_requests(by=officers[0])
    assert dossier.case is not None
    silence = dossier.case.clocks.get(kind=Clock.Kind.SILENCE)
    assert paris_day(silence.due_at) == due
    client = Client()
    client.force_login(officers[0])
    page = client.get(f"/bureau/dossiers/{dossier.reference}/").content.decode()
    assert say_day(due) in page and "Suspensions du délai légal" in page


def test_a_document_accepted_once_serves_again(filed: Filed, officers: Officers, camille: Person) -> None:
    dossier = filed(pieces=ALL)
    accept_all(dossier, by=officers[0])
    kept = KeptDocument.objects.get(person=camille, kind="rib")
    assert kept.verified_at
    do.withdraw(dossier, person=camille)
    second = filed()
    piece = do.reuse(second, "rib", person=camille, kept=kept)
    assert piece.state == Piece.State.RECEIVED and piece.files.get().from_kept
    with pytest.raises(Refused, match="ne convient pas"):
        do.reuse(second, "convention", person=camille, kept=kept)


def test_a_refusal_of_a_document_says_why(filed: Filed, officers: Officers) -> None:
    dossier = filed(pieces=("rib",))
    with pytest.raises(Refused, match="mots simples"):
        do.judge(dossier.pieces.get(code="rib"), by=officers[0], accepted=False)


# -- appraisal ---------------------------------------------------------------------------------------------------------


def test_an_indispensable_piece_holds_the_appraisal_back_and_no_other(filed: Filed, officers: Officers) -> None:
    dossier = filed(pieces=("ceam",))
    do.declare_admissible(dossier, by=officers[0])
    accept_all(dossier, by=officers[0])
    with pytest.raises(Refused, match="Convention de stage"):
        do.complete(dossier, by=officers[0])
    do.waive(dossier.pieces.get(code="convention"), by=officers[0], reason="Reçue directement de l'université.")
    done = do.complete(dossier, by=officers[0])
    assert done.phase == "appraisal" and done.amount_cents == 33000  # 3 weeks: 0.75 month at 440 €
    assert [line["code"] for line in done.computation["lines"]] == ["mois_aides", "montant"]


def test_four_eyes(filed: Filed, officers: Officers) -> None:
    leo, julien = officers
    dossier = filed(pieces=ALL)
    do.declare_admissible(dossier, by=leo)
    accept_all(dossier, by=leo)
    do.complete(dossier, by=leo)
    opinion = do.propose(dossier, by=leo, way="favourable")
    with pytest.raises(Refused, match="autre agent"):
        do.confirm(opinion, by=leo)
    with pytest.raises(Refused, match="commission"):
        do.decide(dossier, by=julien, outcome="granted")
    do.confirm(opinion, by=julien)
    dossier.refresh_from_db()
    assert dossier.phase == "committee"


def test_another_amount_than_the_computed_one_says_why(filed: Filed, officers: Officers) -> None:
    leo, _ = officers
    dossier = filed(pieces=ALL)
    do.declare_admissible(dossier, by=leo)
    accept_all(dossier, by=leo)
    do.complete(dossier, by=leo)
    with pytest.raises(Refused, match="dites pourquoi"):
        do.propose(dossier, by=leo, way="favourable", amount_cents=50000)
    assert do.propose(dossier, by=leo, way="favourable", amount_cents=50000, why_other="Erreur de durée.").amount_cents


def test_a_stranger_agent_is_refused(filed: Filed, region: Region) -> None:
    dossier = filed(pieces=ALL)
    assert not Dossier.objects.visible_to(region.nadia).exists()
    with pytest.raises(NotAllowed):
        do.declare_admissible(dossier, by=region.nadia)


def test_the_thread_does_not_end_before_the_dossier(filed: Filed, region: Region) -> None:
    dossier = filed()
    assert dossier.case is not None
    with pytest.raises(Refused, match="accompagnent un dossier"):
        close(dossier.case, by=region.leo)


# -- decisions and payments -------------------------------------------------------------------------------------------


def test_a_grant_is_notified_with_its_letter_and_paid_in_exact_thirds(
    filed: Filed, officers: Officers, camille: Person
) -> None:
    dossier = granted(filed(pieces=ALL), officers, 40000)
    decision = Decision.objects.get()
    assert decision.letter and decision.letter_archive and decision.notified_by == "portal"
    assert files.read_bytes(decision.letter.sha256).startswith(b"%PDF")
    notice = dossier.case.interactions.get(kind=Interaction.Kind.DECISION)  # type: ignore[union-attr]
    assert "400" not in without_number(notice.text, dossier)  # a mail says that a decision waits, not what it says
    assert "€" not in notice.text
    assert [p.amount_cents for p in dossier.payments.all()] == [13333, 13333, 13334]
    assert [p.state for p in dossier.payments.all()] == ["ready", "ready", "planned"]
    assert (dossier.phase, dossier.step, dossier.outcome) == ("payment", 7, Outcome.GRANTED)
    assert dossier.pieces.get(code="attestation_fin").due_on
    do.note_first_read(decision, person=camille)
    first = Decision.objects.get().first_read_at
    do.note_first_read(decision, person=camille)
    assert Decision.objects.get().first_read_at == first is not None


def test_payments_leave_in_a_valid_file_and_its_return_is_read(
    filed: Filed, officers: Officers, camille: Person
) -> None:
    leo, julien = officers
    dossier = granted(filed(pieces=ALL), officers, 40000)
    ready = list(dossier.payments.filter(state="ready"))
    order = exported(ready, officers, timezone.localdate() + timedelta(days=3))
    root = etree.fromstring(files.read_bytes(order.xml_id))
    assert root.findtext(".//{*}CtrlSum") == "266.66"
    refs = [node.text for node in root.iterfind(".//{*}EndToEndId")]
    with pytest.raises(Refused, match="pas à payer"):
        do.prepare_order(ready, by=leo, execution_day=timezone.localdate())
    back = f"référence;statut;date;motif\n{refs[0]};PAYE;2026-11-30;\n{refs[1]};REJETE;;Compte clos\n"
    assert do.read_return(order, back.encode(), by=julien) == (1, 1)
    assert do.read_return(order, back.encode(), by=julien) == (0, 0)  # read twice
    rejected = dossier.payments.get(state="rejected")
    assert rejected.reject_reason == "Compte clos"
    do.change_account(dossier, person=camille, iban="FR7630006000011234567890189", holder="Camille Duprat")
    do.make_ready(rejected, by=leo)
    send(dossier, camille, "attestation_fin")
    do.judge(dossier.pieces.get(code="attestation_fin"), by=leo, accepted=True)
    assert dossier.payments.get(rank=3).state == Payment.State.READY
    order = exported(dossier.payments.filter(state="ready"), officers)
    ids = list(order.payments.all())
    status = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{dossier.reference}-{p.rank}-{p.pk}</OrgnlEndToEndId><TxSts>ACSC</TxSts>"
        "</TxInfAndSts>" for p in ids
    )  # fmt: skip
    xml = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><OrgnlGrpInfAndSts>'
        f"<OrgnlMsgId>{order.message_id}</OrgnlMsgId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>{status}"
        "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )
    assert do.read_return(order, xml.encode(), by=leo) == (2, 0)
    dossier.refresh_from_db()
    assert dossier.phase == "closed" and dossier.case is not None
    dossier.case.refresh_from_db()
    assert dossier.case.status == Status.CLOSED


@pytest.mark.parametrize("content", [b"", b"<a/>", b"<a", b"x;y", "réf\n".encode(), b"\x00\xff"])
def test_a_return_that_is_not_one_is_refused(filed: Filed, officers: Officers, content: bytes) -> None:
    dossier = granted(filed(pieces=ALL), officers, 40000)
    order = exported(dossier.payments.filter(state="ready"), officers)
    with pytest.raises(Refused):
        do.read_return(order, content, by=officers[0])


def test_a_shortened_stay_takes_from_the_balance_then_asks_back(filed: Filed, officers: Officers) -> None:
    leo, _ = officers
    dossier = granted(filed(pieces=ALL), officers, 30000)  # 3 weeks: thirds of 100 €
    order = exported(dossier.payments.filter(state="ready"), officers)
    lines = "".join(f"{dossier.reference}-{p.rank}-{p.pk};PAYE;;\n" for p in order.payments.all())
    do.read_return(order, lines.encode(), by=leo)
    assert do.shorten(dossier, by=leo, done=Decimal(2)) == 20000
    assert dossier.payments.get(rank=3).state == Payment.State.CANCELLED
    assert not dossier.payments.filter(kind="recovery").exists()
    dossier.refresh_from_db()
    other = dossier
    other.phase, other.closed_at = "payment", None
    assert do.shorten(dossier, by=leo, done=Decimal(1)) == 10000
    assert dossier.payments.get(kind="recovery").amount_cents == 10000


def test_a_refusal_without_reasons_is_not_a_decision(filed: Filed, officers: Officers) -> None:
    dossier = filed()
    with pytest.raises(Refused, match="motifs"):
        do.decide(dossier, by=officers[0], outcome="refused")
    decision = do.decide(
        dossier, by=officers[0], outcome="refused", reasons="L'établissement n'est pas dans la région."
    )
    dossier.refresh_from_db()
    assert dossier.outcome == Outcome.REFUSED and dossier.is_over
    assert decision.reasons


def test_silence_gives_birth_to_an_implicit_decision_once(
    filed: Filed, officers: Officers, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = filed()
    assert do.record_implicit(dossier, by=officers[0]) is None
    later = timezone.now() + timedelta(days=70)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    decision = do.record_implicit(dossier, by=officers[0])
    assert decision is not None and decision.outcome == Outcome.IMPLICIT_REJECTION
    assert do.record_implicit(dossier, by=officers[0]) is None


def test_a_correction_before_the_appraisal_and_none_after(filed: Filed, officers: Officers, camille: Person) -> None:
    dossier = filed(pieces=ALL)
    posted = {code: [value] for code, value in {**STUDENT, "pays": "Portugal"}.items()}
    dossier, errors = do.correct(dossier, "sejour", posted, person=camille, edit=dossier.edit)
    assert not errors
    dossier.refresh_from_db()
    assert dossier.answers["pays"] == "Portugal"
    to_committee(dossier, officers)
    with pytest.raises(Refused, match="instruction a commencé"):
        do.correct(dossier, "sejour", posted, person=camille, edit=dossier.edit)


def test_an_adjourned_file_goes_back_to_its_officer(filed: Filed, officers: Officers) -> None:
    leo, _ = officers
    dossier = to_committee(filed(pieces=ALL), officers)
    sitting = do.open_sitting(by=leo, day=timezone.localdate())
    do.enrol(sitting, [dossier], by=leo)
    told = Deadline.objects.get(dossier=dossier, kind="committee").label
    assert told == "Passage en commission : Aide à la mobilité internationale"
    do.freeze(sitting, by=leo)
    with pytest.raises(Refused, match="arrêtée"):
        do.strike(sitting.seats.get(), by=leo)
    do.vote(sitting.seats.get(), by=leo, result="adjourned")
    do.hold(sitting, by=leo, deliberation="2026.101")
    dossier.refresh_from_db()
    assert dossier.phase == "appraisal" and not Decision.objects.exists()
