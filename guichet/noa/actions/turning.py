"""Writing what was said, and telling the screens that listen."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from guichet.accounts.models import User
from guichet.core.refused import Refused
from guichet.knowledge.actions import note_asked
from guichet.knowledge.models import Asked
from guichet.noa.bubbles import Bubble
from guichet.noa.models import CHANNEL, CHAT_MOVES, Chat, ChatState, Turn

MAX_TURNS = 400


def locked(chat: Chat) -> Chat:
    return Chat.objects.select_for_update(of=("self",)).select_related("case", "agent").get(pk=chat.pk)


def move(chat: Chat, to: ChatState) -> None:
    if to == chat.state:
        return
    if to not in CHAT_MOVES[ChatState(chat.state)]:
        raise Refused("Cette conversation est terminée.")
    chat.state = to


def add(chat: Chat, *turns: Turn) -> list[Turn]:
    """In order, after what was said. `chat` is locked; the caller saves it."""
    first = chat.last_number is None
    last = chat.last_number if chat.last_number is not None else _last_number(chat)
    if last + len(turns) > MAX_TURNS:
        raise Refused("Cette conversation est trop longue : ouvrez-en une nouvelle.")
    for number, turn in enumerate(turns, start=last + 1):
        turn.chat, turn.number = chat, number
    Turn.objects.bulk_create(turns)
    chat.last_number = last + len(turns)
    chat.last_at = timezone.now()
    if first:  # once a transaction: it is told at the commit
        tell(chat)
    return list(turns)


def _last_number(chat: Chat) -> int:
    return chat.turns.aggregate(last=Max("number"))["last"] or 0


def add_bubbles(chat: Chat, bubbles: Iterable[Bubble], *, asked: str = "", by: User) -> list[Turn]:
    """What Noa says; and what came of the question, kept without who asked."""
    kept = list(bubbles)
    for bubble in kept:
        if bubble.heard and asked:
            note_asked(asked, place=Asked.Place.NOA, outcome=bubble.heard, article=bubble.article, by=by)
    return add(
        chat,
        *(
            Turn(
                author=Turn.Author.NOA, kind=bubble.kind, text=bubble.text, version=bubble.version,
                section=bubble.section, options=list(bubble.options),
                reworded=[{"says": one.says, "quote": one.quote} for one in bubble.reworded],
            )
            for bubble in kept
        ),
    )  # fmt: skip


def tell(chat: Chat) -> None:
    """After the commit, to the pages that have this conversation open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, chat.key])
