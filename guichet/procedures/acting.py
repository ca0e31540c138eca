"""For whom a person may act: himself, those who gave him a mandate that runs."""

from __future__ import annotations

from django.db.models import QuerySet

from guichet.people.models import Mandate, Person


def mandates_of(holder: Person) -> QuerySet[Mandate]:
    """The mandates he holds today, with whom he acts for."""
    return (
        Mandate.objects.running()
        .filter(holder=holder)
        .select_related("principal")
        .order_by("principal__sort_key", "pk")
    )


def acts_for(holder: Person, principal: Person) -> bool:
    return holder.pk == principal.pk or mandates_of(holder).filter(principal=principal).exists()


def principals_of(holder: Person) -> list[int]:
    """Himself, and whom he acts for today."""
    return [holder.pk, *mandates_of(holder).values_list("principal_id", flat=True)]


def mandates_for(principal: Person) -> QuerySet[Mandate]:
    """The mandates he gave that run today, with who acts for him."""
    return (
        Mandate.objects.running()
        .filter(principal=principal)
        .select_related("holder")
        .order_by("holder__sort_key", "pk")
    )
