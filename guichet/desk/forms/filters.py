"""The filters of the list, as they stand in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Status
from guichet.cases.models.case import MOVED_AT, OVER
from guichet.desk.forms.fields import DeskForm, Ready
from guichet.organisation.directory import Directory, directory
from guichet.organisation.models import Channel

STATES = [(status.value, status.label) for status in Status if status not in OVER]
LATE = [("depassee", "Dépassée"), ("jour", "Sous 24 heures"), ("semaine", "Sous 7 jours")]
WAITS = [("2", "Depuis plus de 2 jours"), ("7", "Depuis plus de 7 jours"), ("30", "Depuis plus de 30 jours")]
SORTS = [("", "Échéance"), ("recents", "Messages récents"), ("anciens", "Messages anciens")]


class FilterForm(DeskForm):
    tri = forms.ChoiceField(label="Trier par", choices=SORTS, required=False)
    etat = forms.ChoiceField(label="État", required=False, choices=[("", "À traiter"), *STATES])
    sujet = forms.ChoiceField(label="Sujet", required=False)
    dep = forms.ChoiceField(label="Département", required=False)
    canal = forms.ChoiceField(label="Canal", required=False, choices=[("", "Tous"), *Channel.choices])
    retard = forms.ChoiceField(label="Échéance", required=False, choices=[("", "Toutes"), *LATE])
    attente = forms.ChoiceField(label="Dernier message", required=False, choices=[("", "Tous"), *WAITS])
    libre = forms.BooleanField(label="À personne", required=False)
    urgent = forms.BooleanField(label="Urgentes", required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = [("", "Tous"), *((code, code) for code in settings.REGION_DEPARTMENTS)]
        self.fields["sujet"].choices = Ready(_topics(directory(), user.clearance))  # type: ignore[attr-defined]
        self.fields["dep"].choices = Ready(departments)  # type: ignore[attr-defined]

    def chosen(self) -> tuple[dict[str, str], bool]:
        """Filters that hold, and whether some of what was asked is unknown; nothing unknown is applied."""
        self.is_valid()
        found = {
            name: "1" if value is True else str(value)
            for name, value in self.cleaned_data.items()
            if value and name != "tri"
        }
        return found, bool(self.errors)

    @classmethod
    def shown(cls, given: Mapping[str, str], user: User) -> tuple[Any, ...]:
        """What the fields show, without making them: what was chosen, and the topics to choose from."""
        return (*(given.get(name, "") for name in cls.base_fields), *_topics(directory(), user.clearance))

    def says(self, name: str, value: str) -> str:
        """The filter in words, for what removes it."""
        field = self.fields[name]
        if isinstance(field, forms.BooleanField):
            return str(field.label)
        label = str(dict(field.choices).get(value, value))  # type: ignore[attr-defined]
        if name == "retard":
            return f"Échéance {label.lower()}"
        if name == "attente":
            return f"Sans nouvelle {label[0].lower()}{label[1:]}"
        return f"Département {label}" if name == "dep" else label


def chosen(given: Mapping[str, str], user: User) -> tuple[dict[str, str], bool]:
    """As the form says; most addresses choose nothing, and nine fields are not made for that."""
    if not any(given.get(name) for name in FilterForm.base_fields):
        return {}, False
    return FilterForm(given, user=user).chosen()


@lru_cache(maxsize=8)  # a directory is read again every few seconds
def _topics(here: Directory, clearance: int) -> list[tuple[str, str]]:
    topics = sorted(here.topics.values(), key=lambda topic: (topic.position, topic.label))
    return [("", "Tous"), *((str(t.pk), t.label) for t in topics if t.sensitivity <= clearance)]


def condition_of(filters: dict[str, str]) -> Q:
    """All filters together, but the state: it takes the place of the stage of the queue."""
    now, wanted = timezone.now(), Q()
    if code := filters.get("sujet"):
        wanted &= Q(topic_id__in=_with_those_below(int(code)))
    if code := filters.get("dep"):
        wanted &= Q(department=code)
    if code := filters.get("canal"):
        wanted &= Q(channel=code)
    if late := filters.get("retard"):
        wanted &= Q(due_at__lt=now + {"depassee": timedelta(), "jour": timedelta(days=1)}.get(late, timedelta(days=7)))
    if days := filters.get("attente"):
        wanted &= Q(moved_at__lt=now - timedelta(days=int(days)))
    if filters.get("libre"):
        wanted &= Q(assignee__isnull=True)
    if filters.get("urgent"):
        wanted &= Q(urgent=True)
    return wanted


def _with_those_below(pk: int) -> list[int]:
    here = directory()
    return [t.pk for t in here.topics.values() if any(step.pk == pk for step in here.topic_lineage(t))]


__all__ = ["MOVED_AT", "SORTS", "FilterForm", "chosen", "condition_of"]
