"""What the person does with a filed dossier, and how it ends without a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.cases.actions.citizen import add_message
from guichet.cases.actions.moving import move as move_case
from guichet.cases.actions.moving import save as save_case
from guichet.cases.models import Case, Interaction, Status
from guichet.core.refused import Refused, Stale
from guichet.people.models import Person
from guichet.procedures.actions.deadlines import clear_all
from guichet.procedures.actions.moving import locked, locked_by_person, move, portal, save, tell
from guichet.procedures.answers import read_page
from guichet.procedures.models import Dossier, Outcome, ThreadSeen
from guichet.procedures.models.dossier import Phase

if TYPE_CHECKING:
    from guichet.accounts.models import User


def end_thread(row: Dossier, *, result: str, by: User) -> None:
    """The thread ends with the dossier: its clocks stop; a message reopens it within the grace days."""
    if row.case_id is None:
        return
    case = Case.objects.select_for_update().get(pk=row.case_id)
    if case.is_over:
        return
    case.result, case.unread = result, False
    move_case(case, Status.CLOSED, with_file=True)
    save_case(case)


@transaction.atomic
def write_message(
    dossier: Dossier, *, person: Person, address: str, text: str, files: Sequence[tuple[str, bytes]] = (), key: str
) -> Interaction:
    """A message in the thread of the dossier: the same history as in the desk."""
    row = locked_by_person(dossier, person)
    if row.case is None:
        raise Refused("Ce dossier n'est pas encore déposé.", status=409)
    return add_message(row.case, address=address, text=text, files=files, key=key)


@transaction.atomic
def see_thread(dossier: Dossier, *, person: Person) -> None:
    """The person opened his dossier: its messages are no longer new to him. The reading itself is his own."""
    if dossier.case_id is not None:
        ThreadSeen.objects.update_or_create(person=person, case_id=dossier.case_id, defaults={"at": timezone.now()})


@transaction.atomic
def withdraw(dossier: Dossier, *, person: Person) -> Dossier:
    """« Retirer ma demande »: possible until the decision."""
    row = locked_by_person(dossier, person)
    if row.is_draft:
        raise Refused("Un brouillon se supprime.", status=409)
    if row.decided_at is not None or row.is_over:
        raise Refused("La décision est prise : ce dossier ne peut plus être retiré.", status=409)
    row.outcome = Outcome.WITHDRAWN
    _close(row, by=portal(), result="withdrawn")
    tell("dossier.withdrawn", row, by=portal())
    return row


@transaction.atomic
def lapse(dossier: Dossier, *, by: User, reason: str) -> Dossier:
    """Caducité: the delay to use or justify is over, the person was heard (CRPA L121-1)."""
    row = locked(dossier, by=by)
    if row.is_over:
        raise Refused("Ce dossier est terminé.")
    if not reason.strip():
        raise Refused("Dites pourquoi le dossier devient caduc.", status=400)
    row.payments.filter(state__in=["planned", "ready", "rejected"]).update(state="cancelled", order=None)
    row.outcome = Outcome.LAPSED
    _close(row, by=by, result="no_reaction")
    tell("dossier.lapsed", row, by=by)
    return row


def _close(row: Dossier, *, by: User, result: str) -> None:
    row.seats.filter(sitting__state="open").delete()
    move(row, Phase.CLOSED)
    row.piece_requests.filter(ended_at__isnull=True).update(ended_at=timezone.now())
    clear_all(row)
    save(row, by=by)
    end_thread(row, result=result, by=by)


@transaction.atomic
def correct(
    dossier: Dossier, code: str, posted: Mapping[str, Sequence[str]], *, person: Person, edit: int
) -> tuple[Dossier, dict[str, str]]:
    """The right to correct (CRPA L123-1), before the appraisal: (the dossier, errors by field). Wrong answers change
    nothing of what was declared."""
    row = locked_by_person(dossier, person)
    if row.phase not in {Phase.ADMISSIBILITY, Phase.DOCUMENTS}:
        raise Refused("L'instruction a commencé : écrivez-nous pour corriger une réponse.", status=409)
    if row.edit != edit:
        raise Stale
    page = next((page for page in row.definition.pages if page.code == code), None)
    if page is None:
        raise Refused("Cette page n'existe pas dans le formulaire.", status=404)
    answers, errors = read_page(row.definition, page, posted, row.answers, day=row.counted_from)
    if errors:
        row.answers = answers
        return row, errors
    changed = sorted(name for name in answers if answers[name] != row.answers.get(name))
    row.answers = answers
    row.beneficiary_name = row.declared_beneficiary[:160] or row.beneficiary_name
    row.edit += 1
    row.recap = None
    save(row, by=portal())
    tell("dossier.corrected", row, by=portal(), fields=changed)
    return row, {}
