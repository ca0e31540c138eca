"""What the top bar of the desk needs to know."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from guichet.accounts.models import User
from guichet.accounts.policy import is_supervisor, may_read_routing, takes_shared_cases
from guichet.cases.models import RoutingDecision
from guichet.core.text import key_of
from guichet.desk.views.mail import outgoing_folder
from guichet.notices.models import Alert

register = template.Library()


@register.simple_tag
def shows_outgoing() -> bool:
    """Mail is written to a folder instead of leaving: the page that shows it exists."""
    return outgoing_folder() is not None


@register.simple_tag(takes_context=True)
def oriented(context: Any) -> RoutingDecision | None:
    """What this agent just decided of a case (`?oriente=`), while it can be taken back."""
    request = context["request"]
    wanted = key_of(request.GET.get("oriente", ""))
    found = RoutingDecision.objects.filter(pk=wanted).select_related("case__topic", "case__team").first()
    if found is None or found.before is None or found.before.get("by") != request.user.pk:
        return None
    return found if found.before.get("version") == found.case.version else None


@register.simple_tag(takes_context=True)
def reads_routing(context: Any) -> bool:
    """The pages that set the routing are shown in the bar to who may read them."""
    user = getattr(context.get("request"), "user", None)
    return isinstance(user, User) and may_read_routing(user)


@register.simple_tag(takes_context=True)
def leads_teams(context: Any) -> bool:
    """The pages of teams are shown in the bar to who answers for one."""
    user = getattr(context.get("request"), "user", None)
    return isinstance(user, User) and user.is_active and is_supervisor(user)


@register.simple_tag(takes_context=True)
def shares(context: Any) -> bool:
    user = getattr(context.get("request"), "user", None)
    return isinstance(user, User) and user.is_active and takes_shared_cases(user)


@register.simple_tag(takes_context=True)
def unread_warnings(context: Any) -> int:
    user = getattr(context.get("request"), "user", None)
    return Alert.objects.for_user(user).unread().count() if isinstance(user, User) and user.is_active else 0


@register.simple_tag
def live_url() -> str:
    """Where the browser listens to changes: another port in development, the same origin behind a proxy."""
    return settings.LIVE_URL
