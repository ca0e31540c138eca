"""« Mes Démarches »: the dashboard with millions of dossiers in the base, and opening day on one web node.

The dashboard is asked as a citizen who has a dozen dossiers, deadlines and messages, one page after the other; 95th
percentile against 60 ms, and the largest size against the smallest. `BENCH_DOSSIERS` gives other sizes (5,000,000 needs
about 8 GB). Opening day: real gunicorn, 200 citizens at once, each fills the form page by page, sends a document of
2 MB and files; no error is allowed, every dossier must be there with its document. They come within a quarter of a
minute and spend 5 to 15 seconds on a page, faster than people type: 95th percentile of a page against 1 s. Then 200
others who take no time at all: what one node can do, so that their number can be planned.
"""

from __future__ import annotations

import gzip
import os
import random
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from bench import Measure
from bench._database import own_database
from bench.live import _free_port, _pages, _running, _wait

SIZES = [int(size) for size in os.environ.get("BENCH_DOSSIERS", "10000,5000000").split(",")]
PAGE_MS, GROWTH, WEIGHT = 60.0, 1.5, 100 * 1024
CITIZENS = int(os.environ.get("BENCH_CITIZENS", "200"))
ARRIVE, SLOWEST, QUICKEST = 15.0, 15.0, 5.0  # seconds
ASKED = 60
FILE = 2 * 1024 * 1024


def run() -> Iterator[Measure]:
    yield from dashboard()
    yield from opening_day()


# -- the dashboard ----------------------------------------------------------------------------------------------------


def dashboard() -> Iterator[Measure]:
    with own_database("counter"), override_settings(ALLOWED_HOSTS=["testserver"]):
        people = _people()
        done, first = 0, 0.0
        for size in SIZES:
            _load(size - done)
            done = size
            spent, weight = _asked(people)
            first = first or spent
            yield Measure(
                name=f"counter.dashboard.{size}", value=round(spent, 1), unit="ms p95", ratio=round(spent / PAGE_MS, 2),
                against="60 ms",
            )  # fmt: skip
        yield Measure(
            name="counter.dashboard.growth", value=round(spent / first, 2), unit=f"× {SIZES[0]}",
            ratio=round(spent / first / GROWTH, 2), against=f"{GROWTH} ×",
        )  # fmt: skip
        yield Measure(
            name="counter.dashboard.weight", value=round(weight / 1024, 1), unit="kB transferred",
            ratio=round(weight / WEIGHT, 2), against="100 kB",
        )  # fmt: skip


def _people() -> list[Any]:
    """Thirty citizens with an account, each with a dozen dossiers of his own, dates, messages and documents."""
    from guichet.accounts import machines
    from guichet.accounts.machines import GUICHET, machine
    from guichet.citizens.actions import open_account
    from guichet.demo.procedures import load_procedures
    from guichet.organisation import directory
    from guichet.organisation.actions import save_team
    from guichet.organisation.models import Team
    from guichet.people.identity import Claim
    from guichet.procedures.models import Deadline, Dossier, Procedure

    machines.forget()
    directory.forget()
    by = machine(GUICHET)
    save_team(Team(code="REG", name="Région", kind="pole", phone="05 36 49 12 12"), by=by)
    load_procedures(by=by, reviewer=by)
    procedures = list(Procedure.objects.select_related("live"))
    now = timezone.now()
    accounts = []
    for number in range(30):
        account = open_account(
            Claim(email=f"u{number}@courriel.example", first_name="Ana", family_name=f"Roux{number}"), password=""
        )
        accounts.append(account)
        for turn in range(12):
            procedure = procedures[turn % len(procedures)]
            assert procedure.live is not None
            over = turn > 4
            dossier = Dossier.objects.create(
                procedure=procedure, version=procedure.live, applicant=account.person, steps=7, step=3,
                step_label="Traitement de vos pièces justificatives", reference=f"9{number:03d}{turn:03d}",
                phase="closed" if over else "documents", closed_at=now if over else None, received_at=now, filed_at=now,
                expected="" if turn else "Document à envoyer", expected_what="RIB",
            )  # fmt: skip
            Deadline.objects.create(
                dossier=dossier, person=account.person, kind="piece", label="Relevé d'identité bancaire",
                day=now.date() + timedelta(days=turn), by_person=True,
            )  # fmt: skip
    return accounts


_FILL = """
WITH p AS (
  INSERT INTO people_person (kind, civility, first_name, family_name, used_name, prefers_used_name, organisation_name,
    siren, siret, rna, address, postcode, town, department, about, preferred_channel, language, needs_interpreter,
    needs_large_print, no_digital, electronic_reply_refused, deceased, secret, sort_key, search_key, source)
  SELECT 'citizen', '', 'Ana', 'Roux' || n, '', false, '', '', '', '', '', '', '', '', '', '', 'fr', false, false,
    false, false, false, false, 'roux' || n, 'roux' || n, 'import' FROM generate_series(%(first)s, %(last)s, 4) n
  RETURNING id)
INSERT INTO procedures_dossier (key, reference, procedure_id, version_id, applicant_id, beneficiary_name, channel,
  phase, step, steps, step_label, passed, outcome, expected, expected_what, answers, edit, page, computation,
  late_fee_cents,
  started_at, saved_at, filed_at, received_at, moved_at, closed_at)
SELECT gen_random_uuid(), (100000000000 + %(first)s + row_number() OVER ())::text, %(procedure)s, %(version)s, p.id, '',
  'portal', CASE WHEN k = 1 THEN 'documents' ELSE 'closed' END, 3, 7, 'Traitement de vos pièces justificatives', '{}',
  '', '', '', '{"prenom": "Ana", "nom": "Roux"}', 1, '', '{}', 0, now(), now(), now() - k * interval '40 days',
  now() - k * interval '40 days', now() - k * interval '30 days', CASE WHEN k = 1 THEN NULL ELSE now() END
FROM p, generate_series(1, 4) k
"""


def _load(count: int) -> None:
    from guichet.procedures.models import Procedure

    procedure = Procedure.objects.order_by("pk")[0]
    first = int(time.time() * 1000) % 10**9
    with connection.cursor() as cursor:
        for start in range(0, count, 200_000):
            size = min(200_000, count - start)
            cursor.execute(
                _FILL,
                {"first": first + start, "last": first + start + size - 1, "procedure": procedure.pk,
                 "version": procedure.live_id},
            )  # fmt: skip
        cursor.execute("VACUUM ANALYZE")


def _asked(accounts: list[Any]) -> tuple[float, int]:
    """(p95 in ms of the server's time, bytes of the page as compressed by a proxy)."""
    dice = random.Random(5)
    clients = [_signed_in(account) for account in accounts]
    for client in clients[:5]:
        client.get("/mes-demarches/")
    spent, weight = [], 0
    for _ in range(ASKED * 3):
        client = dice.choice(clients)
        began = time.perf_counter()
        answer = client.get("/mes-demarches/")
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200
        weight = max(weight, len(gzip.compress(answer.content)))
    return sorted(spent)[int(len(spent) * 0.95)], weight + _assets()


def _assets() -> int:
    """Style, icons, script and font of the page, compressed as they are served."""
    folder = Path(settings.BASE_DIR) / "guichet" / "static"
    names = ("tokens.css", "base.css", "compte.css", "icons.svg", "js/noa-bouton.js")
    font = (folder / "fonts" / "atkinson-hyperlegible-next-latin.woff2").stat().st_size
    return font + sum(len(gzip.compress((folder / name).read_bytes())) for name in names)


def _signed_in(account: Any) -> Client:
    from django.http import HttpRequest

    from guichet.citizens.sessions import enter

    client = Client()
    request = HttpRequest()
    request.session = session = client.session
    enter(request, account)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


# -- opening day ------------------------------------------------------------------------------------------------------


def opening_day() -> Iterator[Measure]:
    from guichet.procedures.models import Dossier, Procedure

    with own_database("opening"), override_settings(ALLOWED_HOSTS=["testserver"]):
        accounts = _many(CITIZENS * 2)
        cookies = [_signed_in(account).cookies[settings.SESSION_COOKIE_NAME].value for account in accounts]
        connection.close()
        port = _free_port()
        with _running(*_pages(port), GUICHET_DB_POOL="8"):
            _wait(port, "/healthz")
            people, _ = _rush(port, cookies[:CITIZENS], pausing=True)
            machines, took = _rush(port, cookies[CITIZENS:], pausing=False)
        filed = Dossier.objects.filter(procedure=Procedure.objects.get(code="aide-permis"), filed_at__isnull=False)
        assert filed.count() == len(cookies), filed.count()
        assert filed.filter(pieces__files__isnull=False).distinct().count() == len(cookies)
    p95 = sorted(people)[int(len(people) * 0.95)]
    yield Measure(
        name="counter.opening.page", value=round(p95 * 1000), unit="ms p95", ratio=round(p95, 2), against="1 s"
    )
    for name, number in (("pages", len(machines)), ("filed", CITIZENS)):
        yield Measure(
            name=f"counter.opening.{name}", value=round(number / took, 1), unit=f"{name}/s on one node", ratio=None,
            against=None,
        )  # fmt: skip


def _rush(port: int, cookies: list[str], *, pausing: bool) -> tuple[list[float], float]:
    """(seconds of each page, seconds in all) of these citizens filing together. Fails on any error."""
    spent: list[float] = []
    faults: list[str] = []
    threads = [
        threading.Thread(target=_file_one, args=(port, cookie, n, spent, faults, pausing))
        for n, cookie in enumerate(cookies)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:5]
    return spent, time.monotonic() - began


def _many(number: int) -> list[Any]:
    from guichet.accounts import machines
    from guichet.accounts.machines import GUICHET, machine
    from guichet.citizens.actions import open_account
    from guichet.demo.procedures import FOLDER, load
    from guichet.organisation import directory
    from guichet.organisation.actions import save_team
    from guichet.organisation.models import Team
    from guichet.people.identity import Claim

    machines.forget()
    directory.forget()
    by = machine(GUICHET)
    save_team(
        Team(code="REG", name="Région", kind="pole", phone="05 36 49 12 12", email="region@nouvelle-aquitaine.example",
             postal_address="14 rue François-de-Sourdis"), by=by,
    )  # fmt: skip
    load(FOLDER / "permis.json", by=by, reviewer=by)
    return [
        open_account(Claim(email=f"c{n}@courriel.example", first_name="Ana", family_name=f"Roux{n}"), password="")
        for n in range(number)
    ]


def _file_one(port: int, cookie: str, number: int, spent: list[float], faults: list[str], pausing: bool) -> None:
    """One citizen: the pages of the form, a document, the filing; as a browser, with his own connection."""
    import requests

    from guichet.demo.procedures import examples

    said = {**examples()["aide-permis"], "prenom": "Ana", "nom": f"Roux{number}"}
    dice = random.Random(number)
    session = requests.Session()
    session.cookies.set(settings.SESSION_COOKIE_NAME, cookie)
    base = f"http://127.0.0.1:{port}"

    def ask(method: str, path: str, **more: Any) -> Any:
        began = time.monotonic()
        answer = session.request(method, base + path, timeout=120, allow_redirects=False, **more)
        spent.append(time.monotonic() - began)
        if answer.status_code not in {200, 302}:
            raise RuntimeError(f"{path} {answer.status_code}")
        return answer

    def reads() -> None:
        if pausing:
            time.sleep(dice.uniform(QUICKEST, SLOWEST))

    def hidden(page: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        return found[1] if found else ""

    try:
        if pausing:
            time.sleep(dice.uniform(0, ARRIVE))
        page = ask("GET", "/mes-demarches/demarches/aide-permis/").text
        reads()
        token = hidden(page, "csrfmiddlewaretoken")
        ask("POST", "/mes-demarches/demarches/aide-permis/commencer/", data={"csrfmiddlewaretoken": token})
        home = ask("GET", "/mes-demarches/").text
        draft = re.search(r"/mes-demarches/brouillon/[0-9a-f-]+/", home)
        assert draft
        for code in ("vous", "situation", "revenus", "compte"):
            page = ask("GET", f"{draft[0]}{code}/").text
            reads()
            typed = {**said, "edit": hidden(page, "edit"), "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")}
            ask("POST", f"{draft[0]}{code}/", data=typed)
        page = ask("GET", f"{draft[0]}documents/").text
        reads()
        content = b"%PDF-1.4\n%" + str(number).encode() + os.urandom(FILE)
        ask("POST", f"{draft[0]}documents/", files={"fichier": ("impot.pdf", content, "application/pdf")},
            data={"piece": "impot", "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")})  # fmt: skip
        page = ask("GET", f"{draft[0]}recapitulatif/").text
        reads()
        filed = ask(
            "POST", f"{draft[0]}recapitulatif/", data={"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")}
        )
        ask("GET", filed.headers["Location"])
    except Exception as fault:
        faults.append(f"{number}: {fault}")
