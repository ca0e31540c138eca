"""Who is away, and who stands in for him."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils import timezone

from guichet.accounts.models import Absence, Membership, User
from guichet.accounts.policy import supervises

Absences = dict[int, Absence]


def today() -> date:
    return timezone.localdate()


def absences_on(day: date, users: Iterable[int] | None = None) -> Absences:
    """By user, with the substitute read. Where two overlap, the one that ends last."""
    found = Absence.objects.filter(first_day__lte=day, last_day__gte=day).select_related("user", "substitute")
    if users is not None:
        found = found.filter(user__in=list(users))
    return {absence.user_id: absence for absence in found.order_by("last_day", "pk")}


def stand_in(user: User, absences: Absences) -> User | None:
    """Who is there in his place: the substitute, or the substitute of the substitute; `user` himself when he is there.
    None when the chain ends nowhere or turns round."""
    seen: set[int] = set()
    found: User | None = user
    while found is not None and found.pk in absences:
        if found.pk in seen:
            return None
        seen.add(found.pk)
        found = absences[found.pk].substitute
    return found if found is not None and found.is_active and not found.is_machine else None


def may_record_absence(by: User, user: User) -> bool:
    """The agent himself, who leads one of his teams, administrators."""
    if by.pk == user.pk or by.is_administrator:
        return True
    return any(supervises(by, membership.team) for membership in user.memberships.select_related("team"))


def colleagues_of(user: User) -> list[User]:
    """Who may stand in for him: those who see the cases of one of his teams."""
    paths = list(user.memberships.values_list("team__path", flat=True))
    lines = {int(step) for path in paths for step in path.split("/") if step.isdecimal()}
    own = set(user.memberships.values_list("team_id", flat=True))
    seats = Membership.objects.filter(team_id__in=own | lines, user__is_active=True).exclude(user=user)
    found = {m.user_id: m.user for m in seats.select_related("user") if m.team_id in own or m.role == m.Role.SUPERVISOR}
    return sorted(found.values(), key=lambda agent: (agent.last_name, agent.first_name, agent.pk))
