"""Reply templates: which are offered for a case, and how their variables are filled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, ReplyTemplate
from guichet.cases.models.case import NO_DEADLINE
from guichet.core.ahead import Question
from guichet.core.calendar import paris_day, say_day
from guichet.core.kept import Kept
from guichet.core.text import fold
from guichet.organisation.directory import directory

VARIABLE = re.compile(r"\{([^\W\d_]{2,20})\}")
# Every variable a template may hold, as it reads for an imaginary person (see values_of).
EXAMPLES = {
    "civilité": "Madame", "prénom": "Sandrine", "nom": "Lacoste", "numéro": "1 600 042", "objet": "Carte de car perdue",
    "équipe": "Transports scolaires", "téléphone": "05 36 49 12 12", "échéance": "vendredi 3 juillet 2026",
    "agent": "Nadia Belkacem, Conseillère", "date": "lundi 22 juin 2026",
}  # fmt: skip
_SPELT = {fold(name): name for name in EXAMPLES}  # « {prenom} » is understood
SUGGESTED = 9  # one key each


OFFERED = Kept(
    lambda topics, team: ReplyTemplate.objects.filter(
        Q(topic__isnull=True) | Q(topic_id__among=topics), Q(team__isnull=True) | Q(team_id=team), is_active=True
    )
)


def offered(case: Case) -> list[ReplyTemplate]:
    """Those of the topic and its parents, those of the team, and those for everyone."""
    return OFFERED(*_place(case))


def question(case: Case) -> Question:
    """What `offered` asks."""
    return OFFERED.asking(*_place(case))


def _place(case: Case) -> tuple[list[int], int]:
    topic = directory().topic(case.topic_id)
    return [step.pk for step in directory().topic_lineage(topic)], case.team_id or 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A template as it would be inserted here."""

    template: ReplyTemplate
    text: str

    @property
    def version(self) -> str:
        return f"{self.template.pk}.{self.template.version}"


def suggestions(templates: Iterable[ReplyTemplate], values: Mapping[str, str]) -> list[Suggestion]:
    """Of those offered the nearest first: of its topic, then of its team, then of everyone."""
    found = sorted(templates, key=lambda t: (t.topic_id is None, t.team_id is None, t.name))[:SUGGESTED]
    return [Suggestion(template, fill(template, values)) for template in found]


def values_of(case: Case, by: User) -> dict[str, str]:
    """What each variable says for this case; "" when it is not known."""
    person = case.person
    team = directory().team(case.team_id)
    return {
        "civilité": str(person.get_civility_display()) if person and person.civility else "",
        "prénom": person.first_name if person else "",
        "nom": person.last_name if person else "",
        "numéro": case.spoken_reference,
        "objet": case.subject,
        "équipe": team.said if team and not team.takes_unrouted else "",
        "téléphone": directory().contact_block(team).phone,
        "échéance": say_day(paris_day(case.due_at)) if case.due_at < NO_DEADLINE else "",
        "agent": by.signature,
        "date": say_day(paris_day(timezone.now())),
    }


def fill(template: ReplyTemplate, values: Mapping[str, str]) -> str:
    """`values`: see `values_of`. A variable without one stays written: it blocks the sending, nothing is guessed."""
    return VARIABLE.sub(lambda match: values.get(_SPELT.get(fold(match.group(1)), "")) or match.group(), template.text)
