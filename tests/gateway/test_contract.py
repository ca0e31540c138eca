"""The OpenAPI document and the running server agree, whatever is sent (schemathesis)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from guichet.hosting.home import CHECKOUT
from tests.faults.conftest import World, place, world

__all__ = ["place", "world"]
pytestmark = pytest.mark.server

FILLED = """
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.gateway.actions import create_key
from guichet.gateway.models import Scope
from guichet.organisation.models import Team
from tests.procedures.conftest import citizen, fill, STUDENT, PDF
from guichet.demo.procedures import FOLDER, load
from guichet.procedures.actions import begin, file_dossier, send_piece
by = machine(GUICHET)
procedure = load(FOLDER / "mobilite_internationale.json", by=by, reviewer=by)
person = citizen()
draft = fill(begin(procedure, person), person, STUDENT)
send_piece(draft, "rib", person=person, content=PDF, name="rib.pdf")
file_dossier(draft, person=person)
print(create_key("Contrat", by=by, scopes=Scope.values)[1])
"""
# What is left out, and why: a procedure's form refuses answers that the document cannot describe; a reference or a
# code drawn at random designates nothing; texts are read leniently where nothing is lost by it (« 50 » for 50).
WITHOUT = ("positive_data_acceptance", "negative_data_rejection")


@pytest.fixture
def secret(world: World) -> Iterator[str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", FILLED], cwd=CHECKOUT,
        env={**world.environment, "GUICHET_API_PER_MINUTE": "1000000"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    world.environment["GUICHET_API_PER_MINUTE"] = "1000000"
    yield done.stdout.split()[-1]


def test_the_server_does_what_its_document_says(world: World, secret: str, tmp_path: Path) -> None:
    world.pages()
    base = f"http://127.0.0.1:{world.web_port}"
    done = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "run", f"{base}/api/v1/openapi.json", "--url", base,
         "-H", f"Authorization: Bearer {secret}", "--phases", "examples,coverage,fuzzing", "-n", "8",
         "--checks", "all", "--exclude-checks", ",".join(WITHOUT), "--continue-on-failure", "--warnings", "off",
         "--suppress-health-check", "all", "--max-time", "50", "--seed", "5"],
        cwd=tmp_path, env=world.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
