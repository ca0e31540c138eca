"""Filing a dossier: checked, numbered, acknowledged at once, its clocks started, its pieces listed."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.cases.actions.opening import open_from
from guichet.cases.models import Case, Interaction
from guichet.core import files
from guichet.core.calendar import paris_day
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.core.text import fold
from guichet.organisation.models import Channel
from guichet.people.models import Person
from guichet.procedures.actions.drafting import closed_said, locked_by_agent
from guichet.procedures.actions.moving import locked_by_person, move, portal, save, tell
from guichet.procedures.answers import faults
from guichet.procedures.computing import pieces_of
from guichet.procedures.definition import Definition, Silence
from guichet.procedures.models import Dossier, Outcome, Piece
from guichet.procedures.models.dossier import Phase
from guichet.procedures.recap import pdf, text_of

if TYPE_CHECKING:
    from guichet.accounts.models import User

# The ways by which an application comes that an agent types.
BY_HAND = frozenset({Channel.PAPER.value, Channel.COUNTER.value, Channel.PHONE.value})
AGAIN = "Vous avez déjà déposé un dossier pour cette démarche{when} : le N° {reference}."
LEFT = frozenset({Outcome.WITHDRAWN, Outcome.LAPSED})


@transaction.atomic
def file_dossier(
    dossier: Dossier,
    *,
    person: Person,
    by: User | None = None,
    channel: str = Channel.PORTAL,
    received_at: datetime | None = None,
    postmark: date | None = None,
    address: str = "",
) -> Dossier:
    """The draft becomes a dossier: number, receipt with its mandatory mentions, clocks. Filed twice is filed once.

    `by`: the agent who enters it for somebody (`entering.file_entry`), or a program; then `received_at` is the arrival
    and `postmark` tells whether the deadline was met (CRPA L112-1). `address`: where the receipt goes; else the
    address we know.
    Raises `Refused` with what is left to do; eligibility never refuses a filing.
    """
    row = locked_by_person(dossier, person) if by is None else locked_by_agent(dossier, by)
    if not row.is_draft:
        return row
    now = timezone.now()
    at = received_at or now
    if at > now:
        raise Refused("Un dossier ne peut pas être reçu demain.", status=400)
    definition = row.definition
    day = postmark or paris_day(at)
    _check(row, definition, day, by=by)
    row.received_at, row.filed_at, row.postmark, row.channel = at, now, postmark, channel
    open_thread(row, definition, person, by=by, channel=channel, address=address)
    row.late_fee_cents = _late_fee(definition, day)
    move(row, Phase.ADMISSIBILITY)
    list_pieces(row, definition)
    row.beneficiary_name = row.beneficiary_name or row.declared_beneficiary[:160] or row.applicant.full_name
    save(row, by=by or portal())
    tell("dossier.filed", row, by=by or portal(), procedure=row.procedure.code, version=row.version.number,
         channel=channel)  # fmt: skip
    return row


def _check(row: Dossier, definition: Definition, day: date, *, by: User | None) -> None:
    """A missing piece stops no filing, even one that nothing can be appraised without (L114-5-1): it is asked again."""
    if not row.procedure.is_open or definition.window(day) is None:
        agent = by is not None and not by.is_machine
        raise Refused(_late_said(row, day) if agent else closed_said(definition), status=409)
    if faults(definition, row.answers, day=row.counted_from):
        raise Refused("Il reste des questions sans réponse : elles sont signalées dans le formulaire.", status=400)
    if again := already_filed(row, definition, day):
        when = {"year": " cette année", "window": " pendant cette période"}.get(definition.one_per, "")
        raise Refused(AGAIN.format(when=when, reference=again.spoken_reference), status=409)
    if definition.capacity is not None and _filed_in_window(row, definition, day) >= definition.capacity:
        raise Refused("Le nombre de dossiers prévu est atteint. Écrivez-nous pour être inscrit sur la liste d'attente.",
                      status=409)  # fmt: skip


def _late_said(row: Dossier, day: date) -> str:
    """For the agent who types: the form that came out of time is answered, not filed."""
    what = "Le cachet de la poste" if row.postmark else "Le jour d'arrivée"
    return (
        f"{what} ({day:%d/%m/%Y}) est hors de la période de dépôt : répondez à la personne que sa demande est tardive."
    )


@transaction.atomic
def keep_recap(dossier: Dossier, *, person: Person) -> StoredFile | None:
    """The summary as PDF, made at the first reading and kept until an answer is corrected; None without WeasyPrint."""
    row = locked_by_person(dossier, person)
    if row.recap is None and (content := pdf(row)) is not None:
        row.recap = files.keep(content, name="recapitulatif.pdf")
        Dossier.objects.filter(pk=row.pk).update(recap=row.recap)
    return row.recap


def already_filed(row: Dossier, definition: Definition, day: date) -> Dossier | None:
    """Another dossier of the same person for the same scheme, in the year, the window, or ever (`one_per`)."""
    if definition.one_per == "none":
        return None
    others = Dossier.objects.filter(
        procedure=row.procedure, applicant=row.applicant, filed_at__isnull=False
    ).exclude(pk=row.pk).exclude(outcome__in=[*LEFT])  # fmt: skip
    if definition.one_per == "year":
        others = others.filter(received_at__year=day.year)
    elif definition.one_per == "window" and (window := definition.window(day)):
        others = others.filter(received_at__date__gte=window.opens)
    wanted = fold(row.declared_beneficiary)
    # A parent files once for each child, however his name is typed.
    same = (other for other in others.order_by("-filed_at") if not wanted or fold(other.declared_beneficiary) == wanted)
    return next(same, None)


def _filed_in_window(row: Dossier, definition: Definition, day: date) -> int:
    window = definition.window(day)
    found = Dossier.objects.filter(procedure=row.procedure, filed_at__isnull=False).exclude(outcome__in=[*LEFT])
    return found.filter(received_at__date__gte=window.opens).count() if window else 0


def open_thread(
    row: Dossier,
    definition: Definition,
    person: Person,
    *,
    by: User | None,
    channel: str,
    address: str,
    quiet: bool = False,
) -> None:
    """The case whose history is the thread of the dossier; its number is the dossier's. `quiet`: taken over from
    another tool, without clock nor receipt."""
    assert row.received_at is not None
    writes = "" if row.applicant.electronic_reply_refused else (address or _known_address(row))
    case = Case(
        subject=row.procedure.title[:300],
        channel=channel,
        person=row.applicant,
        topic_id=row.procedure.topic_id,
        team_id=row.procedure.team_id,
        department=row.applicant.department,
        is_file=True,
        unread=False,
        electronic_reply_refused=row.applicant.electronic_reply_refused,
        received_at=row.received_at,
        last_inbound_at=row.received_at,
    )
    message = Interaction(
        channel=channel,
        direction=Interaction.Direction.IN,
        at=row.received_at,
        external_id=f"dossier:{row.key}",
        person=person,
        author=by,
        sender_address=writes,
        sender_name=person.full_name,
        subject=case.subject,
        text=text_of(row),
    )
    open_from(
        case, message, by=by or portal(), silence=silence_of(definition), exempt=definition.receipt_exempt, quiet=quiet
    )
    row.case, row.reference = case, case.reference


def proved_address(person: Person) -> str:
    """The e-mail address that is surely his, and works; empty when there is none."""
    points = person.contact_points.filter(kind="email", bad_since__isnull=True, verified_at__isnull=False)
    found = points.order_by("verified_at").first()
    return found.value if found else ""


def _known_address(row: Dossier) -> str:
    """A proved address first; what an agent typed from paper goes to no other."""
    if found := proved_address(row.applicant):
        return found
    if row.channel in BY_HAND:
        return ""
    point = row.applicant.contact_points.filter(kind="email", bad_since__isnull=True).order_by("pk").first()
    return point.value if point else ""


def silence_of(definition: Definition) -> tuple[str, int] | None:
    if definition.silence in {None, Silence.NONE} or not definition.silence_months:
        return None
    return str(definition.silence), definition.silence_months


def _late_fee(definition: Definition, day: date) -> int:
    window = definition.window(day)
    if window is None or window.late_from is None or window.late_fee is None or day < window.late_from:
        return 0
    return int(window.late_fee * 100)


def list_pieces(row: Dossier, definition: Definition) -> None:
    """Those this person has to give; what a field ruled out since is left aside."""
    specs = pieces_of(definition, row.known())
    wanted = {spec.code for spec in specs}
    row.pieces.exclude(code__in=wanted).filter(files__isnull=True).delete()
    there = {piece.code: piece for piece in row.pieces.all()}
    for position, spec in enumerate(specs):
        piece = there.get(spec.code)
        if piece is None:
            state = Piece.State.LATER if spec.later else Piece.State.MISSING
            Piece.objects.create(
                dossier=row, code=spec.code, label=spec.label, state=state, required=spec.required, position=position
            )
        else:
            piece.label, piece.required, piece.position = spec.label, spec.required, position
            piece.save(update_fields=["label", "required", "position"])
