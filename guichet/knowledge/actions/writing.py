"""Writing articles: drafts, wordings, synonyms, the calendar of the season."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from guichet.core.refused import NotAllowed, Refused, Stale
from guichet.core.text import fold, one_line
from guichet.journal.actions import record
from guichet.knowledge.actions.finding import touch
from guichet.knowledge.content import MAX_WORDINGS, Content, content_of
from guichet.knowledge.models import (
    CODE,
    OPEN,
    Article,
    Audience,
    Kind,
    SeasonEvent,
    Synonym,
    Version,
    VersionState,
    Wording,
    is_code,
)
from guichet.knowledge.policy import may_write
from guichet.organisation.models import Team

if TYPE_CHECKING:
    from guichet.accounts.models import User


def ask_writer(by: User) -> None:
    if not may_write(by):
        raise NotAllowed("Seuls les rédacteurs écrivent dans la base de réponses.")


def locked(article: Article) -> Article:
    return Article.objects.select_for_update().get(pk=article.pk)


@transaction.atomic
def create_article(
    code: str, content: Content, *, kind: str = Kind.QUESTION, audience: str = Audience.CITIZEN, owner: Team, by: User
) -> Article:
    """A new article with its first draft. The address is its own for ever."""
    ask_writer(by)
    if not is_code(code):
        raise Refused(f"{code[:80]} : {CODE.message}", status=400)
    if Article.objects.filter(code=code).exists():
        raise Refused(f"Un article a déjà l'adresse {code}.", status=400)
    if kind not in Kind.values or audience not in Audience.values:
        raise Refused("Nature ou public inconnu.", status=400)
    article = Article.objects.create(code=code, kind=kind, audience=audience, owner=owner)
    version = Version(article=article, number=1, author=by)
    content.put(version)
    version.save()
    record("article.created", by=by, subject=f"article:{article.pk}", code=code)
    return article


@transaction.atomic
def set_article(
    article: Article, *, kind: str, audience: str, owner: Team, position: int, by: User
) -> Article:  # fmt: skip
    """What is not text: nature, public, owner. Making internal text public needs a review: it is refused here."""
    ask_writer(by)
    article = locked(article)
    if article.live_id and audience == Audience.CITIZEN != article.audience:
        raise Refused("Un texte interne ne devient pas public ainsi : écrivez un article public et faites-le relire.")
    changes = [
        [label, str(before), str(after)]
        for label, before, after in (
            ("nature", article.kind, kind), ("public", article.audience, audience),
            ("équipe", article.owner.code, owner.code), ("ordre", article.position, position),
        )
        if str(before) != str(after)
    ]  # fmt: skip
    if not changes:
        return article
    article.kind, article.audience, article.owner, article.position = kind, audience, owner, position
    article.full_clean(exclude=["code"])
    article.save()
    record("article.changed", by=by, subject=f"article:{article.pk}", code=article.code, changes=changes)
    touch()
    return article


@transaction.atomic
def start_draft(article: Article, *, by: User) -> Version:
    """The version being written, or a new one that starts from what is published."""
    ask_writer(by)
    article = locked(article)
    if (open_one := article.versions.filter(state__in=OPEN).first()) is not None:
        return open_one
    last = article.versions.order_by("-number").first()
    assert last is not None  # an article is born with one
    version = Version(article=article, number=last.number + 1, author=by)
    content_of(article.live or last).put(version)
    version.save()
    record("article.draft_started", by=by, subject=f"article:{article.pk}", code=article.code, version=version.number)
    return version


@transaction.atomic
def save_draft(version: Version, content: Content, *, remark: str = "", seen: str = "", by: User) -> Version:
    """Keep what was typed. `seen`: when the writer's text was last changed (ISO); a newer one refuses.

    Changing a version in review or scheduled takes it back to draft: what was read is not what would be published.
    """
    ask_writer(by)
    version = _open(version)
    if seen and seen != version.changed_at.isoformat():
        raise Stale("Quelqu'un a changé ce brouillon pendant que vous l'écriviez. Comparez avant d'enregistrer.")
    before = content_of(version)
    if before == content and version.remark == remark.strip():
        return version
    content.put(version)
    version.remark = remark.strip()[:500]
    version.state = VersionState.DRAFT
    version.publish_at = None
    version.author = by
    version.reviewer = None
    version.changed_at = timezone.now()
    version.save()
    record(
        "article.draft_saved", by=by, subject=f"article:{version.article_id}", code=version.article.code,
        version=version.number,
    )  # fmt: skip
    return version


@transaction.atomic
def drop(version: Version, *, by: User) -> None:
    """Give a draft up. What is published stays as it is."""
    ask_writer(by)
    version = _open(version)
    version.state = VersionState.DROPPED
    version.changed_at = timezone.now()
    version.save(update_fields=["state", "changed_at"])
    record(
        "article.draft_dropped", by=by, subject=f"article:{version.article_id}", code=version.article.code,
        version=version.number,
    )  # fmt: skip


def _open(version: Version) -> Version:
    found = Version.objects.select_for_update().select_related("article").get(pk=version.pk)
    if not found.is_open:
        raise Refused("Cette version est publiée ou abandonnée : commencez-en une nouvelle.")
    return found


# -- wordings and synonyms --------------------------------------------------------------------------------------------


@transaction.atomic
def add_wordings(article: Article, texts: Iterable[str], *, origin: str = Wording.Origin.EDITOR, by: User) -> int:
    """Add how people say it; those known already are left. Returns how many were added."""
    ask_writer(by)
    article = locked(article)
    count = write_wordings(article, texts, origin, by=by)
    if not count:
        return 0
    record("article.wordings_added", by=by, subject=f"article:{article.pk}", code=article.code, count=count)
    if article.live_id:
        touch()
    return count


def write_wordings(article: Article, texts: Iterable[str], origin: str, *, by: User) -> int:
    """Those the article does not know yet, one a line, each once. Inside an action. Returns how many."""
    known = {fold(text) for text in article.wordings.values_list("text", flat=True)}
    new: dict[str, str] = {}
    for text in texts:
        line = one_line(text)[:300]
        if line and fold(line) not in known:
            new.setdefault(fold(line), line)
    if len(known) + len(new) > MAX_WORDINGS:
        raise Refused(f"Un article a {MAX_WORDINGS} formulations au plus.", status=400)
    Wording.objects.bulk_create([Wording(article=article, text=text, origin=origin, by=by) for text in new.values()])
    return len(new)


@transaction.atomic
def forget_wording(wording: Wording, *, by: User) -> None:
    ask_writer(by)
    article = wording.article
    record("article.wording_removed", by=by, subject=f"article:{article.pk}", code=article.code)
    wording.delete()
    touch()


@transaction.atomic
def save_synonym(synonym: Synonym, *, by: User) -> Synonym:
    ask_writer(by)
    synonym.said, synonym.meant = one_line(synonym.said), one_line(synonym.meant)
    if "=" in synonym.said + synonym.meant:
        raise Refused("Un synonyme ne contient pas le signe =.", status=400)
    try:
        with transaction.atomic():
            synonym.save()
    except IntegrityError as error:
        raise Refused(f"« {synonym.said} » a déjà un synonyme.", status=400) from error
    record("synonym.saved", by=by, subject=f"synonym:{synonym.pk}", said=synonym.said, meant=synonym.meant)
    touch()
    return synonym


@transaction.atomic
def delete_synonym(synonym: Synonym, *, by: User) -> None:
    ask_writer(by)
    record("synonym.removed", by=by, subject=f"synonym:{synonym.pk}", said=synonym.said)
    synonym.delete()
    touch()


@transaction.atomic
def save_season(event: SeasonEvent, *, by: User) -> SeasonEvent:
    ask_writer(by)
    event.full_clean()
    event.save()
    record("season.saved", by=by, subject=f"season:{event.pk}", title=event.title)
    return event


@transaction.atomic
def delete_season(event: SeasonEvent, *, by: User) -> None:
    ask_writer(by)
    record("season.removed", by=by, subject=f"season:{event.pk}", title=event.title)
    event.delete()
