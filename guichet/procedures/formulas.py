"""The small language in which editors write conditions, computed fields and amounts.

`age(date_naissance, depot) >= 17 et revenu / parts < plafond`: numbers, dates, texts, lists; « et », « ou », « non »,
« dans »; the functions below. Nothing else: no attribute, no call to what is not named here, no loop. Amounts are exact
decimals. What is not known yet (an empty answer) makes the whole unknown, never false.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Any

from guichet.core.identifiers import department_of

Value = Decimal | str | bool | date | list[Any] | None
LONGEST = 2000
DEEPEST = 40
WORDS = {"et": "and", "ou": "or", "non": "not", "dans": "in", "vrai": "True", "faux": "False"}


class Unknown(Exception):
    """An answer that the formula needs is not given yet. `name` is the first one missing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class BadFormula(ValueError):
    """The formula cannot be read, or does not fit the values. The message is a French sentence."""


def whole_years(birth: date, at: date) -> Decimal:
    return Decimal(at.year - birth.year - ((at.month, at.day) < (birth.month, birth.day)))


def whole_months(first: date, last: date) -> Decimal:
    return Decimal((last.year - first.year) * 12 + last.month - first.month - (last.day < first.day))


def _tier(value: Decimal, steps: list[Any], otherwise: Any = Decimal(0)) -> Any:
    """`palier(x, [[9700, 1200], [12000, 800]], 0)`: the first amount whose ceiling is above or equal to x."""
    for ceiling, given in steps:
        if value <= ceiling:
            return given
    return otherwise


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "age": whole_years,
    "annees": whole_years,
    "mois": whole_months,
    "jours": lambda first, last: Decimal((last - first).days),
    "semaines": lambda first, last: Decimal((last - first).days // 7),
    "annee": lambda day: Decimal(day.year),
    "jour": lambda year, month, day: date(int(year), int(month), int(day)),
    "min": min,
    "max": max,
    "arrondi": lambda x: x.quantize(Decimal("0.01"), ROUND_HALF_UP),
    "entier": lambda x: x.quantize(Decimal(1), ROUND_DOWN),
    "palier": _tier,
    "departement": lambda postcode: department_of(str(postcode)),
    "nombre": lambda items: Decimal(len(items)),
}
LAZY = frozenset({"si", "vide", "defaut"})  # look at what they are given before it is known


@dataclass(frozen=True, slots=True)
class Formula:
    text: str
    tree: ast.expr
    names: frozenset[str]

    def value(self, known: Mapping[str, Value]) -> Any:
        """Raises `Unknown` when an answer is missing, `BadFormula` when the values do not fit."""
        try:
            return _value(self.tree, known)
        except (TypeError, ValueError, AttributeError) as error:
            if isinstance(error, BadFormula):
                raise
            raise BadFormula(f"La formule « {self.text} » ne convient pas aux valeurs données.") from error
        except (DivisionByZero, InvalidOperation) as error:
            raise BadFormula(f"La formule « {self.text} » divise par zéro.") from error

    def holds(self, known: Mapping[str, Value]) -> bool:
        return bool(self.value(known))


@lru_cache(maxsize=4096)
def read(text: str) -> Formula:
    """Raises `BadFormula`."""
    if not text.strip():
        raise BadFormula("La formule est vide.")
    if len(text) > LONGEST:
        raise BadFormula("La formule est trop longue.")
    try:
        tree = ast.parse(_in_english(text), mode="eval").body
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError, MemoryError):
        raise BadFormula(f"La formule « {text[:200]} » ne se lit pas : vérifiez les parenthèses et les mots.") from None
    names: set[str] = set()
    _check(tree, names, 0)
    return Formula(text, tree, frozenset(names))


def _in_english(text: str) -> str:
    tokens = []
    for token in tokenize.generate_tokens(io.StringIO(" ".join(text.split())).readline):
        word = WORDS.get(token.string, token.string) if token.type == tokenize.NAME else token.string
        tokens.append((token.type, word))
    return tokenize.untokenize(tokens).strip()


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b, ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip


def _check(node: ast.AST, names: set[str], depth: int) -> None:
    if depth > DEEPEST:
        raise BadFormula("La formule est trop compliquée.")
    match node:
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            children: list[ast.AST] = list(parts)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            children = [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            children = [left, right]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARED for op in ops):
            children = [left, *others]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS or name in LAZY:
            children = list(args)
        case ast.Name(id=name):
            names.add(name)
            children = []
        case ast.Constant(value=bool() | int() | float() | str()):
            children = []
        case ast.Call(func=ast.Name(id=name)):
            raise BadFormula(f"La fonction « {name} » n'existe pas.")
        case _:
            raise BadFormula("La formule contient un signe qui n'est pas permis.")
    for child in children:
        _check(child, names, depth + 1)


def _value(node: ast.expr, known: Mapping[str, Value]) -> Any:
    match node:
        case ast.Constant(value=bool() as flag):
            return flag
        case ast.Constant(value=int() | float() as number):
            return Decimal(str(number))
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name):
            found = known.get(name)
            if found is None or found == "" or found == []:
                raise Unknown(name)
            return found
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part, known) for part in parts]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, known)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, known)
        case ast.BoolOp(op=op, values=parts):
            return _either(parts, known, stop_at=isinstance(op, ast.Or))
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, known), _value(right, known))
        case ast.Compare(left=left, ops=ops, comparators=others):
            before = _value(left, known)
            for sign, other in zip(ops, others, strict=True):
                after = _value(other, known)
                if not _COMPARED[type(sign)](before, after):
                    return False
                before = after
            return True
        case ast.Call(func=ast.Name(id=name), args=args):
            return _called(name, args, known)
    raise BadFormula("La formule contient un signe qui n'est pas permis.")


def _either(parts: list[ast.expr], known: Mapping[str, Value], *, stop_at: bool) -> bool:
    """One that decides is enough, even when another is not known: « mineur ou revenu < 9700 »."""
    missing: Unknown | None = None
    for part in parts:
        try:
            if bool(_value(part, known)) is stop_at:
                return stop_at
        except Unknown as unknown:
            missing = missing or unknown
    if missing is not None:
        raise missing
    return not stop_at


def _called(name: str, args: list[ast.expr], known: Mapping[str, Value]) -> Any:
    if name == "si":
        if len(args) != 3:
            raise BadFormula("« si » veut une condition, une valeur et une autre valeur.")
        return _value(args[1] if _value(args[0], known) else args[2], known)
    if name == "vide":
        return _given(args[0], known) is None
    if name == "defaut":
        given = _given(args[0], known)
        return _value(args[1], known) if given is None else given
    return FUNCTIONS[name](*[_value(arg, known) for arg in args])


def _given(node: ast.expr, known: Mapping[str, Value]) -> Any:
    try:
        return _value(node, known)
    except Unknown:
        return None
