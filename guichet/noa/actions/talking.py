"""A citizen says something; Noa answers, or the agent hears it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import PORTAL, machine
from guichet.accounts.models import User
from guichet.core import files
from guichet.core.refused import Refused
from guichet.core.text import one_line, safe_filename, strip_controls
from guichet.knowledge.actions import vote
from guichet.knowledge.models import Asked, Vote
from guichet.noa import phrases, proof, scripts
from guichet.noa.actions.handing import closed, end, hand_over, name_case, to_agent
from guichet.noa.actions.turning import add, add_bubbles, locked
from guichet.noa.advice import Advice, advise
from guichet.noa.bubbles import PERSON, Bubble, Reply, notice
from guichet.noa.dialogues import Unread, read_email
from guichet.noa.ending import finish
from guichet.noa.models import Chat, ChatState, Turn
from guichet.noa.queue import anybody_there
from guichet.noa.reading import miss, read, show, wants_status
from guichet.noa.smalltalk import asks_person, gives_up, is_no_use
from guichet.understanding.danger import CARDS, signs_of_danger

MAX_SAID = 2000
MAX_FILE = 10_000_000
SEEN_EVERY = timedelta(seconds=20)  # well under what makes somebody gone


def open_chat(*, site: str = "") -> Chat:
    return Chat.objects.create(site=one_line(site)[:120])


def hear(chat: Chat, text: str, *, by: User | None = None) -> list[Turn]:
    """One message of the citizen and all that answers it. Raises `Refused` on an empty or too long one.

    What a language model may advise is asked first: the transaction never waits for the outside.
    """
    by = by or machine(PORTAL)
    said = strip_controls(text).strip()
    if not said:
        raise Refused("Écrivez votre question.", status=400)
    if len(said) > MAX_SAID:
        raise Refused(f"Votre message est trop long : {MAX_SAID} signes au plus.", status=400)
    return _heard(chat, said, advise(chat, said), by=by)


@transaction.atomic
def _heard(chat: Chat, said: str, advice: Advice, *, by: User) -> list[Turn]:
    chat = _open(chat)
    own = Turn(author=Turn.Author.CITIZEN, text=said)
    turns = add(chat, own)
    chat.seen_at = timezone.now()
    chat.typing_at = None
    if chat.state in {ChatState.QUEUED, ChatState.WITH_AGENT}:
        turns += _beside_agent(chat, own, advice, by=by)
    else:
        turns += _answered(chat, said, advice, by=by)
    chat.save()
    return turns


@transaction.atomic
def choose(chat: Chat, code: str, label: str, *, by: User | None = None) -> list[Turn]:
    """One of the questions proposed."""
    by = by or machine(PORTAL)
    chat = _open(chat)
    turns = add(chat, Turn(author=Turn.Author.CITIZEN, text=one_line(label)[:300] or code))
    chat.memory.pop("dialogue", None)
    asked = str(chat.memory.get("asked", ""))
    turns += add_bubbles(chat, show(chat, code[:80]).bubbles, asked=asked, by=by)
    chat.save()
    return turns


@transaction.atomic
def start_dialogue(chat: Chat, code: str, *, by: User | None = None) -> list[Turn]:
    by = by or machine(PORTAL)
    chat = _open(chat)
    script = scripts.all_scripts().get(code)
    if script is None:
        raise Refused("Cette aide n'est plus proposée.", status=404)
    turns = add(chat, Turn(author=Turn.Author.CITIZEN, text=script.title))
    turns += add_bubbles(chat, scripts.begin(chat, script).bubbles, by=by)
    chat.save()
    return turns


@transaction.atomic
def send_file(chat: Chat, name: str, content: bytes, *, by: User | None = None) -> list[Turn]:
    """A document for the agent who answers; to Noa alone it is of no use."""
    by = by or machine(PORTAL)
    chat = _open(chat)
    if chat.state not in {ChatState.QUEUED, ChatState.WITH_AGENT}:
        raise Refused("Un document s'envoie à une personne : demandez d'abord à lui parler.", status=409)
    if not content or len(content) > MAX_FILE:
        raise Refused("Le document est vide ou dépasse 10 Mo.", status=400)
    kept = files.keep(content, name=name)
    turn = Turn(author=Turn.Author.CITIZEN, text="", file=kept, file_name=safe_filename(name))
    turns = add(chat, turn)
    to_agent(chat, turn, content=content, by=by)
    chat.save()
    return turns


@transaction.atomic
def rate(chat: Chat, number: int, value: str, *, by: User | None = None) -> None:
    """« Réponse utile ? »"""
    turn = chat.turns.select_for_update().filter(number=number, version__isnull=False).first()
    if turn is None or turn.version is None or value not in Vote.Value.values:
        raise Refused("Cette réponse n'existe pas.", status=404)
    if turn.vote == value:
        return
    Turn.objects.filter(pk=turn.pk).update(vote=value)
    vote(turn.version, value, place=Asked.Place.NOA, by=by or machine(PORTAL))


def seen(chat: Chat) -> None:
    """The citizen's page shows what was said: kept, to some seconds, to know whether he is still there."""
    now = timezone.now()
    if now - chat.seen_at > SEEN_EVERY:
        Chat.objects.filter(pk=chat.pk).update(seen_at=now)


# -- who answers ------------------------------------------------------------------------------------------------------


def _open(chat: Chat) -> Chat:
    chat = locked(chat)
    if chat.is_over:
        raise Refused("Cette conversation est terminée. Commencez-en une nouvelle.")
    return chat


def _beside_agent(chat: Chat, own: Turn, advice: Advice, *, by: User) -> list[Turn]:
    """Noa is silent, but for a danger, or when the desk is closed: then it goes on answering what it knows."""
    to_agent(chat, own, by=by)
    alone = chat.state == ChatState.QUEUED and not anybody_there()
    if signs_of_danger(own.text):
        first, chat.urgent = not chat.urgent, True
        return add_bubbles(chat, [_danger(own.text)], by=by) if first or alone else []
    return add_bubbles(chat, _meanwhile(chat, own.text, advice, by=by), asked=own.text, by=by) if alone else []


def _meanwhile(chat: Chat, said: str, advice: Advice, *, by: User) -> list[Bubble]:
    """A sure answer is given; after a danger nothing less, and a person is not promised before the desk opens."""
    before = dict(chat.memory)
    reply = Reply() if asks_person(said) else _reply(chat, said, advice, by=by)
    sure = any(bubble.version is not None for bubble in reply.bubbles)
    if reply.bubbles and not reply.missed and (sure or not chat.urgent):
        return reply.bubbles
    chat.memory = before
    return [notice(phrases.ADDED.format(closed=closed()))]


def _answered(chat: Chat, said: str, advice: Advice, *, by: User) -> list[Turn]:
    if signs_of_danger(said):
        turns = add_bubbles(chat, [_danger(said)], by=by)
        return turns + hand_over(chat, "danger", urgent=True, by=by)
    if asks_person(said):
        chat.memory.pop("dialogue", None)
        chat.memory.pop("proof", None)
        return hand_over(chat, "asked", by=by)
    reply = _reply(chat, said, advice, by=by)
    turns = add_bubbles(chat, reply.bubbles, asked=said, by=by)
    if reply.hand:
        turns += hand_over(chat, reply.hand, urgent=reply.urgent, by=by)
    return turns


def _reply(chat: Chat, said: str, advice: Advice, *, by: User) -> Reply:
    if (scripts.waits(chat) or proof.waits(chat)) and gives_up(said):
        chat.memory.pop("dialogue", None)
        chat.memory.pop("proof", None)
        return Reply([notice(phrases.CANCELLED)])
    if proof.waits(chat):
        return proof.go_on(chat, said, by=by)
    if scripts.waits(chat):
        reply, end, gathered = scripts.go_on(chat, said)
        if end is not None:
            return finish(chat, end, gathered, by=by)
        if code := chat.memory.pop("show", ""):
            return show(chat, code)
        return reply
    if is_no_use(said):
        reply = Reply()
        miss(reply, chat)
        return reply
    if wants_status(said) or proof.wants_receipt(said) or proof.names_case(said):
        return proof.begin(chat, said, by=by)
    reply = read(chat, said, advice.order)
    reply.bubbles = [
        replace(bubble, reworded=advice.sentences)
        if bubble.version is not None and bubble.version.pk == advice.version and not bubble.section
        else bubble
        for bubble in reply.bubbles
    ]
    return reply


def _danger(text: str) -> Bubble:
    numbers: dict[str, str] = {}
    for sign in signs_of_danger(text):
        numbers.update(dict(CARDS[sign.danger].numbers))
    numbers.setdefault("112", "urgences")
    numbers.setdefault("114", "urgences par SMS, pour les personnes sourdes ou malentendantes")
    lines = "\n".join(f"- **{number}** : {what}" for number, what in numbers.items())
    options = tuple({"label": f"Appeler le {number}", "href": f"tel:{number}"} for number in list(numbers)[:3])
    return Bubble(Turn.Kind.DANGER, f"{phrases.DANGER}\n\n{lines}", options=(*options, PERSON))


@transaction.atomic
def leave_address(chat: Chat, address: str, *, summary: bool, by: User | None = None) -> list[Turn]:
    """Where to go on by e-mail if the page is closed, and whether a copy is wished."""
    found = read_email(address)
    if isinstance(found, Unread):
        raise Refused(found.why, status=400)
    chat = _open(chat)
    chat.email, chat.wants_summary = found, summary
    if chat.case is not None and chat.case.person is None:
        name_case(chat, by=by or machine(PORTAL))
    turns = add_bubbles(chat, [notice(phrases.BY_EMAIL.format(email=found))], by=by or machine(PORTAL))
    chat.save()
    return turns


@transaction.atomic
def leave(chat: Chat, *, by: User | None = None) -> None:
    """The citizen ends the conversation."""
    end(_open(chat), by=by or machine(PORTAL))
