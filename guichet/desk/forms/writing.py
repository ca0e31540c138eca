"""Answers and notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from guichet.desk.filling import mentions_file
from guichet.desk.forms.fields import DeskForm, ManyFiles


class WritingForm(DeskForm):
    text = forms.CharField(label="Texte", required=False, strip=False, max_length=200_000, widget=forms.Textarea)
    files = ManyFiles(label="Joindre des fichiers", required=False, max_length=200)  # type: ignore[assignment]

    def uploaded(self) -> list[tuple[str, bytes]]:
        return [(item.name, item.read()) for item in self.cleaned_data["files"]]


class NoteForm(WritingForm):
    pass


class ReplyForm(WritingForm):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    template_version = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    send_at = forms.DateTimeField(
        label="Envoyer plus tard, le",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    without_file = forms.BooleanField(label="Envoyer sans pièce jointe", required=False)

    def clean_send_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["send_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError("Choisissez une date à venir.")
        return moment

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if mentions_file(data.get("text", "")) and not data.get("files") and not data.get("without_file"):
            self.add_error(
                "without_file",
                "Votre texte annonce une pièce jointe, et aucun fichier n'est joint. Joignez-le, ou cochez la case.",
            )
        return data
