"""What the top bar of every page of the desk asks the database."""

from __future__ import annotations

from guichet.accounts.models import User
from guichet.accounts.policy import teams_seen
from guichet.cases.policy import rights, viewer_of
from guichet.core.ahead import Question
from guichet.core.kept import Kept
from guichet.noa.models import Chat, ChatState
from guichet.noa.queue import waiting_for
from guichet.notices.models import Alert
from guichet.procedures.models import Procedure

IN_CHARGE: Kept[Procedure] = Kept(lambda teams: Procedure.objects.filter(team_id__among=teams).order_by("pk")[:1])
# As `Alert.objects.for_user(user).unread()`.
UNREAD = Kept(lambda user, *given: Alert.objects.unread().filter(rights("case__", *given), user_id=user))
QUEUED = Kept(lambda: Chat.objects.filter(state=ChatState.QUEUED)[:1])


def questions(user: User) -> list[Question]:
    """All of it, to be asked ahead with what the page itself asks."""
    asked = [QUEUED.asking()]
    if viewer := viewer_of(user):
        asked.append(UNREAD.counting(viewer.user_id, *viewer.given))
    if not _appraises_all(user):
        asked.append(IN_CHARGE.asking(_teams(user)))
    return asked


def unread_warnings(user: User) -> int:
    viewer = viewer_of(user)
    return UNREAD.number(viewer.user_id, *viewer.given) if viewer else 0


def chats_waiting(user: User) -> int:
    """Conversations that wait for a person; nearly always none, which one look at a small index says."""
    return waiting_for(user).count() if QUEUED() else 0


def appraises(user: User) -> bool:
    """His teams are in charge of a procedure: dossiers are his work too."""
    return _appraises_all(user) or bool(IN_CHARGE(_teams(user)))


def _appraises_all(user: User) -> bool:
    return user.is_administrator or user.is_editor


def _teams(user: User) -> list[int]:
    return [team.pk for team in teams_seen(user)]
