"""Dossiers of the citizen of the house: one decided and half paid, one that waits for documents, one being written."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

from django.test import Client
from django.utils import timezone

from guichet.accounts.actions import create_agent, join
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.models import Clock
from guichet.citizens.models import Account
from guichet.demo.procedures import FOLDER, load
from guichet.gateway.actions import create_hook, create_key
from guichet.gateway.models import ApiKey, Scope, Webhook, WebhookCall
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.models import (
    Dossier,
    DossierBatch,
    KeptDocument,
    Payment,
    PaymentOrder,
    PieceFile,
    Procedure,
    Sitting,
)
from tests.factories import Region
from tests.procedures.conftest import PDF, STUDENT, exported, fill


@dataclass
class Filed:
    procedure: Procedure
    granted: Dossier  # decided in a sitting, two thirds to be paid
    waiting: Dossier  # documents asked for
    draft: Dossier
    entry: Dossier  # on paper, typed by an agent of the service
    entered: Dossier  # the same, filed
    piece: PieceFile
    kept: KeptDocument  # in his account
    sitting: Sitting
    order: PaymentOrder  # exported
    prepared: PaymentOrder  # by Léo, to be validated by another
    batch: DossierBatch  # of Léo
    officer: User
    second: User
    key: ApiKey
    hook: Webhook  # with a call that was given up


def filed(region: Region, account: Account) -> Filed:
    by = machine(GUICHET)
    person = account.person
    with patch("guichet.procedures.letters.pdf_of", return_value=PDF):  # drawn in tests/procedures
        return _filed(by, region, person)


def _filed(by: User, region: Region, person: Person) -> Filed:
    procedure = load(FOLDER / "mobilite_internationale.json", by=by, reviewer=by)
    procedure.team = region.youth
    procedure.save()
    second = create_agent("maud@agents.example", by=by, password="un mot de passe long", first_name="Maud",
                          last_name="Lestage")  # fmt: skip
    join(second, region.youth, by=by)
    leo = region.leo
    granted = _file(procedure, person, *("convention", "ceam", "identite", "rib"))
    do.declare_admissible(granted, by=leo)
    for piece in granted.pieces.filter(state="received"):
        do.judge(piece, by=leo, accepted=True)
    do.complete(granted, by=leo)
    do.confirm(do.propose(granted, by=leo, way="favourable"), by=second)
    sitting = do.open_sitting(by=leo, day=timezone.localdate())
    do.enrol(sitting, [granted], by=leo)
    do.freeze(sitting, by=leo)
    do.vote(sitting.seats.get(), by=leo, result="granted", amount_cents=40000)
    do.hold(sitting, by=leo, deliberation="2026.1")
    Dossier.objects.filter(pk=granted.pk).update(received_at=timezone.now() - timedelta(days=400))
    order = exported(granted.payments.filter(rank=1), (leo, second))
    prepared = do.prepare_order(list(granted.payments.filter(rank=2)), by=leo, execution_day=timezone.localdate())
    waiting = _file(procedure, person, "ceam")
    do.declare_admissible(waiting, by=leo)
    do.judge(waiting.pieces.get(code="ceam"), by=leo, accepted=False, reason="La photo est floue.")
    do.ask_missing(waiting, by=leo, until=timezone.localdate() + timedelta(days=10))
    Dossier.objects.filter(pk=waiting.pk).update(received_at=timezone.now() - timedelta(days=800))
    draft = do.begin(procedure, person)
    batch = do.choose_dossiers([waiting.pk, granted.pk], by=leo)
    entry, entered = _entry(procedure, person, leo), _entry(procedure, person, leo)
    for page in entered.definition.pages:
        posted = {code: [value] for code, value in STUDENT.items()}
        entered, _ = do.save_page(entered, page.code, posted, person=person, edit=entered.edit, by=leo)
    entered = do.file_entry(entered, by=leo)
    Dossier.objects.filter(pk=entered.pk).update(received_at=timezone.now() - timedelta(days=1200))
    key, _ = create_key("Portail jeunes", by=by, scopes=Scope.values, team=region.youth)
    hook, _ = create_hook("Portail jeunes", "http://127.0.0.1:9/", by=by, events=["dossier.decided"])
    WebhookCall.objects.create(hook=hook, event_id=1, dossier_id=granted.pk, verb="dossier.decided", tries=8,
                               body={"dossier": granted.reference}, state="given_up", error="Réponse 500")  # fmt: skip
    return Filed(
        procedure, Dossier.objects.get(pk=granted.pk), Dossier.objects.get(pk=waiting.pk), draft, entry, entered,
        PieceFile.objects.filter(piece__dossier=granted)[0],
        KeptDocument.objects.filter(person=person)[0], sitting, order, prepared, batch,
        leo, second, key, hook,
    )  # fmt: skip


def _entry(procedure: Procedure, person: Person, by: User) -> Dossier:
    came = do.Arrival(channel="paper", received_on=timezone.localdate())
    return do.enter(procedure, person, came, by=by, key=uuid.uuid4())


def _file(procedure: Procedure, person: Person, *pieces: str) -> Dossier:
    draft = fill(do.begin(procedure, person), person, STUDENT)
    for code in pieces:
        do.send_piece(draft, code, person=person, content=PDF + code.encode(), name=f"{code}.pdf")
    return do.file_dossier(draft, person=person, address="camille.duprat@courriel.example")


def walk(client: Client, found: Filed) -> None:
    """What a refused form shows, and the pages of each state."""
    base = f"/mes-demarches/brouillon/{found.draft.key}"
    client.post(f"{base}/vous/", {"edit": "0"})
    found.draft.refresh_from_db()
    client.post(f"{base}/vous/", {"edit": found.draft.edit, "date_naissance": "hier"})
    client.get(f"{base}/vous/?voir")
    client.post(f"{base}/documents/", {"piece": "ceam"})
    client.post(f"{base}/documents/", {"piece": "ceam", "fichier": io.BytesIO(PDF)})
    client.get(f"{base}/documents/")
    client.post(f"{base}/recapitulatif/")
    client.post(f"/mes-demarches/demarches/{found.procedure.code}/puis-je/", {**STUDENT, "date_naissance": "x"})
    client.post(f"/mes-demarches/demarches/{found.procedure.code}/puis-je/", STUDENT)
    waiting = f"/mes-demarches/dossier/{found.waiting.reference}"
    client.post(f"{waiting}/document/rib/", {"fichier": io.BytesIO(b"")})
    client.post(f"{waiting}/message/", {"message": ""})
    client.post(f"{waiting}/corriger/sejour/", {**STUDENT, "fin": "2020-01-01", "edit": found.waiting.edit})
    client.post(f"/mes-demarches/dossier/{found.granted.reference}/compte/", {"iban": "x"})
    client.post(f"{waiting}/retirer/")
    client.get(f"{waiting}/")
    client.get("/mes-demarches/terminees/")
    _walk_in_the_account(client, found)
    client.post(f"{base}/supprimer/")
    client.get(f"/mes-demarches/brouillon/{uuid.uuid4()}/")


def _walk_in_the_account(client: Client, found: Filed) -> None:
    client.post("/mes-demarches/preferences/", {"avis": "progress"})
    client.post("/mes-demarches/preferences/agenda/", {"faire": "creer"})
    client.get("/mes-demarches/preferences/")
    client.post("/mes-demarches/preferences/agenda/", {"faire": "supprimer"})
    client.post("/mes-demarches/documents/", {"nature": "x"})
    client.post("/mes-demarches/documents/", {"nature": "rib", "fichier": io.BytesIO(PDF + b"2")})
    client.post(f"/mes-demarches/documents/{found.kept.pk}/retirer/")
    client.post("/mes-demarches/mes-donnees/", {"first_name": "", "postcode": "x" * 20})
    client.post("/mes-demarches/mes-donnees/coordonnees/", {"telephone": "12"})
    client.post("/mes-demarches/mes-donnees/coordonnees/", {"telephone": "06 39 98 12 53"})
    client.get("/mes-demarches/mes-donnees/")
    for posted in (
        {"faire": "x"}, {"faire": "inviter", "adresse": "x"},
        {"faire": "inviter", "adresse": "lea@courriel.example", "qui": "conseiller", "accord": "oui"},
        {"faire": "enfant", "prenom": "Lou", "nom": "Duprat", "naissance": f"{timezone.localdate().year - 9}-01-01"},
        {"faire": "organisme", "organisme": "Les Amis", "numero": "W861234567", "fonction": "Présidente"},
    ):  # fmt: skip
        client.post("/mes-demarches/aidants/", posted)
    client.get("/mes-demarches/aidants/")
    client.get("/mes-demarches/consultations/")
    client.get("/mes-demarches/")


def walk_in_desk(client: Client, other: Client, found: Filed) -> None:
    """The appraisal of one dossier, refused and done, then its committee, as two agents of the service see them."""
    base = f"/bureau/dossiers/{found.waiting.reference}"
    for verb, posted in (
        ("attribuer", {"agent": "moi"}), ("juger", {"piece": found.waiting.pieces.get(code="ceam").pk, "juge": "non"}),
        ("pieces", {"avant": "hier"}), ("complet", {}), ("proposer", {"avis": "x"}),
        ("decider", {"decision": "granted"}),
        ("inscrire", {}), ("ecourter", {"duree": "x"}), ("reverser", {"montant": "x"}), ("caduc", {}),
    ):  # fmt: skip
        client.post(f"{base}/faire/{verb}/", posted)
    for piece in found.waiting.pieces.exclude(state="later"):
        client.post(f"{base}/faire/dispenser/", {"piece": piece.pk, "motif": "Vu à l'accueil."})
    client.post(f"{base}/faire/complet/")
    client.get(f"{base}/")
    client.post(f"{base}/faire/proposer/", {"avis": "favourable"})
    other.get(f"{base}/")
    other.post(f"{base}/faire/confirmer/")
    client.get(f"{base}/")
    client.post("/bureau/dossiers/seances/", {"jour": ""})
    client.post("/bureau/dossiers/seances/", {"jour": timezone.localdate().isoformat()})
    sitting = Sitting.objects.latest("pk")
    at = f"/bureau/dossiers/seances/{sitting.pk}"
    client.get(f"{at}/")
    client.post(f"{at}/faire/inscrire/")
    client.post(f"{at}/faire/inscrire/", {"dossier": found.waiting.pk})
    client.get(f"{at}/")
    client.get("/bureau/dossiers/seances/")
    client.post(f"{at}/faire/arreter/")
    client.get(f"{at}/")
    client.post(f"{at}/faire/tenir/", {"deliberation": "1"})
    client.post("/bureau/dossiers/versements/", {"jour": "x"})
    client.post(f"/bureau/dossiers/ordres/{found.order.pk}/")
    _walk_through_orders(client, other, found)
    _walk_through_batches(client, found)
    _walk_through_withdrawal(client, found)
    client.get("/bureau/dossiers/silences/")
    Clock.objects.filter(case=found.waiting.case, kind="silence").update(stopped_at=None, due_at=timezone.now())
    client.get("/bureau/dossiers/silences/")
    client.get("/bureau/dossiers/")


def _walk_through_orders(client: Client, other: Client, found: Filed) -> None:
    """A list to be validated, as the two agents see it; a line left out; the list refused."""
    at = f"/bureau/dossiers/ordres/{found.prepared.pk}"
    Payment.objects.filter(order=found.prepared).update(account_changed_at=timezone.now(), payee="Paul Autre")
    for one in (client, other):
        one.get(f"{at}/")
        one.post(f"{at}/faire/valider/", {"vu": "autre"})
        one.get("/bureau/dossiers/versements/")
    line = found.prepared.payments.get().pk
    other.post(f"{at}/faire/ecarter/", {"versement": line})
    other.post(f"{at}/faire/ecarter/", {"versement": line, "motif": "Titulaire à vérifier."})
    other.get(f"{at}/")
    other.post(f"{at}/faire/refuser/")
    other.post(f"{at}/faire/refuser/", {"motif": "Vide."})
    other.get(f"{at}/")
    client.get("/bureau/dossiers/versements/")


def _walk_through_batches(client: Client, found: Filed) -> None:
    """Chosen, typed wrong, previewed with those left out, carried out."""
    client.post("/bureau/dossiers/lots/", {"liste": "phase=documents"})
    client.post("/bureau/dossiers/lots/", {"tout": "1"})
    at = f"/bureau/dossiers/lots/{DossierBatch.objects.latest('pk').pk}"
    client.post(f"{at}/preparer/", {"verb": "ask", "until": "hier"})
    client.post(f"{at}/preparer/", {"verb": "enrol", "sitting": ""})
    client.post(f"{at}/preparer/", {"verb": "propose"})
    client.get(f"{at}/?p=2")
    client.get(f"{at}/?changer=1")
    Dossier.objects.filter(pk=found.waiting.pk).update(phase="documents")
    found.waiting.piece_requests.update(ended_at=timezone.now())
    found.waiting.pieces.filter(code="ceam").update(state="missing")
    until = (timezone.localdate() + timedelta(days=20)).isoformat()
    client.post(f"{at}/preparer/", {"verb": "ask", "until": until})
    client.get(f"{at}/")
    client.post(f"{at}/faire/", {"action": "confirmer", "nombre": "1"})
    client.get(f"{at}/")
    do.work_dossier_batches()
    client.get(f"{at}/")
    client.get("/bureau/dossiers/lots/")


def _walk_through_withdrawal(client: Client, found: Filed) -> None:
    """Refused while a payment is at the accountant's, without reasons, then done; then too late."""
    base = f"/bureau/dossiers/{found.granted.reference}"
    client.get(f"{base}/")
    found.granted.payments.filter(state="ordered").update(state="paid")
    decision = found.granted.decisions.get()
    posted = {"prise": decision.pk, "fondement": "unlawful", "entendue": "1"}
    client.post(f"{base}/faire/retirer/", posted)
    decision.decided_at -= timedelta(days=200)
    decision.save()
    client.get(f"{base}/")
    client.post(f"{base}/faire/retirer/", posted | {"motifs": "Erreur."})
    client.post(f"{base}/faire/retirer/", posted | {"motifs": "Erreur.", "fondement": "fraud"})
    client.get(f"{base}/")


def walk_in_entries(client: Client, found: Filed) -> None:
    """An application typed for somebody: what is refused, a document, the summary, what is dropped."""
    base, person = "/bureau/dossiers/saisies", found.entry.applicant
    at = f"{base}/{found.entry.key}"
    client.get(f"{base}/")
    client.post(f"{base}/nouvelle/?personne={person.pk}", {"basis": "legal", "received_on": "x", "email": "x"})
    client.post(f"{at}/arrivee/", {"channel": "paper", "basis": "adviser", "postmark": "2999-01-01"})
    client.post(f"{at}/page/vous/", {"edit": "0", "ville": "Niort"})
    found.entry.refresh_from_db()
    client.post(f"{at}/page/vous/", {"edit": found.entry.edit, "date_naissance": "hier"})
    client.get(f"{at}/page/vous/?voir")
    client.post(f"{at}/page/documents/", {"piece": "ceam"})
    client.post(f"{at}/page/documents/", {"piece": "ceam", "fichier": io.BytesIO(PDF)})
    client.get(f"{at}/page/documents/")
    client.post(f"{at}/page/recapitulatif/")
    client.get(f"/bureau/dossiers/{found.entered.reference}/depose/")
    client.get(f"/bureau/dossiers/{found.entered.reference}/")
    client.get("/bureau/dossiers/")
    client.post(f"{at}/abandonner/")
    client.get(f"{base}/")


def walk_in_procedures(client: Client, found: Filed) -> None:
    base = f"/bureau/dossiers/demarches/{found.procedure.code}"
    client.post("/bureau/dossiers/demarches/", {})
    client.post(f"{base}/faire/preparer/")
    client.get(f"{base}/")
    client.get(f"{base}/regler/page-vous/")
    client.post(f"{base}/regler/etapes/", {"revision": "0"})
    client.post(f"{base}/faire/publier/")
    client.post(f"{base}/faire/soumettre/")
    client.get(f"{base}/")
    client.post(f"{base}/faire/fermer/")
    client.get(f"{base}/")


def walk_in_interfaces(client: Client, found: Filed) -> None:
    """Keys and webhooks, refused, made, called again."""
    base = "/bureau/reglages/interfaces"
    client.post(f"{base}/", {"action": "cle", "name": "Essai"})
    client.post(f"{base}/", {"action": "cle", "name": "Essai", "scopes": ["events:read"], "last_day": "2000-01-01"})
    client.post(f"{base}/", {"action": "cle", "name": "Essai", "scopes": ["events:read"]})
    client.post(f"{base}/", {"action": "appel", "name": "Essai", "url": "ftp://x", "events": ["dossier.paid"]})
    client.post(
        f"{base}/", {"action": "appel", "name": "Essai", "url": "http://127.0.0.1:9/", "events": "dossier.paid"}
    )
    client.get(f"{base}/appels/{found.hook.pk}/?etat=given_up")
    client.get(f"{base}/appels/{found.hook.pk}/?etat=told")
    client.post(f"{base}/appels/{found.hook.pk}/faire/", {"action": "rejouer", "appel": found.hook.calls.get().pk})
    client.post(f"{base}/appels/{found.hook.pk}/faire/", {"action": "arreter"})
    client.post(f"{base}/cles/{found.key.pk}/revoquer/")
    client.get(f"{base}/appels/{found.hook.pk}/")
    client.get(f"{base}/")
