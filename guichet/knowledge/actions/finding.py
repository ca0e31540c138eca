"""The base changed: the worker files it again, every process takes the new index."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from guichet.core.jobs import ask, is_asked
from guichet.knowledge import finding
from guichet.knowledge.models import Audience, Revision, SearchIndex
from guichet.understanding.answers.engine import Engine, build
from guichet.understanding.answers.index import Article as Sheet
from guichet.understanding.answers.learning import lent

BUILDING = "knowledge.build_indexes"


def touch() -> None:
    """Inside the action that changed something the search reads."""
    if not Revision.objects.filter(pk=1).update(number=F("number") + 1):
        Revision.objects.get_or_create(pk=1)
    ask(BUILDING)


def build_indexes(*, learn: bool = True) -> None:
    """File the base as it stands. Takes seconds: for the worker or a command. Twice does no harm. Without `learn`, what
    takes half a minute on a large base waits for the worker, who was asked by whoever changed the base.

    What citizens' wordings teach is learnt once: internal texts have none, and agents' index is wider by those only.
    """
    revision = Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    synonyms = finding.synonym_lines()
    started = time.perf_counter()
    public = finding.sheets(Audience.CITIZEN)
    engine = build(public, synonyms=synonyms, learn=learn)
    _keep(Audience.CITIZEN, engine, revision, public, time.perf_counter() - started)
    started = time.perf_counter()
    every = finding.sheets(Audience.AGENT)
    wider = build(every, synonyms=synonyms, learn=False)
    if {sheet.id for sheet in public} <= {sheet.id for sheet in every}:  # else somebody published meanwhile
        wider.taught = lent(engine.taught, engine.index, wider.index)
    _keep(Audience.AGENT, wider, revision, every, time.perf_counter() - started)
    finding.forget()


def renew_indexes() -> bool:
    """Ask for them again when those that are kept were made by another version of Guichet, which this one cannot read.
    Until then each process files the base itself, without what wordings teach."""
    other = SearchIndex.objects.exclude(name__startswith=finding.FOLDER).exists()
    return other and not is_asked(BUILDING) and ask(BUILDING)


def _keep(audience: Audience, engine: Engine, revision: int, sheets: Sequence[Sheet], seconds: float) -> None:
    name = default_storage.save(f"{finding.FOLDER}{audience}-{revision}.bin", ContentFile(finding.dump(engine)))
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
                "seconds": seconds,
            },
        )
        if old is not None and old.before:
            transaction.on_commit(lambda: default_storage.delete(old.before))
