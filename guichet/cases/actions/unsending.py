"""What was answered and has not left, or did not arrive: taken back, or sent again."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.actions.paper import task_about
from guichet.cases.actions.personal import finish_task
from guichet.cases.models import Case, Clock, Draft, Interaction, PaperLetter, Status, Suspension
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.outbox import actions as outbox
from guichet.outbox.models import Delivery, Parcel


@transaction.atomic
def withdraw_reply(interaction: Interaction, *, by: User) -> str:
    """Undo send: the message goes back to the editor if nothing left yet. Returns its text."""
    case = locked(interaction.case, by=by)
    interaction = Interaction.objects.select_related("parcel").get(pk=interaction.pk)
    paper = PaperLetter.objects.filter(interaction=interaction).first()
    if (interaction.parcel is None and paper is None) or interaction.withdrawn_at or interaction.author_id != by.pk:
        raise Refused("Ce message ne peut pas être annulé.")
    if interaction.parcel is not None:
        outbox.cancel(interaction.parcel)
    if paper is not None:
        if paper.posted_on is not None:
            raise Refused("Trop tard : ce courrier est déjà posté.")
        case.tasks.filter(about=task_about(interaction)).delete()
    interaction.withdrawn_at = timezone.now()
    interaction.save(update_fields=["withdrawn_at"])
    _before_reply(case, interaction)
    files = [[key, name] for key, name in interaction.attachments.values_list("file_id", "name")]
    quoted = list(interaction.answers_sent.order_by("pk").values_list("version", flat=True))
    back = {"text": interaction.text, "channel": interaction.channel, "files": files, "answers": quoted}
    Draft.objects.update_or_create(case=case, user=by, kind="email", defaults=back)
    record("case.reply_withdrawn", by=by, case_id=case.pk, subject=f"interaction:{interaction.pk}")
    return interaction.text


def _before_reply(case: Case, interaction: Interaction) -> None:
    """As if it had not been sent: the case is open again and its clocks run, with the elapsed time kept."""
    if interaction.kind == Interaction.Kind.PIECES and case.status == Status.WAITING_CITIZEN:
        # Nothing was asked after all: the legal delay was never suspended.
        Suspension.objects.filter(
            clock__case=case, reason=Suspension.Reason.MISSING_PIECES, started_at__gte=interaction.at
        ).delete()
        move(case, Status.IN_PROGRESS)
    others = case.interactions.filter(
        direction=Interaction.Direction.OUT, author__kind=User.Kind.HUMAN, withdrawn_at__isnull=True
    ).exists()
    if not others:
        case.first_answered_at = None
        case.clocks.filter(kind=Clock.Kind.COMMITMENT).update(stopped_at=None, stopped_why="")
    if case.status in {Status.CLOSED, Status.ANSWERED}:
        if case.status == Status.CLOSED:
            case.clocks.filter(stopped_why=Status.CLOSED.value).update(stopped_at=None, stopped_why="")
        case.status, case.closed_at, case.result = Status.IN_PROGRESS, None, ""
    save(case)


@transaction.atomic
def resend(interaction: Interaction, *, by: User) -> int:
    """Send again what of this message was not delivered, at the same addresses. Returns how many leave again."""
    case = locked(interaction.case, by=by)
    failed = Delivery.objects.filter(
        parcel=interaction.parcel_id, state__in=[Delivery.State.FAILED, Delivery.State.BOUNCED]
    )
    if interaction.parcel_id is None or not failed:
        raise Refused("Ce message n'est pas en échec : il n'y a rien à renvoyer.")
    for delivery in failed:
        outbox.retry(delivery, by=by, case_id=case.pk)
    about = [f"delivery:{delivery.pk}" for delivery in failed]
    for task in case.tasks.filter(about__in=about, done_at__isnull=True).select_related("case"):
        finish_task(task, by=by)
    return len(about)


def parcel_state(parcel: Parcel) -> str:
    """The worst state of its deliveries, for the message in the history."""
    order = ["failed", "bounced", "retrying", "queued", "cancelled", "sent"]
    states = {delivery.state for delivery in parcel.deliveries.all()}
    return next((state for state in order if state in states), "")
