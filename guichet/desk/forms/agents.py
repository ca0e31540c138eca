"""Agents and their rights, reply templates: the same look as the other settings."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from guichet.accounts import actions
from guichet.accounts.models import Membership, User
from guichet.cases.actions.administering import save_template
from guichet.cases.models import ReplyTemplate
from guichet.core.text import fold
from guichet.desk.filling import EXAMPLES, VARIABLE
from guichet.desk.forms.fields import DeskForm
from guichet.desk.forms.settings import SettingForm
from guichet.organisation.models import Team, Topic

BLANK_LINES = 2  # for teams to add


class AgentForm(SettingForm):
    groups: ClassVar = [
        ("Agent", ["first_name", "last_name", "email", "capacity", "phone", "anonymous"]),
        ("Droits", ["is_administrator", "is_editor", "is_mailroom", "clearance"]),
    ]
    password = ""  # the provisional one of a new account, to be shown once

    class Meta:
        model = User
        fields = (
            "first_name", "last_name", "email", "capacity", "phone", "anonymous", "is_administrator", "is_editor",
            "is_mailroom", "clearance",
        )  # fmt: skip

    def prepare(self) -> None:
        for name in ("first_name", "last_name"):
            self.fields[name].required = True
        self.fields["capacity"].help_text = "Écrite sous les réponses : « Conseillère transport scolaire »."
        self.fields["anonymous"].help_text = "Seulement pour la sécurité des personnes (CRPA, article L. 111-2)."
        user: User = self.instance
        memberships = list(user.memberships.select_related("team").order_by("team__name")) if user.pk else []
        teams = [("", "Aucune"), *Team.objects.filter(Q(is_active=True) | Q(memberships__user=user.pk)).distinct()
                 .order_by("name").values_list("pk", "name")]  # fmt: skip
        self.lines = range(len(memberships) + BLANK_LINES)
        for n in self.lines:
            known = memberships[n] if n < len(memberships) else None
            self.fields[f"team_{n}"] = forms.ChoiceField(
                label=f"Équipe {n + 1}", choices=teams, required=False, initial=known.team_id if known else ""
            )
            self.fields[f"role_{n}"] = forms.ChoiceField(
                label=f"Rôle dans l'équipe {n + 1}", choices=Membership.Role.choices, required=False,
                initial=known.role if known else Membership.Role.AGENT,
            )  # fmt: skip
            self.fields[f"watched_{n}"] = forms.BooleanField(
                label="Ses réponses sont visées avant l'envoi", required=False,
                initial=known.needs_approval if known else False,
            )  # fmt: skip

    def sections(self) -> list[tuple[str, list[Any]]]:
        *shown, (_, rest) = super().sections()
        return [*shown, ("Équipes", rest)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen: dict[int, tuple[str, bool]] = {}
        for n in self.lines:
            pk = data.get(f"team_{n}")
            if pk and int(pk) in chosen:
                self.add_error(f"team_{n}", "Cette équipe est déjà choisie plus haut.")
            elif pk:
                chosen[int(pk)] = (data.get(f"role_{n}") or Membership.Role.AGENT, bool(data.get(f"watched_{n}")))
        data["memberships"] = chosen
        return data

    def apply(self, by: User) -> User:
        user: User = self.instance
        if user.pk is None:
            self.password = actions.open_account(user, by=by)
        else:
            actions.change_account(user, by=by)
        chosen = self.cleaned_data["memberships"]
        actions.set_memberships(user, {t: chosen[t.pk] for t in Team.objects.filter(pk__in=chosen)}, by=by)
        return user


class RetireForm(DeskForm):
    """Whom the open cases go to."""

    heir = forms.ModelChoiceField(
        User.objects.none(), label="Ses demandes en cours vont à", required=False, empty_label="La file de leur équipe"
    )
    sure = forms.BooleanField(label="Je confirme : cet agent ne pourra plus se connecter")

    def __init__(self, *args: Any, agent: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = User.objects.filter(is_active=True, kind=User.Kind.HUMAN).exclude(pk=agent.pk)
        self.fields["heir"].queryset = others  # type: ignore[attr-defined]


class TemplateForm(SettingForm):
    class Meta:
        model = ReplyTemplate
        fields = ("name", "topic", "team", "text", "is_active")
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 12})}

    def prepare(self) -> None:
        self.fields["topic"].label = "Pour le sujet"
        self.fields["topic"].queryset = Topic.objects.filter(is_in_use=True)  # type: ignore[attr-defined]
        self.fields["team"].label = "Pour l'équipe"
        self.fields["team"].queryset = Team.objects.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields["text"].help_text = "Variables : " + ", ".join(f"{{{name}}}" for name in EXAMPLES)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        known = {fold(name) for name in EXAMPLES}
        wrong = [found[0] for found in VARIABLE.finditer(text) if fold(found[1]) not in known]
        if wrong:
            raise ValidationError(f"Variable inconnue : {', '.join(dict.fromkeys(wrong))}.")
        return text

    def preview(self) -> str:
        """The text as it would read for an imaginary person."""
        known = {fold(name): value for name, value in EXAMPLES.items()}
        text = self["text"].value() or ""
        return VARIABLE.sub(lambda found: known.get(fold(found[1]), found[0]), str(text))

    def apply(self, by: User) -> ReplyTemplate:
        return save_template(self.instance, by=by)
