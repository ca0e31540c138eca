"""Money leaves after two agents looked at it, once, and nothing of what left changes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.core.refused import Refused, Stale
from guichet.journal.models import Event
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.anomalies import anomalies
from guichet.procedures.models import Decision, Dossier, Payment, PaymentOrder
from guichet.procedures.orders import fingerprint
from tests.house.lived import agent
from tests.procedures.conftest import citizen, exported
from tests.procedures.test_life import ALL, granted

Officers = tuple[User, User]
Filed = Callable[..., Dossier]
pytestmark = pytest.mark.django_db
OTHER_IBAN = "FR7630006000011234567890189"


@pytest.fixture
def dossier(filed: Filed, officers: Officers) -> Dossier:
    return granted(filed(pieces=ALL), officers, 40000)


def prepared(dossier: Dossier, by: User) -> PaymentOrder:
    lines = list(dossier.payments.filter(state="ready"))
    return do.prepare_order(lines, by=by, execution_day=timezone.localdate())


def seen(order: PaymentOrder) -> str:
    return fingerprint(list(order.payments.all()))


def test_nothing_leaves_before_another_agent_validates(dossier: Dossier, officers: Officers) -> None:
    leo, julien = officers
    order = prepared(dossier, leo)
    assert (order.state, order.count, order.total_cents, order.xml_id) == ("prepared", 2, 26666, None)
    assert set(dossier.payments.values_list("state", flat=True)) == {"ready", "planned"}
    with pytest.raises(Refused, match="un autre agent"):
        do.validate_order(order, by=leo, seen=seen(order))
    with pytest.raises(Refused, match="pas encore validé"):
        do.read_return(order, b"x;PAYE", by=julien)
    order = do.validate_order(order, by=julien, seen=seen(order))
    assert order.is_exported and order.csv_id and order.xml_id and order.checked_by == julien
    assert dossier.payments.filter(state="ordered").count() == 2
    assert Event.objects.filter(verb="payments.prepared", actor=leo).exists()
    assert Event.objects.filter(verb="payments.ordered", actor=julien).exists()


def test_the_database_holds_the_four_eyes(dossier: Dossier, officers: Officers) -> None:
    order = prepared(dossier, officers[0])
    with pytest.raises(IntegrityError, match="order_has_four_eyes"), transaction.atomic():
        PaymentOrder.objects.filter(pk=order.pk).update(checked_by=officers[0])
    with pytest.raises(IntegrityError, match="order_exported_has_files"), transaction.atomic():
        PaymentOrder.objects.filter(pk=order.pk).update(state="made")


def test_a_payment_is_in_one_order_and_an_exported_one_never_changes(dossier: Dossier, officers: Officers) -> None:
    leo, julien = officers
    lines = list(dossier.payments.filter(state="ready"))
    order = prepared(dossier, leo)
    with pytest.raises(Refused, match="déjà dans un autre ordre"):
        do.prepare_order(lines, by=julien, execution_day=timezone.localdate())
    order = do.validate_order(order, by=julien, seen=seen(order))
    files = (order.csv_id, order.xml_id)
    for refused in (
        lambda: do.take_out(order, lines[0], by=julien, reason="Doublon"),
        lambda: do.refuse_order(order, by=julien, reason="Erreur"),
        lambda: do.validate_order(order, by=julien, seen=seen(order)),
        lambda: do.prepare_order(lines, by=julien, execution_day=timezone.localdate()),
    ):
        with pytest.raises(Refused):
            refused()
    order.refresh_from_db()
    assert (order.csv_id, order.xml_id) == files and order.payments.count() == 2


def test_a_line_is_taken_out_with_its_reason_and_waits_again(dossier: Dossier, officers: Officers) -> None:
    leo, julien = officers
    order = prepared(dossier, leo)
    line = order.payments.order_by("rank")[0]
    with pytest.raises(Refused, match="pourquoi"):
        do.take_out(order, line, by=julien, reason=" ")
    order = do.take_out(order, line, by=julien, reason="IBAN à vérifier")
    assert (order.count, order.total_cents) == (1, 13333)
    line.refresh_from_db()
    assert (line.state, line.order) == (Payment.State.READY, None)
    assert line.taken_out.get().reason == "IBAN à vérifier"
    with pytest.raises(Refused, match="plus dans cet ordre"):
        do.take_out(order, line, by=julien, reason="Encore")
    do.validate_order(order, by=julien, seen=seen(order))
    assert list(dossier.payments.filter(state="ordered").values_list("rank", flat=True)) == [2]
    assert exported([line], (julien, leo)).count == 1  # later, in another order


def test_a_refused_order_gives_its_payments_back(dossier: Dossier, officers: Officers) -> None:
    leo, julien = officers
    order = prepared(dossier, leo)
    with pytest.raises(Refused, match="pourquoi"):
        do.refuse_order(order, by=julien, reason="")
    order = do.refuse_order(order, by=julien, reason="Mauvais exercice")
    assert (order.state, order.checked_by, order.count) == ("refused", julien, 2)
    assert not order.payments.exists() and order.taken_out.count() == 2
    assert prepared(dossier, julien).count == 2


def test_what_changed_since_it_was_looked_at_is_looked_at_again(
    dossier: Dossier, officers: Officers, camille: Person
) -> None:
    leo, julien = officers
    order = prepared(dossier, leo)
    looked = seen(order)
    do.change_account(dossier, person=camille, iban=OTHER_IBAN, holder="Camille Duprat")
    with pytest.raises(Stale):
        do.validate_order(order, by=julien, seen=looked)
    assert do.validate_order(order, by=julien, seen=seen(order)).is_exported


def test_anomalies_are_told(dossier: Dossier, officers: Officers, camille: Person, filed: Filed) -> None:
    line = dossier.payments.get(rank=1)
    Decision.objects.filter(dossier=dossier).update(computation={"cents": 40000})
    assert anomalies([line]) == {line.pk: []}
    do.change_account(dossier, person=camille, iban=OTHER_IBAN, holder="Gérard Lenoir")
    Decision.objects.filter(dossier=dossier).update(amount_cents=30000, computation={"cents": 20000})
    other = citizen("Zoé", "Martin", "zoe@courriel.example")
    twin = Dossier.objects.get(pk=dossier.pk)
    twin.pk, twin.key, twin.case, twin.reference, twin.applicant = None, uuid.uuid4(), None, "999999", other
    twin.save()
    Payment.objects.create(dossier=twin, rank=1, kind="interim", label="x", amount_cents=1, iban=OTHER_IBAN)
    line.refresh_from_db()
    said = " ".join(anomalies([line])[line.pk])
    for part in ("sert à 2 personnes", "dépassent le montant accordé", "celui du calcul", "changé depuis la décision",
                 "Gérard Lenoir"):  # fmt: skip
        assert part in said, part


def test_the_ceiling_of_the_scheme_is_told(dossier: Dossier) -> None:
    version = dossier.version
    version.body["amount"]["ceiling"] = "300"
    version.save(update_fields=["body"])
    line = dossier.payments.get(rank=1)
    assert any("plafond de l'aide : 300 €" in said for said in anomalies([line])[line.pk])


def test_the_name_of_a_couple_or_with_a_title_is_no_other_holder(dossier: Dossier) -> None:
    line = dossier.payments.get(rank=1)
    Decision.objects.filter(dossier=dossier).update(computation={"cents": 40000})
    line.payee = "Mme DUPRAT Camille"
    assert anomalies([line])[line.pk] == []
    line.payee = "M. Paul Duprat"  # a parent: looked at
    assert anomalies([line])[line.pk]


def test_on_the_screens(dossier: Dossier, officers: Officers) -> None:
    leo, julien = agent(officers[0]), agent(officers[1])
    day = (timezone.localdate() + timedelta(days=3)).isoformat()
    ready = list(dossier.payments.filter(state="ready").values_list("pk", flat=True))
    answer = leo.post("/bureau/dossiers/versements/", {"versement": ready, "jour": day})
    order = PaymentOrder.objects.get()
    at = f"/bureau/dossiers/ordres/{order.pk}/"
    assert answer.status_code == 302 and answer["Location"] == at
    assert leo.get(f"{at}xml/").status_code == julien.get(f"{at}csv/").status_code == 404
    mine = leo.get(at).content.decode()
    assert "un autre agent le valide" in mine and "Valider :" not in mine
    assert leo.post(f"{at}faire/valider/", {"vu": seen(order)}).status_code == 403
    page = julien.get(at).content.decode()
    assert "Valider : 2 versements, 266,66" in page
    again = julien.get("/bureau/dossiers/versements/").content.decode()
    assert order.message_id in again and "Rien à payer" in again  # what is in a list is not offered twice
    answer = julien.post(f"{at}faire/ecarter/", {"versement": ready[0], "motif": ""})
    assert answer.status_code == 400 and "Dites pourquoi" in answer.content.decode()
    assert julien.post(f"{at}faire/ecarter/", {"versement": ready[0], "motif": "IBAN douteux"}).status_code == 302
    waiting = leo.get("/bureau/dossiers/versements/").content.decode()
    assert "Écarté d'un ordre" in waiting and "IBAN douteux" in waiting
    assert julien.post(f"{at}faire/valider/", {"vu": "autre"}).status_code == 409
    assert julien.post(f"{at}faire/valider/", {"vu": seen(order)}).status_code == 302
    for client, kind in ((julien, "xml"), (leo, "csv")):
        answer = client.get(f"{at}{kind}/")
        assert answer.status_code == 200 and b"".join(answer.streaming_content)
    assert julien.post(f"{at}faire/refuser/", {"motif": "x"}).status_code == 409
