"""A field of a procedure as it is shown: what was answered, how it is filled in, what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guichet.core.phones import show
from guichet.procedures.answers import fields_of
from guichet.procedures.definition import Asked, Definition, Kind, Page
from guichet.procedures.formulas import Value

_AUTOCOMPLETE = {
    "profile.first_name": "given-name", "profile.family_name": "family-name", "profile.address": "street-address",
    "profile.postcode": "postal-code", "profile.town": "address-level2", "profile.email": "email",
    "profile.phone": "tel", "profile.organisation_name": "organization",
}  # fmt: skip
IDENTITY = frozenset({"profile.first_name", "profile.family_name"})
_INPUTS = {Kind.DATE: "date", Kind.EMAIL: "email", Kind.PHONE: "tel"}
_MODES = {Kind.NUMBER: "decimal", Kind.AMOUNT: "decimal", Kind.POSTCODE: "numeric", Kind.SIRET: "numeric"}


@dataclass(frozen=True, slots=True)
class Shown:
    field: Asked
    value: Any
    error: str
    proved: bool = False  # FranceConnect said it: shown, not typed
    autofill: bool = True  # not when an agent types for somebody: his browser knows himself

    @property
    def id(self) -> str:
        return f"q_{self.field.code}"

    @property
    def input_type(self) -> str:
        # What could not be read as a date is shown as it was typed.
        typed_wrong = self.field.kind == Kind.DATE and self.value and len(str(self.value)) != 10
        return "text" if typed_wrong else _INPUTS.get(self.field.kind, "text")

    @property
    def input_mode(self) -> str:
        return _MODES.get(self.field.kind, "")

    @property
    def autocomplete(self) -> str:
        return _AUTOCOMPLETE.get(self.field.prefill, "") if self.autofill else ""

    @property
    def unit(self) -> str:
        return self.field.unit or ("€" if self.field.kind == Kind.AMOUNT else "")

    @property
    def describedby(self) -> str:
        parts = [f"{self.id}_aide"] if self.field.help else []
        if self.proved:
            parts.append(f"{self.id}_prouve")
        if self.unit:
            parts.append(f"{self.id}_unite")
        if self.error:
            parts.append(f"{self.id}_erreur")
        return " ".join(parts)

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """(value, label, chosen)."""
        if self.field.kind == Kind.YES_NO:
            return [("oui", "Oui", self.value is True), ("non", "Non", self.value is False)]
        chosen = self.value if isinstance(self.value, list) else [self.value]
        return [(choice.code, choice.label, choice.code in chosen) for choice in self.field.choices]

    @property
    def is_choice(self) -> bool:
        return self.field.kind in {Kind.YES_NO, Kind.ONE, Kind.SEVERAL}

    @property
    def many(self) -> bool:
        return self.field.kind == Kind.SEVERAL


def shown(
    page: Page,
    values: Mapping[str, Value],
    answers: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    proved: Collection[str] = (),
    autofill: bool = True,
) -> list[Shown]:
    """The questions of a page. `proved`: codes of those that a provider of identity answered."""
    return [
        Shown(field, _value(field, answers), errors.get(field.code, ""), field.code in proved, autofill)
        for field in fields_of(page, values)
    ]


def identity_fields(it: Definition) -> dict[str, str]:
    """{code: name of the attribute} of the fields that say the civil identity of the person herself."""
    return {code: field.prefill.partition(".")[2] for code, field in it.fields.items() if field.prefill in IDENTITY}


def typed_there(page: Page, posted: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """(question, text) of what was typed in another tab or device: shown, so that nothing is lost."""
    return [(field.label, ", ".join(posted[field.code])) for field in page.fields if any(posted.get(field.code, ()))]


def _value(field: Asked, answers: Mapping[str, Any]) -> Any:
    wrong = answers.get(f"{field.code}!")
    if wrong is not None:
        return wrong
    value = answers.get(field.code)
    if value is None:
        return ""
    if field.kind == Kind.PHONE:
        return show(str(value))
    if field.kind in {Kind.NUMBER, Kind.AMOUNT}:
        return str(value).replace(".", ",")
    return value
