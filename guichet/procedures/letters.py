"""What a decision says: reasons, amount and its computation, appeal routes, legible author (CRPA L211-5, L212-1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from guichet.core.calendar import paris_day, say_day
from guichet.core.pdf import pdf_of
from guichet.organisation.directory import directory
from guichet.procedures.models import Decision, Outcome
from guichet.procedures.recap import euros, number_said


def said(decision: Decision) -> dict[str, Any]:
    """Everything the letter, the page and the text say: one source for all."""
    dossier = decision.dossier
    definition = decision.version.definition
    return {
        "decision": decision,
        "dossier": dossier,
        "procedure": dossier.procedure,
        "person": dossier.applicant,
        "granted": decision.outcome in {Outcome.GRANTED, Outcome.IMPLICIT_ACCEPTANCE},
        "amount": euros(decision.amount_cents) if decision.amount_cents is not None else "",
        "lines": _lines(decision),
        "algorithm": bool(decision.computation.get("lines")),
        "algorithm_mention": ALGORITHM,
        "decided_by": definition.decided_by,
        "legal_basis": definition.legal_basis,
        "appeal": definition.appeal,
        "service": directory().contact_block(directory().team(dossier.procedure.team_id)),
        "region_name": settings.REGION_NAME,
    }


def _lines(decision: Decision) -> list[dict[str, str]]:
    return [
        {
            "label": line["label"],
            "value": f"{number_said(Decimal(line['value']).quantize(Decimal('0.01')))} {line.get('unit', '')}".strip(),
        }
        for line in decision.computation.get("lines", [])
    ]


def decision_pdf(decision: Decision) -> tuple[bytes | None, bytes | None]:
    """The letter as a PDF that everyone can read (PDF/UA-1) and as one that lasts (PDF/A-3b)."""
    html = render_to_string("procedures/decision_pdf.html", said(decision))
    return pdf_of(html), pdf_of(html, variant="pdf/a-3b")


def notice_text(decision: Decision) -> str:
    """The mail: a decision waits in the account. It says neither the amount nor the reasons."""
    dossier = decision.dossier
    return (
        "Bonjour,\n\n"
        f"Une décision a été prise sur votre dossier « {dossier.procedure.title} », N° {dossier.spoken_reference}.\n\n"
        "Lisez-la et gardez-la dans votre espace Mes Démarches :\n"
        f"{settings.PUBLIC_URL}/mes-demarches/dossier/{dossier.reference}/\n\n"
        "Si vous ne pouvez pas l'ouvrir, répondez à ce message : nous vous l'enverrons par courrier."
    )


def withdrawal_text(decision: Decision, *, back: int, is_notice: bool) -> str:
    """A decision is taken back. The mail says that it is, and where to read why; the letter says it all."""
    dossier = decision.dossier
    day = say_day(paris_day(decision.decided_at))
    head = (
        "Bonjour,\n\n"
        f"La décision du {day} sur votre dossier « {dossier.procedure.title} », N° {dossier.spoken_reference}, est "
        "retirée. Votre demande est de nouveau examinée : vous recevrez une nouvelle décision."
    )
    if is_notice:
        return (
            f"{head}\n\nLisez les motifs et les voies de recours dans votre espace Mes Démarches :\n"
            f"{settings.PUBLIC_URL}/mes-demarches/dossier/{dossier.reference}/\n\n"
            "Si vous ne pouvez pas l'ouvrir, répondez à ce message : nous vous l'enverrons par courrier."
        )
    it = said(decision)
    lines = [head, "", "Motifs :", decision.withdrawn_why, decision.get_ground_display()]
    if back:
        lines += ["", f"La somme déjà versée est à rendre : {euros(back)}. Le comptable public vous écrira."]
    lines += ["", "Voies et délais de recours", it["appeal"], "", decision.signatory]
    return "\n".join(lines).rstrip()


def letter_text(decision: Decision) -> str:
    """The whole letter as text: what is printed and posted to who has no account or refuses electronic letters."""
    it = said(decision)
    dossier = decision.dossier
    day = say_day(paris_day(decision.decided_at))
    lines = [
        f"Objet : {dossier.procedure.title}, dossier N° {dossier.spoken_reference}",
        "",
        f"Le {day}, {it['decided_by']} a {'accordé' if it['granted'] else 'refusé'} votre demande.",
    ]
    if it["amount"]:
        lines.append(f"Montant : {it['amount']}.")
    lines += [f"– {line['label']} : {line['value']}" for line in it["lines"]]
    if decision.reasons:
        lines += ["", "Motifs :", decision.reasons]
    if decision.valid_until:
        lines += ["", f"Cette aide est à utiliser avant le {say_day(decision.valid_until)}."]
    lines += ["", it["legal_basis"], "", "Voies et délais de recours", it["appeal"]]
    if it["algorithm"]:
        lines += ["", ALGORITHM]
    lines += ["", decision.signatory]
    return "\n".join(lines)


# CRPA L311-3-1 and R311-3-1-1.
ALGORITHM = (
    "Le montant a été calculé par un traitement algorithmique, d'après les règles votées et les réponses du dossier. "
    "Vous avez le droit de connaître ces règles et les principales caractéristiques de leur mise en œuvre : "
    "demandez-les au service dont les coordonnées figurent sur cette lettre. En cas de refus, vous pouvez saisir la "
    "Commission d'accès aux documents administratifs (cada.fr)."
)
