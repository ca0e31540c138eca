"""Verbs of administrators: the only place where the organisation is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import ProtectedError

from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.journal.changes import changes_of
from guichet.organisation import directory
from guichet.organisation.models import (
    Closure,
    Commitment,
    CompetentBody,
    Team,
    TeamAddress,
    Topic,
    TopicRoute,
    read_hours,
)

if TYPE_CHECKING:
    from guichet.accounts.models import User


def _ask(by: User) -> None:
    if not (by.is_administrator or by.is_machine):
        raise NotAllowed("Seuls les administrateurs changent les réglages.")


@transaction.atomic
def save_team(team: Team, *, by: User) -> Team:
    """Create or change a team and keep the paths of its subtree right. Refuses a cycle and unreadable hours."""
    _ask(by)
    try:
        read_hours(team.hours)
    except (ValueError, TypeError, AttributeError) as error:
        raise Refused("Les heures d'ouverture sont illisibles. Exemple : 08:30 à 12:30.", status=400) from error
    created = team.pk is None
    if team.parent_id and not created:
        parent = Team.objects.get(pk=team.parent_id)
        if f"/{team.pk}/" in parent.path:
            raise Refused("Une équipe ne peut pas être placée sous elle-même.")
    changes = changes_of(team)
    if team.takes_unrouted:  # only one does
        Team.objects.filter(takes_unrouted=True).exclude(pk=team.pk).update(takes_unrouted=False)
    old_path = team.path
    team.save()
    parent_path = Team.objects.get(pk=team.parent_id).path if team.parent_id else "/"
    team.path = f"{parent_path}{team.pk}/"
    team.save(update_fields=["path"])
    if old_path and old_path != team.path:
        for child in Team.objects.filter(path__startswith=old_path).exclude(pk=team.pk):
            child.path = team.path + child.path[len(old_path) :]
            child.save(update_fields=["path"])
    verb = "team.created" if created else "team.changed"
    record(verb, by=by, subject=f"team:{team.pk}", code=team.code, changes=changes)
    transaction.on_commit(directory.forget)
    directory.forget()
    return team


@transaction.atomic
def set_addresses(team: Team, addresses: list[str], *, by: User) -> None:
    """The mailboxes whose mail goes to the team. One address belongs to one team."""
    _ask(by)
    wanted = {address.strip().lower() for address in addresses if address.strip()}
    taken = TeamAddress.objects.filter(address__in=wanted).exclude(team=team).select_related("team").first()
    if taken is not None:
        raise Refused(f"L'adresse {taken.address} est déjà celle de l'équipe {taken.team.name}.", status=400)
    known = set(team.addresses.values_list("address", flat=True))
    if wanted == known:
        return
    team.addresses.exclude(address__in=wanted).delete()
    TeamAddress.objects.bulk_create([TeamAddress(team=team, address=address) for address in sorted(wanted - known)])
    changes = [["adresses", ", ".join(sorted(known)), ", ".join(sorted(wanted))]]
    record("team.changed", by=by, subject=f"team:{team.pk}", code=team.code, changes=changes)
    directory.forget()


@transaction.atomic
def save_topic(topic: Topic, *, by: User) -> Topic:
    """Refuses a cycle. A topic out of use is not proposed to citizens either."""
    _ask(by)
    created = topic.pk is None
    step, seen = topic.parent, set[int]()
    while step is not None and step.pk not in seen:
        if step.pk == topic.pk:
            raise Refused("Un sujet ne peut pas être placé sous lui-même.")
        seen.add(step.pk)
        step = step.parent
    if not topic.is_in_use:
        topic.is_active = False
    changes = changes_of(topic)
    topic.save()
    verb = "topic.created" if created else "topic.changed"
    record(verb, by=by, subject=f"topic:{topic.pk}", code=topic.code, changes=changes)
    directory.forget()
    return topic


@transaction.atomic
def route_topic(topic: Topic, department: str, team: Team, *, by: User) -> TopicRoute:
    _ask(by)
    route, _ = TopicRoute.objects.update_or_create(topic=topic, department=department, defaults={"team": team})
    record("topic.routed", by=by, subject=f"topic:{topic.pk}", department=department, team=team.pk)
    directory.forget()
    return route


@transaction.atomic
def set_routes(topic: Topic, teams: dict[str, Team | None], *, by: User) -> None:
    """Department → team, for the departments given; None: the topic's own team answers there."""
    _ask(by)
    known = {route.department: route.team for route in topic.routes.select_related("team")}
    changes = []
    for department, team in teams.items():
        if known.get(department) == team:
            continue
        if team is None:
            topic.routes.filter(department=department).delete()
        else:
            TopicRoute.objects.update_or_create(topic=topic, department=department, defaults={"team": team})
        changes.append([f"département {department}", str(known.get(department) or ""), str(team or "")])
    if changes:
        record("topic.changed", by=by, subject=f"topic:{topic.pk}", code=topic.code, changes=changes)
        directory.forget()


@transaction.atomic
def set_bodies(topic: Topic, bodies: list[CompetentBody], *, by: User) -> None:
    """To whom a demand about this topic is transmitted (CRPA L114-2)."""
    _ask(by)
    known = set(topic.competent_bodies.all())
    if known == set(bodies):
        return
    topic.competent_bodies.set(bodies)
    changes = [["organismes", *(", ".join(sorted(body.name for body in group)) for group in (known, bodies))]]
    record("topic.changed", by=by, subject=f"topic:{topic.pk}", code=topic.code, changes=changes)
    directory.forget()


@transaction.atomic
def close_exceptionally(closure: Closure, *, by: User) -> Closure:
    _ask(by)
    closure.full_clean()
    created, changes = closure.pk is None, changes_of(closure)
    closure.save()
    verb = "closure.created" if created else "closure.changed"
    record(verb, by=by, subject=f"closure:{closure.pk}", first=str(closure.first_day), changes=changes)
    directory.forget()
    return closure


@transaction.atomic
def open_again(closure: Closure, *, by: User) -> None:
    """The closure is taken off; clocks already set do not move."""
    _ask(by)
    record("closure.removed", by=by, subject=f"closure:{closure.pk}", first=str(closure.first_day))
    closure.delete()
    directory.forget()


@transaction.atomic
def save_commitment(commitment: Commitment, *, by: User) -> Commitment:
    _ask(by)
    created, changes = commitment.pk is None, changes_of(commitment)
    commitment.save()
    verb = "commitment.created" if created else "commitment.changed"
    record(verb, by=by, subject=f"commitment:{commitment.pk}", changes=changes)
    directory.forget()
    return commitment


@transaction.atomic
def drop_commitment(commitment: Commitment, *, by: User) -> None:
    _ask(by)
    record("commitment.removed", by=by, subject=f"commitment:{commitment.pk}", what=str(commitment))
    commitment.delete()
    directory.forget()


@transaction.atomic
def save_body(body: CompetentBody, topics: list[Topic], *, by: User) -> CompetentBody:
    _ask(by)
    created, changes = body.pk is None, changes_of(body)
    body.save()
    before = set() if created else set(body.topics.all())
    if before != set(topics):
        names = [", ".join(sorted(topic.label for topic in group)) for group in (before, topics)]
        changes.append(["sujets", *names])
    body.topics.set(topics)
    record("body.created" if created else "body.changed", by=by, subject=f"body:{body.pk}", changes=changes)
    directory.forget()
    return body


@transaction.atomic
def drop_body(body: CompetentBody, *, by: User) -> None:
    """Refused once a demand was transmitted to it: the history names it."""
    _ask(by)
    try:
        with transaction.atomic():
            record("body.removed", by=by, subject=f"body:{body.pk}", name=body.name)
            body.delete()
    except ProtectedError as error:
        raise Refused("Des demandes lui ont été transmises : gardez-le, et retirez-lui ses sujets.") from error
    directory.forget()


def tree(teams: list[Team]) -> list[tuple[int, Team]]:
    """Teams in reading order with their depth, for lists; one whose parent is not among them stands at the top."""
    here = {team.pk for team in teams}
    children: dict[Any, list[Team]] = {}
    for team in teams:
        children.setdefault(team.parent_id if team.parent_id in here else None, []).append(team)

    def walk(parent: Any, depth: int) -> list[tuple[int, Team]]:
        lines: list[tuple[int, Team]] = []
        for team in children.get(parent, []):
            lines.append((depth, team))
            lines.extend(walk(team.pk, depth + 1))
        return lines

    return walk(None, 0)
