"""Articles from files: new ones, new versions of known ones; nothing when one of them is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.knowledge.actions.finding import touch
from guichet.knowledge.actions.picturing import keep_picture
from guichet.knowledge.actions.publishing import put_in_service
from guichet.knowledge.actions.writing import ask_writer, write_wordings
from guichet.knowledge.checks import blocking
from guichet.knowledge.content import content_of
from guichet.knowledge.exchange import Filed
from guichet.knowledge.models import CODE, Article, Audience, Kind, Version, Wording, is_code
from guichet.knowledge.pictures import exported
from guichet.organisation.directory import directory
from guichet.organisation.models import Team

if TYPE_CHECKING:
    from guichet.accounts.models import User

MAX_SAID = 20


@dataclass(slots=True)
class Imported:
    created: int = 0
    changed: int = 0
    same: int = 0
    problems: list[str] = field(default_factory=list)


def import_articles(
    items: Iterable[Filed], *, owner: Team | None = None, publish: bool = False, topics: tuple[str, ...] = (),
    trial: bool = False, by: User,
) -> Imported:  # fmt: skip
    """Take articles in, by their code. `owner`, `topics`: of those that name none.

    Without `publish` each becomes a draft to be reviewed; with it (machines and administrators) it goes into service,
    as what was approved elsewhere does. All or nothing: `problems` says each line that is wrong (20 at most). `trial`:
    say what would come in, write nothing.
    """
    ask_writer(by)
    if publish and not (by.is_machine or by.is_administrator):
        raise Refused("Seuls les administrateurs mettent en service ce qu'ils importent.", status=403)
    result = Imported()
    with transaction.atomic():
        known = {article.code: article for article in Article.objects.select_related("live")}
        teams = {team.code: team for team in Team.objects.all()}
        for item in items:
            try:
                _take(item, known, teams, owner, publish, topics, result, by)
            except Refused as refusal:
                result.problems.append(f"{item.where or item.code} : {refusal.message}")
                if len(result.problems) >= MAX_SAID:
                    break
        if result.problems or trial:
            transaction.set_rollback(True)
            return result
        record("article.imported", by=by, subject="articles", created=result.created, changed=result.changed)
        touch()
    return result


def _take(
    item: Filed, known: dict[str, Article], teams: dict[str, Team], owner: Team | None, publish: bool,
    topics: tuple[str, ...], result: Imported, by: User,
) -> None:  # fmt: skip
    team = teams.get(item.owner) if item.owner else owner
    if team is None:
        raise Refused(f"Équipe inconnue : {item.owner}." if item.owner else "Aucune équipe n'en répond.")
    if not is_code(item.code):
        raise Refused(f"« {item.code[:80]} » n'est pas une adresse d'article. {CODE.message}")
    if item.kind not in Kind.values:
        raise Refused(f"Nature inconnue : {item.kind[:30]}.")
    if item.audience not in Audience.values:
        raise Refused(f"Public inconnu : {item.audience[:30]}.")
    article = known.get(item.code)
    if article is None:
        article = Article(
            code=item.code, kind=item.kind, audience=item.audience, owner=team, review_on=item.review_on,
            position=item.position,
        )  # fmt: skip
        article.save()
        known[item.code] = article
        result.created += 1
    for name, content in item.images:
        if keep_picture(article, exported(content, name), by=by) != f"/images/{name}":
            raise Refused(f"L'image {name[:90]} n'est pas celle qui a été exportée.")
    version = _version(item, article, topics, by)
    new_words = write_wordings(article, item.wordings, Wording.Origin.EDITOR, by=by)
    if version is None:
        result.same += not new_words
        result.changed += bool(new_words)
        return
    if article.live_id is not None:
        result.changed += 1
    if publish:
        _into_service(article, version, by)


def _version(item: Filed, article: Article, topics: tuple[str, ...], by: User) -> Version | None:
    """A new version when the text differs from the last one."""
    last = article.versions.order_by("-number").first() if article.live_id or article.pk else None
    version = Version(article=article, number=last.number + 1 if last else 1, author=by, remark="Import")
    item.content.put(version)
    if not version.topics and topics:
        if unknown := [code for code in topics if code not in directory().topics_by_code]:
            raise Refused(f"Sujet inconnu : {', '.join(unknown)}.")
        version.topics = list(topics)
    if last is not None:
        if content_of(last) == content_of(version):
            return None
        if last.is_open:
            raise Refused("Un brouillon de cet article est déjà ouvert : publiez-le ou abandonnez-le d'abord.")
    version.save()
    return version


def _into_service(article: Article, version: Version, by: User) -> None:
    if problems := blocking(version):
        raise Refused(" ".join(problems))
    version.reviewer = by
    put_in_service(article, version)
    if article.review_on is None and article.checked_on is not None:
        article.review_on = article.checked_on + timedelta(days=settings.ARTICLE_REVIEW_DAYS)
    article.save()
