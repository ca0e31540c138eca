"""Fields written at once say what Django's own templates say."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

from guichet.core.widgets import WRITTEN, WrittenAtOnce

ODD = '<b>"l\'été" & 1 234</b>'


class Everything(forms.Form):
    text = forms.CharField(
        initial=ODD, max_length=300, widget=forms.TextInput(attrs={"list": "noms", "class": "saisie"})
    )
    hidden = forms.IntegerField(initial=1234567, widget=forms.HiddenInput)
    number = forms.IntegerField(initial=1234567, min_value=1, required=False)
    nothing = forms.IntegerField(required=False)
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), initial="2026-06-22")
    email = forms.EmailField(initial="a@b.fr")
    long = forms.CharField(initial=f"\n{ODD}\n", widget=forms.Textarea(attrs={"rows": 3}))
    empty = forms.CharField(widget=forms.Textarea)
    yes = forms.BooleanField(initial=True)
    no = forms.BooleanField(disabled=True)
    one = forms.ChoiceField(choices=[("", "Aucun"), (1, ODD), ("Groupe <1>", [(2, "Deux"), (3, "Trois")])], initial=3)
    many = forms.MultipleChoiceField(choices=[("a", "A"), (ODD, "B")], initial=[ODD])


@pytest.mark.parametrize("name", list(Everything.base_fields))
def test_a_field_is_written_as_by_the_templates(name: str) -> None:
    mine, theirs = (str(Everything(renderer=renderer)[name]) for renderer in (WrittenAtOnce(), DjangoTemplates()))
    assert re.sub(r">\s+<", "><", mine) == re.sub(r">\s+<", "><", theirs)


def test_the_usual_fields_do_not_go_through_a_template() -> None:
    widgets = [field.widget for field in Everything.base_fields.values()]
    assert sum(widget.template_name in WRITTEN for widget in widgets) == len(Everything.base_fields)
