"""One article: every rendering of it, its versions, what is decided of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from guichet.accounts.models import User
from guichet.cases.actions import batching
from guichet.core.calendar import paris_day
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.desk import receivers
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.shelves import no_votes
from guichet.desk.views.knowledge import base_page
from guichet.journal.models import Event
from guichet.knowledge import actions, checks, policy, renderings
from guichet.knowledge.content import SOURCE_KINDS, content_of, read_day
from guichet.knowledge.differences import AID_LABELS, differences
from guichet.knowledge.markup import answer_html, headings
from guichet.knowledge.models import (
    OPEN,
    VERSION_MOVES,
    Article,
    Asked,
    Kind,
    Profile,
    Theme,
    Version,
    VersionState,
    Vote,
    Wording,
)
from guichet.knowledge.voice import voice
from guichet.organisation.directory import directory

SHOWN = 20
HISTORY = 40
AID_SHOWN = ("for_whom", "amount", "when", "reply", "conditions", "exclusions")


def readable(request: AgentRequest, code: str) -> Article:
    """The article, or 404: one he may not read and one that does not exist look the same."""
    rows = Article.objects.filter(policy.readable_by(request.user)).select_related("owner", "live__author")
    found = rows.filter(code=code).first()
    if found is None or (found.live_id is None and not policy.may_review_some(request.user, found)):
        raise Http404
    return found


def open_version(article: Article) -> Version | None:
    rows = article.versions.filter(state__in=OPEN).select_related("author", "reviewer", "article__owner")
    return rows.first()


def _versions(article: Article, user: User) -> list[Version]:
    rows = article.versions.select_related("author", "reviewer").defer("body")
    if not policy.may_review_some(user, article):
        rows = rows.filter(state__in=[VersionState.PUBLISHED, VersionState.RETIRED])
    return list(rows.order_by("-number")[:50])


def _chosen(article: Article, versions: list[Version], asked: str) -> Version:
    """The version asked for; else what is in service; else what is being written."""
    wanted = next((one for one in versions if str(one.number) == asked), None)
    if wanted is None:
        if asked or not versions:
            raise Http404
        wanted = next((one for one in versions if one.pk == article.live_id), versions[0])
    return article.versions.select_related("author", "reviewer", "article__owner").get(pk=wanted.pk)


@agent_required
@require_GET
def article(request: AgentRequest, code: str) -> HttpResponse:
    return article_page(request, readable(request, code))


def article_page(
    request: AgentRequest, found: Article, *, status: int = 200, problem: str = "", failed: str = ""
) -> HttpResponse:
    user = request.user
    versions = _versions(found, user)
    shown = _chosen(found, versions, request.GET.get("version", "") if request.method == "GET" else "")
    draft = next((one for one in versions if one.state in OPEN), None)
    decides = policy.may_review_some(user, found)
    wordings = list(found.wordings.select_related("by").order_by("pk"))
    today = paris_day(timezone.now())
    context: dict[str, Any] = {
        "article": found, "version": shown, "is_live": shown.pk == found.live_id, "draft": draft,
        "versions": versions, "wordings": wordings, "few": checks.FEW_WORDINGS, "worded": found.kind in checks.WORDED,
        "decides": decides, "problem": problem, "failed": failed,
        "reviews": draft is not None and policy.may_review(user, draft),
        "is_author": draft is not None and draft.author_id == user.pk,
        "may_submit": _may_become(draft, VersionState.IN_REVIEW), "may_publish": _may_become(draft, None),
        "blocking": checks.blocking(_with(found, draft)) if draft is not None and decides else [],
        "to_check": found.archived_at is None and bool(found.check_asked or (found.review_on or today) < today),
        "next_check": today + timedelta(days=settings.ARTICLE_REVIEW_DAYS),
        "history": history(found), **renderings_of(shown), **opinions(found, decides),
        "related": related(shown, user), "sent": receivers.sent_of(found, user),
        "misled": len(receivers.misled(found, user)),
    }  # fmt: skip
    return base_page(request, "article", tab="articles", status=status, **context)


def _with(found: Article, version: Version) -> Version:
    version.article = found
    return version


def _may_become(version: Version | None, state: VersionState | None) -> bool:
    if version is None:
        return False
    moves = VERSION_MOVES[VersionState(version.state)]
    return VersionState.PUBLISHED in moves if state is None else state in moves


def renderings_of(version: Version) -> dict[str, Any]:
    """Every rendering of a version, as `_renderings.html` shows them."""
    topics = directory().topics_by_code
    aid = version.aid if version.article.kind == Kind.AID else {}
    facts = [(AID_LABELS[name], value) for name in AID_SHOWN if (value := aid.get(name))]
    names = {**dict(Theme.choices), **dict(Profile.choices)}
    return {
        "answer": answer_html(version.answer), "body": renderings.body_html(version),
        "has_body": bool(version.body.strip()), "contents": headings(version.body),
        "questions": renderings.questions(version), "sms": renderings.sms(version.sms), "voice": voice(version),
        "reply": renderings.reply_text(version), "letter": renderings.letter_text(version),
        "facts": [(label, value if isinstance(value, list) else [value]) for label, value in facts],
        "shelves": [str(names.get(each, each)) for each in (*version.themes, *version.profiles)] if aid else [],
        "sources": [
            {**source, "said": SOURCE_KINDS.get(source["kind"], ""), "day": read_day(source.get("checked"))}
            for source in version.sources
        ],
        "topics": [topics[code].label if code in topics else code for code in version.topics],
    }  # fmt: skip


def related(version: Version, user: User) -> list[Article]:
    rows = Article.objects.live().filter(policy.readable_by(user), code__in=version.related)
    return list(rows.select_related("live"))


def history(found: Article) -> list[Event]:
    events = Event.objects.filter(subject=f"article:{found.pk}", case_id__isnull=True, person_id__isnull=True)
    return list(events.select_related("actor").order_by("-id")[:HISTORY])


def opinions(found: Article, decides: bool) -> dict[str, Any]:
    """Votes of the version in service, and what people said of any of them; remarks are for who can act on them."""
    given = Vote.objects.filter(version=found.live_id).values_list("value").annotate(n=Count("pk"))
    votes = {**no_votes(), **dict(given)}
    rows = Vote.objects.filter(version__article=found).exclude(passage="", remark="").select_related("version")
    remarks = list(rows.order_by(F("handled_at").desc(nulls_first=True), "-at")[:SHOWN]) if decides else []
    return {"votes": votes, "votes_total": sum(votes.values()), "remarks": remarks}


@agent_required
@require_GET
def versions(request: AgentRequest, code: str) -> HttpResponse:
    """Two versions facing each other; what is written against what is in service when none is named."""
    found = readable(request, code)
    listed = _versions(found, request.user)
    after = _numbered(listed, request.GET.get("apres", "")) or (listed[0] if listed else None)
    if after is None:
        raise Http404
    before = _numbered(listed, request.GET.get("avant", ""))
    if before is None:
        older = [one for one in listed if one.number < after.number]
        before = next((one for one in older if one.pk == found.live_id), older[0] if older else after)
    one, other = (article_version(found, each) for each in (before, after))
    return base_page(
        request, "article_versions", tab="articles", article=found, versions=listed, before=one, after=other,
        changes=differences(content_of(one), content_of(other)),
    )  # fmt: skip


def article_version(found: Article, version: Version) -> Version:
    return found.versions.select_related("author", "article").get(pk=version.pk)


def _numbered(listed: list[Version], asked: str) -> Version | None:
    return next((one for one in listed if str(one.number) == asked), None)


@agent_required
@require_POST
def report(request: AgentRequest, code: str) -> HttpResponse:
    """Any agent says what is wrong in an article, quoting the passage."""
    found = readable(request, code)
    if found.live is None:
        raise Http404
    passage, remark = (request.POST.get(name, "").strip() for name in ("passage", "remarque"))
    if not remark:
        return article_page(
            request, found, status=400, problem="Dites ce qui est faux ou ce qui manque.", failed="signaler"
        )
    actions.vote(
        found.live, Vote.Value.NO, place=Asked.Place.DESK, passage=passage[:500], remark=remark[:1000], by=request.user
    )
    messages.success(request, "Merci : les rédacteurs de la base reçoivent votre signalement.")
    return redirect("desk:article", found.code)


@agent_required
@require_POST
def tell(request: AgentRequest, code: str) -> HttpResponse:
    """Who received an older version, as a batch whose answer is begun: read again and confirmed there."""
    found = readable(request, code)
    cases = receivers.misled(found, request.user)
    if not cases:
        raise Refused("Personne n'a reçu une version plus ancienne, parmi les demandes que vous pouvez voir.")
    batch = batching.choose(cases, by=request.user)
    return redirect(f"{reverse('desk:batch', args=[batch.pk])}?article={found.live_id}")


# -- what is decided --------------------------------------------------------------------------------------------------


@agent_required
@require_POST
def act(request: AgentRequest, code: str) -> HttpResponse:
    found = readable(request, code)
    wanted = request.POST.get("action", "")
    if wanted not in ACTS:
        raise Http404
    try:
        said = ACTS[wanted](found, request.POST, request.user)
    except Refused as refusal:
        return article_page(request, found, status=refusal.status, problem=refusal.message, failed=wanted)
    messages.success(request, said)
    return redirect("desk:article", found.code)


def _draft(found: Article) -> Version:
    version = open_version(found)
    if version is None:
        raise Refused("Rien n'est en cours d'écriture sur cet article.", status=409)
    return version


def _submit(found: Article, given: Any, by: User) -> str:
    actions.submit(_draft(found), by=by)
    return "La version est en relecture : un autre que son auteur la publie."


def _send_back(found: Article, given: Any, by: User) -> str:
    actions.send_back(_draft(found), given.get("pourquoi", ""), by=by)
    return "La version est renvoyée à son auteur, avec votre remarque."


def _publish(found: Article, given: Any, by: User) -> str:
    version, at = _draft(found), None
    if str(version.number) != given.get("version"):
        raise Refused("Une autre version est en cours depuis : relisez-la avant de publier.", status=409)
    if version.changed_at.isoformat() != given.get("vue"):
        raise Refused("Le texte a changé depuis que vous l'avez lu : relisez-le avant de publier.", status=409)
    if typed := given.get("quand", "").strip():
        at = _moment(typed)
        if at <= timezone.now():
            raise Refused("Choisissez une date à venir, ou publiez maintenant.", status=400)
    actions.publish(version, at=at, by=by)
    if at is not None:
        return f"La version {version.number} sera publiée à la date choisie."
    return f"La version {version.number} est publiée : la page, la FAQ, Noa et le bureau la disent."


def _moment(typed: str) -> datetime:
    try:
        moment = datetime.fromisoformat(typed)
        return moment if moment.tzinfo else timezone.make_aware(moment)
    except (ValueError, OverflowError) as error:
        raise Refused("Date illisible. Exemple : 2026-09-01T08:00.", status=400) from error


def _drop(found: Article, given: Any, by: User) -> str:
    actions.drop(_draft(found), by=by)
    return "Le brouillon est abandonné. Ce qui est publié ne change pas."


def _archive(found: Article, given: Any, by: User) -> str:
    if not given.get("pourquoi", "").strip():
        raise Refused("Dites pourquoi l'article est archivé.", status=400)
    actions.archive(found, given["pourquoi"], by=by)
    return "L'article est archivé : il n'est plus proposé nulle part."


def _bring_back(found: Article, given: Any, by: User) -> str:
    actions.bring_back(found, by=by)
    return "L'article est remis en service."


def _confirm(found: Article, given: Any, by: User) -> str:
    day = read_day(given.get("jusqu"))
    if day is None:
        raise Refused("Choisissez la date de la prochaine relecture.", status=400)
    actions.confirm(found, day, by=by)
    return "C'est noté : l'article est à jour."


def _ask_check(found: Article, given: Any, by: User) -> str:
    if not given.get("pourquoi", "").strip():
        raise Refused("Dites pourquoi l'article est à revoir.", status=400)
    actions.ask_check(found, given["pourquoi"], by=by)
    return "L'article est dans la liste à relire."


def _word(found: Article, given: Any, by: User) -> str:
    added = actions.add_wordings(found, given.get("formulations", "")[:40_000].splitlines(), by=by)
    return f"{added} formulation{'s' if added > 1 else ''} ajoutée{'s' if added > 1 else ''}."


def _forget(found: Article, given: Any, by: User) -> str:
    wording = Wording.objects.filter(article=found, pk=key_of(given.get("formulation", ""))).first()
    if wording is None:
        raise Refused("Cette formulation est déjà retirée.", status=409)
    actions.forget_wording(wording, by=by)
    return f"« {wording.text} » est retirée."


def _handle(found: Article, given: Any, by: User) -> str:
    vote = Vote.objects.filter(version__article=found, pk=key_of(given.get("avis", ""))).first()
    if vote is None:
        raise Refused("Cet avis n'existe plus.", status=409)
    actions.handle_vote(vote, by=by)
    return "L'avis est traité."


ACTS = {
    "soumettre": _submit, "renvoyer": _send_back, "publier": _publish, "abandonner": _drop, "archiver": _archive,
    "remettre": _bring_back, "confirmer": _confirm, "revoir": _ask_check, "formuler": _word, "oublier": _forget,
    "traiter": _handle,
}  # fmt: skip
