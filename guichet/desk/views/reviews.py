"""Answers read again: drawn and rated by who leads a team, read by their authors."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Avg, Count, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from guichet.accounts.models import User
from guichet.accounts.policy import is_supervisor, teams_supervised
from guichet.cases.actions.reviewing import answer_review, draw_reviews, may_review, rate
from guichet.cases.models import Case, Interaction, Review
from guichet.cases.models.review import CRITERIA
from guichet.desk.forms.reviews import AnswerForm, DrawForm, RateForm
from guichet.desk.guard import AgentRequest, agent_required

SHOWN = 100
Average = tuple[str, int, list[float]]


def led_by(user: User) -> QuerySet[Review]:
    """Reviews of teams he leads, of cases he sees, written by others."""
    return Review.objects.filter(
        draw__team__in=teams_supervised(user).values("pk"), interaction__case__in=Case.objects.visible_to(user)
    ).exclude(author=user)


def averages(reviews: QuerySet[Review], by: str) -> list[Average]:
    rows = (
        reviews.filter(rated_at__isnull=False)
        .order_by(by)
        .values_list(by)
        .annotate(**{f"{name}_mean": Avg(name) for name in CRITERIA}, n=Count("pk"))
    )
    return [(str(row[0] or "Non précisé"), row[-1], list(row[1:-1])) for row in rows]


@agent_required
def reviews(request: AgentRequest) -> HttpResponse:
    user, leads = request.user, is_supervisor(request.user)
    form = DrawForm(request.POST or None, user=user) if leads else None
    status = 200
    if request.method == "POST":
        if form is None:
            raise Http404
        status = form.carry_out(
            lambda d: draw_reviews(
                d["team"], d["agent"], d["first_day"], d["last_day"], d["size"], by=user, seed=d["seed"]
            )
        )
        if not status:
            messages.success(request, "Le tirage est fait.")
            return redirect("desk:reviews")
    known = led_by(user) if leads else Review.objects.none()
    lines = known.select_related("interaction__case__topic", "author", "draw__team").order_by("-pk")
    context = {
        "nav": "reviews", "leads": leads, "form": form, "criteria": CRITERIA.values(),
        "waiting": lines.filter(rated_at__isnull=True)[:SHOWN], "rated": lines.filter(rated_at__isnull=False)[:SHOWN],
        "by_team": averages(known, "interaction__case__team__name") if leads else [],
        "by_topic": averages(known, "interaction__case__topic__label") if leads else [],
        "mine": Review.objects.filter(author=user, rated_at__isnull=False)
        .select_related("interaction__case", "reviewer").order_by("-pk")[:SHOWN],
    }  # fmt: skip
    return render(request, "desk/reviews.html", context, status=status)


@agent_required
def review(request: AgentRequest, pk: int) -> HttpResponse:
    """The question, the answer, the marks. Rated by who leads the team; read and answered by the author."""
    user = request.user
    found = (
        Review.objects.select_related("interaction__case", "interaction__author", "author", "reviewer", "draw__team")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    rates, is_author = may_review(user, found), found.author_id == user.pk and found.rated_at is not None
    if not rates and not is_author:
        raise Http404
    form: RateForm | AnswerForm | None = None
    if rates and found.answered_at is None:
        form = RateForm(request.POST or None, review=found)
    elif is_author and found.answered_at is None:
        form = AnswerForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form is None:
            raise Http404
        status = form.carry_out(lambda data: _write(found, form, data, user))
        if not status:
            messages.success(request, "C'est enregistré.")
            return redirect("desk:reviews")
    sees = Case.objects.visible_to(user).filter(pk=found.interaction.case_id).exists()
    question = (
        found.interaction.case.interactions.filter(direction=Interaction.Direction.IN, at__lte=found.interaction.at)
        .order_by("-at", "-id")
        .first()
    )
    context = {
        "nav": "reviews", "review": found, "form": form, "rates": rates, "sees": sees,
        "question": question if sees else None,
    }  # fmt: skip
    return render(request, "desk/review.html", context, status=status)


def _write(found: Review, form: RateForm | AnswerForm | None, data: dict[str, Any], user: User) -> None:
    if isinstance(form, RateForm):
        rate(found, form.marks, data["remark"], by=user)
    else:
        answer_review(found, data["text"], by=user)
