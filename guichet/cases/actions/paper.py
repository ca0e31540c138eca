"""Answers on paper: frozen when written, printed, posted by hand."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases import receipts
from guichet.cases.actions.acknowledging import kind_of, made_now
from guichet.cases.actions.moving import locked
from guichet.cases.models import Case, Interaction, PaperLetter, Task
from guichet.cases.sending import postal_lines
from guichet.core.calendar import paris_day, say_day
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel
from guichet.people.models import Person

NO_POSTAL_ADDRESS = "Cette personne n'a pas d'adresse postale. Complétez sa fiche, ou choisissez l'e-mail."
POST, HAND_OVER = "Imprimer le courrier et le poster", "Imprimer l'accusé de réception et le remettre"


def task_about(interaction: Interaction) -> str:
    return f"interaction:{interaction.pk}"


def put_on_paper(
    case: Case, *, by: User, kind: str, at: datetime, text: str, whole: str, subject: str, template_version: str
) -> Interaction:
    """Write the letter in the history of a case already locked, and ask somebody to post it."""
    lines = postal_lines(case.person) if case.person else []
    if not lines:
        raise Refused(NO_POSTAL_ADDRESS, status=400)
    return _written(case, lines, POST, by=by, kind=kind, at=at, text=text, whole=whole, subject=subject,
                    template_version=template_version)  # fmt: skip


def acknowledge_on_paper(case: Case, *, to: Person | None = None) -> Interaction | None:
    """The receipt of who has no address that is proved, inside the action that opened the case: a letter to post, to
    be handed over when no street is known or may be told. `to`: who asks for the person, when his own is not known.

    None for who is dead.
    """
    person = case.person
    if person is None or person.deceased:
        return None
    lines = [] if person.secret else postal_lines(person) or (postal_lines(to) if to else [])
    now = timezone.now()
    receipt = made_now(case, now)
    text = receipts.letter_text(case, receipt)
    rule = machine(GUICHET)
    done = _written(
        case, lines or [person.full_name], POST if lines else HAND_OVER, by=rule, kind=kind_of(receipt), at=now,
        text=text, whole=text, subject=receipts.mail_subject(case, receipt), template_version="", automatic="receipt",
    )  # fmt: skip
    record("case.receipt" if receipt.is_full else "case.registration", by=rule, case_id=case.pk)
    return done


def _written(
    case: Case, lines: list[str], task: str, *, by: User, kind: str, at: datetime, text: str, whole: str, subject: str,
    template_version: str, automatic: str = "",
) -> Interaction:  # fmt: skip
    block = directory().contact_block(directory().team(case.team_id))
    sender = [settings.REGION_NAME, block.name, *block.postal_address.splitlines(), block.phone]
    interaction = Interaction.objects.create(
        case=case, channel=Channel.PAPER, direction=Interaction.Direction.OUT, kind=kind, at=at, author=by,
        recipients=[[", ".join(lines[1:]), lines[0]]], subject=subject[:300], text=text,
        template_version=template_version, automatic=automatic,
    )  # fmt: skip
    PaperLetter.objects.create(
        interaction=interaction, address="\n".join(lines), sender="\n".join(line for line in sender if line), text=whole
    )
    Task.objects.create(case=case, label=task, about=task_about(interaction))
    return interaction


@transaction.atomic
def mark_posted(interaction: Interaction, *, by: User, on: date | None = None) -> PaperLetter:
    """The letter left by the post. A second time changes nothing."""
    case = locked(interaction.case, by=by)
    letter = PaperLetter.objects.select_for_update().get(interaction=interaction)
    if interaction.withdrawn_at is not None:
        raise Refused("Ce courrier a été annulé.")
    today = paris_day(timezone.now())
    day = on or today
    if day > today or day < paris_day(interaction.at):
        raise Refused("La date d'envoi se situe entre la rédaction du courrier et aujourd'hui.", status=400)
    if letter.posted_on is None:
        letter.posted_on, letter.posted_by = day, by
        letter.save(update_fields=["posted_on", "posted_by"])
        case.tasks.filter(about=task_about(interaction), done_at__isnull=True).update(
            done_at=timezone.now(), done_by=by
        )
        record("case.letter_posted", by=by, case_id=case.pk, subject=task_about(interaction), day=say_day(day))
    return letter
