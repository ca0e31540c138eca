"""The dialogues in service, read once and kept a few seconds; walking through one within a conversation."""

from __future__ import annotations

import time
from typing import Any

from guichet.core.identifiers import DEPARTMENTS
from guichet.core.refused import Refused
from guichet.knowledge.models import Article
from guichet.noa import phrases
from guichet.noa.bubbles import PERSON, Bubble, Option, Reply, notice
from guichet.noa.dialogues import TRIES, End, Script, Step, Unread, read_answer, read_script
from guichet.noa.models import Chat, Dialogue, Turn

FRESH_SECONDS = 3.0
GIVEN_AT_ONCE = frozenset({"phone", "email"})  # what cannot be taken for anything else
DEPARTMENT = Step("departement", "Dans quel département habitez-vous ?", "department")
_kept: tuple[float, dict[str, Script]] | None = None


def all_scripts() -> dict[str, Script]:
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] > FRESH_SECONDS:
        found: dict[str, Script] = {}
        for row in Dialogue.objects.filter(is_active=True).order_by("code"):
            try:
                found[row.code] = read_script(row.code, row.source)
            except Refused:  # written before a stricter check: not proposed, shown as wrong in the desk
                continue
        _kept = (now, found)
    return _kept[1]


def forget_scripts() -> None:
    global _kept
    _kept = None


def started_by(text: str) -> Script | None:
    return next((script for script in all_scripts().values() if script.starts_with(text)), None)


def after(code: str) -> list[Script]:
    return [script for script in all_scripts().values() if code in script.after]


def telling_apart(codes: list[str], text: str) -> Script | None:
    """A dialogue whose ends are at least two of these articles: one precise question instead of three titles."""
    for script in all_scripts().values():
        ends = {end.article for end in script.ends.values() if end.article}
        if len(ends & set(codes)) >= 2 and len(script.steps) == 1 and script.steps[0].kind == "choice":
            return script
    return None


def usual_exits() -> tuple[Option, ...]:
    return ({"label": "Écrire avec le formulaire", "href": "/contact/"},)


# -- walking ----------------------------------------------------------------------------------------------------------


def begin(chat: Chat, script: Script, said: str = "") -> Reply:
    """Its first question; the next one when `said` holds the answer already (« rappelez-moi au 06… »)."""
    step, known = script.steps[0], {}
    value = read_answer(step, said) if step.kind in GIVEN_AT_ONCE and said else Unread()
    following = step if isinstance(value, Unread) else script.next_of(step, value)
    if isinstance(following, Step) and following is not step:
        step, known = following, {step.name: value}
    chat.memory["dialogue"] = {"code": script.code, "step": step.name, "said": known, "tries": 0}
    return Reply([_question(step)])


def asks_department(chat: Chat, article: Article) -> list[Bubble]:
    """An answer that holds in some departments only: ask which, once a conversation."""
    version = article.live
    if version is None or not version.departments:
        return []
    known = chat.memory.get("department")
    if known is None:
        chat.memory["dialogue"] = {"code": "", "step": DEPARTMENT.name, "said": {}, "tries": 0, "article": article.code}
        return [_question(DEPARTMENT)]
    if known in version.departments:
        return []
    where = ", ".join(DEPARTMENTS.get(code, code) for code in version.departments)
    return [notice(f"Cette réponse vaut seulement pour : {where}.", PERSON)]


def waits(chat: Chat) -> bool:
    return bool(chat.memory.get("dialogue"))


def go_on(chat: Chat, text: str) -> tuple[Reply, End | None, dict[str, Any]]:
    """Read the answer to the question that stands. Returns what to say, the end when reached, and all that was said."""
    at = dict(chat.memory.get("dialogue", {}))
    if not at.get("code"):
        return _department(chat, at, text), None, {}
    script = all_scripts().get(at["code"])
    step = script.step(at["step"]) if script else None
    if script is None or step is None:  # changed meanwhile
        chat.memory.pop("dialogue", None)
        return Reply([notice(phrases.CANCELLED)]), None, {}
    value = read_answer(step, text)
    if isinstance(value, Unread):
        return _again(chat, at, step, value), None, {}
    said = {**at["said"], step.name: value}
    following = script.next_of(step, value)
    if isinstance(following, Step):
        chat.memory["dialogue"] = {**at, "step": following.name, "said": said, "tries": 0}
        return Reply([_question(following)]), None, said
    chat.memory.pop("dialogue", None)
    return Reply(), following, {**said, "_title": script.title, "_topic": script.topic}


def _department(chat: Chat, at: dict[str, Any], text: str) -> Reply:
    value = read_answer(DEPARTMENT, text)
    if isinstance(value, Unread):
        return _again(chat, at, DEPARTMENT, value)
    chat.memory["department"] = value
    chat.memory.pop("dialogue", None)
    chat.memory["show"] = at.get("article", "")
    return Reply()


def _again(chat: Chat, at: dict[str, Any], step: Step, unread: Unread) -> Reply:
    tries = int(at.get("tries", 0)) + 1
    if tries >= TRIES:
        chat.memory.pop("dialogue", None)
        return Reply([notice(phrases.STILL_NOT, PERSON, *usual_exits())])
    chat.memory["dialogue"] = {**at, "tries": tries}
    question = _question(step)
    return Reply([Bubble(Turn.Kind.ASK, f"{phrases.CANNOT_READ} {unread.why}", options=question.options)])


def _question(step: Step) -> Bubble:
    said = {"yes_no": ("Oui", "Non")}.get(step.kind, step.choices)
    options = [{"label": text, "say": text} for text in said]
    if step.optional:
        options.append({"label": "Passer", "say": "passer"})
    return Bubble(Turn.Kind.ASK, step.ask, options=tuple(options))
