"""What may be done to many cases at once: one small form each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from guichet.accounts.models import User
from guichet.accounts.policy import teams_of
from guichet.cases.models import Batch, Case
from guichet.cases.models.case import Result
from guichet.desk.forms.fields import DeskForm, case_typed
from guichet.organisation.models import Team
from guichet.procedures.models import DossierBatch


class BulkForm(DeskForm):
    """`user` says what may be chosen; `params` is what is kept of it."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.choose()

    def choose(self) -> None:
        """Narrow the choices to this agent."""

    def params(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


def offered(
    forms_of: Mapping[str, type[BulkForm]],
    batch: Batch | DossierBatch,
    user: User,
    *,
    failed: str = "",
    bound: BulkForm | None = None,
) -> dict[str, BulkForm]:
    """By act: the form that failed as it was typed, that of the act prepared before with what was chosen, the others
    new."""
    return {
        verb: bound if verb == failed and bound else kind(
            user=user, auto_id=f"{verb}-%s", initial=batch.params if verb == batch.verb else None
        )
        for verb, kind in forms_of.items()
    }  # fmt: skip


class BulkReplyForm(BulkForm):
    text = forms.CharField(
        label="Réponse", max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=(
            "Variables remplies pour chaque personne : {civilité}, {prénom}, {nom}, {numéro}, {objet}. "
            "Une demande où il en manque une est laissée de côté."
        ),
    )  # fmt: skip
    close = forms.BooleanField(label="Clôturer aussi ces demandes (réponse apportée)", required=False)
    article = forms.IntegerField(required=False, widget=forms.HiddenInput)  # the version of the base it says

    def params(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("close", "text", "article")}


class BulkAssignForm(BulkForm):
    to = forms.ModelChoiceField(User.objects.none(), label="Agent", empty_label="Choisir un agent")

    def choose(self) -> None:
        teams = teams_of(self.user).values("pk")
        agents = User.objects.filter(is_active=True, kind=User.Kind.HUMAN, memberships__team__in=teams)
        agents |= User.objects.filter(pk=self.user.pk)
        self.fields["to"].queryset = agents.distinct()  # type: ignore[attr-defined]

    def params(self) -> dict[str, Any]:
        return {"to": self.cleaned_data["to"].pk, "name": self.cleaned_data["to"].full_name}


class BulkTransferForm(BulkForm):
    team = forms.ModelChoiceField(Team.objects.filter(is_active=True), label="Équipe", empty_label="Choisir une équipe")
    reason = forms.CharField(label="Pourquoi", max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def params(self) -> dict[str, Any]:
        team = self.cleaned_data["team"]
        return {"team": team.pk, "name": team.name, "reason": self.cleaned_data["reason"]}


class BulkCloseForm(BulkForm):
    result = forms.ChoiceField(
        label="Résultat",
        choices=[c for c in Result.choices if c[0] not in {Result.DUPLICATE, Result.TRANSMITTED, Result.ABUSIVE}],
    )


class BulkLinkForm(BulkForm):
    other = forms.CharField(label="Numéro de la demande à laquelle les lier", max_length=40)

    def clean_other(self) -> Case:
        return case_typed(self.cleaned_data["other"], self.user)

    def params(self) -> dict[str, Any]:
        return {"other": self.cleaned_data["other"].pk, "number": self.cleaned_data["other"].spoken_reference}


FORMS: dict[str, type[BulkForm]] = {
    Batch.Verb.REPLY: BulkReplyForm, Batch.Verb.ASSIGN: BulkAssignForm, Batch.Verb.TRANSFER: BulkTransferForm,
    Batch.Verb.CLOSE: BulkCloseForm, Batch.Verb.LINK: BulkLinkForm,
}  # fmt: skip
