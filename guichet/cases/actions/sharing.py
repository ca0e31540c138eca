"""Automatic sharing: what enters the list of a team with nobody's name is given to one of its agents."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import Membership, User
from guichet.accounts.policy import teams_supervised
from guichet.cases.actions.moving import move, save
from guichet.cases.models import Case, Status
from guichet.cases.sharing import Candidate, candidates, choose, left_by, reason, waiting_in
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.organisation import directory
from guichet.organisation.models import Team, Topic

AT_ONCE = 200


def share_out_all() -> int:
    """Every team that shares out. Returns how many cases were given."""
    return sum(
        share_out(pk) for pk in Team.objects.filter(shares_out=True, is_active=True).values_list("pk", flat=True)
    )


@transaction.atomic
def share_out(team_id: int) -> int:
    """Give what nobody has in this team. Two workers take turns on the row of the team, so that loads are counted
    right; a case that somebody handles at this instant is left to the next turn. Nothing is taken from anybody."""
    team = Team.objects.select_for_update(no_key=True).filter(pk=team_id, shares_out=True, is_active=True).first()
    agents = candidates(team) if team is not None else []
    if team is None or not any(not one.why_not for one in agents):
        return 0
    able = [one for one in agents if not one.why_not]
    cases = waiting_in(team).filter(sensitivity__lte=max(one.user.clearance for one in able))
    given = 0
    found = list(cases.select_for_update(skip_locked=True, of=("self",)).select_related("team", "topic")[:AT_ONCE])
    left = left_by(found)
    for case in found:
        chosen = choose(case, able, left.get(case.pk, frozenset()))
        if chosen is not None:
            _give(case, chosen)
            given += 1
    return given


def _give(case: Case, chosen: Candidate) -> None:
    why = reason(chosen)
    case.assignee = chosen.user
    if case.status in {Status.REGISTERED, Status.ASSIGNED, Status.REOPENED}:
        move(case, Status.IN_PROGRESS)
    save(case)
    chosen.handles += 1
    chosen.seat.shared_at = timezone.now()
    Membership.objects.filter(pk=chosen.seat.pk).update(shared_at=chosen.seat.shared_at)
    record("case.shared", by=machine(GUICHET), case_id=case.pk, to=chosen.user.pk, to_name=chosen.user.full_name,
           why=why)  # fmt: skip


# -- set by who leads the team -----------------------------------------------------------------------------------------


def _ask(team: Team, by: User) -> None:
    if not teams_supervised(by).filter(pk=team.pk).exists():
        raise NotAllowed("Seuls les responsables de l'équipe règlent son partage.")


@transaction.atomic
def set_sharing(team: Team, on: bool, *, by: User) -> None:
    _ask(team, by)
    row = Team.objects.select_for_update().get(pk=team.pk)
    if row.shares_out == on:
        return
    row.shares_out = on
    row.save(update_fields=["shares_out"])
    record("team.sharing_on" if on else "team.sharing_off", by=by, subject=f"team:{team.pk}")
    transaction.on_commit(directory.forget)


@transaction.atomic
def set_share(seat: Membership, at_most: int, topics: Iterable[Topic], *, by: User) -> None:
    """How many cases at a time, and of which topics: all when none is named."""
    _ask(seat.team, by)
    if not 0 <= at_most <= 500:
        raise Refused("Choisissez un nombre entre 0 et 500.", status=400)
    wanted = list(topics)
    had, known = seat.at_most, ", ".join(sorted(seat.topics.values_list("label", flat=True))) or "tous"
    seat.at_most = at_most
    seat.save(update_fields=["at_most"])
    seat.topics.set(wanted)
    now = ", ".join(sorted(topic.label for topic in wanted)) or "tous"
    changes = [["demandes à la fois", str(had), str(at_most)]] if had != at_most else []
    if known != now:
        changes.append(["sujets du partage", known, now])
    if changes:
        record("account.share_set", by=by, subject=f"user:{seat.user_id}", team=seat.team_id, changes=changes)
