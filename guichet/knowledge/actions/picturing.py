"""Images in the full text of an article."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction

from guichet.core import files
from guichet.core.refused import Refused
from guichet.core.text import one_line
from guichet.journal.actions import record
from guichet.knowledge.actions.writing import ask_writer, save_draft
from guichet.knowledge.content import content_of
from guichet.knowledge.markup import DECORATIVE, is_decorative
from guichet.knowledge.models import Article, Picture, Version
from guichet.knowledge.pictures import MOST_CAPTION, MOST_WORDS, Prepared, address, prepare

if TYPE_CHECKING:
    from guichet.accounts.models import User

_NOT_SAID = re.compile(r"[\\\[\]`*_<>]")


@transaction.atomic
def add_picture(
    version: Version, content: bytes, *, words: str, decorative: bool = False, caption: str = "", by: User
) -> str:
    """At the end of the full text of a draft, whence its author moves it. Returns its address.

    `words`: what is seen on it, for who does not see it; required, unless it is said to be `decorative`.
    """
    ask_writer(by)
    said, under = _NOT_SAID.sub("", one_line(words)), one_line(caption).replace('"', "”").replace("\\", "")
    if not decorative and (not said or is_decorative(said)):
        raise Refused("Dites ce qu'on voit sur l'image, ou cochez « Image décorative ».", status=400)
    if len(said) > MOST_WORDS or len(under) > MOST_CAPTION:
        raise Refused(f"Texte de remplacement : {MOST_WORDS} signes au plus ; légende : {MOST_CAPTION}.", status=400)
    where = keep_picture(version.article, prepare(content), by=by)
    titled = f' "{under}"' if under else ""
    line = f"![{DECORATIVE if decorative else said}]({where}{titled})"
    now = Version.objects.get(pk=version.pk)
    written = replace(content_of(now), body=f"{now.body}\n\n{line}".strip())
    save_draft(now, written, remark=now.remark, seen=now.changed_at.isoformat(), by=by)
    return where


def keep_picture(article: Article, image: Prepared, *, by: User) -> str:
    """Inside an action. The article may show it from now on; twice does no harm."""
    kept = files.keep(image.content, name=f"image.{image.extension}")
    _, new = Picture.objects.get_or_create(article=article, file=kept, defaults={"by": by})
    if new:
        record("article.picture_added", by=by, subject=f"article:{article.pk}", code=article.code, size=kept.size)
    return address(kept.sha256, image)
