"""Answers read again: drawn by lot, rated by who leads the team, answered by their author."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.functions import MD5, Cast, Concat
from django.utils import timezone

from guichet.accounts.models import User
from guichet.accounts.policy import teams_supervised
from guichet.cases.models import Case, Interaction, Review, ReviewDraw
from guichet.cases.models.review import CRITERIA
from guichet.core.calendar import end_of_day, start_of_day
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import strip_controls
from guichet.journal.actions import record
from guichet.organisation.models import Team

MOST = 50


def may_review(user: User, review: Review) -> bool:
    """He leads the team whose answers were drawn, sees the case, and did not write the answer."""
    return (
        review.author_id != user.pk
        and teams_supervised(user).filter(pk=review.draw.team_id).exists()
        and Case.objects.visible_to(user).filter(pk=review.interaction.case_id).exists()
    )


def answers_to_draw(draw: ReviewDraw) -> QuerySet[Interaction]:
    """What the lot may fall on, in the order of the lot: the same seed gives the same order."""
    found = Interaction.objects.filter(
        direction=Interaction.Direction.OUT,
        kind=Interaction.Kind.MESSAGE,
        withdrawn_at__isnull=True,
        automatic="",
        author__kind=User.Kind.HUMAN,
        at__gte=start_of_day(draw.first_day),
        at__lte=end_of_day(draw.last_day),
        case__in=Case.objects.visible_to(draw.by).filter(team__path__startswith=draw.team.path),
    ).exclude(author=draw.by)
    if draw.agent_id is not None:
        found = found.filter(author=draw.agent_id)
    return found.order_by(lot(draw.seed), "pk")


def lot(seed: int) -> Func:
    return MD5(Concat(Value(f"{seed}-"), Cast(F("pk"), TextField())))


@transaction.atomic
def draw_reviews(
    team: Team, agent: User | None, first: date, last: date, size: int, *, by: User, seed: int | None = None
) -> ReviewDraw:
    """Draw `size` answers never drawn before. Raises `Refused` when there is none."""
    if not teams_supervised(by).filter(pk=team.pk).exists():
        raise NotAllowed("Seuls les responsables de l'équipe relisent ses réponses.")
    if last < first:
        raise Refused("Le dernier jour vient avant le premier.", status=400)
    if agent is not None and agent.pk == by.pk:
        raise Refused("Vos réponses sont relues par quelqu'un d'autre.", status=400)
    if not 1 <= size <= MOST:
        raise Refused(f"Choisissez de 1 à {MOST} réponses.", status=400)
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)  # two draws at once would take the same
    draw = ReviewDraw.objects.create(
        team=team, agent=agent, first_day=first, last_day=last, size=size, by=by,
        seed=secrets.randbelow(1_000_000) if seed is None else seed,
    )  # fmt: skip
    drawn = list(answers_to_draw(draw).filter(review__isnull=True).select_related("author")[:size])
    if not drawn:
        raise Refused("Aucune réponse de cette période n'est encore à relire.", status=400)
    Review.objects.bulk_create(
        [Review(draw=draw, interaction=found, author=found.author) for found in drawn if found.author]
    )
    record("review.drawn", by=by, subject=f"team:{team.pk}", count=len(drawn), seed=draw.seed)
    return draw


def _locked(review: Review) -> Review:
    return Review.objects.select_for_update(of=("self",)).select_related("draw", "interaction").get(pk=review.pk)


@transaction.atomic
def rate(review: Review, marks: Mapping[str, int], remark: str, *, by: User) -> Review:
    """Four marks from 1 to 4. They may be corrected until the author has answered."""
    row = _locked(review)
    if not may_review(by, row):
        raise NotAllowed("Cette réponse est relue par un autre responsable.")
    if row.answered_at is not None:
        raise Refused("L'agent a déjà répondu à cette relecture : elle ne change plus.")
    if set(marks) != set(CRITERIA) or not all(mark in {1, 2, 3, 4} for mark in marks.values()):
        raise Refused("Donnez une note de 1 à 4 à chacun des quatre critères.", status=400)
    for name, mark in marks.items():
        setattr(row, name, mark)
    row.remark, row.reviewer, row.rated_at = strip_controls(remark).strip(), by, timezone.now()
    row.save()
    record("review.rated", by=by, subject=f"review:{row.pk}")
    return row


@transaction.atomic
def answer_review(review: Review, text: str, *, by: User) -> Review:
    row = _locked(review)
    if row.author_id != by.pk or row.rated_at is None:
        raise NotAllowed
    if not text.strip():
        raise Refused("Écrivez votre réponse.", status=400)
    row.answer, row.answered_at = strip_controls(text).strip(), timezone.now()
    row.save(update_fields=["answer", "answered_at"])
    record("review.answered", by=by, subject=f"review:{row.pk}")
    return row
