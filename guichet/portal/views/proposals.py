"""Answers proposed while the single form is being filled in, and whether they spared the message."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from guichet.accounts.machines import PORTAL, machine
from guichet.core.limits import client_address, spend
from guichet.core.refused import Refused
from guichet.core.text import one_line
from guichet.knowledge import finding
from guichet.knowledge.actions import note_asked, opened, vote
from guichet.knowledge.models import Asked, Vote
from guichet.portal.sheets import live_of, published, read_asked, sign_asked
from guichet.understanding.answers.engine import OFFERED, Outcome

SHORTEST = 20  # of what is worth reading; the page waits for more
READ, KEPT = 1500, 120  # of a message: what the engine reads, what is noted of it
TYPED_PER_HOUR, SAID_PER_HOUR = 600, 120


@never_cache
@require_POST
def proposals(request: HttpRequest) -> HttpResponse:
    """At most three, when the engine is sure enough. Of the message, only its object is noted, masked."""
    spend("contact-typed", client_address(request), at_most=TYPED_PER_HOUR, per=timedelta(hours=1))
    subject = one_line(request.POST.get("subject", ""))[:KEPT]
    message = request.POST.get("message", "")[:READ]
    text = f"{subject}\n{message}".strip()
    if len(text) < SHORTEST:
        return render(request, "portal/_proposals.html", {"articles": [], "from": ""})
    answer = finding.answer(text)
    codes = [] if answer.outcome is Outcome.NONE else [p.id for p in answer.proposals][:OFFERED]
    rows = {row.code: row for row in published().filter(code__in=codes)}
    articles = [rows[code] for code in codes if code in rows]
    asked = note_asked(
        subject or one_line(message)[:KEPT],
        place=Asked.Place.FORM,
        outcome=answer.outcome.value if articles else Asked.Outcome.NONE.value,
        article=articles[0] if len(articles) == 1 else None,
        again=read_asked(request.POST.get("de", "")),
        by=machine(PORTAL),
    )
    return render(request, "portal/_proposals.html", {"articles": articles, "from": sign_asked(asked.pk)})


@never_cache
@require_POST
def follow_up(request: HttpRequest) -> HttpResponse:
    """An answer was unfolded (« ouvert ») or was enough (« suffit »): a contact avoided."""
    spend("contact-settled", client_address(request), at_most=SAID_PER_HOUR, per=timedelta(hours=1))
    article = get_object_or_404(published(), code=request.POST.get("code", ""))
    asked = read_asked(request.POST.get("de", ""))
    done = request.POST.get("fait", "")
    if asked is None or done not in {"ouvert", "suffit"}:
        raise Refused("Cette réponse n’a pas pu être notée.", status=400)
    by = machine(PORTAL)
    opened(asked, article, by=by)
    if done == "ouvert":
        return HttpResponse(status=204)
    vote(live_of(article), Vote.Value.YES, place=Asked.Place.FORM, by=by)
    return render(request, "portal/_settled.html")
