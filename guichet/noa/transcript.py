"""A conversation as text: for the agent, the case, the summary, the form."""

from __future__ import annotations

from guichet.knowledge.markup import to_plain
from guichet.noa.models import Chat, Turn

_NAMED = {Turn.Author.CITIZEN: "Usager", Turn.Author.NOA: "Noa (robot)", Turn.Author.AGENT: "Agent"}


def said(turn: Turn) -> str:
    """The words of a turn, an answer by its title and text as they were."""
    if turn.version is not None:
        again = " ".join(one["says"] for one in turn.reworded)
        heard = f"{again} [reformulé par un modèle de langue, d'après :] " if again else ""
        return f"{heard}{turn.version.title}. {to_plain(turn.version.answer)}"
    text = to_plain(turn.text) if turn.author == Turn.Author.NOA else turn.text
    labels = [option["label"] for option in turn.options if "to" in option]
    if turn.kind == Turn.Kind.CHOICE and labels:
        text = f"{text} {' / '.join(labels)}"
    if turn.file_name:
        text = f"{text} [document : {turn.file_name}]".strip()
    return text


def transcript(chat: Chat) -> str:
    turns = chat.turns.select_related("version").order_by("number")
    return "\n\n".join(f"{_NAMED[Turn.Author(turn.author)]} : {said(turn)}" for turn in turns if said(turn))


def questions(chat: Chat) -> str:
    """What the citizen wrote, for the form."""
    own = chat.turns.filter(author=Turn.Author.CITIZEN).order_by("number").values_list("text", flat=True)
    return "\n".join(text for text in own if text and text != "Parler à une personne")
