"""A procedure written in the desk, section by section, read by another, put in service; old dossiers keep theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from guichet.accounts.actions import create_agent
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.core.refused import NotAllowed, Refused, Stale
from guichet.desk.procedure_fields import SECTIONS, changed, rows_of, section, typed
from guichet.procedures import actions as do
from guichet.procedures.models import Procedure
from tests.factories import Region
from tests.house.lived import agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def editors(region: Region) -> tuple[User, User]:
    by = machine(GUICHET)
    return tuple(  # type: ignore[return-value]
        create_agent(f"{name}@agents.example", by=by, password="un mot de passe long", first_name=name, is_editor=True)
        for name in ("camille", "hugo")
    )


def as_typed(body: dict[str, Any], key: str) -> dict[str, str]:
    """What the form of a section posts when nothing is changed."""
    where = section(key, body)
    assert where is not None
    posted: dict[str, str] = {}

    def put(name: str, value: Any) -> None:
        if value is True:
            posted[name] = "oui"
        elif value is not False:
            posted[name] = str(value)

    for one in where.fields:
        value: Any = body
        for part in one.name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        put(one.name, typed(one, value))
    for number, row in enumerate(rows_of(body, where)):
        for one in where.rows:
            put(f"r{number}-{one.name}", typed(one, row.get(one.name)))
        posted[f"r{number}-ordre"] = str(number + 1)
    return posted


def test_saving_a_section_unchanged_changes_nothing(mobility: Procedure) -> None:
    from guichet.procedures.definition import load

    assert mobility.live is not None
    body = mobility.live.body
    keys = [one.key for one in SECTIONS] + [f"page-{page['code']}" for page in body["pages"]]
    for key in keys:
        where = section(key, body)
        assert where is not None
        assert load(changed(body, where, as_typed(body, key))) == load(body), key


def test_from_a_new_version_to_service(mobility: Procedure, filed: Any, editors: tuple[User, User]) -> None:
    camille, hugo = editors
    old = filed()
    client, other = agent(camille), agent(hugo)
    base = f"/bureau/dossiers/demarches/{mobility.code}/"
    client.post(f"{base}faire/preparer/")
    page = client.get(f"{base}regler/chiffres/").content.decode()
    assert "Aide par mois" in page
    draft = mobility.versions.get(state="draft")
    posted = as_typed(draft.body, "chiffres")
    row = next(name for name, value in posted.items() if value == "montant_mensuel").split("-")[0]
    posted[f"{row}-values"] = "500 ; 2020-01-01 ; ; délibération 2026.12"
    answer = client.post(f"{base}regler/chiffres/", {**posted, "revision": draft.revision})
    assert answer.status_code == 302
    assert "500" in client.get(f"{base}essai/").content.decode() or old.reference
    trial = client.get(f"{base}essai/").content.decode()
    assert "330" in trial and "375" in trial and "différent" in trial
    client.post(f"{base}faire/soumettre/")
    assert client.post(f"{base}faire/publier/").status_code == 403  # his own
    assert other.post(f"{base}faire/publier/").status_code == 302
    mobility.refresh_from_db()
    assert mobility.live is not None and mobility.live.number == 2
    old.refresh_from_db()
    assert old.version.number == 1 and old.version.state == "retired"


def test_one_with_a_blank_is_not_published(mobility: Procedure, editors: tuple[User, User]) -> None:
    camille, _ = editors
    draft = do.new_draft(mobility, by=camille)
    body = {name: value for name, value in draft.body.items() if name != "appeal"}
    draft = do.save_definition(draft, body, by=camille, revision=draft.revision)
    with pytest.raises(Refused, match="recours"):
        do.submit(draft, by=camille)


def test_two_editors_never_overwrite_each_other(mobility: Procedure, editors: tuple[User, User]) -> None:
    camille, hugo = editors
    draft = do.new_draft(mobility, by=camille)
    do.save_definition(draft, draft.body, by=hugo, revision=draft.revision)
    with pytest.raises(Stale):
        do.save_definition(draft, draft.body, by=camille, revision=draft.revision)
    page = agent(camille).post(
        f"/bureau/dossiers/demarches/{mobility.code}/regler/general/",
        {**as_typed(draft.body, "general"), "summary": "Mon texte à moi", "revision": draft.revision},
    )
    assert page.status_code == 409 and "Mon texte à moi" in page.content.decode()


@pytest.mark.parametrize("change", [{"r0-phase": "ailleurs"}, {"r0-code": "AVEC ESPACE"}, {"r0-label": "x" * 400}])
def test_what_is_not_a_definition_is_refused_with_its_place(
    mobility: Procedure, editors: tuple[User, User], change: dict[str, str]
) -> None:
    camille, _ = editors
    draft = do.new_draft(mobility, by=camille)
    posted = {**as_typed(draft.body, "etapes"), **change, "revision": str(draft.revision)}
    page = agent(camille).post(f"/bureau/dossiers/demarches/{mobility.code}/regler/etapes/", posted)
    assert page.status_code == 400 and "steps › 1" in page.content.decode()


def test_only_editors_write(mobility: Procedure, region: Region) -> None:
    with pytest.raises(NotAllowed):
        do.new_draft(mobility, by=region.leo)
    assert agent(region.leo).get("/bureau/dossiers/demarches/").status_code == 403
    assert Client().get("/bureau/dossiers/demarches/").status_code == 302
