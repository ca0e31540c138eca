"""What is done with a case: one small form each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.cases.models.case import Result
from guichet.desk.forms.absences import named, with_absence
from guichet.desk.forms.fields import DeskForm, case_typed
from guichet.organisation.directory import directory
from guichet.organisation.models import CompetentBody, Team, Topic


class ActForm(DeskForm):
    """`case` and `user` say what may be chosen."""

    def __init__(self, *args: Any, case: Case, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case
        self.user = user
        self.choose()

    def choose(self) -> None:
        """Narrow the choices to this case."""

    def _show(self, name: str, known: Iterable[Model]) -> None:
        """What is listed comes from what the process remembers; what is chosen is still looked up."""
        field = self.fields[name]
        empty = ("", field.empty_label)  # type: ignore[attr-defined]
        field.widget.choices = [empty, *((one.pk, str(one)) for one in known)]


class TransferForm(ActForm):
    team = forms.ModelChoiceField(Team.objects.none(), label="Équipe", empty_label="Choisir une équipe")
    reason = forms.CharField(label="Pourquoi", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        teams = Team.objects.filter(is_active=True).exclude(pk=self.case.team_id or 0)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        known = (team for team in directory().teams.values() if team.is_active and team.pk != self.case.team_id)
        self._show("team", known)
        self.fields["version"].initial = self.case.version


class AssignForm(ActForm):
    to = forms.ModelChoiceField(User.objects.none(), label="Agent", empty_label="Choisir un agent")

    def choose(self) -> None:
        agents = User.objects.filter(
            is_active=True, kind=User.Kind.HUMAN, memberships__team__in=[self.case.team] if self.case.team else []
        ) | User.objects.filter(pk=self.user.pk, is_active=True)
        self.fields["to"].queryset = agents.distinct()  # type: ignore[attr-defined]
        if self.is_bound or not self.case.is_over:
            self.fields["to"].choices = [("", "Choisir un agent"), *named(with_absence(agents.distinct()))]  # type: ignore[attr-defined]


class CloseForm(ActForm):
    result = forms.ChoiceField(
        label="Résultat",
        choices=[c for c in Result.choices if c[0] not in {Result.DUPLICATE, Result.TRANSMITTED, Result.ABUSIVE}],
    )
    despite_tasks = forms.BooleanField(label="Clôturer malgré ce qui reste à faire", required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        self.fields["version"].initial = self.case.version
        # Asked once refused: the page of a case does not count its tasks again for this.
        if not self.is_bound or not self.case.tasks.filter(done_at__isnull=True).exists():
            del self.fields["despite_tasks"]


class TaskForm(ActForm):
    label = forms.CharField(label="À faire", max_length=200)
    due_on = forms.DateField(
        label="Pour le", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class WaitForm(ActForm):
    days = forms.IntegerField(label="Pendant, en jours", min_value=1, max_value=365)

    def choose(self) -> None:
        self.fields["days"].initial = settings.WAITING_END_DAYS


class PiecesForm(ActForm):
    pieces = forms.CharField(label="Documents, un par ligne", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    until = forms.DateField(
        label="À recevoir au plus tard le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    text = forms.CharField(
        label="Début du message",
        required=False,
        max_length=4000,
        initial="Bonjour,",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        self.fields["version"].initial = self.case.version
        self.fields["until"].initial = (timezone.localtime() + timedelta(days=30)).date()


class SnoozeForm(ActForm):
    until = forms.DateField(label="Jusqu'au", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class TopicForm(ActForm):
    topic = forms.ModelChoiceField(Topic.objects.none(), label="Sujet", empty_label="Choisir un sujet")
    department = forms.ChoiceField(label="Département", required=False)

    def choose(self) -> None:
        topics = Topic.objects.filter(is_in_use=True, sensitivity__lte=self.user.clearance)
        self.fields["topic"].queryset = topics  # type: ignore[attr-defined]
        known = (t for t in directory().topics.values() if t.is_in_use and t.sensitivity <= self.user.clearance)
        self._show("topic", known)
        codes = sorted({*settings.REGION_DEPARTMENTS, *([self.case.department] if self.case.department else [])})
        self.fields["department"].choices = [("", "Non précisé"), *((c, c) for c in codes)]  # type: ignore[attr-defined]
        self.fields["topic"].initial = self.case.topic_id
        self.fields["department"].initial = self.case.department


class OtherCaseForm(ActForm):
    other = forms.CharField(label="Numéro de l'autre demande", max_length=40)

    def clean_other(self) -> Case:
        return case_typed(self.cleaned_data["other"], self.user)


class TransmitForm(ActForm):
    body = forms.ModelChoiceField(CompetentBody.objects.all(), label="Organisme", empty_label="Choisir un organisme")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        self.fields["version"].initial = self.case.version


class HoldForm(ActForm):
    text = forms.CharField(
        label="Message",
        max_length=20_000,
        initial=(
            "Bonjour,\n\nNous étudions votre demande et il nous faut encore un peu de temps. "
            "Nous revenons vers vous dès que possible."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def choose(self) -> None:
        self.fields["version"].initial = self.case.version


class ConfirmForm(ActForm):
    sure = forms.BooleanField(label="Je confirme")


class NothingForm(ActForm):
    pass
