"""What is told of a dossier without being asked: a date that comes, a step, a payment. Each event once, in its thread.

A notice that asks something of the person is always sent; the others follow his preferences. What is not sent leaves
its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.cases.actions.writing import mail_to
from guichet.cases.models import Clock, Interaction, Suspension, Task
from guichet.cases.sending import letter_for, write_out, written
from guichet.core.calendar import paris_day, say_day
from guichet.journal.actions import record
from guichet.journal.models import Event
from guichet.organisation.models import Channel
from guichet.procedures.actions import record_implicit
from guichet.procedures.models import Deadline, Dossier, Payment, Preference, Said
from guichet.procedures.showing import when
from guichet.procedures.telling import wants

SLICE = 500
# Days before the date, and for how many days after a missed run the reminder still says something true.
STAGES = {30: 3, 7: 2, 1: 0, -1: 3}
# Dates that block the dossier: reminded whatever the person chose.
REQUIRED = frozenset({Deadline.Kind.PIECE, Deadline.Kind.ANSWER})
# What wrote to the person in the same change: the step needs no second message.
WRITES = frozenset({"dossier.filed", "dossier.pieces_asked", "dossier.decided", "dossier.paid",
                    "dossier.payment_rejected", "dossier.withdrawn", "dossier.lapsed"})  # fmt: skip
LEFT_ALONE, NO_MAIL, NOT_WANTED = "personne à ne pas solliciter", "pas d'e-mail : tâche pour un agent", "non souhaité"
GONE_FURTHER, ALREADY_TOLD = "le dossier a encore avancé", "dit par un autre message"
MORE = (
    "Vous recevez ce message parce que vous avez une demande en cours. Choisissez ce que vous recevez :\n"
    "{url}/mes-demarches/preferences/"
)


@dataclass(frozen=True, slots=True)
class Notice:
    what: str  # the event, unique in its dossier
    subject: str
    text: str
    task: str  # for the agent, when nothing can be mailed
    about: str  # one open task of these
    optional: str = ""  # the kind of preference it follows; empty: always sent
    kind: str = Interaction.Kind.MESSAGE
    automatic: str = "notice"


@transaction.atomic
def tell(pk: int, notice: Notice) -> bool:
    """Written in the transaction that notes it: told once, whatever happens. True when a message leaves."""
    row = (
        Dossier.objects.select_for_update(of=("self",))
        .select_related("case__person", "applicant", "procedure").get(pk=pk)
    )  # fmt: skip
    said, fresh = Said.objects.get_or_create(dossier=row, what=notice.what)
    if not fresh or row.case is None:
        return False
    by = machine(GUICHET)
    to = mail_to(row.case)
    if row.applicant.is_left_alone:
        said.withheld = LEFT_ALONE
    elif notice.optional and not wants(row.applicant, notice.optional):
        said.withheld = NOT_WANTED
    elif not to:
        said.withheld = NO_MAIL
        Task.objects.get_or_create(
            case=row.case, about=notice.about, done_at=None, defaults={"label": notice.task[:200]}
        )  # fmt: skip
    else:
        said.channel = Channel.EMAIL
        text = f"{notice.text}\n\n{MORE.format(url=settings.PUBLIC_URL)}" if notice.optional else notice.text
        letter = letter_for(row.case, text=text, subject=notice.subject, to=to, automatic=True)
        write_out(written(row.case, letter, by=by, kind=notice.kind, automatic=notice.automatic))
    said.save(update_fields=["channel", "withheld"])
    verb = "dossier.notice_withheld" if said.withheld else "dossier.noticed"
    record(verb, by=by, case_id=row.case_id, person_id=row.applicant_id, subject=f"dossier:{row.pk}",
           what=notice.what, why=said.withheld)  # fmt: skip
    return not said.withheld


def _page(dossier: Dossier) -> str:
    return f"{settings.PUBLIC_URL}/mes-demarches/dossier/{dossier.reference}/"


def _number(dossier: Dossier) -> str:
    return f"« {dossier.procedure.title} », N° {dossier.spoken_reference}"


# -- dates ------------------------------------------------------------------------------------------------------------


def remind_of_deadlines(today: date | None = None) -> int:
    """J-30, J-7, J-1, J+1 of what the person has to do. A date that moved is reminded anew; one given less than that
    before it was just told with its date. Returns how many messages leave."""
    today = today or timezone.localdate()
    days = {
        today + timedelta(days=before - late): before for before, most in STAGES.items() for late in range(most + 1)
    }
    due = Deadline.objects.filter(done_at__isnull=True, by_person=True, day__in=[*days])
    due = due.select_related("dossier__procedure").order_by("pk")
    told, last = 0, 0
    while found := list(due.filter(pk__gt=last)[:SLICE]):
        last = found[-1].pk
        already = set(
            Said.objects.filter(dossier__in={d.dossier_id for d in found}, what__startswith="J")
            .values_list("dossier_id", "what")
        )  # fmt: skip
        for deadline in found:
            before = days[deadline.day]
            what = f"J{-before:+d}:{deadline.pk}:{deadline.day:%Y%m%d}"
            known_since = paris_day(deadline.changed_at)
            if (deadline.dossier_id, what) in already or known_since >= deadline.day - timedelta(days=before):
                continue
            told += tell(deadline.dossier_id, _reminder(deadline, what))
    return told


def _reminder(deadline: Deadline, what: str) -> Notice:
    dossier = deadline.dossier
    late = deadline.day < timezone.localdate()
    if late:
        first = f"La date du {say_day(deadline.day)} est passée, et il reste ceci à faire de votre côté :"
        last = "Faites-le dès que possible. Si quelque chose vous en empêche, répondez à ce message."
    else:
        first = f"Voici ce qui vous reste à faire, au plus tard le {say_day(deadline.day)} ({when(deadline.day)}) :"
        last = "Si quelque chose vous en empêche, répondez à ce message."
    return Notice(
        what,
        subject=f"{'Date passée' if late else 'Rappel'} – {dossier.procedure.title}, N° {dossier.spoken_reference}",
        text=f"Bonjour,\n\nVotre demande {_number(dossier)}.\n\n{first}\n– {deadline.label}\n\n"
        f"Dans votre espace :\n{_page(dossier)}\n\n{last}",
        task=f"Rappeler par courrier ou téléphone : {deadline.label}, le {deadline.day:%d/%m/%Y}",
        about=f"deadline:{deadline.pk}",
        optional="" if deadline.kind in REQUIRED else Preference.Kind.REMINDERS,
        kind=Interaction.Kind.REMINDER,
        automatic="reminder",
    )


# -- steps and payments -----------------------------------------------------------------------------------------------


def tell_step(event: Event) -> bool:
    """A new step, unless the change that made it wrote to the person already or the dossier has moved further."""
    dossier = _dossier(event)
    if dossier is None:
        return False
    what = f"step:{event.pk}"
    if _told_already(event):
        return _withhold(dossier, what, ALREADY_TOLD)
    if dossier.is_over or dossier.step != event.detail("step"):
        return _withhold(dossier, what, GONE_FURTHER)
    step = f"Étape {dossier.step}/{dossier.steps}"
    return tell(dossier.pk, Notice(
        what,
        subject=f"{step} – {dossier.procedure.title}, N° {dossier.spoken_reference}",
        text=f"Bonjour,\n\nVotre demande {_number(dossier)}, avance.\n\n{step} : {dossier.step_label}\n\n"
        f"Vous n'avez rien à faire si rien ne vous est demandé dans votre espace :\n{_page(dossier)}",
        task=f"Prévenir l'usager : {step}, {dossier.step_label}",
        about=f"step:{dossier.pk}",
        optional=Preference.Kind.PROGRESS,
    ))  # fmt: skip


def _told_already(event: Event) -> bool:
    same = Event.objects.filter(transaction=event.transaction, subject=event.subject, verb__in=WRITES)
    return same.exists()


def tell_paid(event: Event) -> bool:
    dossier, payment = _paid(event)
    if dossier is None or payment is None or payment.state != Payment.State.PAID:
        return False
    return tell(dossier.pk, Notice(
        f"paid:{payment.pk}",
        subject=f"Versement effectué – {dossier.procedure.title}, N° {dossier.spoken_reference}",
        text=f"Bonjour,\n\nVotre demande {_number(dossier)}.\n\nLe versement « {payment.label} » a été effectué"
        f"{f' le {say_day(payment.paid_on)}' if payment.paid_on else ''}. Il peut mettre quelques jours à paraître sur "
        f"votre compte.\n\nLe montant et la suite sont dans votre espace :\n{_page(dossier)}",
        task=f"Prévenir l'usager : versement {payment.rank} effectué",
        about=f"paid:{payment.pk}",
        optional=Preference.Kind.PAYMENTS,
    ))  # fmt: skip


def tell_rejected(event: Event) -> bool:
    """The bank sent it back: without another account nothing can be paid, so it is always said."""
    dossier, payment = _paid(event)
    if dossier is None or payment is None or payment.state != Payment.State.REJECTED:
        return False
    return tell(dossier.pk, Notice(
        f"rejected:{event.pk}",
        subject=f"Versement à refaire – {dossier.procedure.title}, N° {dossier.spoken_reference}",
        text=f"Bonjour,\n\nVotre demande {_number(dossier)}.\n\nLa banque n'a pas accepté le versement "
        f"« {payment.label} ». Vérifiez votre compte bancaire, ou donnez-en un autre, dans votre espace :\n"
        f"{_page(dossier)}compte/\n\nL'argent n'est pas perdu : nous le verserons sur le compte que vous indiquerez.",
        task=f"Demander un autre compte bancaire : versement {payment.rank} rejeté",
        about=f"rejected:{payment.pk}",
    ))  # fmt: skip


def _dossier(event: Event) -> Dossier | None:
    kind, _, pk = event.subject.partition(":")
    if kind != "dossier" or not pk.isdigit():
        return None
    return Dossier.objects.select_related("procedure").filter(pk=int(pk), case__isnull=False).first()


def _paid(event: Event) -> tuple[Dossier | None, Payment | None]:
    dossier = _dossier(event)
    return dossier, dossier.payments.filter(rank=event.detail("rank")).first() if dossier else None


@transaction.atomic
def _withhold(dossier: Dossier, what: str, why: str) -> bool:
    Said.objects.get_or_create(dossier=dossier, what=what, defaults={"withheld": why})
    return False


# -- silence ----------------------------------------------------------------------------------------------------------


def note_implicit_decisions() -> int:
    """Silences that lasted: the decision that the law makes of them is written down. Returns how many."""
    held = Suspension.objects.filter(clock=OuterRef("pk"), ended_at__isnull=True)
    over = Clock.objects.filter(
        kind=Clock.Kind.SILENCE, stopped_at__isnull=True, due_at__lte=timezone.now(),
        case__dossier__decided_at__isnull=True, case__dossier__closed_at__isnull=True,
    ).filter(~Exists(held))  # fmt: skip
    found = Dossier.objects.filter(case__in=list(over.order_by("due_at").values_list("case_id", flat=True)[:SLICE]))
    by = machine(GUICHET)
    return sum(record_implicit(dossier, by=by) is not None for dossier in found)
