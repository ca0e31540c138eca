"""Twelve months of the demo Region, or a million cases for the benchmarks: written in bulk.

The only place where cases are written outside actions: history is loaded, not lived. Dates, clocks and events are those
the actions would have left.
"""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Any

from django.db import connection, connections, transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Membership
from guichet.cases.actions.opening import route
from guichet.cases.actions.orienting import orient
from guichet.cases.actions.tallying import fold_tallies
from guichet.cases.clocks import clocks_for
from guichet.cases.models import Case, Clock, Interaction, RoutingDecision, Status, Task
from guichet.cases.models.case import NO_DEADLINE
from guichet.core.identifiers import department_of
from guichet.core.instances import fresh
from guichet.core.reference import make
from guichet.core.rows import copy
from guichet.core.text import fold
from guichet.demo.words import ANSWERS, FAMILY_NAMES, FIRST_NAMES, LETTERS, NOTES, STREETS, TOWNS
from guichet.journal.models import Event
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel
from guichet.people.actions import set_keys
from guichet.people.models import ContactPoint, Person

BATCH = 5000
MANY = 4  # batches from which it is worth starting processes
CHANNELS = (
    (Channel.FORM, 45), (Channel.EMAIL, 35), (Channel.PHONE, 10), (Channel.PAPER, 8), (Channel.COUNTER, 2),
)  # fmt: skip


def load(count: int, *, seed: int = 2026, say: Callable[[str], None] = lambda text: None) -> None:
    """Write `count` cases over the last twelve months, most of them over, and one person for every six or so."""
    dice = random.Random(seed)  # noqa: S311 (a believable Region, the same each time)
    people = _people(max(40, count // 6), dice)
    agents = _agents()
    sizes = [min(BATCH, count - first) for first in range(0, count, BATCH)]
    if len(sizes) < MANY:
        for size in sizes:
            _batch(size, people, agents, dice)
    else:
        _load_side_by_side(sizes, people, agents, seed, say)
    fold_tallies()  # what the worker does every few minutes: a load leaves a line of counters for each batch
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _load_side_by_side(
    sizes: Sequence[int], people: Sequence[Person], agents: dict[int, list[int]], seed: int, say: Callable[[str], None]
) -> None:
    """Batches share nothing but the people: a process for each core, each with a connection and dice of its own."""
    connections.close_all()  # a connection does not survive a fork
    gc.freeze()  # what is there now stays: it is not looked at again, nor copied to the children by looking
    done = 0
    try:
        with _words_indexed_after(), get_context("fork").Pool(os.cpu_count() or 1, _remember, (people, agents)) as pool:
            for size in pool.imap_unordered(_batch_apart, [(size, f"{seed}.{n}") for n, size in enumerate(sizes)]):
                done += size
                if done % (BATCH * 20) == 0 or done == sum(sizes):
                    say(f"{done} demandes")
    finally:
        gc.unfreeze()


@contextmanager
def _words_indexed_after() -> Iterator[None]:
    """Kept entry by entry, the inverted index is most of a load. It is made again whatever happens; a load that was
    killed leaves that to the next one: searches are right without it, and slow."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS case_by_words")
    connections.close_all()
    try:
        yield
    finally:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
            cursor.execute("CREATE INDEX IF NOT EXISTS case_by_words ON cases_casewords USING gin (words)")


_shared: dict[str, Any] = {}


def _remember(people: Sequence[Person], agents: dict[int, list[int]]) -> None:
    gc.disable()  # a batch makes no cycle worth looking for
    _shared.update(people=people, agents=agents)


def _batch_apart(work: tuple[int, str]) -> int:
    size, seed = work
    _batch(size, _shared["people"], _shared["agents"], random.Random(seed))  # noqa: S311
    gc.collect(0)
    return size


def _people(count: int, dice: random.Random) -> list[Person]:
    persons = []
    for _ in range(count):
        postcode, town = dice.choice(TOWNS)
        person = fresh(
            Person,
            first_name=dice.choice(FIRST_NAMES),
            family_name=dice.choice(FAMILY_NAMES),
            civility=dice.choice(["mme", "m", ""]),
            address=f"{dice.randint(1, 80)} {dice.choice(STREETS)}\n{postcode} {town}",
            postcode=postcode,
            town=town,
            department=department_of(postcode),
            preferred_channel=dice.choice([Channel.EMAIL, Channel.EMAIL, Channel.PHONE, Channel.PAPER]),
            source="import",
        )
        set_keys(person)
        persons.append(person)
    copy(persons)
    points = []
    for person in persons:
        local = fold(f"{person.first_name}.{person.family_name}").replace(" ", "").replace("'", "")
        phone = f"+336399{80000 + person.pk % 19999:05d}"
        points.append(
            fresh(
                ContactPoint,
                person=person,
                kind="email",
                value=f"{local}.{person.pk}@courriel.example",
                source="import",
            )
        )
        points.append(
            fresh(ContactPoint, person=person, kind="phone", value=phone, source="import", reversed_digits=phone[:0:-1])
        )
    copy(points)
    return persons


def _agents() -> dict[int, list[int]]:
    """Agents of each team."""
    found: dict[int, list[int]] = {}
    for membership in Membership.objects.filter(role=Membership.Role.AGENT):
        found.setdefault(membership.team_id, []).append(membership.user_id)
    return found


@transaction.atomic
def _batch(size: int, people: Sequence[Person], agents: dict[int, list[int]], dice: random.Random) -> None:
    numbers = _references(size)
    cases = [_case(number, people, agents, dice) for number in numbers]
    clocks = [clock for case in cases for clock in _clocks(case)]  # first: they give each case its due date
    copy(cases)
    for clock in clocks:
        clock.case_id = clock.case.pk
    copy(clocks)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL guichet.bulk = 'on'")  # the words below, all at once
    copy([i for case in cases for i in _exchanges(case, dice)])
    _words([case.pk for case in cases])
    copy([e for case in cases for e in _events(case)])


def _words(numbers: Sequence[int]) -> None:
    """What the search reads: the same letters come back, and are read once."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH said AS MATERIALIZED (
              SELECT case_id, subject, text, direction FROM cases_interaction WHERE case_id = ANY(%s)
            ), known AS MATERIALIZED (
              SELECT subject, text, direction, guichet_words(subject || ' ' || text, guichet_weight(direction)) AS words
              FROM (SELECT DISTINCT subject, text, direction FROM said) AS once
            )
            INSERT INTO cases_casewords (case_id, words)
            SELECT case_id, guichet_all(words) FROM said JOIN known USING (subject, text, direction) GROUP BY case_id
            """,
            [list(numbers)],
        )


def _references(size: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('cases_reference') FROM generate_series(1, %s)", [size])
        return [make(int(row[0])) for row in cursor.fetchall()]


def _case(reference: str, people: Sequence[Person], agents: dict[int, list[int]], dice: random.Random) -> Case:
    person = dice.choice(people)
    code = dice.choice(_TOPICS)
    topic = directory().topics_by_code.get(code)
    subject, _ = dice.choice(LETTERS[code])
    team = directory().team_for(topic, person.department) or directory().unrouted_team
    age = dice.random() ** 2.2 * 365
    received = timezone.now() - timedelta(days=age, minutes=dice.randint(0, 600))
    case = fresh(
        Case,
        reference=reference,
        subject=subject,
        channel=dice.choices([c for c, _ in CHANNELS], [w for _, w in CHANNELS])[0],
        person=person,
        topic=topic,
        team=team,
        department=person.department,
        nature=topic.nature if topic else "information",
        sensitivity=topic.sensitivity if topic else 0,
        preferred_channel=person.preferred_channel,
        received_at=received,
        last_inbound_at=received,
        unread=False,
    )
    _fate(case, age, agents.get(team.pk if team else 0, []), dice)
    return case


# Half of what a Region receives is about school transport.
_TOPICS = [
    *(["transport_scolaire.carte"] * 8), *(["transport_scolaire.inscription"] * 5),
    *(["transport_scolaire.tarif"] * 4), *(["transport_scolaire.horaire_arret"] * 3), *LETTERS,
]  # fmt: skip


def _fate(case: Case, age: float, agents: list[int], dice: random.Random) -> None:
    """Where the case stands: nearly all old ones are over, the recent ones are at every stage."""
    unrouted = case.team is None or case.team.takes_unrouted
    answer = case.received_at + timedelta(days=min(age * 0.9, dice.expovariate(1 / 3.2)), hours=1)
    draw = dice.random()
    if (age > 12 and draw < 0.985) or (age > 3 and draw < 0.8):
        case.status, case.result = Status.CLOSED, "answered"
    elif unrouted:
        case.status, case.unread = Status.REGISTERED, dice.random() < 0.6
        return
    elif draw < 0.55:
        case.status, case.unread = Status.ASSIGNED, dice.random() < 0.6
        return
    elif draw < 0.75 and agents:
        case.status, case.assignee_id = Status.IN_PROGRESS, dice.choice(agents)
        return
    elif draw < 0.88:
        case.status = Status.ANSWERED
    else:
        case.status, case.waiting_since = Status.WAITING_CITIZEN, answer
        case.give_up_at = answer + timedelta(days=30)
        return
    case.first_answered_at = answer
    case.assignee_id = dice.choice(agents) if agents else None
    if case.status == Status.CLOSED:
        case.closed_at = min(answer + timedelta(hours=dice.randint(0, 72)), timezone.now())


def _clocks(case: Case) -> list[Clock]:
    clocks = clocks_for(case)
    unrouted = case.team is None or case.team.takes_unrouted
    for clock in clocks:
        if clock.kind == Clock.Kind.REGISTRATION or (clock.kind == Clock.Kind.RECEIPT and not unrouted):
            clock.stopped_at, clock.stopped_why = case.received_at + timedelta(minutes=1), "receipt"
        elif case.closed_at:
            answered = clock.kind == Clock.Kind.COMMITMENT
            clock.stopped_at = case.first_answered_at if answered else case.closed_at
            clock.stopped_why = "réponse" if answered else Status.CLOSED.value
        elif clock.kind == Clock.Kind.COMMITMENT and case.first_answered_at:
            clock.stopped_at, clock.stopped_why = case.first_answered_at, "réponse"
    running = [clock.due_at for clock in clocks if clock.stopped_at is None]
    case.due_at = min(running, default=NO_DEADLINE)
    return clocks


def _exchanges(case: Case, dice: random.Random) -> list[Interaction]:
    texts = dict(LETTERS[case.topic.code if case.topic else ""])
    person = case.person
    assert person is not None
    written = [
        fresh(
            Interaction, case=case, channel=case.channel, direction="in", at=case.received_at, person=person,
            sender_name=person.full_name, subject=case.subject, text=texts[case.subject],
            sender_address=_address(person) if case.channel in {Channel.EMAIL, Channel.FORM} else "",
        )
    ]  # fmt: skip
    if case.status == Status.IN_PROGRESS and dice.random() < 0.4:
        written.append(_ours(case, case.received_at + timedelta(hours=2), dice.choice(NOTES), "note", Channel.PORTAL))
    when = case.first_answered_at or case.waiting_since
    if when:
        text = dice.choice(ANSWERS) if case.first_answered_at else "Bonjour,\n\nPouvez-vous préciser votre demande ?"
        written.append(_ours(case, when, text, "out", Channel.EMAIL))
    return written


def _address(person: Person) -> str:
    local = fold(f"{person.first_name}.{person.family_name}").replace(" ", "").replace("'", "")
    return f"{local}.{person.pk}@courriel.example"


def _ours(case: Case, at: datetime, text: str, direction: str, channel: str) -> Interaction:
    return fresh(
        Interaction, case=case, channel=channel, direction=direction, at=min(at, timezone.now()),
        author_id=case.assignee_id, subject=case.subject, text=text,
    )  # fmt: skip


def _events(case: Case) -> list[Event]:
    actor = machine(GUICHET).pk

    def event(verb: str, at: datetime, **data: object) -> Event:
        return fresh(Event, at=at, verb=verb, actor_id=actor, case_id=case.pk, person_id=case.person_id, data=data)

    events = [event("case.received", case.received_at, channel=case.channel)]
    if case.closed_at:
        events.append(event("case.closed", case.closed_at, result=case.result))
    return events


ORIENTED = 200


def orient_waiting() -> None:
    """What the routing says of the newest cases whose topic nobody said: as if they had arrived through it."""
    waiting = Case.objects.filter(closed_at__isnull=True, topic__isnull=True, routing_decisions=None)
    cases = {case.pk: case for case in waiting.order_by("-pk")[:ORIENTED]}
    first = Interaction.objects.filter(case_id__in=cases, direction="in").order_by("case_id", "at").distinct("case_id")
    decisions, tasks = [], []
    for message in first:
        case = cases[message.case_id]
        case.team = None
        decision, found = orient(case, message)
        topic = directory().topic(case.topic_id)
        if topic is not None:
            case.nature, case.sensitivity = topic.nature, max(case.sensitivity, topic.sensitivity)
        route(case, topic)
        decisions.append(decision)
        tasks += found
    changed = ["topic", "topic_guessed", "team", "status", "urgent", "nature", "sensitivity"]
    Case.objects.bulk_update([cases[decision.case_id] for decision in decisions], changed)
    RoutingDecision.objects.bulk_create(decisions)
    Task.objects.bulk_create(tasks)
