"""From a message to what Noa says: courtesy, dialogue, context, then the base. Reads only.

Never a word of its own on the matter: answers are versions of articles, dialogues are approved texts, the rest is in
`phrases`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from guichet.core.calendar import paris_day
from guichet.core.kept import Kept
from guichet.knowledge import finding
from guichet.knowledge.models import Article
from guichet.noa import phrases, scripts
from guichet.noa.bubbles import PERSON, Bubble, Option, Reply, notice
from guichet.noa.following import fact_asked, goes_on, part_asked, says_nothing_alone
from guichet.noa.models import Chat, Turn
from guichet.noa.smalltalk import courtesy, is_insult, is_unhappy
from guichet.understanding.answers.engine import Answer, Outcome
from guichet.understanding.words import words_of

OFFERED = 3
NONE_OF_THESE: Option = {"label": "Aucune de ces questions", "say": "Aucune de ces questions"}
SHORT = 7  # words: an insult and little else; in a longer message the question is answered
MISSES = 3  # then a person is called
# Asked several times a turn, while hundreds talk.
_NAMED = Kept(lambda day, *codes: Article.objects.for_citizens(day).filter(code__in=codes))


def read(chat: Chat, text: str, order: tuple[str, ...] = ()) -> Reply:
    """What to say to a message that is not an answer to a question of ours. Fills `chat.memory`; the caller saves.

    `order`: in which to offer what is found, when it names the same articles and no other.
    """
    reply = Reply()
    if back := courtesy(text):
        reply.bubbles.append(notice(back.format(name=settings.ASSISTANT_NAME)))
        return reply
    if is_unhappy(text):
        reply.bubbles.append(notice(phrases.UNHAPPY, PERSON))
        return reply
    if is_insult(text) and len(text.split()) <= SHORT:
        reply.bubbles.append(notice(phrases.INSULT, PERSON))
        return reply
    script = scripts.started_by(text)
    if script is not None:
        return scripts.begin(chat, script, text)
    last = _spoken_of(chat)
    if last is not None and last.live is not None and says_nothing_alone(text):
        part = part_asked(text, last.live)
        if part is not None or fact_asked(text, last.live):
            reply.bubbles.append(answer_bubble(last, section=part.anchor if part else "", asked=text))
            return reply
    if last is None and says_nothing_alone(text):
        asked = str(chat.memory.get("asked", ""))  # what was offered, and not chosen
        if asked and (found := finding.answer(f"{asked} {text}")).outcome is not Outcome.NONE:
            _one(reply, chat, found, text)
            return reply
        reply.bubbles.append(Bubble(Turn.Kind.ASK, "De quelle aide ou de quel service parlez-vous ?", options=_usual()))
        return reply
    found = finding.answer(text)
    if found.parts:
        _several(reply, chat, found)
        return reply
    if last is not None and found.outcome is not Outcome.ANSWERED and (goes_on(text) or says_nothing_alone(text)):
        _follow(reply, chat, last, found, text)
        return reply
    chat.memory["asked"] = text[:300]
    _one(reply, chat, found, text, order)
    return reply


def _follow(reply: Reply, chat: Chat, last: Article, found: Answer, text: str) -> None:
    """Said of the article just spoken of: read after its title, or after what was asked, whichever is surer."""
    asked = finding.answer(f"{chat.memory.get('asked', '')} {text}")
    best = _better(_better(asked, finding.answer(f"{last.title} {text}")), found)
    again = best.outcome is Outcome.ANSWERED and best.proposals[0].id == last.code
    if again and not says_nothing_alone(text):  # its own title found it: that teaches little
        others = [one for one in found.proposals if one.id != last.code]
        best = replace(found, proposals=(best.proposals[0], *others[: OFFERED - 1])) if others else found
    if best.outcome is Outcome.NONE and (near := _near(last)):
        reply.bubbles.append(_one_of(near))
        return
    _one(reply, chat, best, text)


def _near(article: Article) -> list[Article]:
    related = list(article.live.related)[:4] if article.live is not None else []
    return [row for row in _articles(related) if row.code != article.code]


def show(chat: Chat, code: str) -> Reply:
    """The article a person chose."""
    reply = Reply()
    article = next(iter(_articles([code])), None)
    if article is None:
        reply.bubbles.append(notice(phrases.NOT_UNDERSTOOD, PERSON))
        return reply
    remember(chat, article)
    reply.bubbles += scripts.asks_department(chat, article) or [answer_bubble(article, heard="answered")]
    return reply


def answer_bubble(article: Article, *, section: str = "", asked: str = "", heard: str = "") -> Bubble:
    if article.live is not None:
        article.live.article = article  # to be shown without asking again
    return Bubble(
        Turn.Kind.ANSWER, asked, version=article.live, section=section, options=_next(article), article=article,
        heard=heard,
    )  # fmt: skip


def remember(chat: Chat, article: Article) -> None:
    chat.memory["article"] = article.code
    chat.misses = 0
    if article.live is not None and article.live.topics:
        chat.topic = article.live.topics[0]


def _one(reply: Reply, chat: Chat, found: Answer, text: str, order: tuple[str, ...] = ()) -> None:
    offered = [proposal.id for proposal in found.proposals]
    if found.outcome is Outcome.OFFERED and sorted(order) == sorted(found.ranking):
        offered = list(order[: len(offered)])
    rows = _articles(offered)
    if found.outcome is Outcome.ANSWERED and rows:
        remember(chat, rows[0])
        reply.bubbles += scripts.asks_department(chat, rows[0]) or [answer_bubble(rows[0], heard="answered")]
    elif found.outcome is Outcome.OFFERED and rows:
        if (script := scripts.telling_apart([row.code for row in rows], text)) is not None:
            reply.bubbles += scripts.begin(chat, script).bubbles
            return
        reply.ranking = found.ranking
        reply.bubbles.append(_one_of(rows))
    else:
        miss(reply, chat)


def miss(reply: Reply, chat: Chat) -> None:
    """Nothing sure: say it again, then propose a person, then call one."""
    chat.misses += 1
    reply.missed = True
    if chat.misses >= MISSES:
        reply.bubbles.append(Bubble(Turn.Kind.NOTICE, phrases.ENOUGH, heard="none"))
        reply.hand = "misses"
    elif chat.misses == MISSES - 1:
        reply.bubbles.append(
            Bubble(Turn.Kind.NOTICE, phrases.STILL_NOT, options=(PERSON, *scripts.usual_exits()), heard="none")
        )
    else:
        reply.bubbles.append(Bubble(Turn.Kind.NOTICE, phrases.NOT_UNDERSTOOD, options=(PERSON,), heard="none"))


def _several(reply: Reply, chat: Chat, found: Answer) -> None:
    reply.bubbles.append(notice(phrases.SEVERAL))
    for part in found.parts:
        rows = _articles([proposal.id for proposal in part.proposals])
        if part.outcome is Outcome.ANSWERED and rows:
            remember(chat, rows[0])
            reply.bubbles.append(answer_bubble(rows[0], heard="answered"))
        elif part.outcome is Outcome.OFFERED and rows:
            said = f"« {part.question[:120]} » : {phrases.ONE_OF_THESE[0].lower()}{phrases.ONE_OF_THESE[1:]}"
            reply.bubbles.append(
                Bubble(Turn.Kind.CHOICE, said, options=tuple(_choices(rows)), article=rows[0], heard="offered")
            )
        else:
            said = phrases.NOTHING_ABOUT.format(question=part.question[:120])
            reply.bubbles.append(Bubble(Turn.Kind.NOTICE, said, options=(PERSON,), heard="none"))


def _better(one: Answer, other: Answer) -> Answer:
    rank = {Outcome.ANSWERED: 2, Outcome.OFFERED: 1, Outcome.NONE: 0}
    return other if rank[other.outcome] > rank[one.outcome] else one


def _spoken_of(chat: Chat) -> Article | None:
    code = chat.memory.get("article")
    return next(iter(_articles([code])), None) if code else None


def _articles(codes: list[str]) -> list[Article]:
    """In the order found; what was withdrawn since the index was made is left out."""
    if not codes:
        return []
    rows = {row.code: row for row in _NAMED(paris_day(timezone.now()), *codes)}
    return [rows[code] for code in codes if code in rows]


def _one_of(rows: list[Article]) -> Bubble:
    """« Est-ce l'une de ces questions ? », or none of them."""
    options = (*_choices(rows), NONE_OF_THESE)
    return Bubble(Turn.Kind.CHOICE, phrases.ONE_OF_THESE, options=options, article=rows[0], heard="offered")


def _choices(rows: list[Article]) -> list[Option]:
    return [{"label": row.title, "to": row.code} for row in rows[:OFFERED]]


def _next(article: Article) -> tuple[Option, ...]:
    """After an answer: a dialogue that goes further, then what is near."""
    options: list[Option] = [{"label": script.title, "dialogue": script.code} for script in scripts.after(article.code)]
    options += [{"label": row.title, "to": row.code} for row in _near(article)]
    return tuple(options[:OFFERED])


def _usual() -> tuple[Option, ...]:
    rows = Article.objects.for_citizens().order_by("position", "code")[:OFFERED]
    return tuple(_choices(list(rows)))


def wants_status(text: str) -> bool:
    """« Où en est ma demande ? »"""
    said = " ".join(words_of(text))
    asks = any(mark in said for mark in _STATUS) or (_DECIDED.search(said) is not None and _is_question(text, said))
    return asks and any(
        word in said.split() for word in ("demande", "dossier", "reclamation", "courrier", "message", "numero")
    )


def _is_question(text: str, said: str) -> bool:
    return text.rstrip().endswith("?") or said.startswith(("est ce que", "avez vous", "je voudrais savoir si"))


_DECIDED = re.compile(
    r"\b(?:ma|mon|notre) (?:\w+ ){1,4}(?:a|est)(?: t)?(?: elle| il)? (?:bien )?(?:ete )?"
    r"(?:accepte|valide|traite|enregistre|arrive|recu|complet|complete|termine|fini)e?\b|"
    r"\b(?:avez vous|vous avez) (?:bien )?recu (?:ma|mon|notre)\b"
)


_STATUS = (
    "ou en est", "ou en e ma", "ou en e mon", "ou en et ma", "ou en et mon", "ou en suis",
    "avancement", "suivre ma", "suivre mon", "suivi de ma", "suivi de mon", "nouvelles de",
    "toujours pas de reponse a ma", "statut de", "etat de ma", "etat de mon", "ou est mon", "ou est ma",
    "prochaine echeance", "echeance de ma", "date limite de ma demande", "date limite de mon dossier",
    "quand aurai je une reponse a ma", "reponse a ma demande quand", "document manque", "piece manque",
    "documents manque", "pieces manque", "manque t il", "manque a ma", "manque a mon", "manque dans ma",
    "manque dans mon", "manquant", "manquante",
)  # fmt: skip
