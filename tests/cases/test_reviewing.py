"""Answers read again: the lot can be drawn again, nothing twice, nobody his own, rights held."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import Membership, User
from guichet.cases.actions.reviewing import answer_review, answers_to_draw, draw_reviews, rate
from guichet.cases.models import Case, Interaction, Review, ReviewDraw, Status
from guichet.cases.models.case import next_reference
from guichet.core.refused import NotAllowed, Refused
from guichet.organisation.models import Team
from tests.factories import Region, build_region

GOOD = {"right": 4, "complete": 3, "clear": 4, "courteous": 2}


@pytest.fixture
def region(db: None) -> Region:
    return build_region()


@pytest.fixture
def ines(region: Region) -> User:
    user = User.objects.create_user("ines@agents.example", "x" * 20, first_name="Inès")
    Membership.objects.create(user=user, team=region.transport, role="supervisor")
    return user


def answers(author: User, team: Team, number: int = 10, **fields: object) -> list[Interaction]:
    now = timezone.now()
    found = []
    for n in range(number):
        case = Case.objects.create(
            reference=next_reference(), subject=f"Q{n}", channel="email", team=team, status=Status.ANSWERED,
            received_at=now,
        )  # fmt: skip
        Interaction.objects.create(case=case, channel="email", direction="in", at=now, text=f"Ma question {n}")
        values = {"author": author, "direction": "out", "at": now, "text": f"Réponse {n}", **fields}
        found.append(Interaction.objects.create(case=case, channel="email", **values))
    return found


def draw(region: Region, by: User, size: int = 4, seed: int | None = 7, agent: User | None = None) -> ReviewDraw:
    today = timezone.localdate()
    return draw_reviews(region.transport, agent, today - timedelta(days=3), today, size, by=by, seed=seed)


def test_the_same_seed_is_the_same_lot_and_another_is_not(region: Region, ines: User) -> None:
    answers(region.nadia, region.transport, 30)
    made = draw(region, ines)
    drawn = list(made.reviews.order_by("pk").values_list("interaction_id", flat=True))
    again = [found.pk for found in answers_to_draw(made)[:4]]
    assert drawn == again
    made.seed = 8
    assert [found.pk for found in answers_to_draw(made)[:4]] != again


def test_nothing_is_drawn_twice_and_then_nothing_is_left(region: Region, ines: User) -> None:
    answers(region.nadia, region.transport, 10)
    for _ in range(3):
        draw(region, ines)
    assert Review.objects.values("interaction").distinct().count() == Review.objects.count() == 10
    with pytest.raises(Refused, match="Aucune réponse"):
        draw(region, ines)
    assert ReviewDraw.objects.count() == 3


def test_only_answers_of_others_of_his_teams_in_the_period(region: Region, ines: User) -> None:
    [wanted] = answers(region.nadia, region.transport, 1)
    answers(ines, region.transport, 2)
    answers(region.leo, region.youth, 2)
    answers(region.nadia, region.transport, 2, at=timezone.now() - timedelta(days=9))
    answers(region.nadia, region.transport, 2, withdrawn_at=timezone.now())
    answers(region.nadia, region.transport, 2, kind="receipt")
    answers(region.nadia, region.transport, 2, direction="note")
    assert list(draw(region, ines, size=20).reviews.values_list("interaction", flat=True)) == [wanted.pk]


def test_who_may_draw_rate_and_answer(region: Region, ines: User) -> None:
    answers(region.nadia, region.transport)
    for user in (region.nadia, region.leo):
        with pytest.raises(NotAllowed):
            draw(region, user)
    with pytest.raises(Refused, match="quelqu'un d'autre"):
        draw(region, ines, agent=ines)
    review = draw(region, ines).reviews.all()[0]
    with pytest.raises(NotAllowed):
        answer_review(review, "Déjà ?", by=region.nadia)  # not rated yet
    for user in (region.nadia, region.leo):
        with pytest.raises(NotAllowed):
            rate(review, GOOD, "", by=user)
    with pytest.raises(Refused, match="quatre critères"):
        rate(review, {"right": 4}, "", by=ines)
    rate(review, GOOD, "Dites le délai.", by=ines)
    with pytest.raises(NotAllowed):
        answer_review(review, "Oui", by=region.leo)
    answer_review(review, "Je le dirai.", by=region.nadia)
    with pytest.raises(Refused, match="ne change plus"):
        rate(review, GOOD, "", by=ines)


def test_the_pages_of_who_leads_and_of_the_author(region: Region, ines: User) -> None:
    answers(region.nadia, region.transport, 2)
    led, hers, stranger = Client(), Client(), Client()
    led.force_login(ines), hers.force_login(region.nadia), stranger.force_login(region.leo)
    today = timezone.localdate().isoformat()
    sent = {"team": region.transport.pk, "first_day": today, "last_day": today, "size": "5"}
    assert led.post("/bureau/relectures/", sent).status_code == 302
    assert hers.post("/bureau/relectures/", sent).status_code == 404
    assert led.post("/bureau/relectures/", sent | {"size": "0"}).status_code == 400
    review = Review.objects.order_by("pk")[0]
    address = f"/bureau/relectures/{review.pk}/"
    assert [client.get(address).status_code for client in (led, hers, stranger)] == [200, 404, 404]
    assert "Ma question" in led.get(address).content.decode()
    assert led.post(address, {"right": "4"}).status_code == 400
    assert led.post(address, {**GOOD, "remark": "Bien."}).status_code == 302
    page = led.get("/bureau/relectures/").content.decode()
    assert "<td>3,0</td>" in page and "Moyennes par sujet" in page
    assert "Bien." in hers.get(address).content.decode()
    assert "courtoise 2" in hers.get("/bureau/relectures/").content.decode()
    assert hers.post(address, {"text": "Merci."}).status_code == 302
    assert "Merci." in led.get(address).content.decode()
    assert stranger.get(address).status_code == 404
    assert "relectures" not in stranger.get("/bureau/").content.decode()
