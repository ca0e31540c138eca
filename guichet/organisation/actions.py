"""Verbs of administrators: the only place where the organisation is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.organisation import directory
from guichet.organisation.models import Closure, Team, Topic, TopicRoute, read_hours

if TYPE_CHECKING:
    from guichet.accounts.models import User


@transaction.atomic
def save_team(team: Team, *, by: User) -> Team:
    """Create or change a team and keep the paths of its subtree right. Refuses a cycle and unreadable hours."""
    try:
        read_hours(team.hours)
    except (ValueError, TypeError, AttributeError) as error:
        raise Refused("Les heures d'ouverture sont illisibles. Exemple : 08:30 à 12:30.", status=400) from error
    created = team.pk is None
    if team.parent_id and not created:
        parent = Team.objects.get(pk=team.parent_id)
        if f"/{team.pk}/" in parent.path:
            raise Refused("Une équipe ne peut pas être placée sous elle-même.")
    old_path = team.path
    team.save()
    parent_path = Team.objects.get(pk=team.parent_id).path if team.parent_id else "/"
    team.path = f"{parent_path}{team.pk}/"
    team.save(update_fields=["path"])
    if old_path and old_path != team.path:
        for child in Team.objects.filter(path__startswith=old_path).exclude(pk=team.pk):
            child.path = team.path + child.path[len(old_path) :]
            child.save(update_fields=["path"])
    record("team.created" if created else "team.changed", by=by, subject=f"team:{team.pk}", code=team.code)
    transaction.on_commit(directory.forget)
    directory.forget()
    return team


@transaction.atomic
def save_topic(topic: Topic, *, by: User) -> Topic:
    created = topic.pk is None
    topic.save()
    record("topic.created" if created else "topic.changed", by=by, subject=f"topic:{topic.pk}", code=topic.code)
    directory.forget()
    return topic


@transaction.atomic
def route_topic(topic: Topic, department: str, team: Team, *, by: User) -> TopicRoute:
    route, _ = TopicRoute.objects.update_or_create(topic=topic, department=department, defaults={"team": team})
    record("topic.routed", by=by, subject=f"topic:{topic.pk}", department=department, team=team.pk)
    directory.forget()
    return route


@transaction.atomic
def close_exceptionally(closure: Closure, *, by: User) -> Closure:
    closure.full_clean()
    closure.save()
    record("closure.created", by=by, subject=f"closure:{closure.pk}", first=str(closure.first_day))
    directory.forget()
    return closure


def tree(teams: list[Team]) -> list[tuple[int, Team]]:
    """Teams in reading order with their depth, for lists."""
    children: dict[Any, list[Team]] = {}
    for team in teams:
        children.setdefault(team.parent_id, []).append(team)

    def walk(parent: Any, depth: int) -> list[tuple[int, Team]]:
        lines: list[tuple[int, Team]] = []
        for team in children.get(parent, []):
            lines.append((depth, team))
            lines.extend(walk(team.pk, depth + 1))
        return lines

    return walk(None, 0)
