"""A dossier being written: saved at each page, on several devices, resumed by its link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.core.refused import Refused, Stale
from guichet.journal.actions import record
from guichet.people.models import Person
from guichet.procedures.acting import acts_for
from guichet.procedures.actions.moving import locked_by_person, portal, tell
from guichet.procedures.answers import read_page
from guichet.procedures.definition import Definition
from guichet.procedures.models import Dossier, Entry, Procedure, ProcedureVersion
from guichet.procedures.models.dossier import Phase
from guichet.procedures.policy import require_enter

if TYPE_CHECKING:
    from guichet.accounts.models import User


@transaction.atomic
def begin(procedure: Procedure, person: Person, *, applicant: Person | None = None) -> Dossier:
    """A draft of this person, prefilled; the one he had begun already, if any.

    `applicant`: for whom (a child, an organisation), by a mandate that runs. Raises `Refused` when nothing can be
    filed now.
    """
    wanted = applicant or person
    Person.objects.select_for_update().get(pk=wanted.pk)  # two clicks at once are one draft
    row, version = open_now(procedure)
    if version.definition.window(timezone.localdate()) is None:
        raise Refused(closed_said(version.definition), status=409)
    if wanted.pk != person.pk:
        require_mandate(person, wanted)
    known = Dossier.objects.of_person(person).filter(procedure=row, applicant=wanted, phase=Phase.DRAFT)
    if draft := known.order_by("-saved_at").first():
        return draft
    draft = make_draft(row, version, wanted, filed_by=person if wanted.pk != person.pk else None)
    record("dossier.begun", by=portal(), person_id=wanted.pk, on_behalf_of=person.pk, subject=f"dossier:{draft.pk}")
    return draft


def open_now(procedure: Procedure) -> tuple[Procedure, ProcedureVersion]:
    row = Procedure.objects.select_related("live").get(pk=procedure.pk)
    if row.live is None or not row.is_open:
        raise Refused("Cette démarche n'est pas ouverte en ce moment.", status=409)
    return row, row.live


def make_draft(row: Procedure, version: ProcedureVersion, applicant: Person, **more: Any) -> Dossier:
    definition = version.definition
    return Dossier.objects.create(
        procedure=row,
        version=version,
        applicant=applicant,
        answers=prefilled(definition, applicant),
        steps=max(1, len(definition.steps)),
        step_label=definition.steps[0].label if definition.steps else "",
        page=definition.pages[0].code if definition.pages else "",
        **more,
    )


def closed_said(definition: Definition) -> str:
    today = timezone.localdate()
    coming = sorted(window.opens for window in definition.windows if window.opens > today)
    if coming:
        return f"Le dépôt ouvre le {coming[0]:%d/%m/%Y}."
    return "La période de dépôt est terminée. Écrivez-nous si vous pensez pouvoir déposer malgré tout."


def require_mandate(holder: Person, principal: Person) -> None:
    if not acts_for(holder, principal):
        raise Refused("Vous n'avez pas de mandat pour agir au nom de cette personne.", status=403)


def prefilled(definition: Definition, person: Person) -> dict[str, Any]:
    """What the Region knows already is not asked again (CRPA L113-12): the person may correct it."""
    points = {point.kind: point.value for point in person.contact_points.order_by("verified_at")}
    at_hand = {
        "profile.first_name": person.first_name, "profile.family_name": person.family_name,
        "profile.used_name": person.used_name, "profile.address": person.address, "profile.postcode": person.postcode,
        "profile.town": person.town, "profile.organisation_name": person.organisation_name,
        "profile.siret": person.siret, "profile.rna": person.rna, "profile.email": points.get("email", ""),
        "profile.phone": points.get("phone", ""),
    }  # fmt: skip
    found = {code: at_hand.get(field.prefill) for code, field in definition.fields.items() if field.prefill}
    last = person.dossiers.exclude(phase=Phase.DRAFT).order_by("-filed_at").values_list("answers", flat=True).first()
    for code, field in definition.fields.items():
        if field.prefill == "last" and last and last.get(code) not in (None, "", []):
            found[code] = last[code]
    return {code: value for code, value in found.items() if value}


@transaction.atomic
def save_page(
    dossier: Dossier,
    code: str,
    posted: Mapping[str, Sequence[str]],
    *,
    person: Person,
    edit: int,
    by: User | None = None,
) -> tuple[Dossier, dict[str, str]]:
    """Keep what was typed on a page, right or wrong: (the dossier, errors by field).

    `edit`: the revision that was shown; another tab or device that saved since raises `Stale`, and nothing is lost:
    the caller shows both.
    """
    row = locked_by_person(dossier, person) if by is None else locked_by_agent(dossier, by)
    if not row.is_draft:
        raise Refused("Ce dossier est déjà déposé.", status=409)
    if row.edit != edit:
        raise Stale
    page = next((page for page in row.definition.pages if page.code == code), None)
    if page is None:
        raise Refused("Cette page n'existe pas dans le formulaire.", status=404)
    row.answers, errors = read_page(row.definition, page, posted, row.answers, day=row.counted_from)
    row.edit += 1
    row.page = code
    row.saved_at = timezone.now()
    row.save(update_fields=["answers", "edit", "page", "saved_at"])
    if by is not None:
        Entry.objects.filter(dossier=row).update(saved_by=by)
    return row, errors


def locked_by_agent(dossier: Dossier, by: User) -> Dossier:
    """The row, locked, for an agent of the service in charge who types it for somebody."""
    require_enter(by, dossier)
    return (
        Dossier.objects.select_for_update(of=("self",))
        .select_related("procedure", "version", "applicant")
        .get(pk=dossier.pk)
    )


@transaction.atomic
def discard(dossier: Dossier, *, person: Person, by: User | None = None) -> None:
    """The person deletes a draft: nothing was received, nothing is kept. `by`: the agent who drops what he typed; the
    paper stays where it came."""
    row = locked_by_person(dossier, person) if by is None else locked_by_agent(dossier, by)
    if not row.is_draft:
        raise Refused("Un dossier déposé ne s'efface pas : vous pouvez le retirer.", status=409)
    tell("dossier.discarded", row, by=by or portal())
    row.delete()


def expire_drafts(*, by: User, limit: int = 500) -> int:
    """Drafts nobody touched for `DRAFT_DAYS`: not public archives, never received. What an agent types was received."""
    before = timezone.now() - timedelta(days=settings.DRAFT_DAYS)
    old = list(
        Dossier.objects.filter(phase=Phase.DRAFT, entered_by=None, saved_at__lt=before).order_by("saved_at")[:limit]
    )
    for draft in old:
        with transaction.atomic():
            tell("dossier.draft_expired", draft, by=by)
            draft.delete()
    return len(old)
