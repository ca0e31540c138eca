"""The search over the base, as every face asks it: an engine by audience, made by the worker, shared by all processes.

A process looks every two seconds whether a newer index was made and takes it in the background; before the first one it
files the base itself, without what is learnt from the wordings.
"""

from __future__ import annotations

import hmac
import logging
import pickle
import threading
import time
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.db import connection
from django.utils.crypto import salted_hmac

from guichet.knowledge.markup import headings, to_plain
from guichet.knowledge.models import Article, Audience, Kind, Revision, SearchIndex, Synonym
from guichet.organisation.directory import directory
from guichet.understanding.answers import index as filing
from guichet.understanding.answers.engine import Answer, Engine, build

log = logging.getLogger(__name__)
FRESH_SECONDS = 2.0
FORMAT = 4  # of what is kept: another one is not read, and made again
FOLDER = f"index/{FORMAT}/"
SALT = "guichet.knowledge.index"
MAX_QUESTION = 2000
# Never found by a question: texts to start from, not answers.
NOT_ANSWERS = (Kind.TEMPLATE,)


@dataclass(slots=True)
class _Kept:
    engine: Engine
    stamp: object  # of the row it comes from, or the revision it was filed at
    looked_at: float


_kept: dict[str, _Kept] = {}
_loading: set[str] = set()
_lock = threading.Lock()


def engine(audience: Audience = Audience.CITIZEN) -> Engine:
    """What answers now. Safe to share: nothing writes in it."""
    kept = _kept.get(audience)
    now = time.monotonic()
    if kept is not None and now - kept.looked_at < FRESH_SECONDS:
        return kept.engine
    row = SearchIndex.objects.filter(pk=audience).values_list("name", "revision").first()
    stamp: object = row if row is not None else _revision()
    if kept is not None and kept.stamp == stamp:
        kept.looked_at = now
        return kept.engine
    if kept is None or row is None:
        return _take(audience, row[0] if row else None, stamp)
    kept.looked_at = now
    _take_aside(audience, row[0], stamp)
    return kept.engine


def answer(text: str, audience: Audience = Audience.CITIZEN) -> Answer:
    return engine(audience).answer(text[:MAX_QUESTION])


def search(text: str, audience: Audience = Audience.CITIZEN, at_most: int = 60) -> list[str]:
    """Codes of articles, best first."""
    return engine(audience).search(text[:MAX_QUESTION], at_most)


def forget() -> None:
    """Look again at once, in this process."""
    _kept.clear()


def _take(audience: str, name: str | None, stamp: object) -> Engine:
    found = load(name) if name is not None else None
    if found is None:
        found = build(sheets(audience), synonyms=synonym_lines(), learn=False)
    _kept[audience] = _Kept(found, stamp, time.monotonic())
    return found


def _take_aside(audience: str, name: str, stamp: object) -> None:
    with _lock:
        if audience in _loading:
            return
        _loading.add(audience)

    def run() -> None:
        try:
            _take(audience, name, stamp)
        except Exception:
            log.exception("a newer index could not be read")
        finally:
            connection.close()
            with _lock:
                _loading.discard(audience)

    threading.Thread(target=run, name=f"index-{audience}", daemon=True).start()


# -- what is filed ----------------------------------------------------------------------------------------------------


def sheets(audience: str) -> list[filing.Article]:
    """The live articles as the engine reads them; citizens' ones only, or all of them for agents."""
    rows = Article.objects.live().select_related("live").prefetch_related("wordings").exclude(kind__in=NOT_ANSWERS)
    if audience == Audience.CITIZEN:
        rows = rows.filter(audience=Audience.CITIZEN)
    return [_sheet(row) for row in rows.order_by("pk")]


def _sheet(article: Article) -> filing.Article:
    version = article.live
    assert version is not None
    known = directory()
    topics = [known.topics_by_code[code] for code in version.topics if code in known.topics_by_code]
    # The widest first: what people say of a whole domain speaks for each of its answers.
    themes = [step.label for topic in topics for step in reversed(list(known.topic_lineage(topic)))]
    aid = version.aid
    facts = [str(aid.get(name, "")) for name in ("for_whom", "amount", "when")] if aid else []
    conditions = [*aid.get("conditions", []), *aid.get("exclusions", [])] if aid else []
    return filing.Article(
        id=article.code,
        title=version.title,
        wordings=tuple(wording.text for wording in article.wordings.all()),
        keywords=tuple(dict.fromkeys(topic.citizen_label for topic in topics if topic.citizen_label)),
        theme="\n".join(dict.fromkeys(themes)),
        introduction="\n".join([to_plain(version.answer), *(fact for fact in facts if fact)]),
        headings=tuple(headings(version.body)),
        body="\n".join([to_plain(version.body), *conditions, version.uncertain]),
    )


def synonym_lines() -> list[str]:
    return [f"{row.said} = {row.meant}" for row in Synonym.objects.all()]


def _revision() -> int:
    return Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


# -- keeping it -------------------------------------------------------------------------------------------------------


def dump(engine: Engine) -> bytes:
    """Signed with the secret of the installation: what somebody else put in the storage is never opened."""
    content = pickle.dumps((FORMAT, engine), protocol=5)
    return _seal(content) + content


def load(name: str) -> Engine | None:
    """None when it is gone, cannot be trusted or is of another format: it will be made again."""
    try:
        with default_storage.open(name) as handle:
            raw = handle.read()
    except OSError:
        log.error("the index of the base is not in the storage")
        return None
    seal, content = raw[:32], raw[32:]
    if not hmac.compare_digest(seal, _seal(content)):
        log.error("the index of the base is not signed by this installation")
        return None
    try:
        made, engine = pickle.loads(content)  # noqa: S301 (signed above)
    except (AttributeError, ImportError, ValueError, TypeError, EOFError, pickle.UnpicklingError):
        return None
    return engine if made == FORMAT and isinstance(engine, Engine) else None


def _seal(content: bytes) -> bytes:
    return salted_hmac(SALT, content, algorithm="sha256").digest()
