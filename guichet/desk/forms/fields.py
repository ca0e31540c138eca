"""The look of every form of the desk, and fields of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.choices import BaseChoiceIterator

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.core import identifiers, phones
from guichet.core.refused import Refused
from guichet.desk.searching import case_numbered

NO_SUCH_CASE = "Aucune demande que vous pouvez voir ne porte ce numéro."


def email_typed(text: object) -> str:
    """An address as it is kept; empty when nothing was typed. Raises `ValidationError`."""
    typed = str(text).strip()
    found = identifiers.email(typed) if typed else ""
    if found is None:
        raise forms.ValidationError("Écrivez une adresse complète, par exemple nom@exemple.fr.")
    return found


def phone_typed(text: object) -> str:
    """A number as it is kept; empty when nothing was typed. Raises `ValidationError`."""
    typed = str(text).strip()
    found = phones.normalise(typed) if typed else ""
    if found is None:
        raise forms.ValidationError("Ce numéro n'est pas complet. Exemple : 06 39 98 41 27.")
    return found


class Carried(forms.BaseForm):
    """What was typed is handed to an action; its refusal is an error of the form."""

    def carry_out(self, run: Callable[[dict[str, Any]], object]) -> int:
        """Call `run` with what was typed. Returns 0 when it is done, else the status to show the form again with."""
        if not self.is_valid():
            return 400
        try:
            run(self.cleaned_data)
        except Refused as refusal:
            self.add_error(None, refusal.message)
            return refusal.status
        return 0


class Ready(BaseChoiceIterator):
    """Pairs of a value and its label, taken as they are: a hundred topics are not put right again at each page."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = pairs

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)


class DeskForm(Carried, forms.Form):
    """Every field has the look of the desk; errors are tied to their field."""

    required_css_class = "requis"
    # Wanted by what else was answered: not said to be optional, though the page may be sent without.
    wanted: frozenset[str] = frozenset()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.is_required |= name in self.wanted
            if not isinstance(
                field.widget, forms.CheckboxInput | forms.RadioSelect | forms.HiddenInput | forms.FileInput
            ):
                field.widget.attrs.setdefault("class", "saisie")


def case_typed(text: str, user: User) -> Case:
    """The case whose number was typed, if `user` may see it; a number of another team's looks like none."""
    found = case_numbered(text, user)
    if found is None:
        raise forms.ValidationError(NO_SUCH_CASE)
    return found


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
