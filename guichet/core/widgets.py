"""The usual fields of a form written at once, as Django's own templates would write them.

A page of the desk holds dozens of fields and hundreds of options; a template included for the attributes of each was a
third of its time. What is not known here goes to the templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe


class WrittenAtOnce(DjangoTemplates):
    def render(self, template_name: str, context: Any, request: Any = None) -> str:
        write = WRITTEN.get(template_name)
        if write is None:
            return super().render(template_name, context, request)
        return mark_safe(write(context["widget"]))  # noqa: S308 (each value is escaped below)


def _said(value: Any) -> SafeString:
    return conditional_escape(str(value) if not isinstance(value, SafeString) else value)


def _attributes(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {_said(name)}" if value is True else f' {_said(name)}="{_said(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_said(widget["value"])}"'
    return f'<input type="{_said(widget["type"])}" name="{_said(widget["name"])}"{value}{_attributes(widget["attrs"])}>'


def _textarea(widget: Mapping[str, Any]) -> str:
    text = _said(widget["value"] or "")
    return f'<textarea name="{_said(widget["name"])}"{_attributes(widget["attrs"])}>\n{text}</textarea>'


def _select(widget: Mapping[str, Any]) -> str:
    parts = [f'<select name="{_said(widget["name"])}"{_attributes(widget["attrs"])}>']
    for label, options, _ in widget["optgroups"]:
        if label:
            parts.append(f'<optgroup label="{_said(label)}">')
        parts += [
            f'<option value="{_said(option["value"])}"{_attributes(option["attrs"])}>{_said(option["label"])}</option>'
            for option in options
        ]
        if label:
            parts.append("</optgroup>")
    parts.append("</select>")
    return "".join(parts)


_WIDGETS = "django/forms/widgets/"
WRITTEN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    f"{_WIDGETS}select.html": _select,
    f"{_WIDGETS}textarea.html": _textarea,
    **{f"{_WIDGETS}{kind}.html": _input for kind in ("text", "hidden", "number", "date", "checkbox", "email")},
}
