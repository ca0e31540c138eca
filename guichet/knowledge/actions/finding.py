"""The base changed: the worker files it again, every process takes the new index."""

from __future__ import annotations

import time

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from guichet.core.jobs import ask
from guichet.knowledge import finding
from guichet.knowledge.models import Audience, Revision, SearchIndex
from guichet.understanding.answers.engine import build

BUILDING = "knowledge.build_indexes"
AUDIENCES = (Audience.CITIZEN, Audience.AGENT)


def touch() -> None:
    """Inside the action that changed something the search reads."""
    if not Revision.objects.filter(pk=1).update(number=F("number") + 1):
        Revision.objects.get_or_create(pk=1)
    ask(BUILDING)


def build_indexes() -> None:
    """File the base as it stands. Takes seconds: for the worker or a command. Twice does no harm."""
    for audience in AUDIENCES:
        _build(audience)
    finding.forget()


def _build(audience: Audience) -> None:
    started = time.perf_counter()
    revision = Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    sheets = finding.sheets(audience)
    engine = build(sheets, synonyms=finding.synonym_lines())
    name = default_storage.save(f"index/{audience}-{revision}.bin", ContentFile(finding.dump(engine)))
    with transaction.atomic():
        old = SearchIndex.objects.select_for_update().filter(pk=audience).first()
        if old is not None and old.revision > revision:  # somebody filed a newer base meanwhile
            transaction.on_commit(lambda: default_storage.delete(name))
            return
        SearchIndex.objects.update_or_create(
            pk=audience,
            defaults={
                "name": name,
                "before": old.name if old is not None else "",
                "revision": revision,
                "articles": len(sheets),
                "wordings": sum(len(sheet.wordings) for sheet in sheets),
                "seconds": time.perf_counter() - started,
            },
        )
        if old is not None and old.before:
            transaction.on_commit(lambda: default_storage.delete(old.before))
