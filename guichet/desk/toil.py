"""Work that the base finds by itself: questions without answer, answers judged unhelpful, what agents write again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import AnswerIdea, Case
from guichet.knowledge import policy
from guichet.knowledge.models import Article, Asked, Vote

DAYS = 60
READ = 50_000  # questions, the latest first
SHOWN = 20
PASSAGES = 3
IDEAS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    article: Article
    count: int
    passages: list[Vote]


def _since() -> datetime:
    return timezone.now() - timedelta(days=DAYS)


def _unanswered() -> Q:
    """No answer at all; or Noa proposed and nothing was chosen."""
    lost = Q(place=Asked.Place.NOA, outcome=Asked.Outcome.OFFERED, opened=False)
    return Q(outcome=Asked.Outcome.NONE) | lost


def questions() -> list[Any]:
    """The same words in any order are one question; the most asked first."""
    latest = Asked.objects.filter(_unanswered(), at__gte=_since(), handled_at__isnull=True).order_by("-at")[:READ]
    grouped = Asked.objects.filter(pk__in=latest.values("pk")).exclude(key="").values("key")
    counted = grouped.annotate(
        n=Count("pk"), text=Max("text"), last=Max("at"), noa=Count("pk", filter=Q(place=Asked.Place.NOA))
    )
    return list(counted.order_by("-n", "-last")[:SHOWN])


def wordings_of(key: str) -> list[str]:
    """How it was asked, the latest first."""
    rows = Asked.objects.filter(key=key, outcome__in=Asked.Outcome.values, handled_at__isnull=True).order_by("-at")[:50]
    return list(dict.fromkeys(rows.values_list("text", flat=True)))[:5]


def judged(user: User) -> list[Judged]:
    """Articles voted down, with what was quoted and said; of those this agent answers for."""
    rows = Vote.objects.filter(at__gte=_since(), handled_at__isnull=True).exclude(value=Vote.Value.YES)
    counted = rows.values("version__article").annotate(n=Count("pk")).order_by("-n", "version__article")
    numbers = {row["version__article"]: row["n"] for row in counted[: 5 * SHOWN]}
    mine = Article.objects.filter(policy.readable_by(user), pk__in=numbers).select_related("live", "owner")
    articles = [article for article in mine if policy.may_review_some(user, article)]
    articles = sorted(articles, key=lambda article: -numbers[article.pk])[:SHOWN]
    said: dict[int, list[Vote]] = defaultdict(list)
    words = rows.filter(version__article__in=articles).exclude(passage="", remark="").select_related("version")
    for vote in words.order_by("-at")[: 10 * SHOWN]:
        if len(said[vote.version.article_id]) < PASSAGES:
            said[vote.version.article_id].append(vote)
    return [Judged(article, numbers[article.pk], said[article.pk]) for article in articles]


def ideas(kind: str) -> list[AnswerIdea]:
    waiting = AnswerIdea.objects.filter(kind=kind, handled_at__isnull=True).select_related("article__live")
    return list(waiting.order_by("-count", "-pk")[:IDEAS])


def cases_of(idea: AnswerIdea, user: User) -> list[Case]:
    return list(Case.objects.visible_to(user).filter(pk__in=idea.cases).order_by("-pk"))
