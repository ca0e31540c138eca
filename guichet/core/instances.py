"""Instances of models made for less than by calling the model, where thousands are made or each one is paid for.

What `Model(...)` and `from_db` do column by column is done here by filling the instance at once: no `pre_init` nor
`post_init` is sent (nobody listens), and the class of what a relation is given is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Field, ForeignKey, Model
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=Model)


def known(model: type[Row], names: Sequence[str], values: Sequence[Any]) -> Row:
    """A row read in the database, as `from_db` gives it."""
    row = model.__new__(model)
    held = row.__dict__
    held["_state"] = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    held.update(zip(names, values, strict=True))
    return row


def fresh(model: type[Row], **values: Any) -> Row:
    """A row not written yet: columns by the name of their attribute, foreign keys also by the row they point to."""
    fixed, called, keys, others = _blank(model)
    row = model.__new__(model)
    held = row.__dict__
    held["_state"] = state = ModelState()
    held.update(fixed)
    for name, value in values.items():
        if name in keys:
            attribute, target = keys[name]
            held[attribute] = None if value is None else getattr(value, target)
            state.fields_cache[name] = value
        elif name in fixed or name in called:
            held[name] = value
        elif name in others:
            setattr(row, name, value)
        else:
            raise TypeError(f"{model.__name__} has no column {name}")
    for name, make in called.items():
        if name not in held:
            held[name] = make()
    return row


@cache
def _blank(
    model: type[Model],
) -> tuple[dict[str, Any], dict[str, Callable[[], Any]], dict[str, tuple[str, str]], set[str]]:
    """Defaults that are one value, those that are made; foreign keys by the name of their relation; other relations."""
    fixed: dict[str, Any] = {}
    called: dict[str, Callable[[], Any]] = {}
    keys: dict[str, tuple[str, str]] = {}
    others: set[str] = set()
    field: Field[Any, Any]
    for field in model._meta.concrete_fields:
        if field.has_default() and callable(field.default):
            called[field.attname] = field.get_default
        else:
            fixed[field.attname] = field.get_default()
        if type(field) is ForeignKey:
            keys[field.name] = field.attname, field.target_field.attname
        elif field.is_relation:
            others.add(field.name)
    return fixed, called, keys, others
