"""A procedure is written, read by another, put in service; its filed dossiers keep the version they came under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from guichet.core.refused import Refused, Stale
from guichet.journal.actions import record
from guichet.organisation.models import Team
from guichet.procedures.checking import blanks
from guichet.procedures.definition import load
from guichet.procedures.models import Procedure, ProcedureVersion
from guichet.procedures.policy import require_edit

if TYPE_CHECKING:
    from guichet.accounts.models import User

DRAFTS = (ProcedureVersion.State.DRAFT, ProcedureVersion.State.IN_REVIEW)


@transaction.atomic
def create_procedure(*, by: User, code: str, title: str, team: Team, **fields: Any) -> Procedure:
    require_edit(by)
    if Procedure.objects.filter(code=code).exists():
        raise Refused("Une démarche porte déjà ce code.", status=400)
    procedure = Procedure.objects.create(code=code, title=title.strip()[:160], team=team, **fields)
    ProcedureVersion.objects.create(procedure=procedure, number=1, changed_by=by)
    record("procedure.created", by=by, subject=f"procedure:{procedure.pk}", code=code)
    return procedure


@transaction.atomic
def new_draft(procedure: Procedure, *, by: User) -> ProcedureVersion:
    """A draft from what is in service; the one that exists already, if any."""
    require_edit(by)
    row = Procedure.objects.select_for_update(of=("self",)).select_related("live").get(pk=procedure.pk)
    if (draft := row.versions.filter(state__in=DRAFTS).first()) is not None:
        return draft
    last = row.versions.order_by("-number").first()
    draft = ProcedureVersion.objects.create(
        procedure=row, number=(last.number if last else 0) + 1, body=row.live.body if row.live else {}, changed_by=by
    )
    record("procedure.drafted", by=by, subject=f"procedure:{row.pk}", version=draft.number)
    return draft


@transaction.atomic
def save_definition(
    version: ProcedureVersion, body: dict[str, Any], *, by: User, revision: int, note: str | None = None
) -> ProcedureVersion:
    """Keep a draft, even incomplete. Raises `Stale` when another editor saved since, `Refused` on a shape that is not
    a definition."""
    row = _draft(version, by=by)
    if row.revision != revision:
        raise Stale
    try:
        load(body)
    except ValidationError as wrong:
        raise Refused(said(wrong), status=400) from None
    row.body, row.changed_by, row.changed_at = body, by, timezone.now()
    row.state = ProcedureVersion.State.DRAFT
    row.revision += 1
    if note is not None:
        row.note = note.strip()[:300]
    row.save()
    record("procedure.saved", by=by, subject=f"procedure:{row.procedure_id}", version=row.number)
    return row


def said(wrong: ValidationError) -> str:
    """The first fault of a definition, with where it is."""
    fault = wrong.errors()[0]
    place = " › ".join(str(part + 1) if isinstance(part, int) else str(part) for part in fault["loc"])
    return f"La définition ne se lit pas, à « {place} » : valeur manquante, inconnue ou hors limites."


def _draft(version: ProcedureVersion, *, by: User) -> ProcedureVersion:
    require_edit(by)
    row = ProcedureVersion.objects.select_for_update(of=("self",)).select_related("procedure").get(pk=version.pk)
    if row.is_frozen:
        raise Refused("Une version publiée ne change plus : préparez la suivante.")
    return row


@transaction.atomic
def submit(version: ProcedureVersion, *, by: User) -> ProcedureVersion:
    """Ask another editor to read it."""
    row = _draft(version, by=by)
    _complete(row)
    row.state = ProcedureVersion.State.IN_REVIEW
    row.save(update_fields=["state"])
    record("procedure.submitted", by=by, subject=f"procedure:{row.procedure_id}", version=row.number)
    return row


@transaction.atomic
def return_to_draft(version: ProcedureVersion, *, by: User) -> ProcedureVersion:
    row = _draft(version, by=by)
    row.state = ProcedureVersion.State.DRAFT
    row.save(update_fields=["state"])
    record("procedure.returned", by=by, subject=f"procedure:{row.procedure_id}", version=row.number)
    return row


def _complete(row: ProcedureVersion) -> None:
    if missing := blanks(load(row.body)):
        raise Refused(" ".join(missing[:5]), status=400)


@transaction.atomic
def publish(version: ProcedureVersion, *, by: User) -> ProcedureVersion:
    """Put in service what another editor wrote. One with a blank cannot be published (domain §8.1)."""
    row = _draft(version, by=by)
    _complete(row)
    if row.changed_by_id == by.pk and not by.is_machine:
        raise Refused("Un autre rédacteur que vous doit publier cette version.", status=403)
    now = timezone.now()
    row.procedure.versions.filter(state=ProcedureVersion.State.PUBLISHED).update(state=ProcedureVersion.State.RETIRED)
    row.state, row.published_by, row.published_at = ProcedureVersion.State.PUBLISHED, by, now
    row.save()
    Procedure.objects.filter(pk=row.procedure_id).update(live=row)
    record("procedure.published", by=by, subject=f"procedure:{row.procedure_id}", version=row.number)
    return row


@transaction.atomic
def close_procedure(procedure: Procedure, *, by: User) -> None:
    """No new dossier; those filed go on."""
    require_edit(by)
    if Procedure.objects.filter(pk=procedure.pk, is_open=True).update(is_open=False):
        record("procedure.closed", by=by, subject=f"procedure:{procedure.pk}")


@transaction.atomic
def reopen_procedure(procedure: Procedure, *, by: User) -> None:
    require_edit(by)
    if Procedure.objects.filter(pk=procedure.pk, is_open=False).update(is_open=True):
        record("procedure.reopened", by=by, subject=f"procedure:{procedure.pk}")
