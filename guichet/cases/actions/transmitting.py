"""What is not ours goes to the competent administration, and the person is told (CRPA L114-2)."""

from __future__ import annotations

from django.db import transaction

from guichet.accounts.models import User
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.actions.writing import answer_to
from guichet.cases.models import Case, Interaction, Status
from guichet.cases.models.case import Result
from guichet.cases.sending import letter_for, write_out, written
from guichet.core.calendar import paris_day, say_day, say_moment
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.organisation.models import CompetentBody


@transaction.atomic
def transmit(case: Case, body: CompetentBody, *, by: User, version: int | None = None) -> Case:
    """Send the demand to the competent administration and tell the person where it went (CRPA L114-2).

    The person is told where an answer would go. Raises `Refused` when one of the two cannot be reached by e-mail.
    """
    case = locked(case, by=by, version=version)
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant de la transmettre.")
    told = answer_to(case)
    if not told:
        raise Refused("Cette personne n'a pas d'adresse e-mail utilisable : prévenez-la par courrier avant de clore.")
    if not body.email:
        raise Refused("Cet organisme n'a pas d'adresse e-mail : transmettez par courrier, puis clôturez.")
    _send(case, body, by=by)
    _tell(case, body, told, by=by)
    case.transmitted_to, case.result, case.unread = body, Result.TRANSMITTED, False
    move(case, Status.TRANSMITTED)
    save(case)
    record("case.transmitted", by=by, case_id=case.pk, body=body.name)
    return case


def letters(case: Case, body: CompetentBody) -> tuple[str, str]:
    """What the body and the person will read, to look at before sending."""
    return _to_body(case, _messages(case)), _to_person(case, body)


def _messages(case: Case) -> list[Interaction]:
    """Everything the person wrote, with its files: the body decides on the whole demand."""
    received = case.interactions.filter(
        direction=Interaction.Direction.IN, kind=Interaction.Kind.MESSAGE, third_person=False
    ).prefetch_related("attachments__file")
    return list(received.order_by("at", "id"))


def _to_body(case: Case, messages: list[Interaction]) -> str:
    return (
        f"Madame, Monsieur,\n\nNous avons reçu la demande ci-dessous le {say_day(paris_day(case.received_at))}. "
        "Elle relève de votre compétence : nous vous la transmettons en application de l'article L. 114-2 du code des "
        "relations entre le public et l'administration. La personne en est informée.\n\n"
        + "\n\n".join(_quoted(message, case) for message in messages)
    )


def _send(case: Case, body: CompetentBody, *, by: User) -> None:
    messages = _messages(case)
    files: list[tuple[StoredFile, str]] = [
        (a.file, a.name) for message in messages for a in message.attachments.all() if a.file.may_be_opened
    ]
    subject = f"Transmission – demande N° {case.spoken_reference}"
    to = [(body.email, body.name)]
    letter = letter_for(case, text=_to_body(case, messages), subject=subject, to=to, files=files)
    write_out(written(case, letter, by=by, kind=Interaction.Kind.TRANSMISSION))


def _quoted(message: Interaction, case: Case) -> str:
    said = [name for name in (message.sender_name, message.sender_address and f"<{message.sender_address}>") if name]
    return (
        f"De : {' '.join(said)}\nReçu le : {say_moment(message.at)}\nObjet : {message.subject or case.subject}\n\n"
        f"{message.text}"
    )


def _to_person(case: Case, body: CompetentBody) -> str:
    contact = "\n".join(line for line in (body.name, body.postal_address, body.phone, body.website) if line)
    return (
        f"Bonjour,\n\nVotre demande N° {case.spoken_reference} ne relève pas de la Région. Nous l'avons transmise à "
        "l'organisme compétent, qui vous répondra directement : vous n'avez rien à renvoyer (article L. 114-2 du code "
        f"des relations entre le public et l'administration).\n\n{contact}"
    )


def _tell(case: Case, body: CompetentBody, to: list[tuple[str, str]], *, by: User) -> None:
    subject = f"Votre demande N° {case.spoken_reference} a été transmise"
    letter = letter_for(case, text=_to_person(case, body), subject=subject, to=to)
    write_out(written(case, letter, by=by, kind=Interaction.Kind.TRANSMISSION))
