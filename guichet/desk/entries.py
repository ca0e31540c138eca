"""What the pages of an application typed for somebody show: where it came from, what came with it, who may go on."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.http import Http404

from guichet.accounts.models import User
from guichet.cases.models import Attachment, Case, Interaction
from guichet.people.models import Person
from guichet.procedures.models import Dossier

AT_MOST = 200
FILES = 60


def entries(user: User) -> QuerySet[Dossier]:
    """Those this agent may go on with, the oldest arrival first."""
    rows = Dossier.objects.being_entered(user)
    return rows.select_related("procedure", "applicant", "entry__saved_by").defer("answers").order_by(
        "received_at", "pk"
    )  # fmt: skip


def entry_of(user: User, key: uuid.UUID) -> Dossier:
    """The draft, or 404: another team's and one that does not exist look the same."""
    found = (
        Dossier.objects.being_entered(user)
        .select_related("procedure", "version", "applicant", "entry__letter", "entry__mandate__holder")
        .filter(key=key)
        .first()
    )
    if found is None:
        raise Http404
    return found


def entries_of(person: Person, user: User) -> list[Dossier]:
    return list(entries(user).filter(applicant=person)[:20])


def came_with(found: Dossier, user: User) -> list[Attachment]:
    """The documents of the letter in which it came, when this agent may see it."""
    letter = found.entry.matter
    if letter is None or not Case.objects.visible_to(user).filter(pk=letter.pk).exists():
        return []
    rows = Attachment.objects.filter(
        interaction__case=letter, interaction__direction=Interaction.Direction.IN, inline=False
    )
    return list(rows.select_related("file").order_by("interaction__at", "position", "id")[:FILES])
