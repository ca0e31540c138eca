"""What the top bar of the desk needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from guichet.accounts.models import User
from guichet.accounts.policy import is_supervisor, may_read_routing, takes_shared_cases
from guichet.cases.models import RoutingDecision
from guichet.core.templatetags.addresses import remembered
from guichet.core.text import key_of
from guichet.desk import bar
from guichet.desk.forms.filters import FilterForm
from guichet.desk.lines import lines, lines_of_queues
from guichet.desk.listing import Listing
from guichet.desk.queues import Group
from guichet.desk.views.mail import outgoing_folder

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
    return bar.unread_warnings(user) if isinstance(user, User) else 0


@register.simple_tag
def filter_fields(listed: Listing) -> SafeString:
    """The fields of the filters, with their sixty topics; written again when one of them changes."""
    return _written(_Fields(listed))


class _Fields:
    """The filters of a list, known by what they would show."""

    def __init__(self, listed: Listing) -> None:
        self.listed = listed
        self.shown = FilterForm.shown(listed.asked, listed.user)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fields) and self.shown == other.shown

    def __hash__(self) -> int:
        return hash(self.shown)


@lru_cache(maxsize=200)
def _written(fields: _Fields) -> SafeString:
    return render_to_string("desk/_filter_fields.html", {"form": fields.listed.form})


@register.simple_tag(takes_context=True)
def act_later(context: Any, item: Mapping[str, Any]) -> SafeString:
    """Where the form of an act comes when it is opened (actes.js): a link to its page."""
    address = remembered("desk:act", context["case"].reference, item["verb"])
    kept = context.get("kept", "")
    return format_html(
        '<p class="detail__corps" data-acte><a href="{}{}">Remplir sur une page<span class="sr"> : {}</span></a></p>',
        address,
        f"?{kept}" if kept else "",
        item["act"].label,
    )


@register.simple_tag(takes_context=True, name="lines")
def lines_of_list(context: Any) -> SafeString:
    """The lines of `rows`, that of the case beside them marked."""
    case = context.get("case")
    return lines(context["rows"], kept=context.get("kept", ""), opened=case.pk if case else None)


@register.simple_tag
def queue_lines(group: Group, opened: str) -> SafeString:
    return lines_of_queues(group.queues, opened=opened)


@register.simple_tag(takes_context=True)
def chats_waiting(context: Any) -> int:
    user = getattr(context.get("request"), "user", None)
    return bar.chats_waiting(user) if isinstance(user, User) and user.is_active else 0


@register.simple_tag(takes_context=True)
def appraises(context: Any) -> bool:
    user = getattr(context.get("request"), "user", None)
    return isinstance(user, User) and user.is_active and bar.appraises(user)


@register.simple_tag
def live_url() -> str:
    """Where the browser listens to changes: another port in development, the same origin behind a proxy."""
    return settings.LIVE_URL
