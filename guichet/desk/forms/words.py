"""Synonyms, events of the season, files of articles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from guichet.desk.forms.articles import owners
from guichet.desk.forms.fields import DeskForm
from guichet.desk.forms.rules import DayField
from guichet.knowledge.models import Article, SeasonEvent, Synonym
from guichet.organisation.models import Team

MAX_BYTES = 1_500_000
FORMATS = {".md": "markdown", ".json": "json", ".jsonl": "json", ".csv": "csv"}


class SynonymForm(DeskForm):
    said = forms.CharField(label="Les usagers disent", max_length=120)
    meant = forms.CharField(label="La base dit", max_length=200)

    def made(self, synonym: Synonym) -> Synonym:
        synonym.said, synonym.meant = self.cleaned_data["said"], self.cleaned_data["meant"]
        return synonym


class SeasonForm(DeskForm):
    title = forms.CharField(label="Titre", max_length=120)
    text = forms.CharField(label="Phrase", required=False, max_length=200)
    day = DayField(label="Date mise en avant")
    shown_from = DayField(label="Montré à partir du")
    shown_until = DayField(label="Montré jusqu'au")
    article = forms.CharField(
        label="Adresse de l'article", required=False, max_length=80, help_text="Celle qui suit /bureau/base/."
    )
    link_label = forms.CharField(label="Libellé du lien", required=False, max_length=60)

    def __init__(self, *args: Any, event: SeasonEvent, **kwargs: Any) -> None:
        names = ("title", "text", "day", "shown_from", "shown_until", "link_label")
        initial = {name: getattr(event, name) for name in names} if event.pk else {}
        initial["article"] = event.article.code if event.article is not None else ""
        super().__init__(*args, initial=initial, **kwargs)
        self.event = event

    def clean_article(self) -> Article | None:
        code = self.cleaned_data["article"].strip()
        found = Article.objects.for_citizens().filter(code=code).first() if code else None
        if code and found is None:
            raise ValidationError("Aucun article publié pour tous n'a cette adresse.")
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("shown_from"), data.get("shown_until")
        if first and last and last < first:
            self.add_error("shown_until", "La fin vient avant le début.")
        return data

    def made(self) -> SeasonEvent:
        for name, value in self.cleaned_data.items():
            setattr(self.event, name, value)
        return self.event


class ImportForm(DeskForm):
    """A file, or the text of the one just checked."""

    wanted = frozenset({"file"})
    file = forms.FileField(label="Fichier", required=False, help_text="Markdown (.md), JSON (.json) ou tableur (.csv).")
    owner = forms.ModelChoiceField(
        Team.objects.none(), label="Équipe responsable", required=False, empty_label="Celle que dit le fichier"
    )
    content = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    name = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > MAX_BYTES:
                raise ValidationError("Ce fichier dépasse 1,5 Mo : coupez-le, ou demandez son import à l'exploitant.")
            try:
                data["content"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise ValidationError("Ce fichier n'est pas du texte en UTF-8.") from error
            data["name"] = file.name
        if not data.get("content"):
            raise ValidationError("Choisissez un fichier.")
        if Path(data.get("name") or "").suffix.lower() not in FORMATS:
            raise ValidationError(f"Nature de fichier inconnue : {', '.join(FORMATS)} seulement.")
        return data

    @property
    def form(self) -> str:
        return FORMATS[Path(self.cleaned_data["name"]).suffix.lower()]
