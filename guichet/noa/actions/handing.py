"""From Noa to a person: queue, transcript, agent, end. Everything said is kept in the case, as on any channel."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.actions.handling import take_live
from guichet.cases.actions.incoming import came_back
from guichet.cases.actions.moving import locked as locked_case
from guichet.cases.actions.moving import save as save_case
from guichet.cases.actions.opening import attach, open_said
from guichet.cases.actions.writing import after_reply
from guichet.cases.actions.writing import reply as reply_by_mail
from guichet.cases.models import Case, Interaction
from guichet.core.calendar import say_moment
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import excerpt, strip_controls
from guichet.journal.actions import record
from guichet.noa import phrases
from guichet.noa.actions.turning import add, add_bubbles, locked, move, tell
from guichet.noa.bubbles import Option, notice
from guichet.noa.models import Chat, ChatState, Turn
from guichet.noa.queue import anybody_there, desk_calendar, may_take, position
from guichet.noa.smalltalk import asks_person
from guichet.noa.transcript import transcript
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel
from guichet.people import actions as people
from guichet.people.identity import Claim

GONE_AFTER = timedelta(seconds=90)  # without a sign of the page, the citizen is elsewhere
URGENT_TOPIC = "urgence.personne"


def hand_over(chat: Chat, why: str, *, urgent: bool = False, by: User) -> list[Turn]:
    """Call a person. Inside `hear`, which locks and saves the chat.

    Nobody there: a form already filled and a call back are proposed; a danger opens a case in any case.
    """
    if chat.state != ChatState.BOT:
        return []
    there = anybody_there()
    if not there and not urgent:
        return add_bubbles(chat, [notice(closed(), *_other_ways(chat))], by=by)
    chat.urgent = chat.urgent or urgent
    if chat.case is None or chat.case.is_over:
        chat.case = _open_case(chat, by=by)
    move(chat, ChatState.QUEUED)
    chat.queued_at = timezone.now()
    record("chat.handed", by=by, case_id=chat.case.pk, why=why)
    chat.save()
    if not there:
        return add_bubbles(chat, [notice(phrases.DANGER_NOBODY.format(closed=closed()))], by=by)
    place = position(chat)
    ahead = phrases.FIRST if place <= 1 else phrases.POSITION.format(position=place)
    after = phrases.BY_EMAIL.format(email=chat.email) if chat.email else phrases.NO_EMAIL
    return add_bubbles(chat, [notice(f"{phrases.QUEUED} {ahead} {after}")], by=by)


def _open_case(chat: Chat, *, by: User) -> Case:
    """The conversation becomes a case: number, clocks, team, as for any message."""
    person = people.welcome(Claim(email=chat.email), by=by, source="chat") if chat.email else None
    own = chat.turns.filter(author=Turn.Author.CITIZEN).order_by("-number").values_list("text", flat=True)
    first = next((said for said in own if said and not asks_person(said)), "")
    topic = directory().topics_by_code.get(URGENT_TOPIC if chat.urgent else chat.topic)
    case = Case(
        subject=excerpt(first or "Conversation avec l'assistant", 80), channel=Channel.CHAT, person=person,
        topic_id=topic.pk if topic else None, urgent=chat.urgent, department=str(chat.memory.get("department", "")),
    )  # fmt: skip
    open_said(case, text=transcript(chat), key=f"{chat.key}:0", address=chat.email, by=by)
    return case


def to_agent(chat: Chat, turn: Turn, *, content: bytes | None = None, by: User) -> None:
    """What the citizen says once a person is called: a message of the case."""
    if chat.case is None:
        return
    case = locked_case(chat.case, by=by)
    now = timezone.now()
    interaction = Interaction.objects.create(
        case=case, channel=Channel.CHAT, direction=Interaction.Direction.IN, at=now,
        external_id=f"{chat.key}:{turn.number}", person=case.person, sender_address=chat.email,
        text=turn.text or "Document envoyé dans la conversation.",
    )  # fmt: skip
    if content is not None:
        attach(interaction, [(turn.file_name, content, "", False)])
    Turn.objects.filter(pk=turn.pk).update(interaction=interaction)
    came_back(case, at=now, by=by)


@transaction.atomic
def take(chat: Chat, *, by: User) -> Chat:
    """The agent joins; the case becomes his."""
    chat = locked(chat)
    if not may_take(by, chat):
        raise NotAllowed("Cette conversation n'est pas pour votre équipe.")
    if chat.state == ChatState.WITH_AGENT and chat.agent_id == by.pk:
        return chat
    if chat.state != ChatState.QUEUED or chat.case is None:
        raise Refused("Un autre agent a déjà pris cette conversation.")
    move(chat, ChatState.WITH_AGENT)
    chat.agent, chat.taken_at = by, timezone.now()
    if not chat.case.is_over:
        take_live(chat.case, by=by)
    record("chat.taken", by=by, case_id=chat.case.pk, to=by.pk, to_name=by.full_name)
    add_bubbles(chat, [notice(phrases.AFTER_AGENT.format(name=_named(by)))], by=machine(GUICHET))
    chat.save()
    return chat


@transaction.atomic
def say_as_agent(chat: Chat, text: str, *, by: User) -> Turn:
    """The agent's words, in the window; by e-mail too when the citizen has left and gave his address."""
    body = strip_controls(text).strip()
    if not body:
        raise Refused("Écrivez votre message.", status=400)
    chat = locked(chat)
    if chat.state != ChatState.WITH_AGENT or chat.agent_id != by.pk or chat.case is None:
        raise Refused("Prenez d'abord la conversation.")
    now = timezone.now()
    gone = now - chat.seen_at > GONE_AFTER
    if gone and chat.email and chat.case.person is not None:
        sent = reply_by_mail(chat.case, by=by, text=body, to=[(chat.email, "")])
    else:
        case = locked_case(chat.case, by=by)
        sent = Interaction.objects.create(
            case=case, channel=Channel.CHAT, direction=Interaction.Direction.OUT, at=now, author=by, text=body
        )
        after_reply(case, now, close_with="", kind=Interaction.Kind.MESSAGE, by=by)
        record("case.replied", by=by, case_id=case.pk, subject=f"interaction:{sent.pk}")
    [turn] = add(chat, Turn(author=Turn.Author.AGENT, text=body, agent=by, interaction=sent))
    chat.agent_typing_at = None
    chat.save()
    return turn


@transaction.atomic
def release(chat: Chat, *, by: User) -> None:
    """Back to the queue, in its place: another agent takes it."""
    chat = locked(chat)
    if chat.agent_id != by.pk and not by.is_machine:
        raise NotAllowed("Cette conversation est à un autre agent.")
    move(chat, ChatState.QUEUED)
    chat.agent = None
    chat.save()
    add_bubbles(chat, [notice("Une autre personne va prendre la suite.")], by=by)


@transaction.atomic
def end(chat: Chat, *, by: User) -> None:
    """Over, for both. The case goes on as any case; a summary leaves by e-mail when it was wished."""
    chat = locked(chat)
    if chat.is_over:
        return
    if not by.is_machine and not may_take(by, chat):
        raise NotAllowed("Cette conversation n'est pas pour votre équipe.")
    if chat.agent_id or chat.state == ChatState.QUEUED:
        add_bubbles(chat, [notice(phrases.AGENT_LEFT)], by=by)
    move(chat, ChatState.ENDED)
    chat.ended_at = timezone.now()
    chat.save()
    if chat.case is not None:
        record("chat.ended", by=by, case_id=chat.case.pk)
        if chat.wants_summary and chat.email:
            reply_by_mail(
                chat.case, by=chat.agent or machine(GUICHET), to=[(chat.email, "")], kind=Interaction.Kind.HOLDING,
                text=f"Bonjour,\n\nVoici notre conversation.\n\n{transcript(chat)}\n\n{settings.REGION_NAME}",
            )  # fmt: skip


def typing(chat: Chat, *, agent: bool) -> None:
    """A sign that somebody writes: it lasts a few seconds."""
    field = "agent_typing_at" if agent else "typing_at"
    with transaction.atomic():
        Chat.objects.filter(pk=chat.pk).update(**{field: timezone.now()})
        tell(chat)


def _named(agent: User) -> str:
    return "Un agent de la Région" if agent.anonymous else f"{agent.first_name} {agent.last_name[:1]}."


def closed() -> str:
    """Why nobody answers now, and when they come back."""
    calendar = desk_calendar()
    now = timezone.now()
    if calendar.is_open(now):
        return phrases.NOBODY
    opening = calendar.next_opening(now)
    hours = f"Ils reviennent {say_moment(opening)}." if opening else ""
    return phrases.CLOSED.format(hours=hours).strip()


def _other_ways(chat: Chat) -> tuple[Option, ...]:
    return (
        {"label": "Écrire, formulaire déjà rempli", "href": f"/contact/?conversation={chat.key}"},
        {"label": "Être rappelé", "dialogue": "rappel"},
    )


def name_case(chat: Chat, *, by: User) -> None:
    """The case had nobody: who gave his address now has it as a message of his."""
    if chat.case is None:
        return
    person = people.welcome(Claim(email=chat.email), by=by, source="chat")
    case = locked_case(chat.case, by=by)
    case.person = person
    save_case(case)
    case.interactions.filter(person__isnull=True, direction=Interaction.Direction.IN).update(
        person=person, sender_address=chat.email
    )
