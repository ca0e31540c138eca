"""Rows written without the ORM's compiler are the rows the ORM would have written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.forms.models import model_to_dict

from guichet.cases.models import Case, InboundItem, Interaction
from guichet.core import rows
from guichet.core.models import StoredFile
from guichet.outbox.models import Delivery, Parcel
from guichet.people.models import ContactPoint, Person

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 6, 22, 8, tzinfo=UTC)


def parcel(**changes: Any) -> Parcel:
    values = {"channel": "email", "message_id": "<a@x.example>", "sender_address": "a@x.example", "text": "é\n'\"%s",
              "shown_to": [["a@x.example", "É"]], "references": ["<1@x>", "<2@x>"], "token": "t"}  # fmt: skip
    return Parcel(**{**values, **changes})


def same(one: Any, other: Any) -> bool:
    skipped = {"id", "created_at", "message_id"}
    return {k: v for k, v in model_to_dict(one).items() if k not in skipped} == {
        k: v for k, v in model_to_dict(other).items() if k not in skipped
    }


@pytest.mark.parametrize("way", ["insert", "write", "copy"])
def test_a_row_is_what_the_orm_writes(way: str) -> None:
    orm = parcel(message_id="<orm@x.example>")
    orm.save()
    quick = parcel()
    rows.copy([quick]) if way == "copy" else getattr(rows, way)(quick)
    found = Parcel.objects.get(message_id="<a@x.example>")
    assert same(found, Parcel.objects.get(pk=orm.pk))
    assert found.created_at is not None


def test_keys_and_defaults_come_back() -> None:
    one = parcel()
    rows.insert(one, Delivery(parcel=one, recipient="a@x.example"), Delivery(parcel=one, recipient="b@x.example"))
    assert one.pk and isinstance(one.created_at, datetime) and not one._state.adding
    assert list(one.deliveries.order_by("id").values_list("recipient", "state")) == [
        ("a@x.example", "queued"), ("b@x.example", "queued"),
    ]  # fmt: skip


def test_a_given_default_is_kept_beside_a_drawn_one() -> None:
    one = parcel()
    rows.insert(one, Delivery(parcel=one, recipient="a@x.example", next_try_at=DAY),
                Delivery(parcel=one, recipient="b@x.example"))  # fmt: skip
    first, second = Delivery.objects.order_by("recipient")
    assert first.next_try_at == DAY
    assert second.next_try_at > DAY


def test_one_statement_writes_parents_and_children() -> None:
    person, one = Person(family_name="Mer", sort_key="mer", search_key="mer"), parcel()
    rows.number(person, one)
    case = Case(reference="1604217", subject="x", channel="email", person=person, received_at=DAY)
    rows.number(case)
    rows.write(
        Interaction(case=case, channel="email", direction="in", at=DAY, parcel=one, person=person),
        case, one, ContactPoint(person=person, kind="email", value="a@x.example", source="email"), person,
    )  # fmt: skip
    interaction = Interaction.objects.select_related("case__person", "parcel").get()
    assert (interaction.case.person, interaction.parcel) == (person, one)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_missing_parent_is_refused_at_the_end() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.write(Delivery(parcel_id=10**12, recipient="a@x.example"))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_insert_missing_tells_whether_it_was_there() -> None:
    assert rows.insert_missing(StoredFile(sha256="a" * 64, size=1, media_type="x/y", family="text"))
    assert not rows.insert_missing(StoredFile(sha256="a" * 64, size=2, media_type="x/y", family="text"))
    assert StoredFile.objects.get().size == 1


def test_number_draws_a_key_for_each_and_a_number_beside() -> None:
    first, second = parcel(), parcel()
    number = rows.number(first, second, sequence="cases_reference")
    assert first.pk and second.pk and first.pk != second.pk
    assert rows.number(sequence="cases_reference") == number + 1


def test_pick_gives_whole_rows_and_refuses_what_must_be_converted() -> None:
    file = StoredFile(sha256="a" * 64, size=1, media_type="x/y", family="text")
    file.save()
    rows.insert(InboundItem(channel="email", digest="d", raw=file, envelope_to=["a@x.example", 'b"@x.example']))
    [found] = rows.pick(InboundItem, "WHERE digest = %s", ["d"])
    assert found == InboundItem.objects.get()
    assert found.envelope_to == ["a@x.example", 'b"@x.example']
    assert rows.pick(InboundItem, "WHERE digest = %s", ["other"]) == []
    with pytest.raises(TypeError):
        rows.pick(Parcel, "WHERE id = %s", [1])


def test_update_writes_every_column() -> None:
    one = parcel()
    rows.insert(one)
    one.subject, one.shown_to, one.references = "après", [["b@x.example", ""]], []
    rows.tell(*rows.updated(one))
    found = Parcel.objects.get()
    assert (found.subject, found.shown_to, found.references) == ("après", [["b@x.example", ""]], [])


def test_more_parameters_than_the_protocol_takes_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_PARAMETERS", 60)
    many = [parcel(message_id=f"<{number}@x.example>") for number in range(20)]
    rows.insert(*many)
    assert len({one.pk for one in many}) == 20
    assert list(Parcel.objects.order_by("id").values_list("message_id", flat=True)) == [one.message_id for one in many]
