"""What a key reaches: the procedures of its team and of those below it, their dossiers once filed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from guichet.gateway.models import ApiKey
from guichet.procedures.models import Dossier, Procedure

IBAN_SHOWN = 4


def procedures_of(key: ApiKey) -> QuerySet[Procedure]:
    found = Procedure.objects.filter(live__isnull=False)
    return found if key.team is None else found.filter(team__path__startswith=key.team.path)


def dossiers_of(key: ApiKey) -> QuerySet[Dossier]:
    found = Dossier.objects.exclude(phase=Dossier.Phase.DRAFT)
    return found if key.team is None else found.filter(procedure__team__path__startswith=key.team.path)


def masked(dossier: Dossier) -> dict[str, Any]:
    """The answers, without what was typed wrong and without any bank account whole."""
    fields = dossier.definition.fields
    found = {}
    for code, value in dossier.answers.items():
        if code not in fields:
            continue
        found[code] = f"…{str(value)[-IBAN_SHOWN:]}" if fields[code].kind == "iban" and value else value
    return found
