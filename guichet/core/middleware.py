from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from guichet.core.problems import problem, speaks_to_programs
from guichet.core.refused import Refused

NUL = "\x00"


class UnstorableMiddleware:
    """Turns away a NUL character, which PostgreSQL cannot store and no keyboard types, before any view meets it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        values = [request.path, *request.GET.keys(), *(v for _, many in request.GET.lists() for v in many)]
        if request.method == "POST":
            values += [v for _, many in request.POST.lists() for v in many]
        if any(NUL in value for value in values):
            if speaks_to_programs(request):
                return problem(400, "La demande contient un caractère nul.", code="unreadable")
            return render(request, "core/unreadable.html", status=400)
        return None


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
