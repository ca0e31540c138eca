"""What the top bar of the desk needs to know."""

from __future__ import annotations

from django import template
from django.conf import settings

from guichet.desk.views.mail import outgoing_folder

register = template.Library()


@register.simple_tag
def shows_outgoing() -> bool:
    """Mail is written to a folder instead of leaving: the page that shows it exists."""
    return outgoing_folder() is not None


@register.simple_tag
def live_url() -> str:
    """Where the browser listens to changes: another port in development, the same origin behind a proxy."""
    return settings.LIVE_URL
