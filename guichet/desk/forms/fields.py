"""The look of every form of the desk, and fields of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings


class DeskForm(forms.Form):
    """Every field has the look of the desk; errors are tied to their field."""

    required_css_class = "requis"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput | forms.HiddenInput | forms.FileInput):
                field.widget.attrs.setdefault("class", "saisie")


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Several files at once, within the limits of the settings."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        items = [item for item in (data if isinstance(data, list | tuple) else [data]) if item]
        if len(items) > settings.UPLOAD_MAX_FILES:
            raise forms.ValidationError(f"Joignez au plus {settings.UPLOAD_MAX_FILES} fichiers.")
        for item in items:
            if item.size > settings.UPLOAD_MAX_BYTES:
                limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
                raise forms.ValidationError(f"« {item.name} » est trop lourd : {limit} Mo au plus par fichier.")
            super().clean(item, initial)
        return items
