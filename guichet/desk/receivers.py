"""Who was sent what of an article, among the cases an agent may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from guichet.accounts.models import User
from guichet.cases.actions.batching import AT_MOST
from guichet.cases.models import AnswerSent, Case
from guichet.knowledge.models import Article

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Sent:
    times: int  # in all, whoever may see them
    latest: list[AnswerSent]


def sent_of(article: Article, user: User) -> Sent:
    rows = AnswerSent.objects.filter(version__article=article, interaction__withdrawn_at__isnull=True)
    seen = rows.filter(interaction__case__in=Case.objects.visible_to(user))
    latest = seen.select_related("version", "interaction__case").order_by("-pk")[:SHOWN]
    return Sent(rows.count(), list(latest))


def misled(article: Article, user: User) -> list[int]:
    """Cases whose person received a version that is no longer in service, and not the one that is."""
    if article.live_id is None:
        return []
    given = AnswerSent.objects.filter(interaction__withdrawn_at__isnull=True)
    told = given.filter(version=article.live_id, interaction__case=OuterRef("interaction__case"))
    old = given.filter(version__article=article).exclude(version=article.live_id).exclude(Exists(told))
    cases = old.filter(interaction__case__in=Case.objects.visible_to(user)).order_by("-pk")
    return list(dict.fromkeys(cases.values_list("interaction__case", flat=True)[:AT_MOST]))
