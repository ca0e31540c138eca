"""The panel shown before an answer leaves: what deserves a second look, and what changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from guichet.accounts.models import User
from guichet.cases.cautions import Caution, cautions
from guichet.cases.models import Case, Interaction
from guichet.cases.sending import refuses_electronic
from guichet.core.text import excerpt
from guichet.journal.snapshots import events_since
from guichet.organisation.models import Channel

UNSAID = frozenset({"case.read", "case.followed"})


@dataclass(frozen=True, slots=True)
class Change:
    at: datetime
    words: str
    who: str
    text: str = ""  # the first words of a message that arrived


@dataclass(frozen=True, slots=True)
class Panel:
    """`action`: what the agent wanted to do, and does if he confirms."""

    action: str
    cautions: Sequence[Caution]
    changes: Sequence[Change] = ()
    changed: bool = False
    asks_reason: bool = False

    @property
    def confirms(self) -> str:
        """The value of the button that goes on: codes already shown are not asked again."""
        return f"{self.action}:{','.join(caution.code for caution in self.cautions)}"


def read_confirmation(value: str) -> tuple[str, frozenset[str]]:
    action, _, codes = value.partition(":")
    return action, frozenset(codes.split(","))


def changes_since(case: Case, snapshot: str) -> list[Change]:
    """What happened to a case since its page was made, in words."""
    events = [event for event in events_since(snapshot, case_id=case.pk) if event.verb not in UNSAID]
    keys = [int(event.subject.partition(":")[2]) for event in events if event.subject.startswith("interaction:")]
    texts = {
        f"interaction:{pk}": excerpt(text, 160)
        for pk, text in Interaction.objects.filter(pk__in=keys, case=case).values_list("pk", "text")
    }
    # A message that arrives names no exchange in the journal: they are the last ones.
    came = [event for event in events if event.verb == "case.message"]
    newest = case.interactions.filter(direction=Interaction.Direction.IN).order_by("-pk")[: len(came)]
    arrived = {event.pk: one for event, one in zip(reversed(came), newest, strict=False)}
    people = User.objects.in_bulk({event.actor_id for event in events})
    said = {pk: excerpt(one.text, 160) for pk, one in arrived.items()}
    return [
        Change(
            event.at, event.words, people[event.actor_id].full_name, said.get(event.pk) or texts.get(event.subject, "")
        )
        for event in events
    ]


def panel_of(
    case: Case, *, action: str, text: str, channel: str, has_file: bool, to: Sequence[tuple[str, str]], despite: str,
    version: int | None, since: str, confirmed: frozenset[str],
) -> Panel | None:  # fmt: skip
    """None when nothing is to be asked."""
    reader = to if channel == Channel.EMAIL else []
    found = [one for one in cautions(case, text=text, has_file=has_file, to=reader) if one.code not in confirmed]
    asks_reason = channel == Channel.EMAIL and refuses_electronic(case) and not despite.strip()
    if asks_reason:
        found.append(
            Caution(
                "refusal",
                "Cette personne refuse les réponses électroniques (article L. 112-14). Répondez par courrier, ou dites "
                "pourquoi vous lui écrivez par e-mail : ce sera noté dans l'historique.",
            )
        )
    changed = version is not None and version != case.version
    if not found and not changed:
        return None
    return Panel(action, found, changes_since(case, since) if changed else (), changed, asks_reason)
