"""Drawing answers, rating them, answering."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.accounts.policy import teams_supervised
from guichet.cases.actions.reviewing import MOST
from guichet.cases.models import Review
from guichet.cases.models.review import CRITERIA, MARKS
from guichet.desk.forms.fields import DeskForm
from guichet.organisation.models import Team


class DrawForm(DeskForm):
    team = forms.ModelChoiceField(
        Team.objects.none(), label="Équipe, avec celles qui en dépendent", empty_label="Choisir une équipe"
    )
    agent = forms.ModelChoiceField(User.objects.none(), label="Agent", required=False, empty_label="Tous")
    first_day = forms.DateField(label="Du", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_day = forms.DateField(label="Au", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    size = forms.IntegerField(label="Nombre de réponses", min_value=1, max_value=MOST, initial=5)
    seed = forms.IntegerField(
        label="Graine", required=False, min_value=0, max_value=2_000_000_000,
        help_text="Laissez vide pour un tirage au hasard ; la même graine refait le même tirage.",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = teams_supervised(user)
        self.fields["team"].queryset = teams.filter(is_active=True)  # type: ignore[attr-defined]
        agents = User.objects.filter(Q(memberships__team__in=teams.values("pk")), kind=User.Kind.HUMAN)
        self.fields["agent"].queryset = agents.exclude(pk=user.pk).distinct()  # type: ignore[attr-defined]
        self.fields["first_day"].initial = timezone.localdate() - timedelta(days=30)
        self.fields["last_day"].initial = timezone.localdate()


class RateForm(DeskForm):
    remark = forms.CharField(
        label="Remarque", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="L'agent la lit, et peut y répondre.",
    )  # fmt: skip

    def __init__(self, *args: Any, review: Review, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in CRITERIA.items():
            self.fields[name] = forms.TypedChoiceField(
                label=label, choices=[("", "Choisir"), *MARKS], coerce=int, initial=getattr(review, name),
                widget=forms.Select(attrs={"class": "saisie"}),
            )  # fmt: skip
        self.order_fields([*CRITERIA, "remark"])
        self.fields["remark"].initial = review.remark

    @property
    def marks(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in CRITERIA}


class AnswerForm(DeskForm):
    text = forms.CharField(label="Votre réponse", max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
