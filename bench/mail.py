"""E-mail to registered, acknowledged, assigned case, against bare parsing and committing of the same mails.

CPU of the application and of the whole database server together, per mail. The way is the real one: what the LMTP door
does on DATA (raw stored, committed), then what the worker does (read, person, case or answer, clocks, receipt queued).
The limit parses with the standard library's modern policy, reads every part, and commits one row a mail. Where the
server forces nothing to the disk (the throw-away one of `make bench`), our files are not forced either: both ways
promise the same.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes
from email.policy import default

from django.db import connection, transaction

from bench import Measure
from bench._database import as_durable_as_the_server, cpu_seconds, own_database
from bench._mails import mails

COUNT, WARM, SLICE, ROUNDS = 1000, 60, 100, 2


def run() -> Iterator[Measure]:
    raws = list(mails(COUNT + WARM))
    totals = [0.0, 0.0, 0.0]
    for _ in range(ROUNDS):
        for index, spent in enumerate(_round(raws)):
            totals[index] += spent
    limit, cost, wall = (total / COUNT / ROUNDS for total in totals)
    yield _measure("mail_in.limit", limit * 1000, None, None)
    yield _measure("mail_in", cost * 1000, cost / limit, "mail_in.limit")
    yield Measure(name="mail_in.rate", value=round(1 / wall, 1), unit="mails/s", ratio=None, against=None)


def _round(raws: Sequence[bytes]) -> tuple[float, float, float]:
    """Seconds for the whole corpus: CPU of the limit, CPU of the way, wall time of the way.

    In turns, so that what else the machine does weighs on both alike. The limit runs thrice a turn: the system counts
    CPU in ticks of 10 ms, and so short a work is seen by few of them.
    """
    limit = cost = wall = 0.0
    with own_database("mail"), as_durable_as_the_server():
        _limit_table()
        _region()
        _limit(raws[:WARM])
        _way(raws[:WARM])
        for first in range(WARM, len(raws), SLICE):
            some = raws[first : first + SLICE]
            limit += _spent(_limit, [*some] * 3)[0] / 3
            spent = _spent(_way, some)
            cost, wall = cost + spent[0], wall + spent[1]
        _check(len(raws))
    return limit, cost, wall


def _measure(name: str, value: float, ratio: float | None, against: str | None) -> Measure:
    return Measure(
        name=name,
        value=round(value, 2),
        unit="ms CPU/mail",
        ratio=None if ratio is None else round(ratio, 2),
        against=against,
    )


def _spent(work: Callable[[Sequence[bytes]], None], raws: Sequence[bytes]) -> tuple[float, float]:
    """Seconds of CPU and of wall time."""
    began, cpu = time.monotonic(), cpu_seconds()
    work(raws)
    return cpu_seconds() - cpu, time.monotonic() - began


def _region() -> None:
    """What processes remember belongs to the database before."""
    from guichet.accounts import machines
    from guichet.demo import region
    from guichet.organisation import directory

    machines.forget()
    region.build()
    directory.forget()


# -- the limit --------------------------------------------------------------------------------------------------------


def _limit_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_raw (id bigserial PRIMARY KEY, subject text, raw bytea NOT NULL)")


def _limit(raws: Sequence[bytes]) -> None:
    for raw in raws:
        message = message_from_bytes(raw, policy=default)
        for part in message.walk():
            if not part.is_multipart():
                part.get_content()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_raw (subject, raw) VALUES (%s, %s)", [message["Subject"], raw])


# -- the way ----------------------------------------------------------------------------------------------------------


def _way(raws: Sequence[bytes]) -> None:
    """All arrive, then all are understood: the door and the worker are two processes, their work is the same."""
    from guichet.cases.actions import understand_waiting
    from guichet.gateway.lmtp import keep

    for raw in raws:
        keep(raw, "usager@courriel.example", ())
    while understand_waiting():
        continue


def _check(expected: int) -> None:
    """A figure counts only when the work was done: every mail in a case, every new one acknowledged and assigned."""
    from guichet.cases.models import Case, InboundItem, Interaction
    from guichet.outbox.models import Delivery

    outcomes = list(InboundItem.objects.values_list("state", "outcome"))
    replies = outcomes.count(("done", "reply"))
    opened = outcomes.count(("done", "new_case"))
    acknowledged = Interaction.objects.filter(direction="out", kind__in=["receipt", "registration"]).count()
    assert len(outcomes) == opened + replies == expected, Counter(outcomes)
    assert 0.27 < replies / expected < 0.35, replies
    assert Case.objects.filter(team__isnull=False).count() == opened
    assert acknowledged == Delivery.objects.count() > 0.97 * opened
