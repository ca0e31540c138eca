from __future__ import annotations

from typing import Any

from django import forms

from guichet.accounts.models import User
from guichet.accounts.policy import supervises, teams_of
from guichet.desk.forms.fields import DeskForm
from guichet.organisation.models import Team


class ViewForm(DeskForm):
    name = forms.CharField(label="Nom de la vue", max_length=60)
    team = forms.ModelChoiceField(
        Team.objects.none(), label="Partagée avec", required=False, empty_label="Personne, pour moi seulement"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        led = [team.pk for team in teams_of(user) if supervises(user, team)]
        if led:
            self.fields["team"].queryset = Team.objects.filter(pk__in=led, is_active=True)  # type: ignore[attr-defined]
        else:
            del self.fields["team"]
