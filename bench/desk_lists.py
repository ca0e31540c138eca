"""Inbox, case page and search of the desk at 10 thousand, 100 thousand and a million cases.

Server time of whole pages (middleware, rights, queries, template) asked one after the other, by an agent, by who leads
sixteen teams, and by an administrator, who sees everything; 95th percentile over all. The limits are those of the
project: 50, 60 and 100 ms; the inbox at the largest size is also compared with the smallest, limit 1.5. The mean CPU
of a page, application and server, is given beside: a busy machine weighs less on it. So is the time in which the cases
were written. `BENCH_CASES` gives other sizes.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from bench import Measure
from bench._database import cpu_seconds, own_database

Agent = tuple[Any, Client]  # the user, and his browser
SIZES = [int(size) for size in os.environ.get("BENCH_CASES", "10000,100000,1000000").split(",")]
ROUNDS = 12
LOAD_S = 600  # for a million cases
INBOX_MS, CASE_MS, SEARCH_MS, GROWTH = 50, 60, 100, 1.5
WHO = ("nadia.belkacem", "ines.poitevin", "sam.admin")
WORDS = (
    "lacoste", "Lacost sandrine", "martin", "lacsote", "carte", "carte perdue", "remboursement", "attestation imprime",
    "refusée", "0639980", "sandrine.lacoste", "car passé en avance", "bonjour", "arrêt", "zyx",
)  # fmt: skip
FILTERS = ("etat=ouvertes", "etat=terminees&periode=365", "canal=phone", "periode=30", "type=messages", "type=notes")


def run() -> Iterator[Measure]:
    from guichet.accounts import machines
    from guichet.core.collecting import settle
    from guichet.demo import history, region
    from guichet.organisation import directory

    first: dict[str, float] = {}
    with own_database("desk_lists"), override_settings(ALLOWED_HOSTS=["testserver"]):
        machines.forget()
        region.build()
        directory.forget()
        done = 0
        for size in SIZES:
            limit = LOAD_S * (size - done) / 1_000_000
            took = _load(history.load, size - done, seed=size)
            done = size
            yield Measure(
                name=f"desk_lists.load.{size}", value=round(took, 1), unit="s", ratio=round(took / limit, 2),
                against=f"{LOAD_S} s/1,000,000 cases",
            )  # fmt: skip
            agents = [_agent(who) for who in WHO]
            _lists(agents)
            settle()  # as a web process does
            for name, limit, ask in (
                ("inbox", INBOX_MS, _lists), ("case", CASE_MS, _cases), ("search", SEARCH_MS, _plain),
                ("search_filtered", SEARCH_MS, _filtered),
            ):  # fmt: skip
                ask(agents)  # what a process remembers is read, and plans are made
                cpu = cpu_seconds()
                each = [spent for _ in range(ROUNDS) for spent in ask(agents)]
                cpu, value = cpu_seconds() - cpu, _p95(each)
                first.setdefault(name, value)
                yield Measure(
                    name=f"desk_lists.{name}.{size}", value=round(value, 1), unit="ms p95",
                    ratio=round(value / limit, 2), against=f"{limit} ms",
                )  # fmt: skip
                yield Measure(
                    name=f"desk_lists.{name}.{size}.cpu", value=round(cpu / len(each) * 1000, 1),
                    unit="ms CPU/page", ratio=None, against=None,
                )  # fmt: skip
                if name == "inbox" and size == SIZES[-1] and len(SIZES) > 1:
                    growth = value / first[name]
                    yield Measure(
                        name="desk_lists.inbox.growth", value=round(growth, 2), unit=f"× {SIZES[0]}",
                        ratio=round(growth / GROWTH, 2), against=f"{GROWTH} ×",
                    )  # fmt: skip


def _load(load: Callable[..., None], count: int, *, seed: int) -> float:
    """Seconds that `demo --scale` needs for these cases; the statistics are taken afterwards."""
    began = time.monotonic()
    load(count, seed=seed)
    took = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return took


def _agent(who: str) -> Agent:
    from guichet.accounts.models import User

    client, user = Client(), User.objects.get(email__startswith=who)
    client.force_login(user)
    return user, client


def _spent(client: Client, address: str) -> float:
    began = time.perf_counter()
    response = client.get(address)
    spent = time.perf_counter() - began
    assert response.status_code == 200, (address, response.status_code)
    return spent * 1000


def _lists(agents: list[Agent]) -> list[float]:
    from guichet.desk import listing, queues

    more = ("tri=recents", "canal=phone", "retard=jour", "dep=17&libre=1", "urgent=1", "etat=answered&tri=anciens")
    found = []
    for user, client in agents:
        groups = queues.groups(user)
        busiest = sorted((q for g in groups for q in g.queues), key=lambda queue: -queue.count)[:3]
        addresses = [
            "/bureau/",
            *(f"/bureau/?{q.address}" for q in busiest),
            *(f"/bureau/?file=toutes&{m}" for m in more),
        ]
        listed = listing.read_listing({"file": "toutes"}, user, groups)
        if following := listing.page(listed).following:
            addresses.append(f"/bureau/?file=toutes&apres={following}")
        found += [_spent(client, address) for address in addresses]
    return found


_dice = random.Random(7)


def _cases(agents: list[Agent]) -> list[float]:
    from guichet.desk import listing, queues

    found = []
    for user, client in agents:
        cases = listing.page(listing.read_listing({"file": "toutes"}, user, queues.groups(user))).cases
        some = _dice.sample(cases, min(6, len(cases)))
        found += [_spent(client, f"/bureau/demandes/{case.reference}/?file=toutes") for case in some]
    return found


def _plain(agents: list[Agent]) -> list[float]:
    return [_spent(client, f"/bureau/recherche/?q={words}") for _, client in agents for words in WORDS]


def _filtered(agents: list[Agent]) -> list[float]:
    return [
        _spent(client, f"/bureau/recherche/?q={words}&{_dice.choice(FILTERS)}")
        for _, client in agents
        for words in WORDS
    ]


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
