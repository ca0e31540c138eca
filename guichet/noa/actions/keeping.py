"""The end of conversations nobody ends, what came of them, and what is kept."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.journal.actions import record
from guichet.knowledge.masking import masked
from guichet.knowledge.models import Vote
from guichet.noa.actions.handing import end
from guichet.noa.models import Chat, ChatState, Outcome, Turn

IDLE = timedelta(minutes=30)
LEFT = timedelta(hours=12)  # an agent's conversation: he may come back to it in the day
COMES_BACK = timedelta(hours=48)


def close_idle(*, by: User, limit: int = 500) -> int:
    """Nothing said for a while: over. Returns how many."""
    now = timezone.now()
    idle = Q(state=ChatState.BOT, last_at__lt=now - IDLE) | Q(
        state__in=[ChatState.QUEUED, ChatState.WITH_AGENT], last_at__lt=now - LEFT
    )
    count = 0
    for chat in Chat.objects.filter(idle, ended_at__isnull=True).order_by("last_at")[:limit]:
        end(chat, by=by)
        count += 1
    return count


def judge(*, limit: int = 1000) -> int:
    """Say what came of each conversation, once its 48 hours are over (or at once when it was handed or voted down)."""
    count = 0
    for chat in Chat.objects.filter(ended_at__isnull=False, outcome="").order_by("ended_at")[:limit]:
        if outcome := outcome_of(chat):
            Chat.objects.filter(pk=chat.pk, outcome="").update(outcome=outcome)
            count += 1
    return count


def outcome_of(chat: Chat) -> str:
    """*Settled*: answered, not handed over, not voted down, no other contact of the person on the topic within 48 h
    where he is known. Empty while it is too early to say."""
    if chat.case_id is not None:
        return Outcome.HANDED
    turns = list(chat.turns.all())
    if any(turn.vote == Vote.Value.NO for turn in turns):
        return Outcome.UNHAPPY
    kinds = [turn.kind for turn in turns if turn.author == Turn.Author.NOA]
    if Turn.Kind.ANSWER not in kinds and Turn.Kind.STATUS not in kinds:
        return Outcome.OFFERED if Turn.Kind.CHOICE in kinds else Outcome.ABANDONED
    assert chat.ended_at is not None
    if (person := _person(chat)) is not None:
        again = Case.objects.filter(
            person_id=person, received_at__gt=chat.started_at, received_at__lte=chat.ended_at + COMES_BACK
        )
        if chat.topic:
            domain = chat.topic.partition(".")[0]
            again = again.filter(Q(topic__code=chat.topic) | Q(topic__code__startswith=domain))
        if again.exists():
            return Outcome.CAME_BACK
        if timezone.now() < chat.ended_at + COMES_BACK:
            return ""
    return Outcome.SETTLED


def _person(chat: Chat) -> int | None:
    known = chat.memory.get("proved", {}).get("case")
    return Case.objects.filter(pk=known).values_list("person_id", flat=True).first() if known else None


@transaction.atomic
def mask_old(*, by: User, limit: int = 500) -> int:
    """Six months later (domain.md §1.4), what was said stays for the statistics, nothing of who said it."""
    before = timezone.now() - timedelta(days=settings.CHAT_MASK_DAYS)
    old = list(
        Chat.objects.select_for_update(skip_locked=True)
        .filter(masked_at__isnull=True, last_at__lt=before, ended_at__isnull=False)
        .order_by("last_at")[:limit]
    )
    for chat in old:
        for turn in chat.turns.exclude(author=Turn.Author.NOA):
            turn.text, turn.file, turn.file_name = masked(turn.text, 2000), None, ""
            turn.save(update_fields=["text", "file", "file_name"])
        chat.turns.exclude(reworded=[]).update(reworded=[])
        chat.turns.filter(kind=Turn.Kind.STATUS).update(text="…", options=[])
        chat.codes.all().delete()
        chat.email, chat.memory, chat.case, chat.agent, chat.masked_at = "", {}, None, None, timezone.now()
        chat.save()
    if old:
        record("chat.masked", by=by, subject="chats", count=len(old))
    return len(old)
