"""What a sent answer quotes of the base, and what it teaches: proposed, never taken without an editor."""

from __future__ import annotations

import re
from collections.abc import Sequence

from guichet.accounts.models import User
from guichet.cases.actions.routing import first_message
from guichet.cases.models import AnswerIdea, AnswerSent, Case, Interaction
from guichet.core.text import fold
from guichet.journal.actions import record
from guichet.knowledge.masking import key, masked
from guichet.knowledge.models import Article, Version
from guichet.knowledge.renderings import reply_text
from guichet.organisation.models import Sensitivity
from guichet.people.models import Person

AT_MOST = 10  # articles quoted in one answer
STILL_SAID = 0.3  # share of the four-word runs of an article found in what is sent: below, it was taken out
RUN = 4
SHORT = 200  # signs: a longer message tells a story, it is not a way of asking
_WORD = re.compile(r"\w+")


def note_quoted(case: Case, interaction: Interaction, answers: Sequence[int], *, by: User) -> None:
    """Inside the action that sends: which versions the text says, and the question they answered as a wording to be
    approved."""
    if not answers:
        return
    versions = Version.objects.filter(pk__in=list(answers)[:AT_MOST]).select_related("article")
    kept = [version for version in versions if says(interaction.text, version)]
    if not kept:
        return
    AnswerSent.objects.bulk_create([AnswerSent(interaction=interaction, version=version) for version in kept])
    if not interaction.template_version:
        interaction.template_version = f"article {kept[0].pk}"
        interaction.save(update_fields=["template_version"])
    for version in kept:
        record("case.article_quoted", by=by, case_id=case.pk, code=version.article.code, version=version.number)
    if len(kept) == 1:
        _propose_wording(case, kept[0].article)


def says(text: str, version: Version) -> bool:
    wanted = _runs(reply_text(version))
    return bool(wanted) and len(wanted & _runs(text)) / len(wanted) >= STILL_SAID


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(fold(text))
    return {tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1))} if words else set()


def _propose_wording(case: Case, article: Article) -> None:
    if case.sensitivity > Sensitivity.NORMAL:
        return
    message = first_message(case)
    if message is None or not message.text.strip() or len(message.text) > SHORT:
        return
    question = without_person(message.text, case.person)
    words = key(question)
    known = {fold(text) for text in article.wordings.values_list("text", flat=True)}
    if not words or fold(question) in known:
        return
    idea, new = AnswerIdea.objects.get_or_create(
        kind=AnswerIdea.Kind.WORDING, key=words, article=article, defaults={"question": question, "cases": [case.pk]}
    )
    if not new and idea.handled_at is None:
        idea.count += 1
        idea.cases = [*idea.cases, case.pk][-AT_MOST:]
        idea.save(update_fields=["count", "cases"])


def without_person(text: str, person: Person | None, length: int = 300) -> str:
    """Masked, and the names that the record of the person holds."""
    line = masked(text, length * 2)
    names = (person.first_name, person.family_name, person.used_name) if person is not None else ()
    for name in filter(None, names):
        line = re.sub(rf"\b{re.escape(name)}\b", "…", line, flags=re.IGNORECASE)
    return line[:length]
