"""Reply templates: which are offered for a case, and how their variables are filled."""

from __future__ import annotations

import re

from django.db.models import Q, QuerySet

from guichet.cases.models import Case, ReplyTemplate
from guichet.core.text import fold
from guichet.organisation.directory import directory

VARIABLE = re.compile(r"\{([^\W\d_]{2,20})\}")
# « ci-joint », « pièce jointe », « en annexe »: the file is easily forgotten.
MENTIONS_FILE = re.compile(
    r"ci[-‑ ]?joint|pi[eè]ces?[- ]jointes?|en pi[eè]ce[- ]jointe|fichiers? joints?", re.IGNORECASE
)


def offered(case: Case) -> QuerySet[ReplyTemplate]:
    """Those of the topic and its parents, those of the team, and those for everyone."""
    topic = directory().topic(case.topic_id)
    topics = [step.pk for step in directory().topic_lineage(topic)]
    return ReplyTemplate.objects.filter(
        Q(topic__isnull=True) | Q(topic_id__in=topics),
        Q(team__isnull=True) | Q(team_id=case.team_id),
        is_active=True,
    )


def fill(template: ReplyTemplate, case: Case) -> str:
    """A variable without a value stays written: it then blocks the sending, nothing is guessed."""
    person = case.person
    values = {
        "prenom": person.first_name if person else "",
        "nom": person.last_name if person else "",
        "civilite": str(person.get_civility_display()) if person and person.civility else "",
        "numero": case.spoken_reference,
        "objet": case.subject,
    }
    return VARIABLE.sub(lambda match: values.get(fold(match.group(1))) or match.group(), template.text)


def mentions_file(text: str) -> bool:
    return bool(MENTIONS_FILE.search(text))
