"""Absences and sharing, as agents and who leads them fill them in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import OuterRef, QuerySet, Subquery

from guichet.accounts.absences import absences_on, colleagues_of, today
from guichet.accounts.models import Absence, Membership, User
from guichet.accounts.policy import teams_supervised
from guichet.core.calendar import say_day
from guichet.desk.forms.fields import DeskForm
from guichet.organisation.models import Topic


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def agents_led_by(user: User) -> list[User]:
    """Whose absences he may record, himself first."""
    found = User.objects.filter(is_active=True, kind=User.Kind.HUMAN).exclude(pk=user.pk)
    if not user.is_administrator:
        found = found.filter(memberships__team__in=teams_supervised(user).values("pk")).distinct()
    return [user, *found.order_by("last_name", "first_name", "pk")]


def with_absence(agents: QuerySet[User]) -> QuerySet[User]:
    """Each with the end of his absence of today, in the same query."""
    now = Absence.objects.filter(user=OuterRef("pk"), first_day__lte=today(), last_day__gte=today())
    return agents.annotate(away_until=Subquery(now.order_by("-last_day").values("last_day")[:1]))


def named(agents: Iterable[User]) -> list[tuple[str, str]]:
    """Agents to choose from; who is away today says so."""
    found = list(agents)
    if found and not hasattr(found[0], "away_until"):
        away = absences_on(today(), [agent.pk for agent in found])
        ends = {pk: absence.last_day for pk, absence in away.items()}
    else:
        ends = {agent.pk: end for agent in found if (end := getattr(agent, "away_until", None))}
    return [(str(a.pk), f"{a} (en absence jusqu'au {say_day(ends[a.pk])})" if a.pk in ends else str(a)) for a in found]


class AbsenceForm(DeskForm):
    """Of `agent` when he is given; else of one to choose among those `user` leads."""

    who = forms.ChoiceField(label="Agent")
    first_day = _day("Premier jour")
    last_day = _day("Dernier jour")
    substitute = forms.ChoiceField(label="Remplaçant", required=False)
    leaves_to = forms.ChoiceField(
        label="Ses demandes qui ne peuvent pas attendre vont", choices=[("substitute", "au remplaçant"),
                                                                        ("queue", "dans la file de l'équipe")],
        help_text="Celles qui reçoivent un message, ou dont l'échéance tombe pendant l'absence.",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, absence: Absence | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.absence = absence
        if absence is not None:
            self.agents, colleagues = [absence.user], colleagues_of(absence.user)
            del self.fields["who"]
            for name in ("first_day", "last_day", "leaves_to"):
                self.fields[name].initial = getattr(absence, name)
            self.fields["substitute"].initial = str(absence.substitute_id or "")
        else:
            self.agents = agents_led_by(user)
            colleagues = colleagues_of(user)
            if len(self.agents) > 1:
                known = {agent.pk for agent in colleagues}
                colleagues = [*colleagues, *(a for a in self.agents if a.pk not in known)]
                self.fields["who"].choices = [("", "Choisir"), *named(self.agents)]  # type: ignore[attr-defined]
            else:
                del self.fields["who"]
        self.colleagues = {str(agent.pk): agent for agent in colleagues}
        self.fields["substitute"].choices = [("", "Personne"), *named(colleagues)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("leaves_to") == Absence.Leaves.SUBSTITUTE and not data.get("substitute"):
            self.add_error("substitute", "Choisissez un remplaçant, ou laissez les demandes à la file de l'équipe.")
        if data.get("substitute") and data.get("substitute") == data.get("who", str(self.agents[0].pk)):
            self.add_error("substitute", "Le remplaçant est une autre personne.")
        return data

    def made(self) -> Absence:
        """What was typed, not saved."""
        data = self.cleaned_data
        who = data.get("who")
        absence = self.absence or Absence(user=next((a for a in self.agents if str(a.pk) == who), self.agents[0]))
        absence.first_day, absence.last_day = data["first_day"], data["last_day"]
        absence.substitute = self.colleagues.get(data["substitute"])
        absence.leaves_to = data["leaves_to"]
        return absence


class ShareForm(DeskForm):
    """What one agent of a team takes from automatic sharing."""

    at_most = forms.IntegerField(
        label="Demandes à traiter à la fois, au plus", min_value=0, max_value=500,
        help_text="0 : il n'en reçoit pas. Celles qui attendent l'usager ne comptent pas.",
    )  # fmt: skip
    topics = forms.ModelMultipleChoiceField(
        Topic.objects.none(), label="Sujets qu'il prend", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="Aucun coché : tous. Un sujet comprend ceux qui en dépendent.",
    )  # fmt: skip

    def __init__(self, *args: Any, seat: Membership, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at_most"].initial = seat.at_most
        topics = Topic.objects.filter(is_in_use=True, sensitivity__lte=user.clearance).order_by("position", "label")
        self.fields["topics"].queryset = topics  # type: ignore[attr-defined]
        self.fields["topics"].initial = [topic.pk for topic in seat.topics.all()]
