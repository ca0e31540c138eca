"""Nothing of a case before its owner proved the address: a code by e-mail, three tries, ten minutes (cases.follow)."""

from __future__ import annotations

import re

from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.citizen import send_receipt_again
from guichet.cases.actions.follow import is_of_requester, open_follow, proved_address, send_follow_code
from guichet.cases.models import Case, Clock, Status, Suspension
from guichet.cases.models.case import SAID_TO_CITIZEN
from guichet.core.calendar import say_day
from guichet.core.reference import check, find
from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.knowledge.markup import as_typed
from guichet.noa import phrases
from guichet.noa.bubbles import PERSON, Bubble, Option, Reply, notice
from guichet.noa.dialogues import Unread, read_email
from guichet.noa.models import Chat, ProofCode, Turn
from guichet.noa.smalltalk import plain
from guichet.procedures.models import Dossier
from guichet.procedures.showing import state_of

STATUS, RECEIPT = "status", "receipt"  # what the person came for
LASTS = 7200  # seconds a proved case is spoken of in one conversation


def wants_receipt(text: str) -> bool:
    """« Renvoyez-moi l'accusé de réception », not « à quoi sert un accusé ? »."""
    said = plain(text)
    return bool(_RECEIPT.search(said)) and bool(_AGAIN.search(said))


_RECEIPT = re.compile(r"\b(accuse|recepisse|confirmation de (ma |mon )?(demande|reception|depot))\b")
_AGAIN = re.compile(
    r"\b(re ?n?v?(envo[yi]|voy|voi|verr|donn)\w*|(envo[yi]|donn)\w* moi|m envoyer|copie|duplicata|perdu|retrouv\w+|"
    r"(pas|jamais|rien) (encore )?recu|refai\w+|ai plus|trouve (plus|pas))\b"
)


def waits(chat: Chat) -> bool:
    return bool(chat.memory.get("proof"))


def names_case(text: str) -> bool:
    """« 1535986 », « mon numéro est le 1535986 »: a valid reference and little else."""
    return bool(find(text)) and len(plain(text).split()) <= 12


def begin(chat: Chat, text: str, *, by: User) -> Reply:
    found = find(text)
    want = RECEIPT if wants_receipt(text) else STATUS
    known = _proved(chat)
    if known is not None and (not found or known[0].reference == found[0]):
        return _said(*known, want)
    if not found:
        chat.memory["proof"] = {"step": "reference", "want": want}
        return Reply([Bubble(Turn.Kind.ASK, phrases.ASK_REFERENCE)])
    chat.memory["proof"] = {"step": "email", "reference": found[0], "want": want}
    return Reply([Bubble(Turn.Kind.ASK, phrases.ASK_EMAIL)])


def go_on(chat: Chat, text: str, *, by: User) -> Reply:
    at = dict(chat.memory["proof"])
    try:
        return {"reference": _reference, "email": _email, "code": _code}[at["step"]](chat, at, text, by)
    except Refused as refusal:
        chat.memory.pop("proof", None)
        return Reply([notice(refusal.message, PERSON)])


def _reference(chat: Chat, at: dict[str, str], text: str, by: User) -> Reply:
    found = find(text) or [digits for digits in [check(text)] if digits]
    if not found:
        return _once_more(chat, at, "Ce numéro n'est pas complet. Il a 7 chiffres ou plus.")
    chat.memory["proof"] = {"step": "email", "reference": found[0], "want": at.get("want", STATUS)}
    return Reply([Bubble(Turn.Kind.ASK, phrases.ASK_EMAIL)])


def _email(chat: Chat, at: dict[str, str], text: str, by: User) -> Reply:
    address = read_email(text)
    if isinstance(address, Unread):
        return _once_more(chat, at, address.why)
    handle = send_follow_code(at["reference"], address)
    ProofCode.objects.create(chat=chat, handle=handle)
    chat.memory["proof"] = {"step": "code", "want": at.get("want", STATUS)}
    return Reply([Bubble(Turn.Kind.ASK, phrases.CODE_SENT)])


def _code(chat: Chat, at: dict[str, str], text: str, by: User) -> Reply:
    sent = chat.codes.order_by("-at").first()
    digits = "".join(c for c in text if c.isdigit())
    if sent is None or len(digits) != 6:
        return _once_more(chat, at, "Le code a 6 chiffres.")
    try:
        case = open_follow(sent.handle, digits)
    except Refused as refusal:
        if refusal.status == 429:
            raise
        return _once_more(chat, at, phrases.WRONG_CODE)
    chat.memory.pop("proof", None)
    address = proved_address(sent.handle)
    chat.memory["proved"] = {"case": case.pk, "address": address, "until": timezone.now().timestamp() + LASTS}
    record("chat.proved", by=by, case_id=case.pk, on_behalf_of=case.person_id)
    return _said(case, address, at.get("want", STATUS))


def _once_more(chat: Chat, at: dict[str, str], why: str) -> Reply:
    tries = int(at.get("tries", 0)) + 1
    if tries >= 3:
        chat.memory.pop("proof", None)
        return Reply([notice(f"{why} Arrêtons là : une personne peut vous aider.", PERSON)])
    chat.memory["proof"] = {**at, "tries": tries}
    return Reply([Bubble(Turn.Kind.ASK, why)])


def _proved(chat: Chat) -> tuple[Case, str] | None:
    """The case this conversation opened, as it is now, and the address that proved it."""
    known = chat.memory.get("proved", {})
    if not known or known.get("until", 0) < timezone.now().timestamp():
        return None
    case = Case.objects.filter(pk=known["case"]).first()
    address = str(known.get("address", ""))
    if case is None or not is_of_requester(case.survivor(), address):  # joined since to somebody else's
        return None
    return case.survivor(), address


def _said(case: Case, address: str, want: str) -> Reply:
    if want != RECEIPT:
        return Reply([_status(case)])
    try:
        send_receipt_again(case, address=address)
    except Refused as refusal:
        return Reply([notice(refusal.message, PERSON)])
    text = phrases.RECEIPT_SENT.format(number=case.spoken_reference, email=address)
    return Reply([Bubble(Turn.Kind.STATUS, text, options=(_open(case),))])


def _status(case: Case) -> Bubble:
    """What the follow-up page says, in a few lines: state, what is expected and from whom, until when."""
    if case.is_file:
        return _of_dossier(case)
    status = Status(case.status)
    lines = [f"**Demande N° {case.spoken_reference}** : {SAID_TO_CITIZEN[status].lower()}."]
    lines.append(f"Reçue le {say_day(timezone.localdate(case.received_at))}.")
    if status == Status.WAITING_CITIZEN:
        lines += _expected(case)
    elif not case.is_over:
        clock = case.clocks.filter(kind=Clock.Kind.COMMITMENT, stopped_at__isnull=True).first()
        if clock is not None and clock.due_at > timezone.now():
            lines.append(f"Nous répondons au plus tard le {say_day(timezone.localdate(clock.due_at))}.")
        elif status not in {Status.ANSWERED, Status.APPRAISAL}:
            lines.append("Nous sommes en retard sur notre délai : vous pouvez parler à une personne.")
    again = {"label": "Recevoir l'accusé de réception", "say": "Renvoyez-moi l'accusé de réception"}
    return Bubble(Turn.Kind.STATUS, "\n\n".join(lines), options=(_open(case), again, PERSON))


def _of_dossier(case: Case) -> Bubble:
    """Where a dossier stands: its step, what the person has to send, the next date."""
    dossier = Dossier.objects.select_related("procedure").get(case=case)
    state = state_of(dossier)
    lines = [f"**{dossier.procedure.title}, demande N° {case.spoken_reference}** : {state.words.lower()}."]
    if not dossier.is_over:
        lines.append(f"Étape {dossier.step}/{dossier.steps} : {as_typed(dossier.step_label.lower())}.")
    if dossier.expected:
        until = f" avant le {say_day(dossier.expected_by)}" if dossier.expected_by else ""
        lines.append(f"À envoyer{until} : {as_typed(dossier.expected_what)}.")
    following = dossier.deadlines.filter(done_at__isnull=True, day__gte=timezone.localdate()).first()
    if following is not None and not following.by_person:
        lines.append(f"{as_typed(following.label)} : le {say_day(following.day)}.")
    open_it: Option = {"label": "Ouvrir mon dossier", "href": f"/mes-demarches/dossier/{case.reference}/"}
    return Bubble(Turn.Kind.STATUS, "\n\n".join(lines), options=(open_it, PERSON))


def _expected(case: Case) -> list[str]:
    """What the person is to send, named when it was asked for as documents (CRPA L114-5), and until when."""
    until = f" avant le {say_day(timezone.localdate(case.give_up_at))}" if case.give_up_at else ""
    held = Suspension.objects.filter(
        clock__case=case, reason=Suspension.Reason.MISSING_PIECES, ended_at__isnull=True
    ).first()
    if held is None or not held.detail:
        return [f"Nous attendons votre réponse{until} : document ou précision demandée dans notre dernier message."]
    pieces = "\n".join(f"- {as_typed(piece)}" for piece in held.detail)
    return [f"Il manque{until} :", pieces]


def _open(case: Case) -> Option:
    return {"label": "Ouvrir ma demande", "href": f"/suivi/?numero={case.reference}"}
