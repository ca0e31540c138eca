"""Payment orders as files for the public accountant: CSV to read, pain.001 to load; and what comes back."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from lxml import etree
from sepaxml import SepaTransfer

from guichet.core.refused import Refused
from guichet.core.spreadsheets import table
from guichet.procedures.models import Payment

SCHEMA = "pain.001.001.03"
LARGEST_RETURN = 20 * 1024 * 1024
HEAD = (
    "Référence", "Dossier", "Démarche", "Bénéficiaire", "IBAN", "Montant en euros", "Versement", "Exécution",
)  # fmt: skip
PAID = frozenset({"ACSC", "ACCC", "ACCP", "ACSP", "PAYE", "VERSE"})
REJECTED = frozenset({"RJCT", "REJETE", "REJET"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the accountant says of one payment."""

    paid: bool
    reason: str = ""
    day: date | None = None


def reference(payment: Payment) -> str:
    """The end-to-end identifier: at most 35 signs, the same in the file and in its return."""
    return f"{payment.dossier.reference}-{payment.rank}-{payment.pk}"[:35]


def fingerprint(payments: Sequence[Payment]) -> str:
    """Of what leaves: who is paid what, on which account."""
    lines = sorted((p.pk, p.amount_cents, p.iban, p.payee) for p in payments)
    return hashlib.sha256(repr(lines).encode()).hexdigest()


def pain001(payments: Sequence[Payment], *, message_id: str, day: date) -> bytes:
    """An ISO 20022 credit transfer, checked against its schema. Raises `Refused` when the schema does not accept it."""
    payer = settings.PAYER
    if not payer["iban"]:
        raise Refused("Le compte de la paierie n'est pas réglé (GUICHET_PAYER_IBAN).")
    config = {"name": payer["name"][:70], "IBAN": payer["iban"], "batch": True, "currency": "EUR", "msg_id": message_id}
    if payer["bic"]:
        config["BIC"] = payer["bic"]
    transfer = SepaTransfer(config, schema=SCHEMA, clean=True)
    transfer.msg_id = message_id
    for payment in payments:
        transfer.add_payment(
            {
                "name": payment.payee[:70], "IBAN": payment.iban, "amount": int(payment.amount_cents),
                "execution_date": day, "endtoend_id": reference(payment),
                "description": f"{payment.dossier.procedure.title} - dossier {payment.dossier.reference}"[:140],
            }
        )  # fmt: skip
    try:
        written: bytes = transfer.export(validate=True)
    except Exception as fault:
        raise Refused("Le fichier de paiement ne suit pas son schéma : vérifiez les noms et les comptes.") from fault
    return written


def csv_of(payments: Sequence[Payment]) -> bytes:
    lines = [
        (
            reference(p), p.dossier.reference, p.dossier.procedure.title, p.payee, p.iban,
            f"{p.amount_cents // 100},{p.amount_cents % 100:02d}", p.label, p.due_on.isoformat() if p.due_on else "",
        )
        for p in payments
    ]  # fmt: skip
    return table(HEAD, lines).encode()


def read_return(content: bytes, *, message_id: str) -> dict[str, Answer]:
    """A pain.002, or a CSV « référence;statut;date;motif ». Raises `Refused` on anything else."""
    if not content.strip():
        raise Refused("Ce fichier est vide.", status=400)
    if len(content) > LARGEST_RETURN:
        raise Refused("Ce fichier est trop gros pour un retour de paiement.", status=400)
    if content.lstrip()[:1] == b"<":
        return _read_xml(content, message_id)
    return _read_csv(content)


def _read_xml(content: bytes, message_id: str) -> dict[str, Answer]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise Refused("Ce fichier n'est pas un retour pain.002 lisible.", status=400) from None
    original = root.findtext(".//{*}OrgnlGrpInfAndSts/{*}OrgnlMsgId")
    if original is None:
        raise Refused("Ce fichier n'est pas un retour pain.002.", status=400)
    if original.strip() != message_id:
        raise Refused("Ce retour répond à un autre ordre de paiement.", status=400)
    found = {}
    for line in root.iterfind(".//{*}TxInfAndSts"):
        ref = (line.findtext("{*}OrgnlEndToEndId") or "").strip()
        status = (line.findtext("{*}TxSts") or "").strip().upper()
        reason = line.findtext(".//{*}AddtlInf") or line.findtext(".//{*}Rsn/{*}Cd") or ""
        if ref and (answer := _answer(status, reason)):
            found[ref] = answer
    if not found:
        raise Refused("Ce retour ne parle d'aucun versement.", status=400)
    return found


def _read_csv(content: bytes) -> dict[str, Answer]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    found = {}
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=";"), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0].lower().startswith("réf")):
            continue
        answer = _answer(cells[1].upper() if len(cells) > 1 else "", cells[3] if len(cells) > 3 else "")
        if answer is None:
            raise Refused(f"Ligne {number} : le statut est PAYE ou REJETE.", status=400)
        day = None
        if len(cells) > 2 and cells[2]:
            try:
                day = date.fromisoformat(cells[2])
            except ValueError:
                raise Refused(f"Ligne {number} : la date s'écrit AAAA-MM-JJ.", status=400) from None
        found[cells[0]] = Answer(answer.paid, answer.reason, day)
    if not found:
        raise Refused("Ce retour ne parle d'aucun versement.", status=400)
    return found


def _answer(status: str, reason: str) -> Answer | None:
    if status in PAID:
        return Answer(True)
    return Answer(False, reason.strip() or "motif non précisé") if status in REJECTED else None
