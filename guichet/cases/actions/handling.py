"""What agents do with a case besides writing: take it, pass it on, put it to sleep, end it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.accounts.policy import teams_of
from guichet.cases import clocks
from guichet.cases.actions.acknowledging import acknowledge_once_routed
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.models import Case, Interaction, Status
from guichet.cases.models.case import OVER, Result
from guichet.cases.policy import may_handle
from guichet.cases.sending import letter_for, write_out
from guichet.core.calendar import paris_day, say_day
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import CompetentBody, Team, Topic


@transaction.atomic
def assign(case: Case, to: User, *, by: User, version: int | None = None) -> Case:
    """Give the case to an agent who may see it."""
    case = locked(case, by=by, version=version)
    if not to.is_active or to.is_machine or not may_handle(to, case):
        raise Refused(f"{to.full_name} ne travaille pas sur cette file : transférez plutôt la demande.")
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant de l'attribuer.")
    case.assignee = to
    if case.status in {Status.REGISTERED, Status.ASSIGNED, Status.REOPENED}:
        move(case, Status.IN_PROGRESS)
    save(case)
    record("case.assigned", by=by, case_id=case.pk, to=to.pk, to_name=to.full_name)
    return case


@transaction.atomic
def release(case: Case, *, by: User) -> Case:
    case = locked(case, by=by)
    case.assignee = None
    if case.status == Status.IN_PROGRESS:
        move(case, Status.ASSIGNED)
    save(case)
    record("case.released", by=by, case_id=case.pk)
    return case


@transaction.atomic
def transfer(case: Case, to: Team, *, by: User, reason: str, version: int | None = None) -> Case:
    """Pass the case to another team, saying why. The clocks go on: the citizen's delay does not start again."""
    if not reason.strip():
        raise Refused("Dites pourquoi vous transférez la demande : l'équipe suivante en a besoin.", status=400)
    case = locked(case, by=by, version=version)
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant de la transférer.")
    if to.pk == case.team_id:
        raise Refused("La demande est déjà dans cette équipe.")
    if not to.is_active:
        raise Refused("Cette équipe n'est plus active.")
    origin = case.team
    case.team, case.assignee, case.unread = to, None, True
    case.transfers += 1
    if case.status in {Status.REGISTERED, Status.IN_PROGRESS, Status.REOPENED}:
        move(case, Status.ASSIGNED)
    save(case)
    record(
        "case.transferred", by=by, case_id=case.pk, to=to.pk, to_name=to.name,
        from_name=origin.name if origin else "À orienter", reason=reason.strip()[:300], count=case.transfers,
    )  # fmt: skip
    _receipt_still_owed(case)
    return case


def _receipt_still_owed(case: Case) -> None:
    acknowledge_once_routed(case, by=machine(GUICHET))


@transaction.atomic
def change_topic(case: Case, topic: Topic, *, by: User, department: str | None = None) -> Case:
    """Say what the case is about: nature, sensitivity and clocks follow; it moves only if its team was not known."""
    case = locked(case, by=by)
    if topic.sensitivity > by.clearance and not by.is_machine:
        raise NotAllowed("Ce sujet est réservé : transférez la demande à l'équipe qui en a la charge.")
    case.topic, case.nature = topic, topic.nature
    case.sensitivity = max(case.sensitivity, topic.sensitivity)
    if department is not None:
        case.department = department
    team = directory().team_for(topic, case.department)
    if team is not None and (case.team is None or case.team.takes_unrouted):
        case.team = team
        if case.status == Status.REGISTERED:
            move(case, Status.ASSIGNED)
        record("case.routed", by=by, case_id=case.pk, team=team.pk, team_name=team.name)
    clocks.on_topic_change(case)
    save(case)
    record("case.topic_changed", by=by, case_id=case.pk, topic=topic.code)
    _receipt_still_owed(case)
    return case


@transaction.atomic
def close(case: Case, *, by: User, result: str = Result.ANSWERED, version: int | None = None) -> Case:
    case = locked(case, by=by, version=version)
    if result not in Result.values:
        raise Refused("Choisissez un résultat dans la liste.", status=400)
    if case.is_over:
        raise Refused("Cette demande est déjà terminée.")
    case.result = result
    case.unread = False
    move(case, Status.CLOSED)
    save(case)
    record("case.closed", by=by, case_id=case.pk, result=str(result))
    return case


@transaction.atomic
def reopen(case: Case, *, by: User) -> Case:
    case = locked(case, by=by)
    if case.status not in OVER or case.status == Status.MERGED:
        raise Refused("Cette demande n'est pas terminée.")
    move(case, Status.REOPENED)
    case.result = ""
    clocks.restart_commitment(case)
    save(case)
    record("case.reopened", by=by, case_id=case.pk)
    return case


@transaction.atomic
def snooze(case: Case, until: datetime, *, by: User) -> Case:
    """Out of the list until a date, or until the first new message. Deadlines go on."""
    if until <= timezone.now():
        raise Refused("Choisissez une date à venir.", status=400)
    case = locked(case, by=by)
    if case.is_over:
        raise Refused("Cette demande est terminée : elle n'est plus dans la liste.")
    case.snoozed_until = until
    save(case)
    record("case.snoozed", by=by, case_id=case.pk, until=until.isoformat())
    return case


@transaction.atomic
def wake(case: Case, *, by: User) -> Case:
    case = locked(case, by=by)
    case.snoozed_until = None
    case.unread = True
    save(case)
    record("case.woken", by=by, case_id=case.pk)
    return case


@transaction.atomic
def reject_as_abusive(case: Case, *, by: User) -> Case:
    """CRPA L112-3 and L112-11: no receipt for abusive sendings; it is written down who decided so."""
    case = locked(case, by=by)
    case.result = Result.ABUSIVE
    move(case, Status.ABUSIVE)
    save(case)
    record("case.abusive", by=by, case_id=case.pk)
    return case


@transaction.atomic
def transmit(case: Case, body: CompetentBody, *, by: User) -> Case:
    """Send the demand to the competent administration and tell the person (CRPA L114-2)."""
    case = locked(case, by=by)
    person = case.person
    point = person.contact_points.filter(kind="email", bad_since__isnull=True).first() if person else None
    if point is None:
        raise Refused("Cette personne n'a pas d'adresse e-mail : prévenez-la par courrier avant de clore.")
    if not body.email:
        raise Refused("Cet organisme n'a pas d'adresse e-mail : transmettez par courrier, puis clôturez.")
    first = case.interactions.filter(direction=Interaction.Direction.IN).order_by("at", "id").first()
    _send_transmission(case, body, first, by=by)
    _tell_citizen(case, body, point.value, by=by)
    case.transmitted_to, case.result = body, Result.TRANSMITTED
    move(case, Status.TRANSMITTED)
    save(case)
    record("case.transmitted", by=by, case_id=case.pk, body=body.name)
    return case


def _send_transmission(case: Case, body: CompetentBody, first: Interaction | None, *, by: User) -> None:
    sender = f"{first.sender_name} <{first.sender_address}>" if first else ""
    text = (
        f"Madame, Monsieur,\n\nNous avons reçu le message ci-dessous le {say_day(paris_day(case.received_at))}. "
        "Il relève de votre compétence : nous vous le transmettons en application de l'article L. 114-2 du code des "
        "relations entre le public et l'administration. La personne en est informée.\n\n"
        f"De : {sender}\nObjet : {case.subject}\n\n{first.text if first else ''}"
    )
    files = [(a.file, a.name) for a in first.attachments.select_related("file")] if first else []
    subject = f"Transmission – demande N° {case.spoken_reference}"
    letter = letter_for(case, text=text, subject=subject, to=[(body.email, body.name)], files=files)
    write_out(case, letter, by=by, kind=Interaction.Kind.TRANSMISSION)


def _tell_citizen(case: Case, body: CompetentBody, address: str, *, by: User) -> None:
    contact = "\n".join(line for line in (body.postal_address, body.phone, body.website) if line)
    text = (
        f"Bonjour,\n\nVotre demande N° {case.spoken_reference} ne relève pas de la Région. Nous l'avons transmise à "
        f"l'organisme compétent : {body.name}. Il vous répondra directement, vous n'avez rien à renvoyer.\n\n{contact}"
    ).strip()
    name = case.person.full_name if case.person else ""
    subject = f"Votre demande N° {case.spoken_reference} a été transmise"
    letter = letter_for(case, text=text, subject=subject, to=[(address, name)])
    write_out(case, letter, by=by, kind=Interaction.Kind.TRANSMISSION)


def mark_read(case: Case, *, by: User) -> None:
    """Opening a file is recorded (who looked at my file); the first look of the team clears the mark."""
    if case.unread and case.team_id and teams_of(by).filter(pk=case.team_id).exists():
        Case.objects.filter(pk=case.pk, unread=True).update(unread=False)
    record("case.read", by=by, case_id=case.pk, person_id=case.person_id)
