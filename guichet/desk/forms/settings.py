"""Settings of the organisation: each form shows one row and hands it to its action."""

from __future__ import annotations

import re
from datetime import time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Model

from guichet.accounts.models import User
from guichet.cases.actions.administering import settle_team
from guichet.desk.forms.fields import Carried
from guichet.desk.forms.rules import DayField, Lines, department_choices
from guichet.organisation import actions
from guichet.organisation.directory import directory
from guichet.organisation.models import Closure, Commitment, CompetentBody, Team, Topic

DAYS = ("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi", "Samedi", "Dimanche")
_SPAN = re.compile(r"^(\d{1,2})(?:[:hH](\d{2})?)?\s*(?:-|–|à)\s*(\d{1,2})(?:[:hH](\d{2})?)?$")


class SettingForm(Carried, forms.ModelForm):  # type: ignore[type-arg]
    """The look of the desk on the fields of a row; `apply` calls the action."""

    groups: ClassVar[list[tuple[str, list[str]]]] = []  # title, names of fields; empty: all in one

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.prepare()
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.HiddenInput):
                field.widget.attrs.setdefault("class", "saisie")
            if isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField):
                field.empty_label = field.empty_label if field.required else "Non précisé"

    def prepare(self) -> None:
        """Fields of its own, and what may be chosen."""

    def apply(self, by: User) -> Model:
        raise NotImplementedError

    def sections(self) -> list[tuple[str, list[Any]]]:
        """(title, bound fields): those of no group come last."""
        shown = [(title, [self[name] for name in names if name in self.fields]) for title, names in self.groups]
        placed = {name for _, names in self.groups for name in names}
        rest = [field for field in self.visible_fields() if field.name not in placed]
        return [*shown, *([("" if not shown else "Autres réglages", rest)] if rest else [])]


def read_spans(text: str) -> list[list[str]]:
    """« 8h30-12h30, 13h30 à 18h » → [["08:30", "12:30"], ["13:30", "18:00"]]. Raises ValidationError."""
    spans: list[list[str]] = []
    for part in re.split(r"[,;]|\bet\b", text):
        if not part.strip():
            continue
        found = _SPAN.match(part.strip())
        try:
            if found is None:
                raise ValueError
            start, end = time(int(found[1]), int(found[2] or 0)), time(int(found[3]), int(found[4] or 0))
        except ValueError:
            raise ValidationError(f"« {part.strip()[:20]} » ne se lit pas. Exemple : 8h30-12h30, 13h30-18h.") from None
        if start >= end or (spans and spans[-1][1] > f"{start:%H:%M}"):
            raise ValidationError("Les heures doivent se suivre : 8h30-12h30, puis 13h30-18h.")
        spans.append([f"{start:%H:%M}", f"{end:%H:%M}"])
    return spans


class TeamForm(SettingForm):
    groups: ClassVar = [
        ("Équipe", ["name", "public_name", "code", "kind", "parent", "departments", "position"]),
        ("Comment la joindre", ["email", "phone", "postal_address", "addresses"]),
        ("Heures d'ouverture", [f"day_{n}" for n in range(7)]),
        ("État", ["takes_unrouted", "is_active"]),
    ]
    departments = forms.MultipleChoiceField(label="Départements", required=False, widget=forms.CheckboxSelectMultiple)
    addresses = Lines(
        label="Boîtes aux lettres", each=254,
        help_text="Une adresse par ligne : ce qui y est écrit vient à l'équipe (toute la Région : « À orienter »).",
    )  # fmt: skip

    class Meta:
        model = Team
        fields = (
            "name", "public_name", "code", "kind", "parent", "departments", "email", "phone", "postal_address",
            "takes_unrouted", "is_active", "position",
        )  # fmt: skip
        widgets: ClassVar = {"postal_address": forms.Textarea(attrs={"rows": 3})}

    def prepare(self) -> None:
        team: Team = self.instance
        parents = Team.objects.filter(is_active=True).exclude(pk=team.pk or 0)
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]
        self.fields["parent"].label = "Rattachée à"
        self.fields["departments"].choices = department_choices(*team.departments)  # type: ignore[attr-defined]
        if team.pk:
            self.fields["addresses"].initial = "\n".join(
                team.addresses.order_by("address").values_list("address", flat=True)
            )
        self._inherited(directory().team(team.parent_id))
        for n, day in enumerate(DAYS):
            spans = team.hours.get(str(n), [])
            self.fields[f"day_{n}"] = forms.CharField(
                label=day, required=False, max_length=80, initial=", ".join("-".join(span) for span in spans)
            )

    def _inherited(self, parent: Team | None) -> None:
        """What a blank takes from the units above."""
        block = directory().contact_block(parent) if parent is not None else None
        for name in ("email", "phone", "postal_address"):
            above = getattr(block, name, "").replace("\n", ", ")
            if above:
                self.fields[name].help_text = f"Laissé vide : {above}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        hours: dict[str, list[list[str]]] = {}
        for n in range(7):
            try:
                if spans := read_spans(data.get(f"day_{n}", "")):
                    hours[str(n)] = spans
            except ValidationError as error:
                self.add_error(f"day_{n}", error)
        self.instance.hours = hours
        for address in data.get("addresses", []):
            try:
                validate_email(address)
            except ValidationError:
                self.add_error("addresses", f"« {address[:60]} » n'est pas une adresse e-mail.")
        return data

    def apply(self, by: User) -> Team:
        return settle_team(self.instance, self.cleaned_data["addresses"], by=by)


class ClosureForm(SettingForm):
    first_day = DayField(label="Premier jour")
    last_day = DayField(label="Dernier jour")

    class Meta:
        model = Closure
        fields = ("team", "first_day", "last_day", "reason")

    def prepare(self) -> None:
        self.fields["team"].label = "Équipe"
        self.fields["team"].queryset = Team.objects.filter(is_active=True)  # type: ignore[attr-defined]
        self.fields[
            "team"
        ].help_text = "Non précisé : toute la Région ferme. Les équipes qui en dépendent ferment aussi."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "Le dernier jour vient avant le premier.")
        elif first and last and (last - first).days > 366:
            self.add_error("last_day", "Une fermeture dure au plus un an.")
        return data

    def apply(self, by: User) -> Closure:
        return actions.close_exceptionally(self.instance, by=by)


class TopicForm(SettingForm):
    groups: ClassVar = [
        ("Sujet", ["label", "citizen_label", "code", "parent", "position", "is_active", "is_in_use"]),
        ("Droit", ["nature", "silence", "silence_months", "receipt_exempt", "sensitivity", "needs_approval"]),
        ("Équipe", ["team", "asks_department", "bodies"]),
    ]

    class Meta:
        model = Topic
        fields = (
            "label", "citizen_label", "code", "parent", "position", "is_active", "is_in_use", "nature", "silence",
            "silence_months", "receipt_exempt", "sensitivity", "needs_approval", "team", "asks_department",
        )  # fmt: skip

    def prepare(self) -> None:
        topic: Topic = self.instance
        teams = Team.objects.filter(is_active=True)
        self.fields["parent"].queryset = Topic.objects.exclude(pk=topic.pk or 0)  # type: ignore[attr-defined]
        self.fields["parent"].label = "Dans"
        self.fields["code"].help_text = "En minuscules, le domaine avant le point : transport_scolaire.carte"
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["team"].help_text = "Non précisé : celle du sujet au-dessus."
        known = dict(topic.routes.values_list("department", "team_id")) if topic.pk else {}
        self.departments = [code for code, _ in department_choices(*known)]
        choices = [("", "Celle du sujet"), *((team.pk, team.name) for team in teams)]
        self.fields["bodies"] = forms.ModelMultipleChoiceField(
            CompetentBody.objects.all(), label="Hors compétence : organismes à qui transmettre", required=False,
            widget=forms.CheckboxSelectMultiple, initial=topic.competent_bodies.all() if topic.pk else (),
        )  # fmt: skip
        for code in self.departments:
            self.fields[f"route_{code}"] = forms.ChoiceField(
                label=f"Département {code}", required=False, choices=choices, initial=known.get(code, "")
            )

    def sections(self) -> list[tuple[str, list[Any]]]:
        *shown, (_, rest) = super().sections()
        return [*shown, ("Équipe par département", rest)]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", code):
            raise ValidationError("Des minuscules sans accent, des chiffres, « _ », et un point entre les niveaux.")
        return code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        silence, months = data.get("silence"), data.get("silence_months")
        if silence != Topic.Silence.NONE and not months:
            self.add_error("silence_months", "Dites au bout de combien de mois le silence a cet effet.")
        if silence == Topic.Silence.NONE:
            data["silence_months"] = None
        return data

    def apply(self, by: User) -> Topic:
        topic = actions.save_topic(self.instance, by=by)
        teams = {team.pk: team for team in Team.objects.all()}
        chosen = {code: self.cleaned_data[f"route_{code}"] for code in self.departments}
        actions.set_routes(topic, {code: teams.get(int(pk)) if pk else None for code, pk in chosen.items()}, by=by)
        actions.set_bodies(topic, list(self.cleaned_data["bodies"]), by=by)
        return topic


class CommitmentForm(SettingForm):
    class Meta:
        model = Commitment
        fields = ("channel", "topic", "amount", "unit")

    def prepare(self) -> None:
        self.fields["topic"].label = "Sujet"
        self.fields["topic"].queryset = Topic.objects.filter(is_in_use=True)  # type: ignore[attr-defined]
        self.fields["topic"].help_text = "Non précisé : vaut pour tous les sujets qui n'ont pas le leur."

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if not 1 <= amount <= 400:
            raise ValidationError("Entre 1 et 400.")
        return amount

    def apply(self, by: User) -> Commitment:
        return actions.save_commitment(self.instance, by=by)


class SiteField(forms.URLField):
    """An address typed without its scheme is a secure one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "assume_scheme": "https"})


class BodyForm(SettingForm):
    departments = forms.MultipleChoiceField(
        label="Départements", required=False, widget=forms.CheckboxSelectMultiple, help_text="Aucun : partout."
    )
    topics = forms.ModelMultipleChoiceField(
        Topic.objects.filter(is_in_use=True), label="Sujets", required=False,
        widget=forms.SelectMultiple(attrs={"size": 10}),
        help_text="La lettre de transmission est proposée pour ces sujets.",
    )  # fmt: skip

    class Meta:
        model = CompetentBody
        fields = ("name", "competence", "departments", "email", "phone", "postal_address", "website", "topics")
        field_classes: ClassVar = {"website": SiteField}
        widgets: ClassVar = {"postal_address": forms.Textarea(attrs={"rows": 3})}

    def prepare(self) -> None:
        self.fields["departments"].choices = department_choices(*self.instance.departments)  # type: ignore[attr-defined]

    def apply(self, by: User) -> CompetentBody:
        return actions.save_body(self.instance, list(self.cleaned_data["topics"]), by=by)
