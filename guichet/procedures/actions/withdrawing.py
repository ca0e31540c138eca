"""A decision is taken back: within what the law allows, told with its reasons, and the request is examined again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.cases import clocks
from guichet.cases.actions.moving import move as move_case
from guichet.cases.actions.moving import save as save_case
from guichet.cases.actions.writing import mail_to, reply
from guichet.cases.models import Case, Interaction, Status
from guichet.core.calendar import say_day
from guichet.core.refused import Refused
from guichet.core.text import strip_controls
from guichet.organisation.models import Channel
from guichet.procedures import letters
from guichet.procedures.actions.deadlines import clear_all
from guichet.procedures.actions.filing import silence_of
from guichet.procedures.actions.moving import locked, move, save, tell
from guichet.procedures.actions.paying import cancel_unsent
from guichet.procedures.models import Decision, Dossier, Outcome, Payment
from guichet.procedures.models.dossier import Phase
from guichet.procedures.withdrawing import MAY_FALL, Ground, delay, grounds, must_be_heard

if TYPE_CHECKING:
    from guichet.accounts.models import User

DECIDED = frozenset({Phase.NOTIFICATION, Phase.PAYMENT, Phase.CLOSED})


@transaction.atomic
def withdraw_decision(decision: Decision, *, by: User, ground: str, reason: str, heard: bool = False) -> Dossier:
    """Take a decision back: payments that have not left are stopped, what was paid is asked back, the person is told
    why and how to appeal, and the request is examined again, its silence counted anew.

    `heard`: he could give his observations (CRPA L121-1, L122-1). Raises `Refused` after the four months of an
    unlawful decision, without reasons, or while a payment is at the accountant's.
    """
    row = locked(decision.dossier, by=by)
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk, dossier=row)
    _may_fall(row, decision, ground)
    reason = strip_controls(reason).strip()
    if not reason:
        raise Refused("Dites pourquoi la décision est retirée : la personne lira ces motifs.", status=400)
    if must_be_heard(decision, ground) and not heard:
        raise Refused(
            "La personne doit d'abord pouvoir donner ses observations (CRPA L121-1, L122-1) : dites que c'est fait.",
            status=400,
        )
    decision.withdrawn_at, decision.withdrawn_by = timezone.now(), by
    decision.ground, decision.withdrawn_why = ground, reason[:8000]
    decision.save(update_fields=["withdrawn_at", "withdrawn_by", "ground", "withdrawn_why"])
    back = cancel_unsent(row)
    row.opinions.filter(dropped_at__isnull=True).update(dropped_at=timezone.now())
    _examine_again(row)
    clear_all(row)
    save(row, by=by)
    _tell_person(row, decision, back, by=by)
    tell("dossier.decision_withdrawn", row, by=by, decision=decision.pk, ground=ground, back=back)
    return row


def _may_fall(row: Dossier, decision: Decision, ground: str) -> None:
    if decision.withdrawn_at is not None:
        raise Refused("Cette décision est déjà retirée.")
    if decision.outcome not in MAY_FALL:
        raise Refused("Une décision expresse remplace ce rejet implicite : il n'y a rien à retirer.")
    if row.outcome not in {decision.outcome, Outcome.NONE}:
        raise Refused(f"Ce dossier a fini autrement depuis : {row.get_outcome_display().lower()}.")
    if ground not in Ground.values:
        raise Refused("Choisissez un fondement dans la liste.", status=400)
    if ground not in grounds(decision, today=timezone.localdate()):
        over = delay(decision, today=timezone.localdate())
        if ground == Ground.UNLAWFUL and over.is_over:
            raise Refused(
                f"Le délai de quatre mois est passé depuis le {say_day(over.last_day)} : une décision illégale ne peut "
                "plus être retirée (CRPA L242-1, L243-3)."
            )
        raise Refused("Ce fondement ne vaut pas pour cette décision.", status=400)
    if row.payments.filter(state=Payment.State.ORDERED).exists():
        raise Refused("Un versement est parti à la paierie : attendez son retour, puis retirez la décision.")


def _examine_again(row: Dossier) -> None:
    if row.phase in DECIDED:
        if row.phase != Phase.CLOSED:
            move(row, Phase.CLOSED)
        move(row, Phase.APPRAISAL)
    row.outcome, row.decided_at = Outcome.NONE, None
    row.amount_cents, row.computation = None, {}
    if row.case_id is None:
        return
    case = Case.objects.select_for_update(of=("self",)).get(pk=row.case_id)
    if case.is_over:
        case.result = ""
        move_case(case, Status.REOPENED)
        move_case(case, Status.APPRAISAL)
    # The request waits for an answer again: silence is counted from the withdrawal.
    clocks.restart_silence(case, silence_of(row.definition))
    save_case(case)
    row.case = case


def _tell_person(row: Dossier, decision: Decision, back: int, *, by: User) -> None:
    if row.case is None:
        return
    mailed = bool(mail_to(row.case))
    text = letters.withdrawal_text(decision, back=back, is_notice=mailed)
    channel = Channel.EMAIL if mailed else Channel.PAPER
    reply(row.case, by=by, text=text, channel=channel, kind=Interaction.Kind.DECISION)
