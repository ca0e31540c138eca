from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from guichet.citizens.sessions import signed_in


class CitizenMiddleware:
    """Sets `request.citizen`: the `Account` signed in, or None. Asks nothing for a browser without a session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given: Any = request
        given.citizen = signed_in(request)
        return self.get_response(request)
