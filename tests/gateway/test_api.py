"""The interface of programs: who may do what, what is said, what is done once."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from guichet.core.refused import NotAllowed
from guichet.gateway.actions import create_key, revoke_key
from guichet.gateway.api.shapes import OutcomeName, PhaseName
from guichet.gateway.models import ApiKey, KeptAnswer, Scope
from guichet.journal.models import Event
from guichet.outbox.models import Parcel
from guichet.people.models import Person
from guichet.procedures.models import Dossier, Outcome, Payment
from tests.factories import Region
from tests.gateway.conftest import Program, dossier_of
from tests.journal.test_watching import settled
from tests.procedures.conftest import PDF

Make = Callable[..., Program]


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content.decode()
    assert response["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["status"] == status and found["detail"].endswith(".")
    return found


# -- keys -------------------------------------------------------------------------------------------------------------


def test_only_a_digest_of_the_secret_is_kept(region: Region) -> None:
    key, secret = create_key("Essai", by=region.chief, scopes=["dossiers:read"])
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(row) and key.user.is_machine
    assert secret not in str(list(Event.objects.values("data")))


def test_keys_are_made_by_administrators(region: Region) -> None:
    with pytest.raises(NotAllowed):
        create_key("Essai", by=region.nadia, scopes=["dossiers:read"])


@pytest.mark.parametrize("state", ["none", "wrong", "revoked", "expired"])
def test_a_key_that_is_not_in_force_opens_nothing(region: Region, state: str) -> None:
    key, secret = create_key("Essai", by=region.chief, scopes=Scope.values)
    if state == "revoked":
        revoke_key(key, by=region.chief)
    elif state == "expired":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    headers = {} if state == "none" else {"Authorization": f"Bearer {'x' if state == 'wrong' else ''}{secret}"}
    answer = Client().get("/api/v1/dossiers", headers=headers)
    problem(answer, 401)
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("path", "scope"),
    [("procedures", "procedures:read"), ("dossiers", "dossiers:read"), ("events", "events:read")],
)
def test_each_right_opens_what_it_names_alone(program: Make, path: str, scope: str) -> None:
    assert program(scope).get(path).status_code == 200
    problem(program(*(set(Scope.values) - {scope})).get(path), 403)


def test_rights_on_one_dossier(program: Make, filed: Any, body: dict[str, Any]) -> None:
    dossier = filed(pieces=("rib",))
    base = f"dossiers/{dossier.reference}"
    reader = program("dossiers:read")
    assert reader.get(base).status_code == 200
    problem(reader.get(f"{base}/documents"), 403)
    problem(reader.post("dossiers", body, once="a"), 403)
    problem(program("documents:read").get(base), 403)


def test_another_service_learns_nothing(program: Make, filed: Any, region: Region, body: dict[str, Any]) -> None:
    dossier = filed(pieces=("rib",))
    mine, other = program(team=region.youth), program(team=region.transport)
    assert mine.get(f"dossiers/{dossier.reference}").status_code == 200
    for path in ("", "/documents", "/decision", "/payments"):
        problem(other.get(f"dossiers/{dossier.reference}{path}"), 404)
    assert other.get("dossiers").json()["items"] == other.get("procedures").json()["items"] == []
    problem(other.post("dossiers", body, once="a"), 404)
    assert len(mine.get("dossiers").json()["items"]) == 1


def test_too_many_calls(program: Make, settings: Any) -> None:
    settings.API_PER_MINUTE = 2
    one, other = program(), program()
    assert [one.get("procedures").status_code for _ in range(2)] == [200, 200]
    answer = one.get("procedures")
    problem(answer, 429)
    assert answer["Retry-After"] == "60"
    assert other.get("procedures").status_code == 200


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_every_refusal_is_a_problem_document(program: Make, body: dict[str, Any], filed: Any) -> None:
    one = program()
    problem(one.get("rien"), 404)
    problem(one.get("dossiers/2606-00000"), 404)
    problem(one.client.delete("/api/v1/dossiers"), 405)
    problem(one.client.put("/api/v1/openapi.json"), 405)
    problem(one.client.post("/api/v1/dossiers", {"a": "b"}), 415)
    problem(one.client.post("/api/v1/dossiers", "{", content_type="application/json"), 400)
    problem(one.get("dossiers", limit="0"), 422)
    problem(one.get("dossiers", after="x"), 422)
    problem(one.get("events", after="1.2.3"), 422)
    problem(one.get("dossiers", procedure="a\x00"), 400)
    assert "Idempotency-Key" in str(problem(one.post("dossiers", body), 422)["errors"])
    found = problem(one.post("dossiers", {**body, "inconnu": 1}, once="a"), 422)
    assert found["errors"][0]["reason"] == "Ce champ n'existe pas."


def test_a_wrong_answer_is_told_by_field(program: Make, body: dict[str, Any]) -> None:
    body["answers"] |= {"iban": "FR00", "inconnu": "x"}
    del body["answers"]["prenom"]
    body["person"]["phone"] = "12"
    one = program()
    assert {error["field"] for error in problem(one.post("dossiers", body, once="a"), 422)["errors"]} == {
        "person.phone"
    }
    body["person"]["phone"] = ""
    found = problem(one.post("dossiers", body, once="a"), 422)["errors"]
    assert {error["field"] for error in found} == {"answers.iban", "answers.inconnu", "answers.prenom"}
    assert not Dossier.objects.exists() and not Person.objects.exists() and not KeptAnswer.objects.exists()


# -- filing -----------------------------------------------------------------------------------------------------------


def test_filing(program: Make, body: dict[str, Any], region: Region) -> None:
    one = program(team=region.youth)
    dossier = dossier_of(one.post("dossiers", {**body, "external_id": "A-1"}, once="depot-1"))
    assert (dossier.phase, dossier.applicant.family_name, dossier.external_id) == ("admissibility", "Morvan", "A-1")
    assert dossier.case and dossier.case.clocks.exists() and Parcel.objects.count() == 1
    assert Event.objects.get(verb="dossier.filed").actor_id == one.key.user_id
    problem(one.post("dossiers", {**body, "external_id": "A-1"}, once="depot-2"), 409)


def test_answers_are_typed_as_json(program: Make, body: dict[str, Any]) -> None:
    body["answers"] |= {"boursier": False, "revenu_foyer": 21000.5}
    dossier = dossier_of(program().post("dossiers", body, once="a"))
    assert dossier.answers["boursier"] is False and dossier.answers["revenu_foyer"] == "21000.5"


def test_the_same_call_is_done_once(program: Make, body: dict[str, Any]) -> None:
    one = program()
    first = one.post("dossiers", body, once="depot-1")
    again = one.post("dossiers", body, once="depot-1")
    assert first.json() == again.json() and Dossier.objects.count() == 1
    body["person"]["first_name"] = "Lina"
    assert problem(one.post("dossiers", body, once="depot-1"), 422)["code"] == "idempotency_key_reused"
    KeptAnswer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    problem(one.post("dossiers", {**body, "procedure": "rien"}, once="depot-1"), 404)


@pytest.mark.django_db(transaction=True)
def test_the_same_call_at_once(program: Make, body: dict[str, Any]) -> None:
    one = program()
    answers: list[Any] = []
    gate = threading.Barrier(4)

    def call() -> None:
        gate.wait(30)
        answers.append(one.post("dossiers", body, once="depot-1"))
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["reference"] for answer in answers}) == 1
    assert Dossier.objects.count() == 1 and Parcel.objects.count() == 1


# -- reading ----------------------------------------------------------------------------------------------------------


def test_what_is_said_of_a_dossier(program: Make, filed: Any) -> None:
    dossier = filed(pieces=("rib",))
    one = program()
    answer = one.get(f"dossiers/{dossier.reference}")
    said = answer.json()
    assert said["answers"]["iban"] == "…2606" and said["answers"]["prenom"] == "Camille"
    assert "FR1420041010050500013M02606" not in answer.content.decode()
    assert {piece["code"]: piece["state"] for piece in said["pieces"]}["rib"] == "received"
    assert Event.objects.filter(verb="dossier.read", actor=one.key.user, case_id=dossier.case_id).count() == 1
    assert "Camille" not in one.get("dossiers").content.decode()
    problem(one.get(f"dossiers/{dossier.reference}/decision"), 404)


def test_payments_never_say_the_account(program: Make, filed: Any) -> None:
    dossier = filed()
    Payment.objects.create(dossier=dossier, rank=1, kind="advance", label="Tiers", amount_cents=13333,
                           iban="FR1420041010050500013M02606")  # fmt: skip
    answer = program().get(f"dossiers/{dossier.reference}/payments")
    assert answer.json()["items"][0]["iban_end"] == "2606" and "20041010" not in answer.content.decode()


def test_a_draft_is_nobody_elses(program: Make, mobility: Any, camille: Person) -> None:
    from guichet.procedures.actions import begin

    begin(mobility, camille)
    assert program().get("dossiers").json()["items"] == []


def test_pages_of_dossiers(program: Make, filed: Any) -> None:
    dossier = filed()
    same = timezone.now()
    others = [
        Dossier(procedure=dossier.procedure, version=dossier.version, applicant=dossier.applicant, phase="appraisal",
                reference=f"0000-0000{n}", moved_at=same)
        for n in range(4)
    ]  # fmt: skip
    Dossier.objects.bulk_create(others)
    one, after, seen = program(), "", []
    while after is not None:
        page = one.get("dossiers", limit=2, after=after).json()
        seen += [item["reference"] for item in page["items"]]
        after = page["next"]
    assert sorted(seen) == sorted([dossier.reference, *(other.reference for other in others)])
    assert len(one.get("dossiers", phase="appraisal").json()["items"]) == 4
    assert one.get("dossiers", since=(same + timedelta(days=1)).isoformat()).json()["items"] == []


def test_documents(program: Make, filed: Any) -> None:
    dossier = filed()
    one = program()
    base = f"/api/v1/dossiers/{dossier.reference}/documents"
    sent = one.client.post(base, {"piece": "rib", "file": io.BytesIO(PDF)})
    assert sent.status_code == 201, sent.content
    assert [item["piece"] for item in one.client.get(base).json()["items"]] == ["rib"]
    got: Any = one.client.get(f"{base}/{sent.json()['id']}")
    assert b"".join(got.streaming_content) == PDF
    problem(one.client.get(f"{base}/{sent.json()['id'] + 1}"), 404)
    problem(one.client.post(base, {"piece": "rien", "file": io.BytesIO(PDF)}), 404)
    problem(one.client.post(base, {"piece": "rib"}), 422)
    problem(one.client.post(base, {"piece": "rib", "file": io.BytesIO(b"MZ\x00")}), 422)
    problem(one.post(f"dossiers/{dossier.reference}/documents", {"piece": "rib"}), 415)
    with patch("guichet.core.models.StoredFile.may_be_opened", False):
        problem(one.client.get(f"{base}/{sent.json()['id']}"), 409)


def test_codes_are_those_of_the_models() -> None:
    assert {*PhaseName.__args__} == {phase.value for phase in Dossier.Phase} - {"draft"}
    assert {*OutcomeName.__args__} == {outcome.value for outcome in Outcome}


# -- events -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_events_of_a_slow_transaction_are_not_skipped(program: Make, filed: Any, region: Region) -> None:
    import psycopg

    from guichet.journal.actions import record

    dossier = filed()
    one = program(team=region.youth)
    settled()
    start = one.get("events").json()
    assert "dossier.filed" in [item["verb"] for item in start["items"]]
    slow = psycopg.connect(**{**connection.get_connection_params(), "cursor_factory": psycopg.Cursor, "context": None})
    slow.execute(
        "INSERT INTO journal_event (at, verb, actor_id, case_id, subject, data, transaction) VALUES (now(), "
        "'dossier.lapsed', %s, %s, '', '{}', pg_current_xact_id()::text::bigint)", [region.leo.pk, dossier.case_id],
    )  # fmt: skip
    record("dossier.withdrawn", by=region.leo, case_id=dossier.case_id)
    during = one.get("events", after=start["next"]).json()
    assert during["items"] == []
    slow.commit()
    slow.close()
    settled()
    after = one.get("events", after=during["next"]).json()
    assert [item["verb"] for item in after["items"]] == ["dossier.lapsed", "dossier.withdrawn"]
    assert one.get("events", after=after["next"]).json()["items"] == []


@pytest.mark.django_db(transaction=True)
def test_events_by_pages_and_of_one_s_own(program: Make, filed: Any, region: Region) -> None:
    from guichet.journal.actions import record

    dossier = filed()
    one, other = program(team=region.youth), program(team=region.transport)
    settled()  # what was filed is before « now »
    now = one.get("events", after="now").json()["next"]
    for step in range(5):
        record("dossier.step", by=region.leo, case_id=dossier.case_id, step=step, steps=7, to_name="Léo")
        record("dossier.proposed", by=region.leo, case_id=dossier.case_id)
    settled()
    seen, after, more = [], now, True
    while more:
        page = one.get("events", after=after, limit=2).json()
        seen += [item["details"] for item in page["items"]]
        after, more = page["next"], page["more"]
    assert seen == [{"step": step, "steps": 7} for step in range(5)]
    with patch("guichet.gateway.telling.SCANNED", 3):
        page = one.get("events", after=now).json()
        assert page["more"] and len(page["items"]) == 2
    assert other.get("events", after=now).json()["items"] == []
