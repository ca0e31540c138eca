"""The filters of the search, as they stand in the address."""

from __future__ import annotations

from typing import Any

from django import forms

from guichet.accounts.models import User
from guichet.accounts.policy import teams_seen
from guichet.desk.forms.fields import DeskForm
from guichet.desk.searching import Filters
from guichet.organisation.models import Channel


class SearchForm(DeskForm):
    q = forms.CharField(label="Chercher", required=False, max_length=400)
    etat = forms.ChoiceField(
        label="État", required=False, choices=[("", "Toutes"), ("ouvertes", "En cours"), ("terminees", "Terminées")]
    )
    periode = forms.TypedChoiceField(
        label="Reçues", required=False, coerce=int, empty_value=None,
        choices=[("", "À toute date"), ("7", "Depuis 7 jours"), ("30", "Depuis 30 jours"), ("365", "Depuis un an")],
    )  # fmt: skip
    canal = forms.ChoiceField(label="Canal", required=False, choices=[("", "Tous"), *Channel.choices])
    equipe = forms.TypedChoiceField(label="Équipe", required=False, coerce=int, empty_value=None)
    type = forms.ChoiceField(
        label="Dans", required=False,
        choices=[("", "Tout"), ("messages", "Les messages"), ("notes", "Les notes"), ("pieces", "Les pièces jointes")],
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = [(str(team.pk), team.name) for team in teams_seen(user)]
        self.fields["equipe"].choices = [("", "Toutes"), *teams]  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        """Those that hold; what is not understood is not applied, and the form says so."""
        self.is_valid()
        data = self.cleaned_data
        return Filters(
            state=data.get("etat", ""), days=data.get("periode") or 0, channel=data.get("canal", ""),
            team=data.get("equipe") or 0, kind=data.get("type", ""),
        )  # fmt: skip
