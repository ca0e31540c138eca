"""What was typed in a form sent after the end of the session: kept in the browser session until its author is back."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.http import HttpRequest

_TYPED = "typed_before"
_LONGEST = 60_000
_FOR = 6 * 3600.0


def keep_typed(request: HttpRequest) -> None:
    typed = {name: request.POST.getlist(name) for name in request.POST if name != "csrfmiddlewaretoken"}
    if sum(len(text) for texts in typed.values() for text in texts) <= _LONGEST:
        request.session[_TYPED] = [request.path, time.time(), typed]


def typed_before(request: HttpRequest) -> dict[str, Sequence[str]] | None:
    """What was typed on this very page before signing in again; given once."""
    kept = request.session.get(_TYPED)
    if not kept or kept[0] != request.path:
        return None
    del request.session[_TYPED]
    return dict(kept[2]) if time.time() - float(kept[1]) <= _FOR else None
