"""The procedures of the demo Region: data files, put in service by the same actions as an editor's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from guichet.accounts.models import User
from guichet.organisation.models import Team, Topic
from guichet.procedures.actions import create_procedure, publish, save_definition
from guichet.procedures.models import Procedure

FOLDER = Path(__file__).parent


def load_procedures(*, by: User, reviewer: User) -> list[Procedure]:
    """Every file of the folder, once. `by` writes, `reviewer` publishes: nobody publishes what he wrote."""
    return [load(path, by=by, reviewer=reviewer) for path in sorted(FOLDER.glob("*.json"))]


def examples() -> dict[str, dict[str, Any]]:
    """Answers that a person might give, by code of procedure: the demo files them, tests too."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        if said.get("example"):
            found[said["code"]] = said["example"]
    return found


def load(path: Path, *, by: User, reviewer: User) -> Procedure:
    said = json.loads(path.read_text(encoding="utf-8"))
    known = Procedure.objects.filter(code=said["code"]).first()
    if known is not None:
        return known
    team = Team.objects.filter(code=said["team"]).first() or Team.objects.order_by("path").first()
    assert team is not None
    procedure = create_procedure(
        by=by, code=said["code"], title=said["title"], team=team, article_code=said.get("article", ""),
        external_code=said.get("external_code", ""), position=said.get("position", 0),
        topic=Topic.objects.filter(code=said.get("topic", "")).first(),
    )  # fmt: skip
    draft = procedure.versions.get()
    draft = save_definition(draft, said["body"], by=by, revision=draft.revision, note="Première version")
    publish(draft, by=reviewer)
    procedure.refresh_from_db()
    return procedure
