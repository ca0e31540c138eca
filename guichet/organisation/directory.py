"""The Region as it stands, read once and kept a few seconds: teams, topics, routes, hours, commitments.

Every incoming item asks several of these questions; asking the database each time would be most of the work.
Changes made elsewhere are seen within `FRESH_SECONDS`; changes made in this process at once (see actions).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from guichet.core.calendar import WorkingCalendar, end_of_day, paris_day
from guichet.organisation.models import (
    Closure,
    Commitment,
    CompetentBody,
    Hours,
    Team,
    TeamAddress,
    Topic,
    TopicRoute,
    calendar_of,
    read_hours,
)

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ContactBlock:
    """Whom to contact about a case: the mandatory block of receipts (CRPA R112-5, R112-11-1)."""

    name: str
    postal_address: str
    email: str
    phone: str

    @property
    def is_complete(self) -> bool:
        """R112-11-1: the service, its e-mail or postal address, its telephone."""
        return bool(self.name and self.phone and (self.email or self.postal_address))


class Directory:
    """A snapshot. Team and Topic objects in it are shared: never save them."""

    def __init__(self) -> None:
        self.teams: dict[int, Team] = {team.pk: team for team in Team.objects.all()}
        self.topics: dict[int, Topic] = {topic.pk: topic for topic in Topic.objects.all()}
        self.topics_by_code = {topic.code: topic for topic in self.topics.values() if topic.is_in_use}
        self._addresses = {a.address.lower(): a.team_id for a in TeamAddress.objects.all()}
        for team in self.teams.values():
            if team.email:
                self._addresses.setdefault(team.email.lower(), team.pk)
        self._routes = {(r.topic_id, r.department): r.team_id for r in TopicRoute.objects.all()}
        self._commitments = {(c.channel, c.topic_id): c for c in Commitment.objects.all()}
        self._closures: list[Closure] = list(Closure.objects.all())
        self.topics_of_bodies = frozenset(CompetentBody.topics.through.objects.values_list("topic_id", flat=True))
        self.own_addresses = frozenset(self._addresses)
        self.unrouted_team = next((team for team in self.teams.values() if team.takes_unrouted), None)
        self._calendars: dict[int | None, WorkingCalendar] = {}
        self.read_at = time.monotonic()

    def team(self, pk: int | None) -> Team | None:
        return self.teams.get(pk) if pk else None

    def topic(self, pk: int | None) -> Topic | None:
        return self.topics.get(pk) if pk else None

    def team_of_address(self, address: str) -> Team | None:
        pk = self._addresses.get(address.lower())
        return self.teams.get(pk) if pk else None

    def is_everybody(self, team: Team) -> bool:
        """It takes what is to be routed, or is the whole house: a mail written to it was written to no team."""
        return team.takes_unrouted or (
            team.parent_id is None and any(other.parent_id == team.pk for other in self.teams.values())
        )

    def lineage(self, team: Team | None) -> Iterator[Team]:
        """The team, then its parents up to the root."""
        while team is not None:
            yield team
            team = self.teams.get(team.parent_id) if team.parent_id else None

    def topic_lineage(self, topic: Topic | None) -> Iterator[Topic]:
        while topic is not None:
            yield topic
            topic = self.topics.get(topic.parent_id) if topic.parent_id else None

    def team_for(self, topic: Topic | None, department: str) -> Team | None:
        """Topic × department, else the topic's team, else its parents'; None when nothing says."""
        for step in self.topic_lineage(topic):
            pk = self._routes.get((step.pk, department)) or step.team_id
            if pk and (team := self.teams.get(pk)) and team.is_active:
                return team
        return None

    def contact_block(self, team: Team | None) -> ContactBlock:
        """The team's block; what it leaves blank is taken from the units above it."""
        line = list(self.lineage(team))

        def first(name: str) -> str:
            return next((value for step in line if (value := getattr(step, name))), "")

        return ContactBlock(
            name=team.said if team else "",
            postal_address=first("postal_address"),
            email=first("email"),
            phone=first("phone"),
        )

    def calendar(self, team: Team | None) -> WorkingCalendar:
        key = team.pk if team else None
        if key not in self._calendars:
            self._calendars[key] = calendar_of(self._hours(team), self._closed_days(team))
        return self._calendars[key]

    def _hours(self, team: Team | None) -> Hours | None:
        return next((read_hours(step.hours) for step in self.lineage(team) if step.hours), None)

    def _closed_days(self, team: Team | None) -> frozenset[date]:
        concerned = {None, *(step.pk for step in self.lineage(team))}
        return frozenset(
            closure.first_day + timedelta(days=n)
            for closure in self._closures
            if closure.team_id in concerned
            for n in range((closure.last_day - closure.first_day).days + 1)
        )

    def commitment(self, channel: str, topic: Topic | None) -> Commitment | None:
        for step in self.topic_lineage(topic):
            if found := self._commitments.get((channel, step.pk)):
                return found
        return self._commitments.get((channel, None))

    def promised_at(self, channel: str, topic: Topic | None, team: Team | None, start: datetime) -> datetime | None:
        """When the Region promises an answer to what was received at `start`; None without a commitment."""
        found = self.commitment(channel, topic)
        if found is None:
            return None
        calendar = self.calendar(team)
        if found.unit == Commitment.Unit.WORKING_HOURS:
            return calendar.add_working_time(start, timedelta(hours=found.amount))
        return end_of_day(calendar.add_working_days(paris_day(start), found.amount))


_current: Directory | None = None


def directory() -> Directory:
    global _current
    if _current is None or time.monotonic() - _current.read_at > FRESH_SECONDS:
        _current = Directory()
    return _current


def forget() -> None:
    """Read again at the next question (after a change, between tests)."""
    global _current
    _current = None
