"""Which teams a user works for."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from guichet.accounts.models import Membership, User
from guichet.organisation.models import Team


def teams_of(user: User) -> QuerySet[Team]:
    """Teams whose cases the user sees: own teams, the whole subtree of supervised ones, all for an administrator."""
    if user.is_administrator:
        return Team.objects.all()
    wanted = Q(pk__in=[])
    for membership in _memberships(user):
        if membership.role == Membership.Role.SUPERVISOR:
            wanted |= Q(path__startswith=membership.team.path)
        else:
            wanted |= Q(pk=membership.team_id)
    return Team.objects.filter(wanted)


def _memberships(user: User) -> list[Membership]:
    """Read once for an object: a page asks many times, and each request has an object of its own."""
    if user.memberships_read is None:
        user.memberships_read = list(user.memberships.select_related("team"))
    return user.memberships_read
