"""What supervisors choose on the pages of their teams."""

from __future__ import annotations

from typing import Any

from django import forms

from guichet.accounts.models import User
from guichet.desk.forms.absences import named
from guichet.desk.forms.fields import DeskForm
from guichet.organisation.models import Team

QUEUE = "file"


def agents_of(team: Team) -> list[User]:
    return list(
        User.objects.filter(is_active=True, kind=User.Kind.HUMAN, memberships__team=team).order_by(
            "last_name", "first_name", "pk"
        )
    )


class ReassignForm(DeskForm):
    """Whom the ticked cases go to."""

    to = forms.ChoiceField(label="Donner à")

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agents = {str(agent.pk): agent for agent in agents_of(team)}
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", "Choisir"),
            *named(list(self.agents.values())),
            (QUEUE, "Personne : remettre dans la file"),
        ]

    @property
    def chosen(self) -> User | None:
        return self.agents.get(self.cleaned_data["to"])
