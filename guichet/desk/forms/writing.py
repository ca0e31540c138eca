"""Answers and notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from guichet.core.text import keys_in
from guichet.desk.forms.fields import DeskForm, ManyFiles
from guichet.organisation.models import Channel

BY = [(Channel.EMAIL.value, "E-mail"), (Channel.PAPER.value, "Courrier")]


class Keys(forms.CharField):
    """Numbers with commas between them; what is not one is left out."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def prepare_value(self, value: Any) -> Any:
        return ",".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        return keys_in(str(super().clean(value))[:400].split(","))


class WritingForm(DeskForm):
    text = forms.CharField(label="Texte", required=False, strip=False, max_length=200_000, widget=forms.Textarea)
    files = ManyFiles(label="Joindre des fichiers", required=False, max_length=200)  # type: ignore[assignment]

    def uploaded(self) -> list[tuple[str, bytes]]:
        return [(item.name, item.read()) for item in self.cleaned_data["files"]]


class NoteForm(WritingForm):
    pass


class ReplyForm(WritingForm):
    onglet = forms.ChoiceField(label="Canal", choices=BY, required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    depuis = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)  # what was read, when
    template_version = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    answers = Keys()
    despite = forms.CharField(label="Pourquoi par e-mail", required=False, max_length=300)
    send_at = forms.DateTimeField(
        label="Envoyer plus tard, le",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def clean_onglet(self) -> str:
        return self.cleaned_data["onglet"] or Channel.EMAIL.value

    def clean_send_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["send_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError("Choisissez une date à venir.")
        return moment

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.data.get("action") == "tard" and not data.get("send_at") and "send_at" not in self.errors:
            self.add_error("send_at", "Choisissez la date d'envoi.")
        return data
