"""What the answers shown before a contact spared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from guichet.knowledge.models import Asked, Vote


@dataclass(frozen=True, slots=True)
class FormEffect:
    """In the single form: messages begun that were shown an answer, opened one, and were settled by it."""

    shown: int
    opened: int
    avoided: int


def form_effect(since: datetime, until: datetime) -> FormEffect:
    asked = Asked.objects.filter(place=Asked.Place.FORM, at__gte=since, at__lt=until).exclude(
        outcome=Asked.Outcome.NONE
    )
    settled = Vote.objects.filter(place=Asked.Place.FORM, value=Vote.Value.YES, at__gte=since, at__lt=until)
    return FormEffect(asked.count(), asked.filter(opened=True).count(), settled.count())
