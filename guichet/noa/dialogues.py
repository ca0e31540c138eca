"""Small dialogues as data: read and checked, then walked one answer at a time. No database here.

title = "Ai-je droit à l'aide au permis ?"
after = ["aide-permis-conduire"]          # proposed under the answer of these articles
says = ["ai je droit a l'aide au permis"] # whole messages that start it; « … » at the end: how they begin
[[steps]]
name = "age"
ask = "Quel âge avez-vous ?"
# of a choice: also = {"Transport scolaire" = ["car", "bus"]}, other words that say it
kind = "number"                            # number, yes_no, choice, text, email, phone, date, department
go = [{below = 17, to = "jeune"}, {above = 25, to = "age"}]   # the first that holds; else the next step
[[ends]]
name = "jeune"
article = "aide-permis-conduire"           # says its answer; or: say = "…" (approved with the dialogue)
act = "callback"                           # opens a case with what was said: callback, appointment, complaint
[[tests]]
turns = ["> ai je droit a l'aide au permis", "Quel âge", "> 16", "aide-permis-conduire"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from guichet.core.identifiers import DEPARTMENTS
from guichet.core.phones import normalise
from guichet.core.refused import Refused
from guichet.core.text import fold, key_of, one_line
from guichet.noa.smalltalk import bare, plain

KINDS = frozenset({"number", "yes_no", "choice", "text", "email", "phone", "date", "department"})
ACTS = frozenset({"callback", "appointment", "complaint"})
TRIES = 3  # of one question, before a person is proposed
_EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[a-z]{2,}", re.IGNORECASE)
_PHONE = re.compile(r"(?:\+\d{2}|0)(?:[ .\-]?\d){9}\b")
_NUMBER = re.compile(r"\d+")
_YES = frozenset(["oui", "ouais", "ok", "yes", "exact", "affirmatif", "o", "si", "absolument", "accord"])
_NO = frozenset(["non", "nan", "no", "pas", "jamais", "n", "negatif", "aucun"])


@dataclass(frozen=True, slots=True)
class Go:
    """Where an answer leads: `value` (choice, yes_no, department), `below`/`above` (number); `to` a step or an end."""

    to: str
    value: str | None = None
    below: int | None = None
    above: int | None = None

    def holds(self, answer: Any) -> bool:
        if self.value is not None and fold(str(answer)) != fold(self.value):
            return False
        number = answer if isinstance(answer, int) else 0
        if self.below is not None and not number < self.below:
            return False
        return not (self.above is not None and not number > self.above)


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    ask: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    go: tuple[Go, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class End:
    name: str
    article: str = ""
    say: str = ""
    act: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    code: str
    title: str
    says: tuple[str, ...]
    after: tuple[str, ...]
    steps: tuple[Step, ...]
    ends: Mapping[str, End]
    tests: tuple[tuple[str, ...], ...] = ()
    topic: str = ""

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)

    def next_of(self, step: Step, answer: Any) -> Step | End:
        for go in step.go:
            if go.holds(answer):
                return self.step(go.to) or self.ends[go.to]
        at = self.steps.index(step)
        if at + 1 < len(self.steps):
            return self.steps[at + 1]
        return next(iter(self.ends.values()))

    def starts_with(self, text: str) -> bool:
        said = bare(text)
        wanted = [(bare(phrase), phrase.endswith("…")) for phrase in self.says]
        return any(said.startswith(words) if begins and words else said == words for words, begins in wanted)


@dataclass(frozen=True, slots=True)
class Unread:
    """The answer is not one; `why` says what is expected."""

    why: str = field(default="")


def read_script(code: str, source: str) -> Script:
    """Raises `Refused` with what is wrong: an unknown kind, a step that leads nowhere, a choice without choices."""
    try:
        row = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"Le dialogue n'est pas du TOML : {error}.", status=400) from error
    steps = tuple(_step(each) for each in _tables(row, "steps"))
    ends = {end.name: end for end in (_end(each) for each in _tables(row, "ends"))}
    title = one_line(str(row.get("title") or ""))
    if not title or not steps or not ends:
        raise Refused("Un dialogue a un titre, au moins une question (steps) et une fin (ends).", status=400)
    names = [step.name for step in steps] + list(ends)
    if len(names) != len(set(names)):
        raise Refused("Deux étapes ou fins portent le même nom.", status=400)
    for step in steps:
        for go in step.go:
            if go.to not in names:
                raise Refused(f"L'étape {step.name} mène à {go.to}, qui n'existe pas.", status=400)
    tests = tuple(tuple(str(line) for line in each.get("turns", ())) for each in _tables(row, "tests"))
    return Script(
        code=code, title=title, says=_texts(row, "says"), after=_texts(row, "after"), steps=steps, ends=ends,
        tests=tests, topic=str(row.get("topic") or ""),
    )  # fmt: skip


def read_answer(step: Step, text: str) -> Any:
    """The value said, or `Unread`."""
    said = one_line(text)[:500]
    if step.optional and plain(said) in {"non", "rien", "aucun", "aucune", "passer"}:
        return ""
    return _READERS[step.kind](step, said)


def _read_number(step: Step, said: str) -> Any:
    found = _NUMBER.search(said)
    return int(found[0][:9]) if found else Unread("Écrivez un nombre.")


def _read_yes_no(step: Step, said: str) -> Any:
    words = set(plain(said).split())
    if words & _NO:
        return "non"
    return "oui" if words & _YES else Unread("Répondez par oui ou par non.")


def _read_choice(step: Step, said: str) -> Any:
    wanted = plain(said)
    if 1 <= (number := key_of(wanted)) <= len(step.choices):
        return step.choices[number - 1]
    exact = [choice for choice in step.choices if plain(choice) == wanted]
    near = exact or [
        choice for choice in step.choices if wanted and (wanted in plain(choice) or plain(choice) in wanted)
    ]
    if len(near) == 1:
        return near[0]
    words = set(wanted.split()) - _SMALL
    shared = [choice for choice in step.choices if set(plain(choice).split()) & words]
    meant = shared or [choice for choice in step.choices if words & set(step.also.get(choice, ()))]
    return meant[0] if len(meant) == 1 else Unread("Choisissez une des réponses proposées.")


_SMALL = frozenset(
    ["le", "la", "les", "un", "une", "de", "du", "des", "en", "et", "ou", "je", "suis", "d", "l", "a", "au", "aux"]
)


def _read_text(step: Step, said: str) -> Any:
    return said or Unread("Écrivez votre réponse.")


def _read_email(step: Step, said: str) -> Any:
    found = _EMAIL.search(said)
    return found[0].lower() if found else Unread("Écrivez une adresse e-mail, par exemple nom@exemple.fr.")


def _read_phone(step: Step, said: str) -> Any:
    found = _PHONE.search(said)
    return normalise(said) or (found and normalise(found[0])) or Unread("Écrivez un numéro de téléphone à 10 chiffres.")


def _read_date(step: Step, said: str) -> Any:
    found = re.search(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{2,4})", said)
    if found:
        day, month, year = (int(part) for part in found.groups())
        try:
            return date(year + 2000 if year < 100 else year, month, day).isoformat()
        except ValueError:
            pass
    return Unread("Écrivez une date, par exemple 12/09/2027.")


def _read_department(step: Step, said: str) -> Any:
    for found in re.findall(r"\d{2}", said):
        if found in DEPARTMENTS:
            return found
    wanted = plain(said)
    for code, name in sorted(DEPARTMENTS.items(), key=lambda item: -len(item[1])):
        if plain(name) in wanted:
            return code
    return Unread("Écrivez un département de la région, par exemple 33 ou Gironde.")


_READERS = {
    "number": _read_number, "yes_no": _read_yes_no, "choice": _read_choice, "text": _read_text, "email": _read_email,
    "phone": _read_phone, "date": _read_date, "department": _read_department,
}  # fmt: skip


def read_email(text: str) -> Any:
    """The address in a text, or `Unread`."""
    return read_answer(Step("email", "", "email"), text)


def _tables(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = row.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise Refused(f"{name} est une liste de blocs [[{name}]].", status=400)
    return value


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name) or []
    if not isinstance(value, list):
        raise Refused(f"{name} est une liste de textes.", status=400)
    return tuple(str(each) for each in value)


def _step(row: Mapping[str, Any]) -> Step:
    name, ask, kind = str(row.get("name") or ""), one_line(str(row.get("ask") or "")), str(row.get("kind") or "text")
    if not name or not ask:
        raise Refused("Chaque étape a un nom (name) et une question (ask).", status=400)
    if kind not in KINDS:
        raise Refused(f"L'étape {name} a une nature inconnue : {kind}.", status=400)
    choices = _texts(row, "choices")
    if kind == "choice" and len(choices) < 2:
        raise Refused(f"L'étape {name} propose au moins deux choix (choices).", status=400)
    go: list[Go] = []
    for each in row.get("go") or []:
        if not isinstance(each, Mapping) or not each.get("to"):
            raise Refused(f"L'étape {name} a un chemin sans destination (to).", status=400)
        value = each.get("value")
        if value is not None and kind == "choice" and value not in choices:
            raise Refused(f"L'étape {name} : « {value} » n'est pas un des choix.", status=400)
        go.append(Go(str(each["to"]), None if value is None else str(value), each.get("below"), each.get("above")))
    return Step(name, ask, kind, choices, _also(row, name, choices), tuple(go), bool(row.get("optional")))


def _also(row: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    given = row.get("also") or {}
    if not isinstance(given, Mapping) or set(given) - set(choices):
        raise Refused(f"L'étape {name} donne d'autres mots (also) à ce qui n'est pas un de ses choix.", status=400)
    return {choice: tuple(plain(word) for word in _texts(given, choice)) for choice in given}


def _end(row: Mapping[str, Any]) -> End:
    end = End(
        str(row.get("name") or ""), str(row.get("article") or ""), str(row.get("say") or "").strip(),
        str(row.get("act") or ""),
    )  # fmt: skip
    if not end.name or not (end.article or end.say):
        raise Refused("Chaque fin a un nom (name) et un article ou une phrase (say).", status=400)
    if end.act and end.act not in ACTS:
        raise Refused(f"La fin {end.name} a un acte inconnu : {end.act}.", status=400)
    return end
