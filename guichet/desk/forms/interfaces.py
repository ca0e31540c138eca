"""Keys of programs, and programs that are told what happens."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from guichet.desk.forms.fields import DeskForm
from guichet.desk.forms.rules import DayField
from guichet.gateway.models import Scope
from guichet.gateway.telling import TOLD, kind_said
from guichet.organisation.models import Team

EVENTS = [(verb, kind_said(verb)) for verb in TOLD]


class TeamChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    def __init__(self, **more: Any) -> None:
        super().__init__(Team.objects.filter(is_active=True).order_by("name"), required=False,
                         empty_label="Toute la Région", label="Démarches du service", **more)  # fmt: skip


class KeyForm(DeskForm):
    name = forms.CharField(label="Logiciel", max_length=80)
    team = TeamChoice(help_text="Et de ses équipes.")
    last_day = DayField(label="Valable jusqu'au", required=False)
    scopes = forms.MultipleChoiceField(label="Droits", choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    def clean_last_day(self) -> datetime | None:
        day = self.cleaned_data["last_day"]
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59))) if day else None


class HookForm(DeskForm):
    name = forms.CharField(label="Logiciel", max_length=80)
    url = forms.CharField(label="Adresse à appeler", max_length=500, help_text="En https://, sur l'internet public.")
    team = TeamChoice(help_text="Et de ses équipes.")
    events = forms.MultipleChoiceField(label="Événements", choices=EVENTS, widget=forms.CheckboxSelectMultiple)
