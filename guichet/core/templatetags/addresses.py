"""`{% url %}` as Django writes it, remembered: a page of the desk names some fifty addresses, most of them the same for
everyone, and finding one takes as long as a small query (bench: desk_lists.case)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as url_of_django
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape

register = template.Library()
KEPT = 8192  # addresses, a hundred bytes each


class Address(URLNode):
    """The same answers and errors as its parent."""

    def render(self, context: Context) -> str:
        name = self.view_name.resolve(context)
        args = tuple(arg.resolve(context) for arg in self.args)
        kwargs = tuple((key, value.resolve(context)) for key, value in self.kwargs.items())
        urlconf = get_urlconf() or settings.ROOT_URLCONF
        try:
            found = _address(name, args, kwargs, _types(args, kwargs), _app(context), get_script_prefix(), urlconf)
        except NoReverseMatch:
            if self.asvar is None:
                raise
            found = ""
        if self.asvar:
            context[self.asvar] = found
            return ""
        return conditional_escape(found) if context.autoescape else found


@register.tag
def url(parser: Parser, token: Token) -> Address:
    node = url_of_django(parser, token)
    return Address(node.view_name, node.args, node.kwargs, node.asvar)


def remembered(name: str, *args: Any) -> str:
    """`reverse(name, args=args)` for what is written without a template."""
    urlconf = get_urlconf() or settings.ROOT_URLCONF
    return _address(name, args, (), _types(args, ()), None, get_script_prefix(), urlconf)


def _types(args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> tuple[type, ...]:
    """1 and True are equal, and make two addresses."""
    return (*map(type, args), *(type(value) for _, value in kwargs))


def _app(context: Context) -> str | None:
    request = getattr(context, "request", None)
    try:
        return str(request.current_app)  # type: ignore[union-attr]
    except AttributeError:
        match = getattr(request, "resolver_match", None)
        return match.namespace if match else None


@lru_cache(maxsize=KEPT)
def _address(
    name: str, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...], types: tuple[type, ...], app: str | None,
    prefix: str, urlconf: str,
) -> str:  # fmt: skip
    return reverse(name, urlconf, args, dict(kwargs), app)
