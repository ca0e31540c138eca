"""The demo Region holds together: what its cases say agrees with their clocks."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Min, Q

from guichet.accounts.machines import GUICHET, machine
from guichet.cases.models import Case, Clock, RoutingModel, Status
from guichet.cases.models.case import NO_DEADLINE
from guichet.core.reference import check
from guichet.core.text import fold
from guichet.demo import base, dossiers, history, region
from guichet.knowledge.models import Article, Wording
from guichet.noa.actions import hear, open_chat
from guichet.organisation.models import Team

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With fewer examples and answers: learning all of them takes seconds, and is tried elsewhere."""
    every = region.examples()
    monkeypatch.setattr(base, "FOLDER", base.FOLDER / "culture")
    monkeypatch.setattr(base, "DIALOGUES", tmp_path)
    monkeypatch.setattr(region, "examples", lambda: every[::6])
    region.build()
    history.load(120)


def test_every_case_is_due_when_its_soonest_clock_is(loaded: None) -> None:
    running = Min("clocks__due_at", filter=Q(clocks__stopped_at__isnull=True))
    cases = Case.objects.annotate(soonest=running)
    assert cases.filter(soonest__isnull=False).exists()
    assert all(case.due_at == (case.soonest or NO_DEADLINE) for case in cases)


def test_numbers_are_valid_and_over_cases_have_no_running_clock(loaded: None) -> None:
    assert all(check(case.reference) == case.reference for case in Case.objects.all())
    assert not Clock.objects.filter(case__status=Status.CLOSED, stopped_at__isnull=True).exists()


@pytest.fixture
def whole(loaded: None) -> None:
    """With its dossiers, as the command leaves it."""
    dossiers.build(password=region.PASSWORD)


def test_it_is_loaded_once(whole: None) -> None:
    before = Case.objects.count()
    call_command("demo", "--once")
    assert Case.objects.count() == before
    with pytest.raises(CommandError):
        call_command("demo")
    assert len(region.accounts()) == len(region.AGENTS) + len(dossiers.CITIZENS) + 1


def test_a_load_that_was_killed_goes_on(whole: None) -> None:
    RoutingModel.objects.all().delete()
    before = Case.objects.count()
    call_command("demo", "--once")
    assert RoutingModel.objects.filter(is_current=True).count() == 1 and Case.objects.count() == before


def test_a_real_region_without_cases_gets_none(db: None) -> None:
    Team.objects.create(code="X", name="Une vraie Région")
    call_command("demo", "--once")
    assert not Case.objects.exists() and Team.objects.count() == 1


def test_what_waits_for_a_topic_has_its_proposals(loaded: None) -> None:
    before = set(Case.objects.filter(interactions__direction="in").values_list("pk", flat=True)[:8])
    Case.objects.filter(pk__in=before).update(topic=None, team=None, status=Status.REGISTERED, closed_at=None)
    history.orient_waiting()
    oriented = Case.objects.filter(pk__in=before)
    assert all(case.routing_decisions.get().proposals for case in oriented)
    for case in oriented:
        assert case.team is not None
        assert case.team.takes_unrouted == (case.status == Status.REGISTERED)
        assert case.topic_guessed == (case.topic_id is not None)


def test_the_whole_base_enters_and_its_dialogues_hold(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every article may be published; each frequent matter has its wordings; dialogues pass their tests."""
    from guichet.knowledge.actions import finding as filing

    monkeypatch.setattr(filing, "build", partial(filing.build, learn=False))
    monkeypatch.setattr(region, "finish", lambda: None)
    region.build()
    base.load(machine(GUICHET))
    public = Article.objects.for_citizens().annotate(said=Count("wordings"))
    assert public.count() >= 150
    assert not public.filter(said__lt=10, kind__in=["aid", "procedure", "question"]).exists()
    assert sum(row.said >= 20 for row in public) >= 50
    call_command("test_dialogues")
    chat = open_chat()
    for said in ("prendre rdv", "Poitiers", "86", "un dossier", "jeudi", "le matin", "Roy", "0639981234", "passer"):
        hear(chat, said)
    chat.refresh_from_db()
    assert chat.case is not None
    assert chat.case.team is not None
    assert chat.case.team.code == "ACC-REL"
    assert chat.case.preferred_channel == "phone"
    first = chat.case.interactions.earliest("pk")
    assert "Jour souhaité : jeudi" in first.text
    assert "Moment : Le matin" in first.text
    assert chat.case.clocks.filter(kind="commitment", stopped_at__isnull=True).exists()
    codes = set(public.values_list("code", flat=True))
    files = [HERE / "questions.jsonl", HERE / "questions_hard.jsonl"]
    asked = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(asked) >= 700
    assert {code for row in asked for code in row["gold"]} <= codes
    known = {fold(text) for text in Wording.objects.values_list("text", flat=True)}
    assert not [row["question"] for row in asked if fold(row["question"]) in known], "asked as it was taught"
