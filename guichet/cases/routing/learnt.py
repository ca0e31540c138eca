"""The version in service, read once by each process and again when another one replaces it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from guichet.cases.models.routing import RoutingModel
from guichet.core import files
from guichet.understanding.classifier import Classifier

FRESH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Learnt:
    version: int
    classifier: Classifier
    threshold: float  # from here the topic decides
    domain_threshold: float  # from here its domain does


_kept: Learnt | None = None
_looked_at = 0.0


def current() -> Learnt | None:
    """The version in service; None before anything was learnt."""
    global _kept, _looked_at
    if time.monotonic() - _looked_at > FRESH_SECONDS:
        row = (
            RoutingModel.objects.filter(is_current=True)
            .values_list("pk", "content_id", "threshold", "domain_threshold")
            .first()
        )
        if row is None:
            _kept = None
        elif _kept is None or _kept.version != row[0]:
            _kept = Learnt(row[0], Classifier.load(files.read_bytes(row[1])), row[2], row[3])
        _looked_at = time.monotonic()
    return _kept


def forget_learnt() -> None:
    """Another version came into service in this process: look again at once."""
    global _looked_at
    _looked_at = 0.0
