"""What is said at a counter or by telephone: an agent writes it down, and often answers at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.handling import assign
from guichet.cases.actions.moving import locked
from guichet.cases.actions.opening import open_from
from guichet.cases.actions.writing import after_reply, working_addresses
from guichet.cases.models import Case, Interaction
from guichet.cases.policy import may_handle, people_visible_to
from guichet.core.refused import Refused
from guichet.core.text import excerpt, one_line, strip_controls
from guichet.journal.actions import record
from guichet.organisation.models import Channel
from guichet.people import actions as people
from guichet.people.identity import Claim
from guichet.people.models import Person

SPOKEN = frozenset({Channel.COUNTER.value, Channel.PHONE.value})


@dataclass(frozen=True, slots=True)
class Helper:
    """Who came for somebody else: a parent, a social worker, an adviser of France Services."""

    claim: Claim
    scope: str  # what he may do for the person
    proof: str  # document seen, kinship checked
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One visit or one call, as the agent wrote it down. `key` makes a double click one case.

    `person`: a record that the agent chose; else `claim` says who it is; with neither, nobody gave a name.
    """

    key: str
    channel: str
    text: str
    subject: str = ""
    at: datetime | None = None  # None: now
    person: Person | None = None
    claim: Claim | None = None
    helper: Helper | None = None
    topic_id: int | None = None
    department: str = ""
    preferred_channel: str = ""
    urgent: bool = False
    files: Sequence[tuple[str, bytes]] = field(default=())


@transaction.atomic
def open_told(told: Told, *, by: User, keep: bool = False, answer: str = "", result: str = "") -> Case:
    """Open a case for what someone said. `keep`: the agent takes it; `answer`: what he answered on the spot; `result`
    (a `Result`) closes it.

    Returns the case already made for the same key. Raises `Refused` on an empty text, a date to come, a mandate
    without proof, a record that is not his to see.
    """
    if told.channel not in SPOKEN:
        raise Refused("Choisissez l'accueil ou le téléphone.", status=400)
    known = Interaction.objects.filter(channel=told.channel, external_id=told.key).select_related("case").first()
    if known is not None:
        return known.case
    body = strip_controls(told.text).strip()
    if not body:
        raise Refused("Écrivez ce que la personne demande.", status=400)
    now = timezone.now()
    at = told.at or now
    if at > now:
        raise Refused("La visite ou l'appel ne peut pas être à venir.", status=400)
    person = _who(told, by=by)
    helper = _helper(told, person, by=by)
    case = Case(
        subject=one_line(told.subject)[:300] or excerpt(body, 80),
        channel=told.channel,
        person=person,
        topic_id=told.topic_id,
        department=told.department or (person.department if person else ""),
        preferred_channel=told.preferred_channel,
        electronic_reply_refused=bool(person and person.electronic_reply_refused),
        urgent=told.urgent,
        received_at=at,
        last_inbound_at=at,
    )
    speaker = helper or person
    message = Interaction(
        channel=told.channel,
        direction=Interaction.Direction.IN,
        at=at,
        external_id=told.key,
        person=speaker,
        author=by,
        sender_address=_address(person),
        sender_name=(speaker.contact_name or speaker.full_name) if speaker else "",
        subject=case.subject,
        text=body,
    )
    open_from(case, message, [(name, content, "", False) for name, content in told.files], by=by)
    if answer.strip():
        _answered(case, answer, by=by, result=result)
    elif keep and may_handle(by, case):
        assign(case, by, by=by)
    return case


def _who(told: Told, *, by: User) -> Person | None:
    if told.person is not None:
        if not people_visible_to(by).filter(pk=told.person.pk).exists():
            raise Refused("Cette fiche n'existe pas, ou n'est pas à vous.", status=404)
        return told.person
    return people.welcome(told.claim, by=by, source=told.channel) if told.claim else None


def _helper(told: Told, person: Person | None, *, by: User) -> Person | None:
    if told.helper is None:
        return None
    if person is None:
        raise Refused("Dites pour qui la personne présente agit.", status=400)
    mandate = people.represent(
        person, told.helper.claim, scope=told.helper.scope, proof=told.helper.proof, until=told.helper.until, by=by,
        source=told.channel,
    )  # fmt: skip
    return mandate.holder


def _address(person: Person | None) -> str:
    """Where a written receipt may go: his own address, unless he refuses it or it does not work."""
    if person is None or person.electronic_reply_refused or person.is_left_alone:
        return ""
    points = working_addresses(person)
    return points[0].value if points else ""


def _answered(case: Case, answer: str, *, by: User, result: str) -> None:
    """He who answers at once keeps the promise, and nothing is to be sent."""
    case = locked(case, by=by)
    interaction = Interaction.objects.create(
        case=case,
        channel=case.channel,
        direction=Interaction.Direction.OUT,
        at=timezone.now(),
        author=by,
        text=strip_controls(answer).strip(),
    )
    after_reply(case, interaction.at, close_with=result, kind=Interaction.Kind.MESSAGE, by=by)
    record("case.answered_aloud", by=by, case_id=case.pk, subject=f"interaction:{interaction.pk}")
