"""What the top bar of the desk needs to know."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from guichet.accounts.models import User
from guichet.accounts.policy import is_supervisor, may_read_routing, takes_shared_cases, teams_seen
from guichet.cases.models import RoutingDecision
from guichet.cases.policy import rights, viewer_of
from guichet.core.kept import Kept
from guichet.core.text import key_of
from guichet.desk.forms.filters import FilterForm
from guichet.desk.lines import lines
from guichet.desk.views.mail import outgoing_folder
from guichet.noa.models import Chat, ChatState
from guichet.noa.queue import waiting_for
from guichet.notices.models import Alert
from guichet.procedures.models import Procedure

register = template.Library()
# As `Alert.objects.for_user(user).unread()`.
IN_CHARGE: Kept[Procedure] = Kept(lambda teams: Procedure.objects.filter(team_id__among=teams).order_by("pk")[:1])
UNREAD = Kept(lambda user, *given: Alert.objects.unread().filter(rights("case__", *given), user_id=user))

QUEUED = Kept(lambda: Chat.objects.filter(state=ChatState.QUEUED)[:1])


@register.simple_tag
def shows_outgoing() -> bool:
    """Mail is written to a folder instead of leaving: the page that shows it exists."""
    return outgoing_folder() is not None


@register.simple_tag(takes_context=True)
def oriented(context: Any) -> RoutingDecision | None:
    """What this agent just decided of a case (`?oriente=`), while it can be taken back."""
    request = context["request"]
    wanted = key_of(request.GET.get("oriente", ""))
    if not wanted:
        return None
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
    viewer = viewer_of(user) if isinstance(user, User) else None
    return UNREAD.number(viewer.user_id, *viewer.given) if viewer else 0


@register.simple_tag
def filter_fields(form: FilterForm) -> SafeString:
    """The fields of the filters, with their sixty topics; written again when one of them changes."""
    return _written(_Fields(form))


class _Fields:
    """A form known by what it would show."""

    def __init__(self, form: FilterForm) -> None:
        self.form = form
        topics = form.fields["sujet"].choices  # type: ignore[attr-defined]
        self.shown = (tuple(form.data.get(name, "") for name in form.fields), tuple(topics))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fields) and self.shown == other.shown

    def __hash__(self) -> int:
        return hash(self.shown)


@lru_cache(maxsize=200)
def _written(fields: _Fields) -> SafeString:
    return render_to_string("desk/_filter_fields.html", {"form": fields.form})


@register.simple_tag(takes_context=True, name="lines")
def lines_of_list(context: Any) -> SafeString:
    """The lines of `rows`, that of the case beside them marked."""
    case = context.get("case")
    return lines(context["rows"], kept=context.get("kept", ""), opened=case.pk if case else None)


@register.simple_tag(takes_context=True)
def chats_waiting(context: Any) -> int:
    """Conversations that wait for a person; nearly always none, which one look at a small index says."""
    user = getattr(context.get("request"), "user", None)
    if not isinstance(user, User) or not user.is_active or not QUEUED():
        return 0
    return waiting_for(user).count()


@register.simple_tag(takes_context=True)
def appraises(context: Any) -> bool:
    """His teams are in charge of a procedure: dossiers are his work too."""
    user = getattr(context.get("request"), "user", None)
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.is_administrator or user.is_editor:
        return True
    return bool(IN_CHARGE([team.pk for team in teams_seen(user)]))


@register.simple_tag
def live_url() -> str:
    """Where the browser listens to changes: another port in development, the same origin behind a proxy."""
    return settings.LIVE_URL
