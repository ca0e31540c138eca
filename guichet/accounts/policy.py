"""Which teams a user works for."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from guichet.accounts.models import Membership, User
from guichet.core.kept import Kept
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


def teams_seen(user: User) -> list[Team]:
    """The same, read once for this object: for a page that asks many times."""
    if user.teams_read is None:
        if is_supervisor(user):  # as `teams_of`
            led, own = tuple(supervised_paths(user)), belongs_to(user)
            user.teams_read = [
                team for team in TEAMS() if user.is_administrator or team.pk in own or team.path.startswith(led)
            ]
        else:  # read already, with the memberships
            user.teams_read = sorted(
                (member.team for member in _memberships(user)), key=lambda team: (team.position, team.name)
            )
    return user.teams_read


def belongs_to(user: User) -> set[int]:
    """The teams he is a member of, whatever else he sees."""
    return {membership.team_id for membership in _memberships(user)}


def supervises(user: User, team: Team) -> bool:
    """Whether the user answers for this team: he leads it or one above it, or administers."""
    return user.is_administrator or any(team.path.startswith(path) for path in supervised_paths(user))


TEAMS = Kept(lambda: Team.objects.all())
MEMBERSHIPS = Kept(lambda user: Membership.objects.filter(user_id=user).select_related("team"))


def _memberships(user: User) -> list[Membership]:
    """Read once for an object: a page asks many times, and each request has an object of its own."""
    if user.memberships_read is None:
        user.memberships_read = MEMBERSHIPS(user.pk)
        for membership in user.memberships_read:
            membership.user = user
    return user.memberships_read


def supervisors_of(teams: list[Team]) -> list[User]:
    """Who supervises these teams, or the units above them: those of all the teams first, the nearest first."""
    lines = [{int(step) for step in team.path.split("/") if step} for team in teams]
    above = set[int]().union(*lines)
    found = Membership.objects.filter(
        team_id__in=above, role=Membership.Role.SUPERVISOR, user__is_active=True
    ).select_related("user", "team")
    best: dict[int, tuple[tuple[int, int], User]] = {}
    for membership in found:
        alone = sum(membership.team_id not in line for line in lines)
        rank = (alone, -len(membership.team.path))
        if membership.user_id not in best or rank < best[membership.user_id][0]:
            best[membership.user_id] = (rank, membership.user)
    return [user for _, user in sorted(best.values(), key=lambda pair: (pair[0], pair[1].full_name))]


def supervised_paths(user: User) -> list[str]:
    """The subtrees of teams he is in charge of."""
    return [m.team.path for m in _memberships(user) if m.role == Membership.Role.SUPERVISOR]


def is_watched(user: User) -> bool:
    """His answers are read by somebody before they leave."""
    return any(membership.needs_approval for membership in _memberships(user))


def may_tune_routing(user: User) -> bool:
    """Rules, examples, versions: written by administrators and editors."""
    return user.is_administrator or user.is_editor


def may_read_routing(user: User) -> bool:
    """Read by supervisors too: they see why their team receives what it does."""
    return may_tune_routing(user) or bool(supervised_paths(user))


def is_supervisor(user: User) -> bool:
    """He leads a team, or all of them: the pages of teams are his."""
    return user.is_administrator or bool(supervised_paths(user))


def teams_supervised(user: User) -> QuerySet[Team]:
    """The teams he answers for: those he leads with all below them, every one for an administrator."""
    if user.is_administrator:
        return Team.objects.all()
    wanted = Q(pk__in=[])
    for path in supervised_paths(user):
        wanted |= Q(path__startswith=path)
    return Team.objects.filter(wanted)


def takes_shared_cases(user: User) -> bool:
    """One of his teams shares its cases out: he says whether he takes any."""
    return any(m.role == Membership.Role.AGENT and m.team.shares_out for m in _memberships(user))
