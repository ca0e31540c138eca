"""A rule of routing, an example: what administrators and editors write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from guichet.cases.models import RoutingRule
from guichet.desk.forms.fields import DeskForm
from guichet.desk.forms.routing import TopicField, topic_name
from guichet.organisation.models import Channel, Sensitivity, Team

ALL_TOPICS = "tous-les-sujets"
MAX_LINES = 200


class Lines(forms.CharField):
    """One value a line, each once."""

    def __init__(self, *, each: int, **kwargs: Any) -> None:
        self.each = each
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=20_000, **kwargs)

    def clean(self, value: Any) -> Any:
        lines = list(dict.fromkeys(line.strip() for line in str(super().clean(value)).splitlines() if line.strip()))
        if len(lines) > MAX_LINES:
            raise ValidationError(f"Au plus {MAX_LINES} lignes.")
        if long := next((line for line in lines if len(line) > self.each), None):
            raise ValidationError(f"« {long[:40]}… » est trop long : {self.each} caractères au plus.")
        return lines


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


def department_choices(*more: str) -> list[tuple[str, str]]:
    return [(code, code) for code in sorted({*settings.REGION_DEPARTMENTS, *more})]


class RuleForm(DeskForm):
    """`rule`: the one that is changed, or a new one; `made()` is what it would be."""

    name = forms.CharField(label="Nom de la règle", max_length=120)
    words = Lines(
        label="Le message contient l'un de ces mots ou expressions", each=80,
        help_text="Un par ligne. Accents, pluriels et majuscules ne comptent pas.",
    )  # fmt: skip
    senders = Lines(
        label="Il vient de l'une de ces adresses ou de l'un de ces domaines", each=254,
        help_text="Un par ligne : mairie@exemple.fr, ou exemple.fr.",
    )  # fmt: skip
    channels = forms.MultipleChoiceField(
        label="Il arrive par", choices=Channel.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    departments = forms.MultipleChoiceField(label="Départements", required=False, widget=forms.CheckboxSelectMultiple)
    first_day = DayField(label="À partir du", required=False)
    last_day = DayField(label="Jusqu'au", required=False)
    topic = TopicField(
        clearance=Sensitivity.RESERVED, list_id=ALL_TOPICS, label="Donner ce sujet", required=False,
        help_text="L'équipe suit alors le sujet et le département.",
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.filter(is_active=True), label="Ou donner à cette équipe", required=False, empty_label="Aucune"
    )
    urgent = forms.BooleanField(label="À lire tout de suite", required=False)
    is_active = forms.BooleanField(label="Règle active", required=False)

    def __init__(self, *args: Any, rule: RoutingRule, **kwargs: Any) -> None:
        names = ("name", "words", "senders", "channels", "departments", "first_day", "last_day", "urgent", "is_active")
        initial = {name: getattr(rule, name) for name in names}
        initial |= {name: "\n".join(initial[name]) for name in ("words", "senders")}
        initial |= {"topic": topic_name(rule.topic), "team": rule.team_id}
        super().__init__(*args, initial=initial, **kwargs)
        self.rule = rule
        self.fields["departments"].choices = department_choices(*rule.departments)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.made().full_clean(exclude=["position"])
            except ValidationError as error:
                self.add_error(None, ValidationError(error.messages))
        return data

    def made(self) -> RoutingRule:
        for name, value in self.cleaned_data.items():
            setattr(self.rule, name, value)
        return self.rule


class ExampleForm(DeskForm):
    text = forms.CharField(
        label="Message, comme un usager l'écrirait", max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    topic = TopicField(clearance=Sensitivity.RESERVED, list_id=ALL_TOPICS, label="Sujet")
