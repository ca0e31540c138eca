from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from guichet.core.refused import Refused


class RefusalMiddleware:
    """Turns a `Refused` raised by an action into a page (or a fragment for htmx)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        htmx = bool(getattr(request, "htmx", False))
        template = "core/refused_fragment.html" if htmx else "core/refused.html"
        return render(request, template, {"refusal": exception}, status=exception.status)
