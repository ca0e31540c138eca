from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.cases.routing import Decision, Message, decide
from guichet.cases.routing.learnt import current
from guichet.organisation.models import Channel

CHANNELS = {
    "phone": Channel.PHONE, "e-mail": Channel.EMAIL, "contact form": Channel.FORM, "paper letter": Channel.PAPER,
    "social network": Channel.SOCIAL, "portal message": Channel.PORTAL, "sms": Channel.SMS, "chat": Channel.CHAT,
    "counter": Channel.COUNTER,
}  # fmt: skip


class Command(BaseCommand):
    help = (
        "Mesure l'orientation sur des messages dont le sujet est connu (une ligne JSON par message : text, topics, "
        "channel, urgency). Le chemin mesuré est celui du service : règles, classement appris, signes de danger."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--messages", type=Path, required=True)
        parser.add_argument("--details", action="store_true", help="écrire aussi chaque message mal orienté (stderr)")

    def handle(self, *args: Any, messages: Path, details: bool, **options: Any) -> None:
        if current() is None:
            raise CommandError("Rien n'a encore été appris : lancez d'abord manage.py train_routing.")
        rows = _read(messages)
        decisions = [decide(Message(text=row["text"], channel=CHANNELS.get(row["channel"], ""))) for row in rows]
        if details:
            for row, decision in zip(rows, decisions, strict=True):
                self._explain(row, decision)
        self.stdout.write(json.dumps(measure(rows, decisions), ensure_ascii=False))

    def _explain(self, row: dict[str, Any], decision: Decision) -> None:
        order = _order(decision)
        urgent = row["urgency"] == "URGENT"
        if not order or order[0] not in row["topics"] or urgent != decision.urgent:
            self.stderr.write(f"{row['id']} {row['topics']} {row['urgency']} → {order} {decision.dangers}")


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} ne peut pas être lu : il faut une ligne JSON par message.") from error
    if not rows or not all(isinstance(row, dict) and row.get("text") and row.get("topics") for row in rows):
        raise CommandError(f"{path} : chaque ligne doit avoir les champs text et topics.")
    return [{"id": number, "channel": "", "urgency": "", **row} for number, row in enumerate(rows)]


def _order(decision: Decision) -> list[str]:
    """Topics as an agent would see them: what was decided (a mere domain says no topic), then what was proposed."""
    first = [decision.topic.code] if decision.topic and "." in decision.topic.code else []
    return list(dict.fromkeys([*first, *(proposal.topic for proposal in decision.proposals)]))


def measure(rows: list[dict[str, Any]], decisions: list[Decision]) -> dict[str, float | int | None]:
    """Shares between 0 and 1. A message about several topics is right when the first is one of them; `*_strict`
    asks for the topic named first. Top-3 of the domain: one of the first three distinct domains is right."""
    seen = [(row, _order(decision)) for row, decision in zip(rows, decisions, strict=True)]

    def share(good: list[bool]) -> float | None:
        return round(sum(good) / len(good), 4) if good else None

    def domain_of(topic: str) -> str:
        return topic.partition(".")[0]

    truths = [{domain_of(topic) for topic in row["topics"]} for row, _ in seen]
    found = [domains_in(order) for _, order in seen]
    urgent = [(row["urgency"] == "URGENT", decision.urgent) for row, decision in zip(rows, decisions, strict=True)]
    return {
        "n": len(rows),
        "domain_top1": share([bool(order) and order[0] in truth for order, truth in zip(found, truths, strict=True)]),
        "domain_top3": share([bool(truth & set(order[:3])) for order, truth in zip(found, truths, strict=True)]),
        "topic_top1": share([bool(order) and order[0] in row["topics"] for row, order in seen]),
        "topic_top3": share([bool(set(row["topics"]) & set(order[:3])) for row, order in seen]),
        "domain_top1_strict": share(
            [order[:1] == [domain_of(row["topics"][0])] for (row, _), order in zip(seen, found, strict=True)]
        ),
        "urgent_recall": share([said for true, said in urgent if true]),
        "urgent_precision": share([true for true, said in urgent if said]),
        "to_orient": share([decision.topic is None and decision.team is None for decision in decisions]),
    }


def domains_in(order: list[str]) -> list[str]:
    return list(dict.fromkeys(topic.partition(".")[0] for topic in order))
