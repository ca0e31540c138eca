"""From draft to page: review by another, publication now or later, next check, archive."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.core.calendar import paris_day
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import one_line
from guichet.journal.actions import record
from guichet.knowledge.actions.finding import touch
from guichet.knowledge.actions.writing import ask_writer, locked
from guichet.knowledge.checks import blocking
from guichet.knowledge.models import VERSION_MOVES, Article, Version, VersionState
from guichet.knowledge.policy import may_review, may_review_some

if TYPE_CHECKING:
    from guichet.accounts.models import User


@transaction.atomic
def submit(version: Version, *, by: User) -> Version:
    """Ask for a review; what must not be published (no source, image without words…) is refused with its reasons."""
    ask_writer(by)
    version = _locked(version)
    _refuse_blocked(version)
    _move(version, VersionState.IN_REVIEW)
    version.sent_back = ""
    version.save()
    _note("article.submitted", version, by)
    return version


@transaction.atomic
def send_back(version: Version, why: str, *, by: User) -> Version:
    version = _locked(version)
    _ask_reviewer(version, by)
    if not why.strip():
        raise Refused("Dites à l'auteur ce qui est à reprendre.", status=400)
    _move(version, VersionState.DRAFT)
    version.sent_back = why.strip()[:500]
    version.publish_at = None
    version.save()
    _note("article.sent_back", version, by)
    return version


@transaction.atomic
def publish(version: Version, *, at: datetime | None = None, by: User) -> Version:
    """Approve, and publish now or at a moment to come. The reviewer is not the author."""
    version = _locked(version)
    _ask_reviewer(version, by)
    _refuse_blocked(version)
    version.reviewer = by
    if at is not None and at > timezone.now():
        _move(version, VersionState.SCHEDULED)
        version.publish_at = at
        version.save()
        _note("article.scheduled", version, by, at=at.isoformat())
        return version
    _publish(version, by)
    return version


def publish_due(*, by: User) -> int:
    """What was approved for a moment that has come. Returns how many."""
    count = 0
    due = Version.objects.filter(state=VersionState.SCHEDULED, publish_at__lte=timezone.now())
    for pk in due.values_list("pk", flat=True)[:200]:
        with transaction.atomic():
            version = Version.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            if version is None or version.state != VersionState.SCHEDULED:
                continue
            _publish(version, by)
            count += 1
    return count


def put_in_service(article: Article, version: Version) -> None:
    """The version becomes the text of the article, the one before is retired. The caller saves the article."""
    now = timezone.now()
    if article.live_id:
        Version.objects.filter(pk=article.live_id).update(state=VersionState.RETIRED, retired_at=now)
    version.state = VersionState.PUBLISHED
    version.published_at = now
    version.save()
    article.live = version
    article.archived_at = None
    article.checked_on = paris_day(now)


def _publish(version: Version, by: User) -> None:
    article = locked(version.article)
    _move(version, VersionState.PUBLISHED)
    version.publish_at = None
    put_in_service(article, version)
    article.check_asked = ""
    assert article.checked_on is not None  # since a moment
    if article.review_on is None or article.review_on <= article.checked_on:
        article.review_on = article.checked_on + timedelta(days=settings.ARTICLE_REVIEW_DAYS)
    article.save()
    _note("article.published", version, by)
    touch()


@transaction.atomic
def confirm(article: Article, review_on: date, *, by: User) -> None:
    """Read again and still right: the date of the next check moves."""
    _ask_owner(article, by)
    article = locked(article)
    today = paris_day(timezone.now())
    if not today < review_on <= today + timedelta(days=3 * 366):
        raise Refused("La prochaine relecture est à une date à venir, dans les trois ans.", status=400)
    article.checked_on, article.review_on, article.check_asked = today, review_on, ""
    article.save(update_fields=["checked_on", "review_on", "check_asked"])
    record("article.confirmed", by=by, subject=f"article:{article.pk}", code=article.code, until=review_on.isoformat())


@transaction.atomic
def ask_check(article: Article, why: str, *, by: User) -> None:
    """Put an article on the list to be read again, with a reason."""
    article = locked(article)
    article.check_asked = one_line(why)[:300]
    article.save(update_fields=["check_asked"])
    record("article.check_asked", by=by, subject=f"article:{article.pk}", code=article.code)


@transaction.atomic
def archive(article: Article, why: str, *, by: User) -> None:
    """Out of every face at once; its versions stay for what was sent."""
    _ask_owner(article, by)
    article = locked(article)
    if article.archived_at is not None:
        raise Refused("Cet article est déjà archivé.")
    article.archived_at = timezone.now()
    article.save(update_fields=["archived_at"])
    record("article.archived", by=by, subject=f"article:{article.pk}", code=article.code, why=one_line(why)[:200])
    touch()


@transaction.atomic
def bring_back(article: Article, *, by: User) -> None:
    _ask_owner(article, by)
    article = locked(article)
    article.archived_at = None
    article.save(update_fields=["archived_at"])
    record("article.brought_back", by=by, subject=f"article:{article.pk}", code=article.code)
    touch()


def _locked(version: Version) -> Version:
    return Version.objects.select_for_update(of=("self",)).select_related("article__owner").get(pk=version.pk)


def _move(version: Version, to: VersionState) -> None:
    if to not in VERSION_MOVES[VersionState(version.state)]:
        raise Refused(
            f"Une version « {version.get_state_display().lower()} » ne peut pas devenir « {to.label.lower()} »."
        )
    version.state = to
    version.changed_at = timezone.now()


def _refuse_blocked(version: Version) -> None:
    if problems := blocking(version):
        raise Refused(" ".join(problems), status=400)


def _ask_reviewer(version: Version, by: User) -> None:
    if by.pk == version.author_id and not by.is_machine:
        raise NotAllowed("Un autre que l'auteur relit et publie.")
    if not may_review(by, version):
        raise NotAllowed("Vous ne relisez pas les articles de cette équipe.")


def _ask_owner(article: Article, by: User) -> None:
    if not may_review_some(by, article):
        raise NotAllowed("Seuls les rédacteurs et les responsables de l'équipe le décident.")


def _note(verb: str, version: Version, by: User, **data: Any) -> None:
    article = version.article
    record(verb, by=by, subject=f"article:{article.pk}", code=article.code, version=version.number, **data)
