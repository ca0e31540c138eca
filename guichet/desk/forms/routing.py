"""Saying the topic of a case, proposed or chosen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django import forms
from django.conf import settings

from guichet.cases.models import Case
from guichet.core.text import fold
from guichet.desk.forms.fields import DeskForm
from guichet.organisation.directory import Directory, directory
from guichet.organisation.models import Topic


def topic_name(topic: Topic | None) -> str:
    line = [step.label for step in directory().topic_lineage(topic)]
    return " › ".join(reversed(line))


def topic_names(clearance: int) -> Mapping[str, Topic]:
    """« Transport scolaire › Carte et duplicata »: every topic an agent may give, by the name he reads."""
    return _topic_names(directory(), clearance)


@lru_cache(maxsize=8)  # a directory is read again every few seconds
def _topic_names(here: Directory, clearance: int) -> Mapping[str, Topic]:
    found: dict[str, Topic] = {}
    for topic in here.topics.values():
        if topic.sensitivity <= clearance and topic.is_in_use:
            found[topic_name(topic)] = topic
    return MappingProxyType(dict(sorted(found.items(), key=lambda pair: fold(pair[0]))))


class TopicField(forms.CharField):
    """A topic by its name, as the list under the field spells it; part of a name is enough when only one has it."""

    def __init__(self, *, clearance: int, list_id: str, **kwargs: Any) -> None:
        self.clearance = clearance
        kwargs.setdefault("max_length", 300)
        super().__init__(widget=forms.TextInput(attrs={"list": list_id, "autocomplete": "off"}), **kwargs)

    def clean(self, value: Any) -> Any:
        typed = fold(str(super().clean(value)))
        if not typed:
            return None
        names = topic_names(self.clearance)
        exact = [t for name, t in names.items() if typed in (fold(name), fold(t.label), t.code)]
        near = exact or [topic for name, topic in names.items() if typed in fold(name)]
        if len(near) != 1:
            many = "Plusieurs sujets portent ce nom" if near else "Aucun sujet ne porte ce nom"
            raise forms.ValidationError(f"{many} : choisissez dans la liste.")
        return near[0]


class OrientForm(DeskForm):
    """`topic`: the code of a proposal; else `other`, typed."""

    topic = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    department = forms.ChoiceField(label="Département", required=False)

    def __init__(self, *args: Any, case: Case, clearance: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clearance = clearance
        codes = sorted({*settings.REGION_DEPARTMENTS, *([case.department] if case.department else [])})
        self.fields["department"].choices = [("", "Non précisé"), *((c, c) for c in codes)]  # type: ignore[attr-defined]
        self.fields["department"].initial = case.department
        self.fields["version"].initial = case.version
        self.fields["other"] = TopicField(
            clearance=clearance, list_id="tous-les-sujets", label="Autre sujet", required=False
        )
        self.fields["other"].widget.attrs["class"] = "saisie"
        self.fields["department"].widget.attrs["class"] = "saisie"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        proposed = directory().topics_by_code.get(data.get("topic", ""))
        chosen = proposed or data.get("other")
        if chosen is None and "other" not in self.errors:
            self.add_error("other", "Choisissez un sujet dans la liste.")
        data["chosen"] = chosen
        return data
