"""Notices and tasks that follow events. They read the journal; nobody calls them."""

from __future__ import annotations

from guichet.cases.actions.absences import pass_message
from guichet.cases.actions.sharing import share_out
from guichet.cases.models import Case, Interaction, Task
from guichet.journal.models import Event
from guichet.journal.watching import watch
from guichet.notices.actions import tell_paid, tell_rejected, tell_step, warn_at_once
from guichet.outbox.models import Delivery


@watch("notices.failed_delivery", ["delivery.failed"])
def make_task_of_failure(event: Event) -> None:
    """A message that was given up becomes somebody's task, visible on its case (behaviours 34)."""
    delivery = Delivery.objects.filter(pk=int(event.subject.partition(":")[2])).select_related("parcel").first()
    sent = Interaction.objects.filter(parcel=delivery.parcel).select_related("case").first() if delivery else None
    if delivery is None or sent is None or delivery.state != Delivery.State.FAILED:
        return
    Task.objects.get_or_create(
        case=sent.case.survivor(),
        about=event.subject,
        done_at=None,
        defaults={
            "kind": Task.Kind.FAILED_DELIVERY,
            "label": f"Message non remis à {delivery.recipient} : {delivery.error}"[:200],
        },
    )


ENTERS = ("case.received", "case.routed", "case.transferred", "case.reopened", "case.released", "case.passed_back",
          "case.unmerged_from", "case.split")  # fmt: skip


@watch("notices.sharing", ENTERS)
def share(event: Event) -> None:
    """What enters the list of a team that shares out finds its agent at once; what nobody could take waits for the
    job (notices.tasks)."""
    team = Case.objects.filter(pk=event.case_id or 0, assignee=None).values_list("team_id", flat=True).first()
    if team is not None:
        share_out(team)


@watch("notices.absences", ["case.message"])
def stand_in_for(event: Event) -> None:
    if event.case_id is not None:
        pass_message(event.case_id)


@watch("notices.urgent", ["case.urgent"])
def tell_at_once(event: Event) -> None:
    if event.case_id is not None:
        warn_at_once(event.case_id)


@watch("notices.steps", ["dossier.step"])
def say_step(event: Event) -> None:
    tell_step(event)


@watch("notices.payments", ["dossier.paid", "dossier.payment_rejected"])
def say_payment(event: Event) -> None:
    tell_paid(event) if event.verb == "dossier.paid" else tell_rejected(event)
