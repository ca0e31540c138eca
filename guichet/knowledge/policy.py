"""Who reads, writes and approves articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from guichet.accounts.policy import is_supervisor, supervises, teams_seen
from guichet.knowledge.models import Article, Audience, Version

if TYPE_CHECKING:
    from guichet.accounts.models import User


def readable_by(user: User) -> Q:
    """What an agent reads: articles for all, and those of his teams and of the units above them."""
    if user.is_administrator or user.is_editor:
        return Q()
    units = {int(step) for team in teams_seen(user) for step in team.path.split("/") if step}
    return Q(audience__in=[Audience.CITIZEN, Audience.AGENT]) | Q(owner_id__in=units)


def may_see_picture(user: object, sha256: str) -> bool:
    """Everybody, once a page in service shows it; before and after, the agents who read the article."""
    from guichet.accounts.models import User

    having = Article.objects.filter(pictures__file=sha256)
    shown = having.filter(live__body__contains=f"/images/{sha256}")
    if shown.live().filter(audience=Audience.CITIZEN).exists():
        return True
    if not isinstance(user, User) or not user.is_active or user.is_machine:
        return False
    return (having if reads_drafts(user) else shown).filter(readable_by(user)).exists()


def may_write(user: User) -> bool:
    return user.is_editor or user.is_administrator or user.is_machine


def may_review(user: User, version: Version) -> bool:
    """Another than the author: an editor, or who answers for the team that owns the article."""
    if user.is_machine:
        return True
    if user.pk == version.author_id:
        return False
    return may_write(user) or supervises(user, version.article.owner)


def may_review_some(user: User, article: Article) -> bool:
    return may_write(user) or supervises(user, article.owner)


def reads_drafts(user: User) -> bool:
    """Who writes or reads again somewhere sees the articles that were never published."""
    return may_write(user) or is_supervisor(user)
