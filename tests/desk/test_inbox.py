from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.accounts.models import Membership, User
from guichet.cases.actions.tallying import fold_tallies
from guichet.cases.models import Case, Status
from guichet.cases.models.case import OVER, TO_HANDLE
from guichet.desk import listing, queues
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
        "a-traiter": 2, "attente": 1, "repondues": 1, "endormies": 1, "toutes": 3, f"equipe-{team.pk}": 2,
        "canal-email": 2, "canal-form": 1,
    }  # fmt: skip
    agree(agent)
    assert len(lists(agent)["toutes"]) == Case.objects.visible_to(agent).to_handle().count()


def lists(user: User, **filters: str) -> dict[str, list[int]]:
    """What each queue lists under these filters, with their counts checked."""
    seen = listing.overview(user)
    groups, found = seen.groups, {}
    for key in [queue.key for group in groups for queue in group.queues]:
        listed = listing.read_listing({"file": key, **filters}, user, groups)
        assert not listed.misread
        found[key] = listing.numbers(listed, 500)
        assert listing.count(listed, groups) == len(found[key]) == listed.matching().count(), key
        assert set(found[key]) == set(listed.matching().values_list("pk", flat=True)), key
        if not filters:  # what is left out of a page does not depend on them
            shown = listing.page(listed, elsewhere=seen.elsewhere).cases
            assert [case.pk for case in shown] == found[key][: listing.PAGE], key
    return found


def agree(user: User) -> None:
    found = lists(user)
    for group in queues.groups(user):
        for queue in group.queues:
            assert len(found[queue.key]) == queue.count, queue.key


FILTERS = [
    {"etat": "waiting_citizen"}, {"etat": "answered"}, {"dep": "17"}, {"canal": "form"}, {"retard": "depassee"},
    {"retard": "jour"}, {"retard": "semaine"}, {"attente": "7"}, {"libre": "1"}, {"urgent": "1"},
    {"urgent": "1", "canal": "email", "libre": "1"},
]  # fmt: skip


def test_counters_and_lists_agree_through_a_life(
    make_case: Make, make_agent: Callable[..., User], team: Team, other_team: Team, agent: User
) -> None:
    """Whatever the filters, the rights and the moves, a counter is the length of its list."""
    dice = random.Random(3)
    both = make_agent("lea@agents.example", team, other_team, clearance=1)
    chief = make_agent("chef@agents.example", is_administrator=True, clearance=2)
    alone = make_agent("seul@agents.example")
    leader = make_agent("ines@agents.example")
    Membership.objects.create(user=leader, team=team, role=Membership.Role.SUPERVISOR)
    users = [agent, both, chief, alone, leader]
    open_ones = [status for status in Status if status not in OVER]
    now = timezone.now()
    cases = [
        make_case(
            dice.choice([team, team, other_team, None]), hours=dice.choice([-30, 5, 100, 400]),
            status=dice.choice(open_ones), channel=dice.choice(["email", "form", "phone"]),
            assignee=dice.choice([None, *users]), sensitivity=dice.choice([0, 0, 1, 2]), urgent=dice.random() < 0.3,
            department=dice.choice(["17", "33"]), last_inbound_at=dice.choice([None, now - timedelta(days=9)]),
            snoozed_until=dice.choice([None, None, None, now]),
        )
        for _ in range(60)
    ]  # fmt: skip
    for turn in range(3):
        for user in users:
            agree(user)
            for filters in FILTERS:
                for order in ("", "recents"):
                    lists(user, **filters, **({"tri": order} if order else {}))
        for case in dice.sample(cases, 20):
            case.status, case.snoozed_until = dice.choice(list(open_ones)), None
            case.team, case.assignee = dice.choice([team, other_team]), dice.choice([None, *users])
            case.sensitivity = dice.choice([0, 1])
            if dice.random() < 0.2:
                case.status, case.closed_at = Status.CLOSED, now
            else:
                case.closed_at = None
            case.save()
        if turn:
            assert fold_tallies(at_least=1)
    assert lists(alone)["toutes"]  # what is his by name, of teams that are not his
    assert listing.overview(alone).elsewhere
    assert not listing.overview(leader).elsewhere or Case.objects.running().filter(assignee=leader).exclude(team=team)
    cases[0].delete()
    agree(chief)
    assert fold_tallies(at_least=10**6) == 0


def test_stages_of_the_counters_are_those_of_the_queues() -> None:
    """The trigger writes down in SQL what the queues ask with conditions."""
    with connection.cursor() as cursor:
        for status in Status:
            cursor.execute("SELECT cases_stage(%s, NULL), cases_stage(%s, now())", [status.value, status.value])
            stage, asleep = cursor.fetchone()
            assert asleep in dict(queues.PERSONAL)["endormies"][3]
            assert (stage in queues.TO_DO) == (status in TO_HANDLE)
            assert (stage == "visa") == (asleep == "visa_zz") == (status == Status.IN_APPROVAL)
            assert (stage == "waiting") == (status == Status.WAITING_CITIZEN)
            assert (stage == "answered") == (status == Status.ANSWERED)


def test_queries_do_not_grow_with_cases(make_case: Make, team: Team, agent: User, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert desk.get(f"/bureau/?file=equipe-{team.pk}").status_code == 200
        return len(seen)

    for _ in range(3):
        make_case(team, assignee=agent)
    queries()  # the Region is read once
    few = queries()
    for _ in range(27):
        make_case(team, assignee=agent)
    assert queries() == few <= 14


@pytest.mark.parametrize("order", ["", "recents", "anciens"])
@pytest.mark.parametrize("queue", ["equipe", "toutes"])
def test_pages_by_key_hold_every_case_once_both_ways(
    make_case: Make, team: Team, other_team: Team, agent: User, desk: Client, order: str, queue: str
) -> None:
    same = timezone.now() + timedelta(days=1)
    for n in range(65):
        moments = {"due_at": same, "last_inbound_at": same} if n % 2 else {"hours": n}
        if queue == "toutes" and n % 5 == 0:
            make_case(other_team, assignee=agent, **moments)
        else:
            make_case(team, **moments)
    name = f"equipe-{team.pk}" if queue == "equipe" else queue
    first = f"/bureau/?file={name}" + (f"&tri={order}" if order else "")
    ways = {"": ("due_at", "id"), "recents": ("-last_inbound_at", "-id"), "anciens": ("last_inbound_at", "id")}
    forward = [desk.get(first).context]
    while forward[-1]["following"]:
        forward.append(desk.get(f"/bureau/?{forward[-1]['following']}").context)
    backward = [forward[-1]]
    while backward[-1]["previous"]:
        backward.append(desk.get(f"/bureau/?{backward[-1]['previous']}").context)

    def shown(context: Any) -> list[int]:
        return [row.case.pk for row in context["rows"]]

    assert [shown(page) for page in forward] == [shown(page) for page in reversed(backward)]
    whole = [pk for context in forward for pk in shown(context)]
    assert whole == list(Case.objects.order_by(*ways[order]).values_list("pk", flat=True))
    assert not forward[0]["previous"]


def test_a_page_whose_beginning_moved_is_the_first(make_case: Make, team: Team, desk: Client) -> None:
    cases = [make_case(team, hours=n) for n in range(40)]
    second = desk.get(f"/bureau/?{desk.get(f'/bureau/?file=equipe-{team.pk}').context['following']}").context
    Case.objects.filter(pk__in=[case.pk for case in cases[:10]]).update(status="closed", closed_at=timezone.now())
    back = desk.get(f"/bureau/?{second['previous']}").context
    assert [row.case.pk for row in back["rows"]] == [case.pk for case in cases[10:40]]
    assert not back["previous"]


def test_filters_are_in_the_address_and_come_off(make_case: Make, team: Team, desk: Client) -> None:
    late = make_case(team, hours=-5, urgent=True)
    make_case(team, hours=-5)
    page = desk.get(f"/bureau/?file=equipe-{team.pk}&retard=depassee&urgent=on&tri=recents")
    assert [row.case.pk for row in page.context["rows"]] == [late.pk]
    assert [(chip.label, chip.without) for chip in page.context["listed"].chips] == [
        ("Échéance dépassée", f"file=equipe-{team.pk}&urgent=1&tri=recents"),
        ("Urgentes", f"file=equipe-{team.pk}&retard=depassee&tri=recents"),
    ]
    kept = page.context["kept"]
    inside = desk.get(f"/bureau/demandes/{late.reference}/?{kept}")
    assert [row.case.pk for row in inside.context["rows"]] == [late.pk]
    assert "Rien ne correspond" in desk.get(f"/bureau/?file=equipe-{team.pk}&canal=sms").content.decode()
    odd = desk.get(f"/bureau/?file=equipe-{team.pk}&retard=jamais&sujet=99999999&vue=x")
    assert "n&#x27;a pas été comprise" in odd.content.decode() or "n'a pas été comprise" in odd.content.decode()


def test_odd_addresses_are_harmless(case: Case, desk: Client) -> None:
    for query in (
        "file=x",
        "file=equipe-999999",
        "file=equipe-" + "9" * 40,
        "apres=1-",
        "apres=" + "9" * 18 + "-1",
        "file=canal-x",
        "file=equipe-²",
        "precedent=1-",
        "precedent=" + "9" * 18 + "-1",
        "vue=²",
        "vue=" + "9" * 40,
        "tri=x&etat=closed&attente=-1",
    ):
        assert desk.get(f"/bureau/?{query}").status_code == 200


def test_what_opens_first_is_read_in_its_own_index(make_case: Make, team: Team, agent: User) -> None:
    """The server prepares the statement once for all values: the index must be seen without knowing them."""
    make_case(team)
    listed = listing.read_listing({"file": f"equipe-{team.pk}"}, agent, queues.groups(agent))
    sql, values = listing._numbers(listed, 31, None, back=False) or ("", ())
    pieces = sql.split("%s")
    numbered = pieces[0] + "".join(f"${n}{piece}" for n, piece in enumerate(pieces[1:], 1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes JOIN pg_class ON relname = indexname "
            "JOIN pg_index ON indexrelid = pg_class.oid WHERE tablename = 'cases_case' AND NOT indisunique"
        )
        for (name,) in cursor.fetchall():
            if name != "inbox_to_handle":
                cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE list_of_team AS {numbered}")
        given = ", ".join("%s" for _ in values)
        cursor.execute(f"EXPLAIN EXECUTE list_of_team ({given})".replace("%s", "{}").format(*map(_literal, values)))
        assert "inbox_to_handle" in str(cursor.fetchall())
        cursor.execute("DEALLOCATE list_of_team")


def _literal(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
