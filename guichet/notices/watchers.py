"""Notices and tasks that follow events. They read the journal; nobody calls them."""

from __future__ import annotations

from guichet.cases.models import Interaction, Task
from guichet.journal.models import Event
from guichet.journal.watching import watch
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
