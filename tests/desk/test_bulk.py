from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import Membership, User
from guichet.cases import actions
from guichet.cases.actions import batching
from guichet.cases.models import Batch, BatchItem, Case, Interaction
from guichet.journal.models import Event
from guichet.organisation.models import Team
from guichet.outbox.models import Delivery
from guichet.people.models import Person

Make = Callable[..., Case]


def chosen(desk: Client, *cases: Case) -> Batch:
    answer = desk.post("/bureau/lot/", {"demande": [case.pk for case in cases]})
    assert answer.status_code == 302, answer.content.decode()[:500]
    return Batch.objects.latest("pk")


def prepared(desk: Client, batch: Batch, verb: str, **fields: str) -> str:
    answer = desk.post(f"/bureau/lot/{batch.pk}/preparer/", {"verb": verb, **fields})
    assert answer.status_code == 302, answer.content.decode()
    return desk.get(f"/bureau/lot/{batch.pk}/").content.decode()


def confirmed(desk: Client, batch: Batch, count: int) -> int:
    return desk.post(f"/bureau/lot/{batch.pk}/faire/", {"action": "confirmer", "nombre": str(count)}).status_code


def states(batch: Batch) -> dict[int, str]:
    return dict(batch.items.values_list("case_id", "state"))


def test_what_is_left_aside_is_told_before(
    make_case: Make, team: Team, other_team: Team, agent: User, desk: Client
) -> None:
    silent = Person.objects.create(first_name="Ana", sort_key="ana", search_key="ana")
    good, late, over = make_case(team), make_case(team), make_case(team)
    nowhere = make_case(team, person=silent)
    hidden = make_case(other_team)
    into, merged = make_case(team), make_case(team)
    batch = chosen(desk, good, late, over, nowhere, hidden, merged)
    assert hidden.pk not in states(batch)
    actions.close(over, by=agent)
    actions.note(late, by=agent, text="Vu.")
    Case.objects.filter(pk=late.pk).update(version=9)
    actions.merge(into, merged, by=agent)
    page = prepared(desk, batch, "reply", text="Bonjour {civilité} {nom}, {objet}")
    assert "Répondre : 1 demande sur 5" in page
    assert "Bonjour Madame Lacoste, Carte perdue" in page
    for reason in ("Elle est terminée", "a changé depuis", "adresse e-mail utilisable", "réunie à une autre"):
        assert reason in page, reason
    assert confirmed(desk, batch, 5) == 409  # not what the page said
    assert not Interaction.objects.filter(direction="out").exists()
    assert confirmed(desk, batch, 1) == 302
    batching.work_batches()
    assert states(batch)[good.pk] == "done"
    assert Interaction.objects.filter(direction="out").count() == Delivery.objects.count() == 1
    assert Event.objects.filter(verb="case.replied", case_id=good.pk).count() == 1
    batch.refresh_from_db()
    assert batch.state == "done"
    assert "1 fait, 4 laissées de côté" in desk.get(f"/bureau/lot/{batch.pk}/").content.decode()


def test_an_unfilled_variable_leaves_the_case_aside(make_case: Make, team: Team, desk: Client) -> None:
    plain = make_case(team)
    Person.objects.filter(pk=plain.person_id).update(civility="")
    batch = chosen(desk, plain)
    assert "Il manque de quoi remplir {civilité}" in prepared(desk, batch, "reply", text="Bonjour {civilité} {nom}")
    assert confirmed(desk, batch, 0) == 409


def test_every_act(
    make_case: Make, make_agent: Callable[..., User], team: Team, other_team: Team, desk: Client
) -> None:
    lea = make_agent("lea@agents.example", team, first_name="Léa")
    stranger = make_agent("leo@agents.example", other_team)
    Membership.objects.create(user=stranger, team=Team.objects.create(code="X", name="X", path="/9/"))
    for verb, fields in [
        ("assign", {"to": str(lea.pk)}),
        ("transfer", {"team": str(other_team.pk), "reason": "Erreur d'aiguillage"}),
        ("close", {"result": "granted"}),
    ]:
        cases = [make_case(team) for _ in range(3)]
        batch = chosen(desk, *cases)
        assert "3 demandes sur 3" in prepared(desk, batch, verb, **fields)
        assert confirmed(desk, batch, 3) == 302
        assert batching.work_batches() >= 3
        assert set(states(batch).values()) == {"done"}
    assert Case.objects.filter(assignee=lea).count() == 3
    assert Case.objects.filter(team=other_team, transfers=1).count() == 3
    assert Case.objects.filter(status="closed", result="granted").count() == 3
    first, *others = [make_case(team) for _ in range(3)]
    batch = chosen(desk, first, *others)
    assert "2 demandes sur 3" in prepared(desk, batch, "link", other=first.reference)
    confirmed(desk, batch, 2)
    batching.work_batches()
    assert {link.second_id for link in first.links_from.all()} == {case.pk for case in others}
    wrong = desk.post(f"/bureau/lot/{chosen(desk, first).pk}/preparer/", {"verb": "assign", "to": str(stranger.pk)})
    assert wrong.status_code == 400


def test_killed_between_act_and_outcome_nothing_is_sent_twice(
    make_case: Make, team: Team, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [make_case(team) for _ in range(5)]
    batch = chosen(desk, *cases)
    prepared(desk, batch, "reply", text="Bonjour,")
    confirmed(desk, batch, 5)
    whole, calls = BatchItem.save, []

    def dies(item: BatchItem, *args: object, **kwargs: object) -> None:
        calls.append(item.pk)
        if len(calls) == 3:
            raise SystemExit  # after the answer was written, before its outcome was
        whole(item, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(BatchItem, "save", dies)
    with pytest.raises(SystemExit):
        batching.work_batches()
    assert Interaction.objects.filter(direction="out").count() == 2
    batching.work_batches()
    assert Interaction.objects.filter(direction="out").count() == Delivery.objects.count() == 5
    assert set(states(batch).values()) == {"done"}


def test_answers_are_taken_back_together(make_case: Make, team: Team, agent: User, desk: Client) -> None:
    cases = [make_case(team) for _ in range(4)]
    batch = chosen(desk, *cases)
    prepared(desk, batch, "reply", text="Bonjour,", close="on")
    confirmed(desk, batch, 4)
    assert batching.work_batches(3) == 3
    assert not Delivery.objects.filter(next_try_at__lte=timezone.now() + timedelta(seconds=50)).exists()
    sent = Delivery.objects.earliest("pk")
    Delivery.objects.filter(pk=sent.pk).update(state="sent", tries=1)
    page = desk.get(f"/bureau/lot/{batch.pk}/").content.decode()
    assert "Annuler l&#x27;envoi de toutes" in page or "Annuler l'envoi de toutes" in page
    assert desk.post(f"/bureau/lot/{batch.pk}/faire/", {"action": "annuler"}).status_code == 302
    batching.work_batches()
    found = states(batch)
    assert sorted(found.values()) == ["gone", "undone", "undone", "undone"]
    assert Delivery.objects.filter(state="cancelled").count() == 2
    assert Case.objects.filter(status="closed").count() == 1
    batch.refresh_from_db()
    assert batch.state == "undone"
    assert desk.post(f"/bureau/lot/{batch.pk}/faire/", {"action": "annuler"}).status_code == 409


def test_rights_are_asked_again_when_it_is_done(make_case: Make, team: Team, agent: User, desk: Client) -> None:
    cases = [make_case(team) for _ in range(2)]
    batch = chosen(desk, *cases)
    prepared(desk, batch, "close", result="answered")
    confirmed(desk, batch, 2)
    Membership.objects.filter(user=agent).delete()
    batching.work_batches()
    assert set(states(batch).values()) == {"failed"}
    assert not Case.objects.filter(status="closed").exists()
    page = desk.get(f"/bureau/lot/{batch.pk}/").content.decode()
    assert "Lacoste" not in page  # nothing of what he may no longer see
    assert "pas le droit" in page


def test_the_whole_queue_in_its_order(make_case: Make, team: Team, desk: Client) -> None:
    cases = [make_case(team, hours=n, urgent=n % 2 == 0) for n in range(1, 41)]
    desk.post("/bureau/lot/", {"tout": "1", "liste": f"file=equipe-{team.pk}&urgent=1", "demande": [cases[0].pk]})
    batch = Batch.objects.get()
    assert [item.case_id for item in batch.items.order_by("pk")] == [c.pk for c in cases if c.urgent]


def test_nothing_ticked_and_another_agents_batch(
    make_case: Make, make_agent: Callable[..., User], team: Team, desk: Client
) -> None:
    listed = {"liste": f"file=equipe-{team.pk}", "demande": ["x", "9" * 40, "-1"]}
    empty = desk.post("/bureau/lot/", listed, follow=True)
    assert empty.redirect_chain == [(f"/bureau/?file=equipe-{team.pk}", 302)]  # Enter on a box: on the list still
    assert "Cochez au moins une demande" in empty.content.decode()
    batch = chosen(desk, make_case(team))
    other = Client()
    other.force_login(make_agent("lea@agents.example", team))
    assert other.get(f"/bureau/lot/{batch.pk}/").status_code == 404
    assert other.post(f"/bureau/lot/{batch.pk}/faire/", {"action": "confirmer"}).status_code == 404
    assert desk.post(f"/bureau/lot/{batch.pk}/preparer/", {"verb": "supprimer"}).status_code == 400
    assert desk.post(f"/bureau/lot/{batch.pk}/preparer/", {"verb": "reply", "text": ""}).status_code == 400
    assert desk.post(f"/bureau/lot/{batch.pk}/faire/", {"action": "abandonner"}).status_code == 302
    assert not Batch.objects.exists()


def test_old_batches_are_swept(make_case: Make, team: Team, desk: Client) -> None:
    batch = chosen(desk, make_case(team))
    assert not batching.sweep_batches()
    Batch.objects.filter(pk=batch.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert batching.sweep_batches()
