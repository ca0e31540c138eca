from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from guichet.portal.contact_details import ContactDetails, say_time
from guichet.portal.contact_details import contact_details as read_details

register = template.Library()


@register.simple_tag
def contact_details() -> ContactDetails:
    return read_details()


@register.filter
def hour(value: datetime | None) -> str:
    """« 18 h » in the time of the Region."""
    return say_time(timezone.localtime(value).time()) if value else ""


@register.filter
def groups(reference: str) -> list[str]:
    """« 1 604 217 » → its groups of digits."""
    return reference.replace("\u202f", "\u00a0").split("\u00a0")


@register.filter
def groups_of_three(digits: str) -> str:
    """« 200 053 759 », with no-break spaces."""
    return "\u00a0".join(digits[start : start + 3] for start in range(0, len(digits), 3))
