"""What a setting was and became, field by field, for the journal: never used on what citizens wrote."""

from __future__ import annotations

from typing import Any

from django.db import models

LONGEST = 160
HIDDEN = frozenset({"password", "last_login"})


def changes_of(new: models.Model) -> list[list[str]]:
    """[label, before, after] of each field that differs from the row as it is stored; empty for a new row."""
    model = type(new)
    old = model._default_manager.filter(pk=new.pk).first() if new.pk is not None else None
    if old is None:
        return []
    found = []
    for field in model._meta.concrete_fields:
        if field.name in HIDDEN or field.primary_key or not field.editable:
            continue
        if field.value_from_object(old) != field.value_from_object(new):
            found.append([str(field.verbose_name), said(old, field), said(new, field)])
    return found


def said(row: models.Model, field: models.Field[Any, Any]) -> str:
    """The value as a person would read it."""
    value: Any = field.value_from_object(row)
    if isinstance(value, bool):
        return "oui" if value else "non"
    if value in (None, "", [], {}):
        return ""
    if field.is_relation:
        return str(getattr(row, field.name))[:LONGEST]
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list):
        return ", ".join(map(str, value))[:LONGEST]
    if isinstance(value, dict):
        return "modifié"
    return str(value)[:LONGEST]
