"""The end of a dialogue: an article's answer, an approved sentence, a case opened with what was said."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.opening import open_said
from guichet.cases.models import Case
from guichet.core.refused import Refused
from guichet.knowledge.models import Article
from guichet.noa.bubbles import PERSON, Bubble, Reply, notice
from guichet.noa.dialogues import End
from guichet.noa.models import Chat, Turn
from guichet.noa.reading import answer_bubble, remember
from guichet.organisation.directory import directory
from guichet.organisation.models import Channel
from guichet.people import actions as people
from guichet.people.identity import Claim

SUBJECTS = {"callback": "Demande de rappel", "appointment": "Demande de rendez-vous", "complaint": "Réclamation"}
SAID = {"nom": "Nom", "telephone": "Téléphone", "email": "E-mail", "departement": "Département",
        "jour_souhaite": "Jour souhaité"}  # fmt: skip


def finish(chat: Chat, end: End, gathered: dict[str, Any], *, by: User) -> Reply:
    reply = Reply()
    article = Article.objects.for_citizens().filter(code=end.article).first() if end.article else None
    if end.act:
        reply.bubbles.append(_opened(chat, end, gathered, by=by))
    elif end.say:
        reply.bubbles.append(notice(end.say))
    if article is not None:
        remember(chat, article)
        reply.bubbles.append(answer_bubble(article, heard="answered"))
    elif end.article and not end.say:  # withdrawn since the dialogue was written
        reply.bubbles.append(notice("Cette réponse n'est plus à jour : demandez à une personne.", PERSON))
    return reply


def _opened(chat: Chat, end: End, gathered: dict[str, Any], *, by: User) -> Bubble:
    """A case of the ordinary kind, with its number, its clocks and its receipt."""
    said = {name: value for name, value in gathered.items() if not name.startswith("_") and value != ""}
    claim = Claim(
        email=str(said.get("email", "")), phone=str(said.get("telephone", "")),
        family_name=str(said.get("nom", ""))[:80], department=str(said.get("departement", "")),
        preferred_channel=Channel.PHONE if end.act == "callback" or not said.get("email") else "",
    )  # fmt: skip
    if not (claim.email or claim.phone):
        raise Refused("Il manque un numéro de téléphone ou une adresse e-mail pour vous répondre.", status=400)
    person = people.welcome(claim, by=by, source="chat")
    topic = directory().topics_by_code.get(str(gathered.get("_topic") or chat.topic))
    lines = [f"{SAID.get(name, name.replace('_', ' ').capitalize())} : {value}" for name, value in said.items()]
    case = Case(
        subject=f"{SUBJECTS[end.act]} : {gathered.get('_title', '')}"[:300], channel=Channel.CHAT, person=person,
        topic_id=topic.pk if topic else None, department=claim.department, preferred_channel=claim.preferred_channel,
    )  # fmt: skip
    open_said(
        case, text="\n".join(lines), key=f"{chat.key}:{end.name}:{timezone.now().timestamp()}",
        address=claim.email, name=claim.family_name, by=by,
    )  # fmt: skip
    chat.case = chat.case or case
    text = f"{end.say}\n\nVotre demande porte le **N° {case.spoken_reference}**."
    return Bubble(
        Turn.Kind.STATUS,
        text.strip(),
        options=({"label": "Suivre ma demande", "href": f"/suivi/?numero={case.reference}"},),
    )
