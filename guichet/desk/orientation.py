"""What a case page says of the routing: proposals, why it is here, danger, other topics, competent bodies."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q

from guichet.accounts.models import User
from guichet.cases.actions.routing import first_message
from guichet.cases.actions.transmitting import letters
from guichet.cases.models import Case, CaseLink, Interaction, RoutingDecision, RoutingRule, Task
from guichet.cases.pingpong import PingPong, ping_pong
from guichet.core.calendar import paris_day, say_day
from guichet.core.kept import Kept
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel, CompetentBody, Topic
from guichet.understanding.danger import CARDS, Card, Danger
from guichet.understanding.words import as_written

SHOWN = 3
Source = RoutingDecision.Source


@dataclass(frozen=True, slots=True)
class Choice:
    """One proposal, as a button."""

    topic: Topic
    where: str  # the domain of the topic
    team: str
    percent: int
    words: list[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A danger: what was read, whom to call."""

    card: Card
    words: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A competent body, and the letters of L114-2 as they would leave."""

    body: CompetentBody
    to_body: str
    to_person: str


@dataclass(frozen=True, slots=True)
class Routing:
    ask: bool  # somebody must say the topic, or the team
    choices: list[Choice] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    dangers: list[Seen] = field(default_factory=list)
    danger_task: Task | None = None
    first: Interaction | None = None
    also: list[Topic] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    ping_pong: PingPong = field(default_factory=PingPong)

    @property
    def shows_something(self) -> bool:
        return bool(self.ask or self.danger_task or self.also or self.offers or self.ping_pong.must_be_settled)


LAST_DECISION = Kept(
    lambda case: RoutingDecision.objects.filter(case_id=case)
    .select_related("rule", "model", "topic", "corrected_to").order_by("-id")[:1]
)  # fmt: skip


def routing_of(case: Case, user: User, tasks: list[Task]) -> Routing:
    """`tasks`: those that are open."""
    decision = LAST_DECISION.first(case.pk)
    first = first_message(case)
    text = f"{first.subject}\n{first.text}" if first is not None else ""
    ask = not case.is_over and (not case.is_qualified or (case.team is not None and case.team.takes_unrouted))
    choices = _choices(case, user, decision, text) if ask and decision else []
    task = next((task for task in tasks if task.kind == Task.Kind.DANGER), None)
    return Routing(
        ask=ask,
        choices=choices,
        why=_why(case, decision, text),
        dangers=_dangers(decision) if task is not None else [],
        danger_task=task,
        first=first,
        also=_also(case, user, decision) if first is not None and not case.is_over else [],
        offers=_offers(case, choices),
        ping_pong=PingPong() if case.is_over else ping_pong(case),
    )


def _choices(case: Case, user: User, decision: RoutingDecision, text: str) -> list[Choice]:
    known, found = directory().topics_by_code, list[Choice]()
    for code, probability, words in decision.proposals:
        topic = known.get(code)
        if topic is not None and topic.sensitivity <= user.clearance:
            team = directory().team_for(topic, case.department)
            parent = directory().topic(topic.parent_id)
            found.append(
                Choice(
                    topic, parent.label if parent else "", team.name if team else "À orienter",
                    round(probability * 100), as_written(words, text)[:4],
                )
            )  # fmt: skip
    return found[:SHOWN]


def _dangers(decision: RoutingDecision | None) -> list[Seen]:
    kinds = set(Danger)
    return [Seen(CARDS[Danger(kind)], words) for kind, words in (decision.dangers if decision else []) if kind in kinds]


def _also(case: Case, user: User, decision: RoutingDecision | None) -> list[Topic]:
    """Other topics of the message for which no case was opened yet; nothing once it was answered."""
    if decision is None or not decision.also or case.first_answered_at is not None:
        return []
    links = CaseLink.objects.filter(Q(first=case) | Q(second=case), kind=CaseLink.Kind.SPLIT)
    opened = {pk for pair in links.values_list("first__topic_id", "second__topic_id") for pk in pair}
    known = directory().topics_by_code
    wanted = [known[code] for code in decision.also if code in known]
    return [t for t in wanted if t.pk not in opened and t.pk != case.topic_id and t.sensitivity <= user.clearance]


def _offers(case: Case, choices: list[Choice]) -> list[Offer]:
    """Bodies that answer for the topic of the case, else for the first one proposed."""
    topic = directory().topic(case.topic_id) or (choices[0].topic if choices else None)
    if topic is None or case.is_over:
        return []
    lineage = [step.pk for step in directory().topic_lineage(topic)]
    if directory().topics_of_bodies.isdisjoint(lineage):
        return []
    bodies = CompetentBody.objects.filter(topics__in=lineage).exclude(email="").distinct()
    if case.department:
        bodies = bodies.filter(Q(departments=[]) | Q(departments__contains=[case.department]))
    return [Offer(body, *letters(case, body)) for body in bodies[:SHOWN]]


# -- why here ----------------------------------------------------------------------------------------------------------


def _why(case: Case, decision: RoutingDecision | None, text: str) -> list[str]:
    said = [_said(case, decision, text)] if decision is not None else ["Aucune orientation automatique n'a eu lieu."]
    team, topic = directory().team(case.team_id), directory().topic(case.topic_id)
    if team is not None and not team.takes_unrouted:
        said.append(_why_this_team(case, team.pk, team.name, topic))
    if decision is not None and decision.corrected_to is not None and decision.corrected_at is not None:
        day = say_day(paris_day(decision.corrected_at))
        said.append(f"Un agent l'a corrigé en « {decision.corrected_to.label} » le {day} : l'exemple sert à apprendre.")
    return said


def _why_this_team(case: Case, pk: int, name: str, topic: Topic | None) -> str:
    expected = directory().team_for(topic, case.department)
    if topic is not None and expected is not None and expected.pk == pk:
        where = f", département {case.department}" if case.department else ""
        return f"L'équipe {name} a la charge du sujet « {topic.label} »{where}."
    return f"L'équipe {name} l'a reçue directement ou par transfert."


def _said(case: Case, decision: RoutingDecision, text: str) -> str:
    topic = decision.topic
    if decision.source == Source.RULE:
        if decision.rule is None:
            return "Une règle d'orientation, supprimée depuis, l'a décidé."
        return f"La règle « {decision.rule.name} » l'a décidé : {conditions(decision.rule)}."
    if decision.source == Source.MODEL and topic is not None:
        return _said_by_model(decision, topic, text)
    if decision.source == Source.ADDRESS:
        return "Elle a été écrite à l'adresse d'une équipe ; son sujet n'était pas assez sûr pour en décider autrement."
    if decision.source == Source.CITIZEN:
        return "L'usager a choisi le sujet lui-même."
    if decision.source == Source.AGENT:
        return "Un agent a ouvert cette demande et choisi son sujet."
    if decision.model is not None:
        least = round(decision.model.threshold * 100)
        return f"Aucun sujet n'était sûr à {least} % au moins : un agent choisit."
    return "Aucune règle ne correspond, et l'orientation n'a encore rien appris : un agent choisit."


def _said_by_model(decision: RoutingDecision, topic: Topic, text: str) -> str:
    version = f"version {decision.model_id}" if decision.model_id else "version supprimée depuis"
    same = next((p for p in decision.proposals if p[0] == topic.code), None)
    if same is None:
        return f"Le classement appris ({version}) est sûr du domaine « {topic.label} », pas du sujet précis."
    words = as_written(same[2], text)
    because = f", d'après « {' », « '.join(words)} »" if words else ""
    return f"Le classement appris ({version}) propose « {topic.label} », sûr à {round(same[1] * 100)} %{because}."


def conditions(rule: RoutingRule) -> str:
    """« le message contient … ; canal … » : what must hold, in words."""
    said = []
    if rule.words:
        said.append(f"le message contient « {' » ou « '.join(rule.words)} »")
    if rule.channels:
        said.append("arrivée par " + " ou ".join(str(Channel(c).label) for c in rule.channels if c in Channel.values))
    if rule.departments:
        said.append("département " + " ou ".join(rule.departments))
    if rule.senders:
        said.append("expéditeur " + " ou ".join(rule.senders))
    if rule.first_day and rule.last_day:
        said.append(f"du {say_day(rule.first_day)} au {say_day(rule.last_day)}")
    elif rule.first_day:
        said.append(f"à partir du {say_day(rule.first_day)}")
    elif rule.last_day:
        said.append(f"jusqu'au {say_day(rule.last_day)}")
    return " ; ".join(said)
