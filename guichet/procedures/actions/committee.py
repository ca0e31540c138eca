"""The committee: a list that is frozen, an order of the day, a result by file. Never told before the vote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.procedures.actions.deadlines import clear, set_deadline
from guichet.procedures.actions.deciding import decide_in_sitting
from guichet.procedures.actions.moving import locked, move, save, tell
from guichet.procedures.models import Deadline, Dossier, Opinion, Seat, Sitting
from guichet.procedures.models.dossier import Phase

if TYPE_CHECKING:
    from guichet.accounts.models import User


def _require(by: User) -> None:
    if not (by.is_active and not by.is_machine):
        raise NotAllowed


@transaction.atomic
def open_sitting(
    *, by: User, day: date, name: str = "Commission permanente", freezes_on: date | None = None
) -> Sitting:
    _require(by)
    if day < timezone.localdate():
        raise Refused("La séance doit être à venir.", status=400)
    if freezes_on and freezes_on > day:
        raise Refused("La liste s'arrête avant la séance.", status=400)
    sitting = Sitting.objects.create(day=day, name=name.strip()[:160] or "Commission permanente", freezes_on=freezes_on)
    record("sitting.opened", by=by, subject=f"sitting:{sitting.pk}", day=day.isoformat())
    return sitting


def _locked(sitting: Sitting, *, by: User, state: str) -> Sitting:
    _require(by)
    row = Sitting.objects.select_for_update().get(pk=sitting.pk)
    if row.state != state:
        raise Refused(f"Cette séance est « {row.get_state_display().lower()} ».")
    return row


@transaction.atomic
def enrol(sitting: Sitting, dossiers: Iterable[Dossier], *, by: User) -> int:
    """Put confirmed files on the list, in the order given. The person is told the day, never the opinion."""
    row = _locked(sitting, by=by, state=Sitting.State.OPEN)
    position = row.seats.aggregate(last=Max("position"))["last"] or 0
    count = 0
    for dossier in dossiers:
        file = locked(dossier, by=by)
        if file.phase != Phase.COMMITTEE:
            raise Refused(f"Le dossier {file.spoken_reference} n'est pas prêt pour la commission.")
        if Seat.objects.filter(dossier=file, sitting__state__in=[Sitting.State.OPEN, Sitting.State.FROZEN]).exists():
            continue
        position += 1
        Seat.objects.create(sitting=row, dossier=file, position=position)
        set_deadline(file, Deadline.Kind.COMMITTEE, "committee", day=row.day,
                     label=f"Passage en commission : {file.procedure.title}")  # fmt: skip
        save(file, by=by)
        tell("dossier.enrolled", file, by=by, day=row.day.isoformat())
        count += 1
    return count


@transaction.atomic
def strike(seat: Seat, *, by: User) -> None:
    """Off the list, while it is open."""
    _locked(seat.sitting, by=by, state=Sitting.State.OPEN)
    file = locked(seat.dossier, by=by)
    seat.delete()
    clear(file, Deadline.Kind.COMMITTEE)
    tell("dossier.struck", file, by=by)


@transaction.atomic
def freeze(sitting: Sitting, *, by: User) -> Sitting:
    """The list is closed: what is voted is what was sent to the elected members."""
    row = _locked(sitting, by=by, state=Sitting.State.OPEN)
    if not row.seats.exists():
        raise Refused("La liste est vide.")
    row.state = Sitting.State.FROZEN
    row.save(update_fields=["state"])
    record("sitting.frozen", by=by, subject=f"sitting:{row.pk}", count=row.seats.count())
    return row


@transaction.atomic
def vote(seat: Seat, *, by: User, result: str, amount_cents: int | None = None, reasons: str = "") -> Seat:
    """Write what was voted on one file. Nothing is told until the sitting is held."""
    row = _locked(seat.sitting, by=by, state=Sitting.State.FROZEN)
    if result not in {Seat.Result.GRANTED, Seat.Result.REFUSED, Seat.Result.ADJOURNED}:
        raise Refused("Choisissez un résultat dans la liste.", status=400)
    seat = row.seats.select_for_update().select_related("dossier").get(pk=seat.pk)
    opinion = seat.dossier.opinions.filter(dropped_at__isnull=True).first()
    if result == Seat.Result.GRANTED:
        amount_cents = amount_cents if amount_cents is not None else (opinion.amount_cents if opinion else None)
    if result == Seat.Result.REFUSED and not (reasons.strip() or (opinion and opinion.reasons)):
        raise Refused("Un refus dit ses motifs (CRPA L211-2).", status=400)
    seat.result, seat.amount_cents = result, amount_cents if result == Seat.Result.GRANTED else None
    seat.reasons = reasons.strip() or (opinion.reasons if opinion and result == Seat.Result.REFUSED else "")
    seat.save()
    return seat


@transaction.atomic
def adjourn_list(sitting: Sitting, *, by: User) -> Sitting:
    """The list is opened again, before the vote."""
    row = _locked(sitting, by=by, state=Sitting.State.FROZEN)
    row.state = Sitting.State.OPEN
    row.save(update_fields=["state"])
    record("sitting.reopened", by=by, subject=f"sitting:{row.pk}")
    return row


@transaction.atomic
def hold(sitting: Sitting, *, by: User, deliberation: str) -> Sitting:
    """The sitting was held: each voted file gets its decision, an adjourned one goes back to its officer."""
    row = _locked(sitting, by=by, state=Sitting.State.FROZEN)
    if row.day > timezone.localdate():
        raise Refused("La séance n'a pas encore eu lieu.")
    if not deliberation.strip():
        raise Refused("Donnez le numéro de la délibération.", status=400)
    seats = list(row.seats.select_related("dossier"))
    if waiting := [seat for seat in seats if not seat.result]:
        raise Refused(f"Il manque le résultat de {len(waiting)} dossier{'s' if len(waiting) > 1 else ''}.")
    row.state, row.deliberation = Sitting.State.HELD, deliberation.strip()[:60]
    row.save(update_fields=["state", "deliberation"])
    for seat in seats:
        if seat.result == Seat.Result.ADJOURNED:
            _send_back(seat, by=by)
        else:
            decide_in_sitting(seat, row, by=by)
    record("sitting.held", by=by, subject=f"sitting:{row.pk}", count=len(seats))
    return row


def _send_back(seat: Seat, *, by: User) -> None:
    file = locked(seat.dossier, by=by)
    move(file, Phase.APPRAISAL)
    clear(file, Deadline.Kind.COMMITTEE)
    Opinion.objects.filter(dossier=file, dropped_at__isnull=True).update(dropped_at=timezone.now())
    save(file, by=by)
    tell("dossier.adjourned", file, by=by)


@transaction.atomic
def cancel_sitting(sitting: Sitting, *, by: User) -> Sitting:
    row = Sitting.objects.select_for_update().get(pk=sitting.pk)
    _require(by)
    if row.state in {Sitting.State.HELD, Sitting.State.CANCELLED}:
        raise Refused("Cette séance est finie.")
    for seat in row.seats.select_related("dossier"):
        clear(seat.dossier, Deadline.Kind.COMMITTEE)
    row.seats.all().delete()
    row.state = Sitting.State.CANCELLED
    row.save(update_fields=["state"])
    record("sitting.cancelled", by=by, subject=f"sitting:{row.pk}")
    return row
