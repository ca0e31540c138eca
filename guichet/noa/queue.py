"""Who waits, who is there to answer, whose turn it is."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from guichet.accounts.models import User
from guichet.accounts.policy import belongs_to
from guichet.cases.models import Case
from guichet.core.calendar import WorkingCalendar
from guichet.noa.models import Chat, ChatState
from guichet.organisation.directory import directory

SEEN_WITHIN = timedelta(minutes=5)


def desk_calendar() -> WorkingCalendar:
    """When conversations are answered: the hours of who receives what is not routed yet."""
    return directory().calendar(directory().unrouted_team)


def present() -> QuerySet[User]:
    """Agents at their screen who take new matters."""
    since = timezone.now() - SEEN_WITHIN
    return User.objects.filter(kind=User.Kind.HUMAN, is_active=True, available=True, seen_at__gte=since)


def anybody_there() -> bool:
    return desk_calendar().is_open(timezone.now()) and present().exists()


def position(chat: Chat) -> int:
    """1 for the next one. Dangers first, then the oldest."""
    waiting = Chat.objects.filter(state=ChatState.QUEUED).exclude(pk=chat.pk)
    before = Q(urgent=True) if not chat.urgent else Q(pk__in=[])
    return waiting.filter(before | Q(queued_at__lt=chat.queued_at or timezone.now(), urgent=chat.urgent)).count() + 1


def is_front_desk(user: User) -> bool:
    unrouted = directory().unrouted_team
    return unrouted is not None and unrouted.pk in belongs_to(user)


def visible_to(user: User) -> QuerySet[Chat]:
    """The conversations that became a case this agent may see; the front desk sees those that wait."""
    own = Q(case__in=Case.objects.visible_to(user)) | Q(agent=user)
    if is_front_desk(user):
        own |= Q(state=ChatState.QUEUED, case__sensitivity__lte=user.clearance)
    return Chat.objects.filter(own, case__isnull=False).select_related("case__topic", "case__team", "agent")


def waiting_for(user: User) -> QuerySet[Chat]:
    return visible_to(user).filter(state=ChatState.QUEUED).order_by("-urgent", "queued_at", "pk")


def may_take(user: User, chat: Chat) -> bool:
    return user.is_active and not user.is_machine and visible_to(user).filter(pk=chat.pk).exists()
