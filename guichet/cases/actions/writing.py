"""What agents write: replies, notes, holding replies, requests for pieces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases import clocks
from guichet.cases.actions.answering import note_quoted
from guichet.cases.actions.moving import locked, move, save
from guichet.cases.actions.paper import NO_POSTAL_ADDRESS, put_on_paper
from guichet.cases.models import Attachment, Case, Clock, Draft, Interaction, Proposal, Status
from guichet.cases.models.case import Result
from guichet.cases.policy import needs_approval
from guichet.cases.sending import letter_for, postal_lines, preferred_channel, refuses_electronic, write_out, written
from guichet.core import files as store
from guichet.core import formatting
from guichet.core.kept import Kept
from guichet.core.models import StoredFile
from guichet.core.refused import Refused
from guichet.core.text import strip_controls
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel
from guichet.people.models import ContactPoint, Person

UploadedFile = tuple[str, bytes]
# A variable of a template that nobody filled: « {prénom} », « [prénom] » (behaviours 33).
EMPTY_VARIABLE = re.compile(r"[{\[][a-zàâçéèêëîïôûùü_ ]{2,40}[}\]](?!\()", re.IGNORECASE)

SAID_OF: dict[str, str] = {Interaction.Kind.MESSAGE: "case.replied", Interaction.Kind.HOLDING: "case.held"}


@transaction.atomic
def reply(
    case: Case,
    *,
    by: User,
    text: str,
    to: Sequence[tuple[str, str]] | None = None,
    cc: Sequence[tuple[str, str]] = (),
    files: Sequence[UploadedFile] = (),
    send_at: datetime | None = None,
    close_with: str = "",
    version: int | None = None,
    template_version: str = "",
    kind: str = Interaction.Kind.MESSAGE,
    channel: str = Channel.EMAIL,
    despite: str = "",
    draft_files: Sequence[str] = (),
    answers: Sequence[int] = (),
) -> Interaction:
    """Answer by e-mail or on paper. A mail leaves after the undo delay, or at `send_at`; a letter is to be printed and
    posted. `close_with` (a Result) also closes the case.

    `draft_files`: keys of the files of his own draft that go with `files`.
    `answers`: keys of the versions of articles that were put into the text; those it still says are noted.
    Recipients are frozen now. Raises `Refused` on an empty text, an unfilled variable, no usable address, a stale case,
    and a mail to who refuses electronic answers (L112-14) unless `despite` says why.
    `kind` says what the answer is; of one that is not in `SAID_OF` the caller says more in the journal.
    """
    body = checked(text)
    case = locked(case, by=by, version=version)
    if kind == Interaction.Kind.MESSAGE:
        none_waits(case)
        if needs_approval(by, case):
            raise Refused("Cette réponse doit être visée avant de partir : proposez-la.", status=403)
    outgoing = Answer(
        body,
        channel,
        may_be_reached(case, channel=channel, to=to, send_at=send_at, despite=despite, kind=kind),
        cc,
        [*kept_in_draft(case, by, draft_files), *((store.keep(content, name=name), name) for name, content in files)],
        send_at,
        close_with,
        template_version,
        despite.strip(),
        answers,
    )
    interaction = send_out(case, outgoing, by=by, author=by, kind=kind)
    Draft.objects.filter(case=case, user=by, kind="email").delete()
    Draft.objects.filter(case=case, taken_by=by).update(taken_by=None)  # what he had taken over is its author's again
    return interaction


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, and to whom: decided once."""

    text: str
    channel: str
    to: Sequence[tuple[str, str]]
    cc: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[StoredFile, str]] = ()
    send_at: datetime | None = None
    close_with: str = ""
    template_version: str = ""
    despite: str = ""
    answers: Sequence[int] = ()


def none_waits(case: Case) -> None:
    if case.proposals.filter(state=Proposal.State.WAITING).exists():
        raise Refused(
            "Une réponse attend déjà un visa sur cette demande : décidez-en d'abord. Votre texte est conservé."
        )


def may_be_reached(
    case: Case, *, channel: str, to: Sequence[tuple[str, str]] | None = None, send_at: datetime | None = None,
    despite: str = "", kind: str = Interaction.Kind.MESSAGE,
) -> list[tuple[str, str]]:  # fmt: skip
    """The recipients by this channel, none on paper. Raises `Refused` when the case cannot be answered so."""
    if case.is_over:
        raise Refused("Cette demande est terminée. Rouvrez-la avant d'y répondre.")
    if channel == Channel.PAPER:
        if send_at is not None:
            raise Refused("Un courrier se poste à la main : il n'a pas d'heure de départ.", status=400)
        if case.person is None or not postal_lines(case.person):
            raise Refused(NO_POSTAL_ADDRESS, status=400)
        return []
    if channel != Channel.EMAIL:
        raise Refused("On ne répond pas par ce canal ici.", status=400)
    if kind == Interaction.Kind.MESSAGE and refuses_electronic(case) and not despite.strip():
        raise Refused(
            "Cette personne refuse les réponses électroniques (article L. 112-14) : répondez par courrier, ou dites "
            "pourquoi vous lui écrivez par e-mail.",
            status=400,
        )
    recipients = list(to) if to is not None else answer_to(case)
    if not recipients:
        raise Refused("Cette personne n'a pas d'adresse e-mail utilisable. Choisissez un autre canal.", status=400)
    return recipients


def send_out(case: Case, answer: Answer, *, by: User, author: User, kind: str) -> Interaction:
    """Write the answer of `author` in a case already locked and queue it; `by` sends it, himself or after approval."""
    now = timezone.now()
    subject = "Votre demande" if case.hides_subject else case.subject
    whole = signed(case, answer.text, by=author)
    if answer.channel == Channel.PAPER:
        interaction = put_on_paper(
            case, by=author, kind=kind, at=now, text=answer.text, whole=whole, subject=subject,
            template_version=answer.template_version,
        )  # fmt: skip
    else:
        last = case.interactions.filter(direction=Interaction.Direction.IN).order_by("-at", "-id").first()
        letter = letter_for(
            case,
            text=formatting.plain_of(whole),
            html=formatting.mail_html(whole) if formatting.is_formatted(answer.text) else "",
            subject=f"Re: {subject} – N° {case.spoken_reference}",
            to=answer.to,
            cc=answer.cc,
            answering=last,
            files=answer.files,
        )
        not_before = answer.send_at or now + timedelta(seconds=settings.UNDO_SECONDS)
        interaction = write_out(
            written(
                case, letter, by=author, kind=kind, at=now, text=answer.text, not_before=not_before,
                template_version=answer.template_version,
            )
        )  # fmt: skip
    Attachment.objects.bulk_create(
        [
            Attachment(interaction=interaction, file=file, name=name[:200], position=n)
            for n, (file, name) in enumerate(answer.files)
        ]
    )
    note_quoted(case, interaction, answer.answers, by=author)
    after_reply(case, now, close_with=answer.close_with, kind=kind, by=author)
    about = f"interaction:{interaction.pk}"
    if kind in SAID_OF:
        record(SAID_OF[kind], by=by, case_id=case.pk, subject=about)
    wanted = preferred_channel(case)
    if kind == Interaction.Kind.MESSAGE and wanted and wanted != answer.channel:
        record(
            "case.other_channel", by=by, case_id=case.pk, subject=about, wanted=Channel(wanted).label,
            used=Channel(answer.channel).label,
        )  # fmt: skip
    if kind == Interaction.Kind.MESSAGE and answer.channel == Channel.EMAIL and refuses_electronic(case):
        record("case.refusal_overridden", by=by, case_id=case.pk, subject=about, reason=answer.despite[:300])
    return interaction


def kept_in_draft(case: Case, by: User, keys: Sequence[str]) -> list[tuple[StoredFile, str]]:
    draft = Draft.objects.filter(case=case, user=by, kind="email").first() if keys else None
    names = {key: name for key, name in draft.files if key in keys} if draft else {}
    return stored(names.items())


def stored(files: Iterable[tuple[str, str]]) -> list[tuple[StoredFile, str]]:
    """The files behind (key, name) pairs, in their order."""
    pairs = list(files)
    found = StoredFile.objects.in_bulk([key for key, _ in pairs])
    return [(found[key], name) for key, name in pairs]


def checked(text: str) -> str:
    """What may be sent of a text. Raises `Refused` when it is empty or keeps a variable nobody filled."""
    body = strip_controls(text).strip()
    if not body:
        raise Refused("Écrivez votre réponse avant de l'envoyer.", status=400)
    if found := EMPTY_VARIABLE.search(body):
        raise Refused(f"Il reste un champ à remplir dans votre texte : {found.group()}.", status=400)
    return body


def after_reply(case: Case, now: datetime, *, close_with: str, kind: str, by: User) -> None:
    """A human answer keeps the promise (behaviours 69); the legal delay stops only with the end of the case."""
    case.first_answered_at = case.first_answered_at or now
    case.assignee = case.assignee or (by if not by.is_machine else None)
    case.unread = False
    clocks.stop(case, [Clock.Kind.COMMITMENT], why="réponse", at=now)
    if close_with:
        if close_with not in Result.values:
            raise Refused("Choisissez un résultat dans la liste.", status=400)
        case.result = close_with
        move(case, Status.CLOSED)
        record("case.closed", by=by, case_id=case.pk, result=close_with)
    elif kind == Interaction.Kind.MESSAGE:
        move(case, Status.ANSWERED)
    elif case.status in {Status.REGISTERED, Status.ASSIGNED, Status.REOPENED}:
        move(case, Status.IN_PROGRESS)
    save(case)


LAST_WRITTEN = Kept(
    lambda case: Interaction.objects.filter(case_id=case, direction=Interaction.Direction.IN, third_person=False)
    .exclude(sender_address="").order_by("-at", "-id")[:1]
)  # fmt: skip
WORKING = Kept(
    lambda person: ContactPoint.objects.filter(person_id=person, kind=ContactPoint.Kind.EMAIL, bad_since__isnull=True)
)


def answer_to(case: Case) -> list[tuple[str, str]]:
    """Where the person is answered: the address last written from, else a working one; never a third person's."""
    last = LAST_WRITTEN.first(case.pk)
    person = case.person
    points = working_addresses(person) if person else []
    good = {point.value for point in points}
    name = (person.contact_name or person.full_name) if person else ""
    if last is not None and (last.sender_address in good or person is None):
        return [(last.sender_address, last.sender_name or name)]
    return [(points[0].value, name)] if points else []


def mail_to(case: Case) -> list[tuple[str, str]]:
    """Where a mail may go: nowhere when the person refuses electronic replies (CRPA L112-14)."""
    return [] if refuses_electronic(case) else answer_to(case)


def working_addresses(person: Person) -> list[ContactPoint]:
    """His e-mail addresses that refused nothing, the proved ones first."""
    return sorted(WORKING(person.pk), key=lambda point: (point.verified_at is None, point.pk))


def signed(case: Case, body: str, *, by: User) -> str:
    """The unit, the agent (CRPA L111-2), the number and whom to contact close every answer (behaviours 35, 36)."""
    team = directory().team(case.team_id)
    block = directory().contact_block(team)
    lines = [by.signature, block.name, settings.REGION_NAME]
    if block.phone:
        lines.append(f"Téléphone : {block.phone}")
    lines.append(f"Votre demande : N° {case.spoken_reference}, à rappeler si vous nous contactez")
    lines.append(f"{settings.PUBLIC_URL}/suivi/?numero={case.reference}")
    return body + "\n\n" + "\n".join(line for line in lines if line)


@transaction.atomic
def note(case: Case, *, by: User, text: str, files: Sequence[UploadedFile] = ()) -> Interaction:
    """An internal note: never mailed, but communicable to the person on request (RGPD art. 15): written soberly."""
    body = strip_controls(text).strip()
    if not body:
        raise Refused("Écrivez la note avant de l'enregistrer.", status=400)
    case = locked(case, by=by)
    interaction = Interaction.objects.create(
        case=case,
        channel=Channel.PORTAL,
        direction=Interaction.Direction.NOTE,
        at=timezone.now(),
        author=by,
        text=body,
    )
    for position, (name, content) in enumerate(files):
        Attachment.objects.create(
            interaction=interaction, file=store.keep(content, name=name), name=name[:200], position=position
        )
    Draft.objects.filter(case=case, user=by, kind="note").delete()
    record("case.noted", by=by, case_id=case.pk, subject=f"interaction:{interaction.pk}")
    return interaction


@transaction.atomic
def hold(case: Case, *, by: User, text: str, version: int | None = None) -> Interaction:
    """A holding reply: it keeps the promise to answer, and changes nothing to the legal delay."""
    return reply(case, by=by, text=text, version=version, kind=Interaction.Kind.HOLDING)
