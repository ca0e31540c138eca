from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Status
from guichet.desk import queues
from guichet.organisation.models import Channel, Team

Make = Callable[..., Case]


def test_counters_equal_lists(make_case: Make, team: Team, other_team: Team, agent: User) -> None:
    now = timezone.now()
    make_case(team, assignee=agent, status=Status.IN_PROGRESS)
    make_case(team, channel=Channel.FORM)
    make_case(team, assignee=agent, status=Status.WAITING_CITIZEN)
    make_case(team, assignee=agent, status=Status.ANSWERED)
    make_case(team, snoozed_until=now + timedelta(days=2))
    make_case(team, status=Status.CLOSED, closed_at=now)
    make_case(other_team)
    make_case(other_team, assignee=agent, status=Status.IN_PROGRESS)
    make_case(team, sensitivity=2)
    groups = queues.groups(agent)
    counts = {queue.key: queue.count for group in groups for queue in group.queues}
    assert counts == {
        "a-traiter": 2, "attente": 1, "repondues": 1, "endormies": 1, f"equipe-{team.pk}": 2,
        "canal-email": 2, "canal-form": 1,
    } | ({f"equipe-{other_team.pk}": 1} if f"equipe-{other_team.pk}" in counts else {})  # fmt: skip
    for group in groups:
        for queue in group.queues:
            condition = queues.condition_of(queue.key, agent)
            assert condition is not None
            assert queues.listed(agent, condition).count() == queue.count, queue.key
    handled = Case.objects.visible_to(agent).to_handle()
    assert queues.listed(agent, queues.HANDLE).count() == handled.count()


def test_queries_do_not_grow_with_cases(make_case: Make, team: Team, agent: User, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert desk.get(f"/bureau/?file=equipe-{team.pk}").status_code == 200
        return len(seen)

    for _ in range(3):
        make_case(team, assignee=agent)
    few = queries()
    for _ in range(27):
        make_case(team, assignee=agent)
    assert queries() == few <= 14


def test_pages_by_key_hold_every_case_once(make_case: Make, team: Team, desk: Client) -> None:
    same = timezone.now() + timedelta(days=1)
    for n in range(65):
        make_case(team, **({"due_at": same} if n % 2 else {"hours": n}))
    address, seen = f"/bureau/?file=equipe-{team.pk}", []
    for _ in range(5):
        context = desk.get(address).context
        seen += [row.case.pk for row in context["rows"]]
        if not context["following"]:
            break
        address = f"/bureau/?{context['following']}"
    assert len(seen) == len(set(seen)) == 65
    assert seen == list(Case.objects.by_due().values_list("pk", flat=True))


def test_odd_addresses_are_harmless(case: Case, desk: Client) -> None:
    for query in (
        "file=x",
        "file=equipe-999999",
        "file=equipe-" + "9" * 40,
        "apres=1-",
        "apres=" + "9" * 18 + "-1",
        "file=canal-x",
        "file=equipe-²",
    ):
        assert desk.get(f"/bureau/?{query}").status_code == 200


def test_search(case: Case, make_case: Make, other_team: Team, desk: Client) -> None:
    hidden = make_case(other_team)
    assert (
        desk.get("/bureau/", {"q": f"N° {case.spoken_reference}"})["Location"] == f"/bureau/demandes/{case.reference}/"
    )
    for words in ("sandrine@courriel.example", "84127", "06 39 98 41 27", "Lacoste", "sandrine lac", "LACOSTE Sand"):
        assert [row.case.pk for row in desk.get("/bureau/", {"q": words}).context["rows"]] == [case.pk], words
    for words in (hidden.reference, "Lacostel", "99999", "%", "@"):
        assert desk.get("/bureau/", {"q": words}).context["rows"] == [], words
