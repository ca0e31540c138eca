"""Receipts: what the law requires them to say, and nothing else (CRPA R112-5, R112-11-1).

A registration receipt (AEE) says that it arrived; a receipt (ARE) also says who is in charge and what silence means.
When the team is known the receipt goes at once and makes the other needless (R112-11-2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from guichet.cases.models import Case, Clock
from guichet.core.calendar import paris_day, say_day, say_moment
from guichet.organisation.directory import ContactBlock, directory
from guichet.organisation.models import Channel, Topic

# R421-1 and R421-5 of the code de justice administrative; the tribunal of the seat of the authority.
APPEAL = (
    "Vous pourrez alors, dans un délai de deux mois, adresser un recours gracieux au président du Conseil régional "
    "ou saisir le tribunal administratif de Bordeaux (9 rue Tastet, 33000 Bordeaux, ou www.telerecours.fr)."
)
NO_SILENCE = (
    "Votre message est une demande d'information. Il ne peut pas donner lieu à une décision implicite d'acceptation "
    "ou de rejet."
)
CHANNEL_SAID = {
    Channel.EMAIL: "par e-mail", Channel.FORM: "par e-mail", Channel.PAPER: "par courrier",
    Channel.PHONE: "par téléphone", Channel.SMS: "par SMS", Channel.PORTAL: "par e-mail",
    Channel.COUNTER: "à l'accueil", Channel.CHAT: "par e-mail", Channel.SOCIAL: "par message",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything a receipt says, for the mail, the page and the PDF. `mentions` are whole sentences."""

    reference: str  # grouped for reading
    subject: str
    received_at: datetime
    is_full: bool  # ARE, not only AEE
    service: ContactBlock
    promised_at: datetime | None
    answer_by: str  # "par e-mail"
    mentions: tuple[str, ...]

    @property
    def title(self) -> str:
        return "Accusé de réception" if self.is_full else "Accusé d'enregistrement"


def receipt_of(case: Case, clocks: Mapping[str, Clock]) -> Receipt:
    """What can be said of this case now. It is full as soon as a service with its contact details is known."""
    team = directory().team(case.team_id)
    known = team is not None and not team.takes_unrouted
    service = directory().contact_block(team if known else directory().unrouted_team)
    is_full = known and service.is_complete
    promise = clocks.get(Clock.Kind.COMMITMENT)
    return Receipt(
        reference=case.spoken_reference,
        subject=case.subject,
        received_at=case.received_at,
        is_full=is_full,
        service=service,
        promised_at=promise.due_at if promise and promise.is_running else None,
        answer_by=CHANNEL_SAID.get(Channel(case.preferred_channel or case.channel), "par e-mail"),
        mentions=_mentions(case, clocks.get(Clock.Kind.SILENCE), is_full=is_full),
    )


def _mentions(case: Case, silence: Clock | None, *, is_full: bool) -> tuple[str, ...]:
    if not is_full:
        return (
            "Cet accusé d'enregistrement est délivré en application de l'article L. 112-11 du code des relations "
            "entre le public et l'administration. Vous recevrez un accusé de réception qui nommera le service "
            "chargé de votre demande.",
        )
    basis = (
        "Cet accusé de réception est délivré en application des articles L. 112-3 et R. 112-5"
        if case.channel == Channel.PAPER or (case.is_file and case.channel in {Channel.COUNTER, Channel.PHONE})
        else "Cet accusé de réception électronique est délivré en application des articles L. 112-11 et R. 112-11-1"
    ) + " du code des relations entre le public et l'administration."
    return (basis, *silence_mention(silence, qualified=case.is_qualified))


def silence_mention(silence: Clock | None, *, qualified: bool = True) -> tuple[str, ...]:
    """R112-11-1, 2°: what happens without an answer, and at which date; both cases when nobody qualified it yet."""
    if silence is None or silence.effect == Topic.Silence.NONE:
        return (NO_SILENCE,)
    day = say_day(paris_day(silence.due_at))
    condition = "sous réserve que votre demande soit complète"
    if not qualified and silence.effect == Topic.Silence.REJECTION:
        return (
            f"Si votre message appelle une décision de notre part : sans réponse le {day}, et {condition}, elle sera "
            f"considérée comme refusée. {APPEAL} S'il demande une information, il ne peut donner lieu à aucune "
            "décision implicite.",
        )
    if silence.effect == Topic.Silence.ACCEPTANCE:
        return (
            f"Sans réponse de notre part le {day}, et {condition}, votre demande sera acceptée. "
            "Vous pourrez demander une attestation de cette acceptation (article L. 232-3 du même code).",
        )
    return (
        f"Sans réponse de notre part le {day}, et {condition}, votre demande sera considérée comme refusée. {APPEAL}",
    )


def follow_url(case: Case) -> str:
    if case.is_file:
        return f"{settings.PUBLIC_URL}/mes-demarches/dossier/{case.reference}/"
    return f"{settings.PUBLIC_URL}/suivi/?numero={case.reference}"


def mail_subject(case: Case, receipt: Receipt) -> str:
    about = "" if case.hides_subject else f" – {case.subject}"
    return f"{receipt.title} – demande N° {receipt.reference}{about}"


def mail_text(case: Case, receipt: Receipt) -> str:
    """The whole receipt as plain text, in the order people read: it arrived, what comes next, whom to call."""
    return _text(case, receipt, "Vous pouvez aussi répondre à ce message.")


def letter_text(case: Case, receipt: Receipt) -> str:
    """The same on paper, for who has no e-mail address: he answers by the post or by telephone."""
    return _text(case, receipt, "Vous pouvez aussi nous écrire ou nous appeler, en donnant ce numéro.")


def _text(case: Case, receipt: Receipt, how_to_answer: str) -> str:
    person = case.person
    lines = [f"Bonjour {person.salutation}," if person and person.civility else "Bonjour,", ""]
    what = "votre dossier" if case.is_file else "votre message"
    lines.append(f"Nous avons bien reçu {what} le {say_moment(receipt.received_at)}.")
    lines += ["", f"Votre numéro de suivi : {receipt.reference}"]
    if not case.hides_subject:
        lines.append(f"Objet : {receipt.subject}")
    if receipt.promised_at:
        lines += ["", f"Nous vous répondons au plus tard le {say_day(paris_day(receipt.promised_at))}."]
    lines += ["", *_service_lines(receipt)]
    lines += ["", "Pour suivre votre demande, ajouter un document ou la retirer :", follow_url(case)]
    lines += ["", how_to_answer, "", *receipt.mentions, "", settings.REGION_NAME]
    return "\n".join(lines)


def _service_lines(receipt: Receipt) -> list[str]:
    if not receipt.service.name:
        return []
    lines = [f"Service chargé de votre demande : {receipt.service.name}"]
    if not receipt.is_full:
        lines = ["Nous cherchons le service qui vous répondra. En attendant :"]
    if receipt.service.phone:
        lines.append(f"Téléphone : {receipt.service.phone}")
    if receipt.service.email:
        lines.append(f"E-mail : {receipt.service.email}")
    if receipt.service.postal_address:
        lines.append("Adresse : " + ", ".join(receipt.service.postal_address.splitlines()))
    return lines
