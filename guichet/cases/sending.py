"""From a case to a letter: sender of the unit, thread, reply address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.channels.email.tokens import make_token
from guichet.core.instances import fresh
from guichet.core.models import StoredFile
from guichet.core.rows import insert
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel
from guichet.outbox.actions import Letter, frozen
from guichet.outbox.models import Parcel
from guichet.people.models import Person

# What was asked for online is answered by mail.
BY_MAIL = frozenset({Channel.EMAIL, Channel.FORM, Channel.PORTAL, Channel.CHAT, Channel.SOCIAL})


def preferred_channel(case: Case) -> str:
    """By what the person asked to be answered, in this case or always; "" when he did not say."""
    person = case.person
    asked = case.preferred_channel or (person.preferred_channel if person else "")
    if asked in BY_MAIL:
        return Channel.EMAIL
    return asked or (Channel.PAPER if refuses_electronic(case) else "")


def refuses_electronic(case: Case) -> bool:
    """CRPA L112-14."""
    return case.electronic_reply_refused or (case.person is not None and case.person.electronic_reply_refused)


def postal_lines(person: Person) -> list[str]:
    """The lines of the envelope, the name first; empty when the street is not known."""
    street = [line.strip(" ,") for line in person.address.splitlines() if line.strip(" ,")]
    if not street:
        return []
    names = [person.full_name, *([person.contact_name] if person.contact_name else [])]
    if person.civility and not person.is_organisation and person.last_name:
        names = [f"{person.get_civility_display()} {person.full_name}"]
    town = f"{person.postcode} {person.town}".strip()
    known = person.town and person.town.casefold() in " ".join(street).casefold()
    return [*names, *street, *([town] if town and not known else [])]


def letter_for(
    case: Case,
    *,
    text: str,
    subject: str,
    to: Sequence[tuple[str, str]],
    cc: Sequence[tuple[str, str]] = (),
    automatic: bool = False,
    answering: Interaction | None = None,
    first: bool = False,
    files: Sequence[tuple[StoredFile, str]] = (),
    html: str = "",
) -> Letter:
    """From the unit, never from the agent (behaviours 35); the answer comes back to the case by its token.

    `first`: the case holds nothing but `answering`, which was just written.
    """
    team = directory().team(case.team_id)
    token = make_token(case.reference, settings.SECRET_KEY)
    local, _, domain = settings.MAIL_ADDRESS.partition("@")
    unit = team.said if team and not team.takes_unrouted else settings.REGION_NAME
    ids = [] if first else _message_ids(case)
    nearest = answering.message_id if answering and answering.message_id else (ids[0] if ids else "")
    return Letter(
        subject=subject,
        text=text,
        html=html,
        to=to,
        cc=cc,
        sender_name=unit,
        sender_address=settings.MAIL_ADDRESS,
        reply_to=f"{local}+{token}@{domain}",
        in_reply_to=nearest,
        references=[*reversed([i for i in ids if i != nearest]), *([nearest] if nearest else [])],
        automatic=automatic,
        token=token,
        files=files,
    )


def _message_ids(case: Case) -> list[str]:
    """Those of the last exchanges, newest first."""
    known = case.interactions.exclude(message_id="").order_by("-at", "-id")
    return list(known.values_list("message_id", flat=True)[:10])


def written(
    case: Case,
    letter: Letter,
    *,
    by: User,
    kind: str,
    at: datetime | None = None,
    text: str = "",
    automatic: str = "",
    not_before: datetime | None = None,
    template_version: str = "",
) -> list[Model]:
    """What queues a letter of the case (the parcel first) and puts it in its history (the interaction, last).

    `text`: what the history shows when it is not the whole letter (an answer without its signature).
    """
    parcel, *others = frozen(letter, not_before=not_before)
    assert isinstance(parcel, Parcel)
    interaction = fresh(
        Interaction,
        case=case,
        channel=Channel.EMAIL,
        direction=Interaction.Direction.OUT,
        kind=kind,
        at=at or timezone.now(),
        message_id=parcel.message_id,
        author=by,
        recipients=[list(pair) for pair in [*letter.to, *letter.cc]],
        subject=parcel.subject,
        text=text or letter.text,
        automatic=automatic,
        parcel=parcel,
        template_version=template_version,
    )
    return [parcel, *others, interaction]


def write_out(rows: list[Model]) -> Interaction:
    """Write the rows of `written`, in the same transaction: a letter never goes without its place in the history."""
    insert(*rows)
    return cast("Interaction", rows[-1])
