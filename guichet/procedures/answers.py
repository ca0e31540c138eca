"""What a person answered: read from a form, kept as JSON, given to formulas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from stdnum import iban as _iban

from guichet.core.identifiers import email as read_email
from guichet.core.identifiers import rna, siret
from guichet.core.phones import normalise
from guichet.core.text import strip_controls
from guichet.procedures.definition import Asked, Definition, Kind, Page
from guichet.procedures.formulas import BadFormula, Unknown, Value, read

Answers = dict[str, Any]  # code -> text, boolean, list of texts; numbers and dates as texts
MOST = Decimal(10) ** 12
NUMBERS = frozenset({Kind.NUMBER, Kind.AMOUNT})


class Wrong(ValueError):
    """What was typed is not one; the message is the sentence shown beside the field."""


def known(it: Definition, answers: Mapping[str, Any], *, day: date, today: date | None = None) -> dict[str, Value]:
    """Everything a formula may name: answers in their types, figures in force on `day`, computed fields."""
    found: dict[str, Value] = {"depot": day, "aujourdhui": today or day, "decision": today or day}
    for code, field in it.fields.items():
        found[code] = typed(field, answers.get(code))
    for parameter in it.parameters:
        found[parameter.code] = parameter.at(day)
    # A field that is not asked any more says nothing, whatever was typed before.
    for page in it.pages:
        shown = holds(page.when, found)
        for field in page.fields:
            if not shown or not holds(field.when, found):
                found.pop(field.code, None)
    for computed in it.computed:
        try:
            found[computed.code] = read(computed.formula).value(found)
        except (Unknown, BadFormula):
            found[computed.code] = None
    return found


def typed(field: Asked, raw: Any) -> Value:
    if raw in (None, "", []):
        return None
    if field.kind in NUMBERS:
        return Decimal(str(raw))
    if field.kind == Kind.DATE:
        return date.fromisoformat(str(raw))
    if field.kind == Kind.YES_NO:
        return bool(raw)
    return list(raw) if field.kind == Kind.SEVERAL else str(raw)


def holds(condition: str, values: Mapping[str, Value]) -> bool:
    """A condition that is not known yet does not hold: what depends on it is not asked."""
    if not condition:
        return True
    try:
        return read(condition).holds(values)
    except (Unknown, BadFormula):
        return False


def pages_of(it: Definition, values: Mapping[str, Value]) -> list[Page]:
    return [page for page in it.pages if holds(page.when, values)]


def fields_of(page: Page, values: Mapping[str, Value]) -> list[Asked]:
    return [field for field in page.fields if holds(field.when, values)]


def read_page(
    it: Definition, page: Page, posted: Mapping[str, Sequence[str]], answers: Mapping[str, Any], *, day: date
) -> tuple[Answers, dict[str, str]]:
    """What a page of the form says: (all the answers with those of this page, errors by field).

    What cannot be read is kept as it was typed under « code! », so that nothing typed is lost.
    """
    merged = dict(answers)
    errors: dict[str, str] = {}
    for field in page.fields:
        if field.kind == Kind.NOTE:
            continue
        texts = [strip_controls(text).strip() for text in posted.get(field.code, ())]
        merged.pop(f"{field.code}!", None)
        try:
            merged[field.code] = _read(field, texts)
        except Wrong as wrong:
            errors[field.code] = str(wrong)
            merged[field.code], merged[f"{field.code}!"] = None, texts[0][:500] if texts else ""
    values = known(it, merged, day=day)
    for field in fields_of(page, values):
        if field.code not in errors and (fault := _fault(field, merged.get(field.code), values)):
            errors[field.code] = fault
    shown = {field.code for field in fields_of(page, values)}
    return merged, {code: text for code, text in errors.items() if code in shown}


def read_all(
    it: Definition, raw: Mapping[str, Any], *, day: date, lenient: bool = False
) -> tuple[Answers, dict[str, str]]:
    """Answers that a program gives at once: (those that were read, errors by field).

    `lenient`: what is missing is not a fault; history of other tools is seldom whole.
    """
    errors = {code: "Cette question n'est pas dans le formulaire." for code in raw if code not in it.fields}
    posted = {code: _as_typed(value) for code, value in raw.items() if code in it.fields}
    answers: Answers = {}
    for page in it.pages:
        if not holds(page.when, known(it, answers, day=day)):
            continue
        answers, wrong = read_page(it, page, posted, answers, day=day)
        errors |= {code: why for code, why in wrong.items() if posted.get(code) or not lenient}
    return answers, errors


def _as_typed(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["oui" if value else "non"]
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def faults(it: Definition, answers: Mapping[str, Any], *, day: date) -> dict[str, dict[str, str]]:
    """What still stops the filing, by page and field."""
    values = known(it, answers, day=day)
    found: dict[str, dict[str, str]] = {}
    for page in pages_of(it, values):
        for field in fields_of(page, values):
            if f"{field.code}!" in answers:
                found.setdefault(page.code, {})[field.code] = "Corrigez ce champ."
            elif field.kind != Kind.NOTE and (fault := _fault(field, answers.get(field.code), values)):
                found.setdefault(page.code, {})[field.code] = fault
    return found


def _fault(field: Asked, value: Any, values: Mapping[str, Value]) -> str:
    if value in (None, "", []):
        return "Répondez à cette question." if field.required and field.kind != Kind.NOTE else ""
    if field.check:
        try:
            if not read(field.check).holds(values):
                return field.complaint
        except (Unknown, BadFormula):
            return ""
    return ""


def _read(field: Asked, texts: list[str]) -> Any:
    text = texts[0] if texts else ""
    if field.kind == Kind.SEVERAL:
        wanted = {choice.code for choice in field.choices}
        return [text for text in texts if text in wanted]
    if not text:
        return None
    return _READERS.get(field.kind, _line)(field, text)


def _line(field: Asked, text: str) -> str:
    if len(text) > field.longest:
        raise Wrong(f"Ce texte dépasse {field.longest} signes.")
    return text if field.kind == Kind.TEXT else " ".join(text.split())


def _number(field: Asked, text: str) -> str:
    bare = re.sub(r"[\s  €]", "", text).replace(",", ".")
    try:
        value = Decimal(bare)
    except InvalidOperation:
        raise Wrong("Écrivez un nombre, par exemple 1250 ou 12,50.") from None
    if not value.is_finite() or abs(value) > MOST:
        raise Wrong("Ce nombre est trop grand.")
    if field.kind == Kind.AMOUNT and value != value.quantize(Decimal("0.01")):
        raise Wrong("Un montant s'arrête aux centimes.")
    if field.minimum is not None and value < field.minimum:
        raise Wrong(f"Le minimum est {_said(field.minimum)}.")
    if field.maximum is not None and value > field.maximum:
        raise Wrong(f"Le maximum est {_said(field.maximum)}.")
    return str(value)


def _said(value: Decimal) -> str:
    return f"{value.normalize():f}".replace(".", ",")


def _date(field: Asked, text: str) -> str:
    for pattern in (r"(\d{4})-(\d{1,2})-(\d{1,2})", r"(\d{1,2})[/. ](\d{1,2})[/. ](\d{4})"):
        if match := re.fullmatch(pattern, text):
            numbers = [int(part) for part in match.groups()]
            year, month, day = numbers if numbers[0] > 31 else numbers[::-1]
            try:
                found = date(year, month, day)
            except ValueError:
                break
            if 1900 <= found.year <= 2100:
                return found.isoformat()
    raise Wrong("Écrivez une date, par exemple 31/12/2026.")


def _yes_no(field: Asked, text: str) -> bool:
    if text not in {"oui", "non"}:
        raise Wrong("Répondez par oui ou par non.")
    return text == "oui"


def _one(field: Asked, text: str) -> str:
    if text not in {choice.code for choice in field.choices}:
        raise Wrong("Choisissez une réponse dans la liste.")
    return text


def _email(field: Asked, text: str) -> str:
    if (found := read_email(text)) is None:
        raise Wrong("Écrivez une adresse e-mail, par exemple nom@exemple.fr.")
    return found


def _phone(field: Asked, text: str) -> str:
    if (found := normalise(text)) is None:
        raise Wrong("Écrivez un numéro de téléphone, par exemple 06 39 98 12 52.")
    return found


def _postcode(field: Asked, text: str) -> str:
    bare = text.replace(" ", "")
    if not (len(bare) == 5 and bare.isascii() and bare.isdigit()):
        raise Wrong("Un code postal a cinq chiffres.")
    return bare


def _iban_of(field: Asked, text: str) -> str:
    if not _iban.is_valid(text):
        raise Wrong("Cet IBAN n'est pas valable : recopiez-le depuis votre relevé d'identité bancaire.")
    return str(_iban.compact(text))


def _siret(field: Asked, text: str) -> str:
    if (found := siret(text)) is None:
        raise Wrong("Un SIRET a 14 chiffres : vérifiez-le sur votre avis de situation.")
    return found


def _rna(field: Asked, text: str) -> str:
    if (found := rna(text)) is None:
        raise Wrong("Un numéro RNA commence par W et a neuf chiffres.")
    return found


_READERS: dict[Kind, Any] = {
    Kind.NUMBER: _number, Kind.AMOUNT: _number, Kind.DATE: _date, Kind.YES_NO: _yes_no, Kind.ONE: _one,
    Kind.EMAIL: _email, Kind.PHONE: _phone, Kind.POSTCODE: _postcode, Kind.IBAN: _iban_of, Kind.SIRET: _siret,
    Kind.RNA: _rna,
}  # fmt: skip
