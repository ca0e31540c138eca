"""Teaching the routing: rules, examples, corrections, a new version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.cases.models.routing import RoutingDecision, RoutingModel, RoutingRule, TopicExample
from guichet.cases.routing.learnt import forget_learnt
from guichet.cases.routing.rules import forget_rules
from guichet.core import files
from guichet.core.jobs import ask, is_asked
from guichet.core.kept import Kept
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import one_line
from guichet.journal.actions import record
from guichet.organisation.directory import directory
from guichet.organisation.models import Topic
from guichet.understanding.classifier import Example

MAX_RULES = 500
LEARNING = "cases.learn_routing"


def _ask(by: User) -> None:
    if not (by.is_administrator or by.is_editor or by.is_machine):
        raise NotAllowed("Seuls les administrateurs et les rédacteurs règlent l'orientation.")


# -- rules ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_rule(rule: RoutingRule, *, by: User) -> RoutingRule:
    """Create or change a rule; a new one comes last."""
    _ask(by)
    if rule.pk is None:
        if RoutingRule.objects.count() >= MAX_RULES:
            raise Refused(f"Il y a déjà {MAX_RULES} règles : réunissez-en avant d'en ajouter.")
        last = RoutingRule.objects.order_by("-position").values_list("position", flat=True).first()
        rule.position = (last or 0) + 1
    rule.full_clean()
    rule.save()
    record("routing.rule_saved", by=by, subject=f"routing_rule:{rule.pk}", name=rule.name)
    transaction.on_commit(forget_rules)
    return rule


@transaction.atomic
def delete_rule(rule: RoutingRule, *, by: User) -> None:
    _ask(by)
    record("routing.rule_deleted", by=by, subject=f"routing_rule:{rule.pk}", name=rule.name)
    rule.delete()
    transaction.on_commit(forget_rules)


@transaction.atomic
def switch_rule(rule: RoutingRule, *, active: bool, by: User) -> None:
    """Put a rule to rest, or back to work."""
    _ask(by)
    RoutingRule.objects.filter(pk=rule.pk).update(is_active=active)
    verb = "routing.rule_on" if active else "routing.rule_off"
    record(verb, by=by, subject=f"routing_rule:{rule.pk}", name=rule.name)
    transaction.on_commit(forget_rules)


@transaction.atomic
def move_rule(rule: RoutingRule, step: int, *, by: User) -> None:
    """One place up (-1) or down (+1); at an end, nothing changes."""
    _ask(by)
    order = list(RoutingRule.objects.select_for_update().values_list("pk", flat=True))
    at = order.index(rule.pk) if rule.pk in order else -1
    if at < 0:
        raise Refused("Cette règle n'existe plus.")
    to = min(max(at + step, 0), len(order) - 1)
    order.insert(to, order.pop(at))
    order_rules(order, by=by)


@transaction.atomic
def order_rules(pks: Sequence[int], *, by: User) -> None:
    """Put the rules in the given order; every rule must be in it."""
    _ask(by)
    known = {rule.pk: rule for rule in RoutingRule.objects.select_for_update()}
    if set(pks) != set(known):
        raise Refused("La liste des règles a changé entre-temps. Rechargez la page.", status=409)
    for position, pk in enumerate(pks, start=1):
        known[pk].position = position
    RoutingRule.objects.bulk_update(known.values(), ["position"])
    record("routing.rules_ordered", by=by, subject="routing_rules")
    transaction.on_commit(forget_rules)


# -- examples ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_examples(items: Iterable[tuple[str, str]], *, by: User) -> int:
    """Add (text, topic code) pairs; those already there are left. Returns how many were added."""
    _ask(by)
    topics = directory().topics_by_code
    wanted = {(one_line(text)[:2000], code) for text, code in items if text.strip()}
    if unknown := sorted({code for _, code in wanted} - set(topics)):
        raise Refused(f"Sujets inconnus : {', '.join(unknown[:5])}.")
    known = set(TopicExample.objects.exclude(text="").values_list("text", "topic__code"))
    rows = [TopicExample(text=text, topic_id=topics[code].pk, by=by) for text, code in sorted(wanted - known)]
    TopicExample.objects.bulk_create(rows, batch_size=1000)
    record("routing.examples_added", by=by, subject="routing_examples", count=len(rows))
    return len(rows)


def teach(case: Case, topic: Topic, *, by: User) -> None:
    """An agent said what a case is about: the decision is marked, its first message becomes an example.

    Inside the action that changes the topic. A machine teaches nothing.
    """
    if by.is_machine:
        return
    decision = RoutingDecision.objects.filter(case=case).order_by("-id").first()
    if decision is None or decision.source == RoutingDecision.Source.AGENT:
        return  # opened from a message that another case carries too: it cannot be about both
    if decision.topic_id == topic.pk:
        RoutingDecision.objects.filter(pk=decision.pk).update(corrected_to=None, corrected_at=None)
    else:
        RoutingDecision.objects.filter(pk=decision.pk).update(corrected_to=topic, corrected_at=timezone.now())
    first = first_message(case)
    if first is not None and first.text.strip():
        TopicExample.objects.update_or_create(interaction=first, defaults={"topic": topic, "by": by})


FIRST_MESSAGE = Kept(
    lambda case: Interaction.objects.filter(
        case_id=case, direction=Interaction.Direction.IN, kind=Interaction.Kind.MESSAGE
    ).order_by("at", "id")[:1]
)


def first_message(case: Case) -> Interaction | None:
    """What the routing read: the first message received from a person."""
    return FIRST_MESSAGE.first(case.pk)


@transaction.atomic
def forget_example(example: TopicExample, *, by: User) -> None:
    """What it taught goes with the next version; a corrected message stays in its case."""
    _ask(by)
    record("routing.example_removed", by=by, subject=f"topic:{example.topic_id}", code=example.topic.code)
    example.delete()


# -- a new version ----------------------------------------------------------------------------------------------------


def learn_routing(*, by: User) -> RoutingModel:
    """Learn from all examples and corrections, and put the new version in service.

    Takes seconds: for a command or the worker. Raises `Refused` when there is too little to learn from.
    """
    # scikit-learn is needed to learn only: no page pays for it.
    from guichet.understanding.learning import learn

    _ask(by)
    rows = list(TopicExample.objects.select_related("interaction", "topic"))
    try:
        classifier, quality = learn([_example_of(row) for row in rows])
    except ValueError as error:
        raise Refused(str(error)) from error
    content = files.keep(classifier.dump(), name="classement.npz")
    with transaction.atomic():
        RoutingModel.objects.filter(is_current=True).update(is_current=False)
        model = RoutingModel.objects.create(
            content=content,
            examples=quality.examples,
            corrections=sum(row.interaction_id is not None for row in rows),
            threshold=quality.threshold,
            domain_threshold=quality.domain_threshold,
            quality=asdict(quality),
            is_current=True,
            by=by,
        )
        record("routing.learnt", by=by, subject=f"routing_model:{model.pk}", examples=quality.examples)
    forget_learnt()
    return model


@transaction.atomic
def ask_learning(*, by: User) -> None:
    """A new version, learnt by the worker: it takes seconds."""
    _ask(by)
    if is_asked(LEARNING) or not ask(LEARNING, by=by.pk):
        raise Refused("Un apprentissage est déjà demandé : il est en cours.")
    record("routing.learning_asked", by=by, subject="routing_models")


def learn_when_asked(*, by: User) -> None:
    """What cannot be learnt is said in the journal: nobody waits for an answer."""
    try:
        learn_routing(by=by)
    except Refused as refusal:
        record("routing.learning_failed", by=by, subject="routing_models", why=refusal.message[:200])


@transaction.atomic
def put_in_service(model: RoutingModel, *, by: User) -> None:
    """Go back to an earlier version (or forward again)."""
    _ask(by)
    RoutingModel.objects.filter(is_current=True).update(is_current=False)
    RoutingModel.objects.filter(pk=model.pk).update(is_current=True)
    record("routing.version_chosen", by=by, subject=f"routing_model:{model.pk}")
    transaction.on_commit(forget_learnt)


def _example_of(row: TopicExample) -> Example:
    text = row.text
    if row.interaction is not None:
        text = f"{row.interaction.subject}\n{row.interaction.text}"
    return Example(text[:6000], row.topic.code)
