"""What an editor types: the text of a version, a new article, its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from guichet.core.refused import Refused
from guichet.core.text import fold
from guichet.desk.forms.fields import DeskForm
from guichet.desk.forms.rules import DayField, Lines, department_choices
from guichet.desk.shelves import domains
from guichet.knowledge.content import SOURCE_KINDS, Content, read_content
from guichet.knowledge.markup import anchor_of
from guichet.knowledge.models import (
    ANSWER_LENGTH,
    CODE,
    SMS_LENGTH,
    SPOKEN_LENGTH,
    Audience,
    Kind,
    Profile,
    Theme,
    Version,
)
from guichet.knowledge.pictures import MOST_CAPTION, MOST_WORDS
from guichet.organisation.directory import directory
from guichet.organisation.models import Team

_PLAIN = ("title", "answer", "sms", "spoken", "body", "uncertain", "valid_from", "valid_until")
_AID = ("for_whom", "amount", "when", "reply", "conditions", "exclusions", "themes", "profiles")
_KINDS = {fold(said): kind for kind, said in SOURCE_KINDS.items()} | {kind: kind for kind in SOURCE_KINDS}


def _area(rows: int, most: int | None = None) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **({"maxlength": most} if most else {})})


class Sources(Lines):
    """« Titre | adresse | nature | date » on a line; what is after the title may be left out."""

    def clean(self, value: Any) -> Any:
        return [_source(line) for line in super().clean(value)]


def _source(line: str) -> dict[str, str]:
    source = {"title": "", "url": "", "kind": "page", "checked": ""}
    title, *others = (part.strip() for part in line.split("|"))
    source["title"] = title
    for part in filter(None, others):
        if part.startswith(("https://", "http://")):
            source["url"] = part
        elif (kind := _KINDS.get(fold(part))) is not None:
            source["kind"] = kind
        elif part[:4].isdigit():
            source["checked"] = part
        else:
            natures = ", ".join(SOURCE_KINDS.values())
            raise ValidationError(f"« {part[:40]} » n'est ni une adresse, ni une date, ni une nature ({natures}).")
    return source


def _said(source: Mapping[str, str]) -> str:
    parts = (source["title"], source.get("url", ""), SOURCE_KINDS.get(source["kind"], ""), source.get("checked", ""))
    return " | ".join(part for part in parts if part)


class TextForm(DeskForm):
    """The text of a version. `content()` refuses what is wrong in it."""

    picture_problem = ""  # why the image was not taken

    title = forms.CharField(label="Titre", max_length=120, help_text="Comme une personne chercherait la réponse.")
    answer = forms.CharField(
        label="Réponse", widget=_area(5, ANSWER_LENGTH),
        help_text="Courte et complète : Noa, la recherche et les réponses du bureau la disent telle quelle.",
    )  # fmt: skip
    sms = forms.CharField(label="Réponse par SMS", required=False, widget=_area(2, SMS_LENGTH))
    spoken = forms.CharField(label="Réponse dite au téléphone", required=False, widget=_area(2, SPOKEN_LENGTH))
    body = forms.CharField(
        label="Texte complet", required=False, widget=_area(14),
        help_text="« ## » devant un titre, « ### » devant une question, « - » devant un point d'une liste, "
        "[mots](https://adresse) pour un lien. Une image s'ajoute plus bas : sa ligne vient à la fin, déplacez-la.",
    )  # fmt: skip
    uncertain = forms.CharField(label="Ce qui n'est pas sûr", required=False, max_length=300)
    topics = forms.MultipleChoiceField(label="Sujets", required=False, widget=forms.CheckboxSelectMultiple)
    departments = forms.MultipleChoiceField(
        label="Départements, si la réponse en dépend", required=False, widget=forms.CheckboxSelectMultiple
    )
    sources = Sources(
        label="Sources", each=800,
        help_text="Une par ligne : titre | https://adresse | texte de loi, délibération ou page | 2026-11-02.",
    )  # fmt: skip
    related = Lines(label="À voir aussi", each=80, help_text="L'adresse d'un article par ligne : carte-perdue.")
    valid_from = DayField(label="Valable à partir du", required=False)
    valid_until = DayField(label="Valable jusqu'au", required=False)
    for_whom = forms.CharField(label="Pour qui", required=False, max_length=200)
    amount = forms.CharField(label="Montant", required=False, max_length=200)
    when = forms.CharField(label="Quand", required=False, max_length=200)
    reply = forms.CharField(label="Délai de réponse", required=False, max_length=200)
    conditions = Lines(label="Conditions", each=300, help_text="Une par ligne.")
    exclusions = Lines(label="Exclusions", each=300, help_text="Une par ligne.")
    themes = forms.MultipleChoiceField(
        label="Thèmes", choices=Theme.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    profiles = forms.MultipleChoiceField(
        label="Profils", choices=Profile.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    youngest = forms.IntegerField(label="De (ans)", required=False, min_value=0, max_value=120)
    oldest = forms.IntegerField(label="À (ans)", required=False, min_value=0, max_value=120)
    remark = forms.CharField(
        label="Ce qui change", required=False, max_length=500, help_text="Pour qui relit, et pour l'historique."
    )
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    picture = forms.FileField(
        label="Image", required=False, widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.webp"}),
        help_text="PNG, JPEG ou WebP, 10 Mo au plus. Elle est redressée, réduite, et la position ou l'appareil qu'elle "
        "contient sont effacés.",
    )  # fmt: skip
    picture_words = forms.CharField(
        label="Texte de remplacement", required=False, max_length=MOST_WORDS,
        help_text="Ce qu'on y voit, pour qui ne la voit pas. Obligatoire, sauf pour une image décorative.",
    )  # fmt: skip
    picture_decorative = forms.BooleanField(label="Image décorative : elle n'apprend rien", required=False)
    picture_caption = forms.CharField(label="Légende", required=False, max_length=MOST_CAPTION)

    def __init__(self, *args: Any, version: Version | None = None, **kwargs: Any) -> None:
        if version is not None:
            kwargs["initial"] = {**typed(version), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        for name in ("picture", "picture_words"):  # asked for with the image only; then they are not optional
            self.fields[name].widget.is_required = True
        known = [(topic.code, topic.label) for topic in directory().topics_by_code.values()]
        self.fields["topics"].choices = known  # type: ignore[attr-defined]
        more = version.departments if version is not None else []
        self.fields["departments"].choices = department_choices(*more)  # type: ignore[attr-defined]

    def topic_groups(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """(domain, [(code, label, ticked)]): a hundred boxes are read domain by domain."""
        ticked = set(self["topics"].value() or [])
        groups = []
        for root in domains():
            inside = [topic for code, topic in directory().topics_by_code.items() if _under(code, root.code)]
            inside.sort(key=lambda topic: topic.code)
            groups.append((root.label, [(topic.code, topic.label, topic.code in ticked) for topic in inside]))
        return groups

    def content(self) -> Content:
        data: dict[str, Any] = self.cleaned_data
        row = {name: data.get(name) for name in (*_PLAIN, "topics", "departments", "sources", "related")}
        for name in ("answer", "body", "sms", "spoken"):
            row[name] = str(row[name] or "").replace("\r\n", "\n")
        return read_content({**row, "aid": self.aid()})

    def aid(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        facts = {name: data.get(name) for name in _AID}
        youngest, oldest = data.get("youngest"), data.get("oldest")
        if (youngest is None) != (oldest is None):
            raise Refused("Donnez les deux âges, le plus jeune et le plus âgé, ou aucun.", status=400)
        ages = [] if youngest is None else [youngest, oldest]
        return {**facts, "ages": ages} if any(facts.values()) or ages else {}


def _under(code: str, root: str) -> bool:
    return f"{code}.".startswith(f"{root}.")


def typed(version: Version) -> dict[str, Any]:
    """A version as the fields of the form hold it."""
    values = {name: getattr(version, name) for name in (*_PLAIN, "topics", "departments", "remark")}
    values["related"] = "\n".join(version.related)
    values["sources"] = "\n".join(_said(source) for source in version.sources)
    aid = version.aid
    for name in _AID:
        value = aid.get(name, "")
        values[name] = "\n".join(value) if name in {"conditions", "exclusions"} and value else value
    values["youngest"], values["oldest"] = aid.get("ages") or (None, None)
    return values


def owners() -> Any:
    return Team.objects.filter(is_active=True).order_by("name")


class PlaceForm(DeskForm):
    """What is not text."""

    kind = forms.ChoiceField(label="Nature", choices=Kind.choices, initial=Kind.QUESTION)
    audience = forms.ChoiceField(label="Public", choices=Audience.choices, initial=Audience.CITIZEN)
    owner = forms.ModelChoiceField(Team.objects.none(), label="Équipe responsable", empty_label="Choisissez")
    position = forms.IntegerField(
        label="Ordre dans sa rubrique", min_value=0, max_value=9999, initial=100, help_text="Le plus petit d'abord."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners()  # type: ignore[attr-defined]


class NewForm(TextForm):
    code = forms.CharField(
        label="Adresse", required=False, max_length=80,
        help_text=f"{CODE.message} Elle ne changera plus. Laissée vide, elle est faite du titre.",
    )  # fmt: skip
    kind = forms.ChoiceField(label="Nature", choices=Kind.choices, initial=Kind.QUESTION)
    audience = forms.ChoiceField(label="Public", choices=Audience.choices, initial=Audience.CITIZEN)
    owner = forms.ModelChoiceField(Team.objects.none(), label="Équipe responsable", empty_label="Choisissez")
    wordings = Lines(label="Formulations", each=300, help_text="Comme les gens le disent, une par ligne.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners()  # type: ignore[attr-defined]

    @property
    def address(self) -> str:
        return self.cleaned_data["code"] or anchor_of(self.cleaned_data["title"])
