"""What people asked and thought of the answers: kept without who, for the work on the base."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.core.refused import NotAllowed
from guichet.journal.actions import record
from guichet.knowledge.actions.writing import add_wordings, ask_writer
from guichet.knowledge.masking import key, masked
from guichet.knowledge.models import Article, Asked, Version, Vote, Wording
from guichet.knowledge.policy import may_review_some

if TYPE_CHECKING:
    from guichet.accounts.models import User


def note_asked(
    text: str, *, place: str, outcome: str, article: Article | None = None, again: int | None = None, by: User
) -> Asked:
    """One question and what came of it. `by` is the face that heard it: no person is kept.

    `again`: the row of the same question, which was still being typed; written over until an answer was opened.
    """
    said = masked(text)
    values = {"outcome": outcome, "text": said, "key": key(said), "article": article}
    if again is not None:
        typed = Asked.objects.filter(pk=again, place=place, opened=False, handled_at__isnull=True)
        if typed.update(**values):
            return Asked.objects.get(pk=again)
    return Asked.objects.create(place=place, **values)


def opened(asked: int, article: Article, *, by: User) -> None:
    """Who asked opened this article: it answered, perhaps."""
    Asked.objects.filter(pk=asked, opened=False).update(opened=True, article=article)


@transaction.atomic
def handle_asked(words: str, *, article: Article | None = None, by: User) -> int:
    """Every question of these words (its key) is dealt with; with an article, the first becomes a wording of it."""
    ask_writer(by)
    rows = Asked.objects.filter(key=words, handled_at__isnull=True)
    if article is not None and (first := rows.first()) is not None:
        add_wordings(article, [first.text], origin=Wording.Origin.CITIZEN, by=by)
    count = rows.update(handled_at=timezone.now())
    record("article.question_handled", by=by, subject=f"article:{article.pk}" if article else "articles", count=count)
    return count


def vote(
    version: Version, value: str, *, place: str = Asked.Place.SEARCH, passage: str = "", remark: str = "", by: User
) -> Vote:
    """« Cela répond à ma question » or not. Remarks are masked as questions are."""
    return Vote.objects.create(
        version=version, place=place, value=value, passage=masked(passage, 500), remark=masked(remark, 1000)
    )


def explain_vote(given: int, *, passage: str = "", remark: str = "", by: User) -> None:
    """What was missing or wrong, said after the vote. Once: what is written stays."""
    untouched = Vote.objects.filter(pk=given, passage="", remark="", handled_at__isnull=True)
    untouched.update(passage=masked(passage, 500), remark=masked(remark, 1000))


@transaction.atomic
def handle_vote(given: Vote, *, by: User) -> None:
    if not may_review_some(by, given.version.article):
        raise NotAllowed("Seuls les rédacteurs et les responsables de l'équipe traitent les avis.")
    Vote.objects.filter(pk=given.pk).update(handled_at=timezone.now())
    record("article.vote_handled", by=by, subject=f"article:{given.version.article_id}")


def sweep_asked(before: datetime, *, by: User, limit: int = 5000) -> int:
    """Questions older than what is kept go; what they taught stays. Returns how many."""
    old = Asked.objects.filter(at__lt=before).values_list("pk", flat=True)[:limit]
    count, _ = Asked.objects.filter(pk__in=list(old)).delete()
    if count:
        record("article.questions_forgotten", by=by, subject="articles", count=count)
    return count
