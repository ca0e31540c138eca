from __future__ import annotations

import re
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from guichet.knowledge import markup
from guichet.knowledge.models import Article
from guichet.portal.contact_details import ContactDetails, say_time
from guichet.portal.contact_details import contact_details as read_details
from guichet.portal.sheets import address_of

register = template.Library()
_TAG = re.compile(r"(<[^>]*>)")
_BEFORE_SIGN = re.compile(r"(?<=\S) (?=[:;?!»€%])")


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


@register.filter
def address(article: Article) -> str:
    return address_of(article)


@register.filter
def spaced(text: str) -> SafeString:
    """French spacing of what editors typed: no sign of punctuation alone at the head of a line."""
    pieces = _TAG.split(conditional_escape(text))
    done = (piece if piece.startswith("<") else _BEFORE_SIGN.sub("\u00a0", piece).replace("« ", "«\u00a0")
            for piece in pieces)  # fmt: skip
    return mark_safe("".join(done))  # noqa: S308 (escaped above)


@register.filter
def written(text: str) -> SafeString:
    """The Markdown of an article."""
    return spaced(markup.cached_html(text))


@register.filter
def plain(text: str) -> str:
    return markup.to_plain(text).replace("\n", " ")
