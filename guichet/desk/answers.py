"""Answers of the base for a case: what the search finds for its messages, and what may be put into a reply."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.core.text import key_of
from guichet.knowledge import finding, policy
from guichet.knowledge.models import Article, Audience, Kind, Version
from guichet.knowledge.renderings import reply_text
from guichet.understanding.answers.engine import Answer, Outcome

OFFERED = 3
SEARCHED = 6
FAR = 0.1  # chance that one of the first three answers: below, proposing is noise


@dataclass(frozen=True, slots=True)
class Offer:
    article: Article
    version: Version
    text: str
    insertable: bool  # what is for agents is read, never sent


@dataclass(frozen=True, slots=True)
class Offers:
    found: list[Offer]
    sure: bool  # the search answers, it does not only propose


def offers(case: Case, user: User) -> Offers:
    """For the first message and the last one, with and without the subject: what is nearest first."""
    texts = dict.fromkeys(f"{subject}{text}" for text in _messages(case) for subject in ("", f"{case.subject}\n"))
    answers = [finding.answer(text, Audience.AGENT) for text in texts]
    near = sorted((answer for answer in answers if answer.within_reach >= FAR), key=lambda one: -one.within_reach)
    codes = [code for answer in near for code in _ranked(answer)]
    return Offers(_read(codes, user, OFFERED), bool(near) and near[0].outcome is Outcome.ANSWERED)


def searched(words: str, user: User) -> Offers:
    return Offers(_read(finding.search(words, Audience.AGENT, 3 * SEARCHED), user, SEARCHED), False)


def _messages(case: Case) -> list[str]:
    received = case.interactions.filter(direction=Interaction.Direction.IN, kind=Interaction.Kind.MESSAGE)
    first, last = (received.order_by(*order).values_list("pk", "text").first() for order in (
        ("at", "id"), ("-at", "-id")))  # fmt: skip
    return [row[1] for row in dict.fromkeys(filter(None, (last, first)))]


def _ranked(answer: Answer) -> list[str]:
    direct = [proposal.id for part in (answer, *answer.parts) for proposal in part.proposals]
    return list(dict.fromkeys([*direct, *answer.ranking[:OFFERED]]))


def _read(codes: Iterable[str], user: User, at_most: int) -> list[Offer]:
    """The articles as they stand, in this order: the index may be seconds late, and knows nothing of rights."""
    order = list(dict.fromkeys(codes))
    rows = Article.objects.live().filter(policy.readable_by(user), code__in=order).select_related("live", "owner")
    known = {article.code: article for article in rows}
    return [_offer(known[code]) for code in order if code in known][:at_most]


def _offer(article: Article) -> Offer:
    assert article.live is not None
    insertable = article.audience == Audience.CITIZEN or article.kind == Kind.TEMPLATE
    return Offer(article, article.live, reply_text(article.live), insertable)


def inserted(asked: str, user: User) -> Offer | None:
    """The one whose version is asked for by its key, if it is in service and may be sent."""
    rows = Article.objects.live().filter(policy.readable_by(user), live=key_of(asked) or 0)
    article = rows.select_related("live", "owner").first()
    offer = _offer(article) if article is not None else None
    return offer if offer is not None and offer.insertable else None
