"""A dossier filed by a program for a person: its answers come whole, nothing is taken from what we know of her."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from guichet.core.refused import Refused
from guichet.organisation.models import Channel
from guichet.people.models import Person
from guichet.procedures.actions.filing import file_dossier
from guichet.procedures.answers import faults, read_all
from guichet.procedures.models import Dossier, Procedure

if TYPE_CHECKING:
    from guichet.accounts.models import User


class WrongAnswers(Refused):
    """What stops the filing, by field of the form."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("Des réponses manquent ou ne conviennent pas.", status=422, code="answers")
        self.errors = dict(errors)


@transaction.atomic
def file_from_outside(
    procedure: Procedure, person: Person, answers: Mapping[str, Any], *, by: User, external_id: str | None = None
) -> Dossier:
    """Checked as the form checks it, filed as the portal files it: number, receipt, clocks. Raises `Refused`."""
    Person.objects.select_for_update().get(pk=person.pk)  # two programs at once are one after the other
    row = Procedure.objects.select_related("live").get(pk=procedure.pk)
    if row.live is None:
        raise Refused("Cette démarche n'est pas ouverte en ce moment.", status=409)
    if external_id and Dossier.objects.filter(procedure=row, external_id=external_id).exists():
        raise Refused("Un dossier porte déjà cet identifiant d'origine.", status=409, code="already_there")
    definition, today = row.live.definition, timezone.localdate()
    read, errors = read_all(definition, answers, day=today)
    if not errors:
        errors = {code: why for page in faults(definition, read, day=today).values() for code, why in page.items()}
    if errors:
        raise WrongAnswers({f"answers.{code}": why for code, why in errors.items()})
    draft = Dossier.objects.create(
        procedure=row, version=row.live, applicant=person, entered_by=by, answers=read,
        steps=max(1, len(definition.steps)), step_label=definition.steps[0].label if definition.steps else "",
        external_id=external_id or None,
    )  # fmt: skip
    return file_dossier(draft, person=person, by=by, channel=Channel.PORTAL)
