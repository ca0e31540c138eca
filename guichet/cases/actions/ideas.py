"""What the base of answers could learn from the work of agents: found in the worker, decided by editors.

The latest exchanges are read backwards by their key, so that a base of millions of them costs the same. Answers that
already quote the base are left out: they are not written by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.answering import AT_MOST, without_person
from guichet.cases.models import AnswerIdea, AnswerSent, Case, Interaction
from guichet.core.jobs import ask, is_asked
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.knowledge import finding
from guichet.knowledge.actions import add_wordings, create_article
from guichet.knowledge.content import Content
from guichet.knowledge.masking import key
from guichet.knowledge.models import Article, Audience, Wording
from guichet.knowledge.policy import may_write
from guichet.organisation.models import Sensitivity, Team
from guichet.people.models import Person
from guichet.understanding.answers.engine import Outcome

FINDING = "cases.find_answer_ideas"
READ_BACK = 30_000  # exchanges
OF_TOPIC = 1_500  # answers of one topic compared with each other
DAYS = 60
OFTEN = 4  # cases: below, nobody writes it again and again
SHORTEST, LONGEST = 60, 3_000  # signs
SAME_QUESTION = 0.2  # cosine: people say it in many ways
GROUPS = 50  # proposed in one go, the largest first


def ask_ideas(*, by: User) -> None:
    """Have the answers of the last weeks grouped again, without waiting for the night."""
    _ask(by)
    if is_asked(FINDING):
        raise Refused("La recherche est déjà demandée : ses résultats arrivent dans quelques minutes.")
    ask(FINDING)


def find_ideas(*, by: User, now: datetime | None = None) -> int:
    """Group the answers of the last weeks. Returns how many ideas are new. For the worker; twice does no harm."""
    from guichet.understanding.grouping import alike  # scikit-learn takes a second to come

    by_topic: dict[str, list[_Reply]] = defaultdict(list)
    for reply in _replies((now or timezone.now()) - timedelta(days=DAYS)):
        if len(by_topic[reply.topic]) < OF_TOPIC:
            by_topic[reply.topic].append(reply)
    groups = []
    for replies in by_topic.values():
        asked = _first_messages([reply.case for reply in replies])
        for places in alike([reply.text for reply in replies], OFTEN):
            same = [replies[place] for place in places]
            # A polite sentence answers everything: what is worth keeping answers the same question too.
            questions = [asked.get(reply.case, "") for reply in same]
            groups += [[same[at] for at in close] for close in alike(questions, OFTEN, SAME_QUESTION)]
    groups.sort(key=len, reverse=True)
    new = sum(_propose(group) for group in groups[:GROUPS])
    if new:
        record("article.ideas_found", by=by, subject="articles", count=new)
    return new


def sweep_ideas(*, by: User, limit: int = 5000) -> int:
    """What nobody decided for as long as questions are kept goes; what was decided stays a while not to come back."""
    old = AnswerIdea.objects.filter(at__lt=timezone.now() - timedelta(days=settings.ASKED_DAYS))
    count, _ = AnswerIdea.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()
    if count:
        record("article.questions_forgotten", by=by, subject="articles", count=count)
    return count


@dataclass(frozen=True, slots=True)
class _Reply:
    case: int
    topic: str
    text: str


def _replies(since: datetime) -> Iterator[_Reply]:
    """Written by people and sent, of cases that are not sensitive; the last one of each case."""
    rows = Interaction.objects.order_by("-pk").values_list("pk", "at", "direction", "kind", "case_id")[:READ_BACK]
    latest: dict[int, int] = {}
    for pk, at, direction, kind, case in rows:
        if at >= since and direction == Interaction.Direction.OUT and kind == Interaction.Kind.MESSAGE:
            latest.setdefault(case, pk)
    quoted = set(AnswerSent.objects.filter(interaction__in=latest.values()).values_list("interaction", flat=True))
    found = Interaction.objects.filter(
        pk__in=[pk for pk in latest.values() if pk not in quoted], withdrawn_at__isnull=True, template_version="",
        author__kind=User.Kind.HUMAN, case__sensitivity=Sensitivity.NORMAL, case__topic__isnull=False,
    )  # fmt: skip
    for case, topic, text in found.order_by("-pk").values_list("case_id", "case__topic__code", "text"):
        if SHORTEST <= len(text) <= LONGEST:
            yield _Reply(case, topic, text)


@transaction.atomic
def _propose(group: list[_Reply]) -> bool:
    """The most typical answer and a question of a group, masked. A group met before only grows."""
    cases, typical = [reply.case for reply in group], group[0]
    met = AnswerIdea.objects.filter(
        kind=AnswerIdea.Kind.ANSWER, topic=typical.topic, cases__overlap=cases[: 3 * AT_MOST]
    )  # fmt: skip
    if (known := met.select_for_update(of=("self",)).first()) is not None:
        if known.handled_at is None and known.count < len(group):
            known.count, known.cases = len(group), cases[:AT_MOST]
            known.save(update_fields=["count", "cases"])
        return False
    people = {case.pk: case.person for case in Case.objects.filter(pk__in=cases).select_related("person")}
    lines = (without_person(line, people[typical.case], LONGEST) for line in typical.text.splitlines())
    answer = "\n".join(lines).strip()
    words = key(answer)
    if not words:
        return False
    question = _question(cases, people)
    _, new = AnswerIdea.objects.get_or_create(
        kind=AnswerIdea.Kind.ANSWER, key=words, article=_answered_by(question),
        defaults={"question": question, "answer": answer, "topic": typical.topic, "count": len(group),
                  "cases": cases[:AT_MOST]},
    )  # fmt: skip
    return new


def _question(cases: list[int], people: Mapping[int, Person | None]) -> str:
    """The shortest first message that says something: the plainest way to ask."""
    said = sorted((len(text), case, text) for case, text in _first_messages(cases).items() if len(text.split()) > 2)
    return without_person(said[0][2], people[said[0][1]]) if said else ""


def _first_messages(cases: list[int]) -> dict[int, str]:
    first: dict[int, str] = {}
    rows = Interaction.objects.filter(case__in=cases, direction=Interaction.Direction.IN).order_by("at", "pk")
    for case, text in rows.values_list("case_id", "text"):
        first.setdefault(case, text)
    return first


def _answered_by(question: str) -> Article | None:
    """The article that answers it already when the search is sure: it is not used, or lacks this wording."""
    answer = finding.answer(question, Audience.AGENT) if question else None
    if answer is None or answer.outcome is not Outcome.ANSWERED:
        return None
    return Article.objects.live().filter(code=answer.proposals[0].id).first()


# -- decided by an editor ---------------------------------------------------------------------------------------------


@transaction.atomic
def take_wording(idea: AnswerIdea, *, article: Article | None = None, text: str = "", by: User) -> Article:
    """The question of an idea becomes a way of asking for an article: its own, or another one chosen."""
    idea = _waiting(idea, by)
    to = article or idea.article
    if to is None:
        raise Refused("Choisissez l'article qui répond à cette question.", status=400)
    add_wordings(to, [text.strip() or idea.question], origin=Wording.Origin.AGENT, by=by)
    _handled(idea, by)
    return to


@transaction.atomic
def draft_from(idea: AnswerIdea, code: str, content: Content, *, owner: Team, by: User) -> Article:
    """A draft, to be cleaned, reviewed and published by people, of what agents write again and again."""
    idea = _waiting(idea, by)
    made = create_article(code, content, owner=owner, by=by)
    if idea.question:
        add_wordings(made, [idea.question], origin=Wording.Origin.CITIZEN, by=by)
    _handled(idea, by)
    return made


@transaction.atomic
def set_aside(idea: AnswerIdea, *, by: User) -> None:
    _handled(_waiting(idea, by), by)


def _ask(by: User) -> None:
    if not may_write(by):
        raise NotAllowed("Seuls les rédacteurs décident de ce que la base apprend.")


def _waiting(idea: AnswerIdea, by: User) -> AnswerIdea:
    _ask(by)
    row = AnswerIdea.objects.select_for_update(of=("self",)).select_related("article").get(pk=idea.pk)
    if row.handled_at is not None:
        raise Refused("Quelqu'un en a déjà décidé.", status=409)
    return row


def _handled(idea: AnswerIdea, by: User) -> None:
    idea.handled_at = timezone.now()
    idea.save(update_fields=["handled_at"])
    record("article.idea_handled", by=by, subject="articles", idea=idea.pk)
