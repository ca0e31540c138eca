"""The reply editor at the bottom of a case: its tabs, its texts, what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.writing import LAST_WRITTEN, WORKING, answer_to
from guichet.cases.models import Case, Draft, Presence, Proposal
from guichet.cases.policy import may_approve, needs_approval
from guichet.cases.sending import postal_lines, preferred_channel, refuses_electronic
from guichet.core.ahead import Question
from guichet.core.kept import Kept
from guichet.core.text import key_of
from guichet.desk import filling
from guichet.desk.answers import inserted
from guichet.desk.cautions import Panel
from guichet.desk.forms.writing import NoteForm, ReplyForm
from guichet.organisation.models import Channel

LOOKS = {Channel.EMAIL: ("E-mail", "at-sign"), Channel.PAPER: ("Courrier", "mail")}


@dataclass(frozen=True, slots=True)
class Editor:
    """What a refused form leaves to show again; nothing of it on a page that is only read."""

    reply_form: ReplyForm | None = None
    note_form: NoteForm | None = None
    problem: str = ""
    panel: Panel | None = None
    empty: str = ""  # the variable nobody filled
    approval_text: str | None = None  # corrected by who approves, not sent yet
    dropped: frozenset[str] = frozenset()  # keys of the files that were unticked


@dataclass(frozen=True, slots=True)
class Tab:
    channel: str
    label: str
    icon: str
    checked: bool
    other: bool  # not the one the person asked for


@dataclass(frozen=True, slots=True)
class KeptFile:
    key: str
    name: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Drafts:
    email: Draft | None = None
    note: Draft | None = None
    others: list[Draft] = field(default_factory=list)  # answers begun by colleagues


DRAFTS = Kept(
    lambda case: Draft.objects.filter(case_id=case).select_related("user", "taken_by").order_by("-updated_at")
)
PRESENT = Kept(
    lambda case, now, user: Presence.objects.filter(case_id=case, until__gt=now).exclude(user_id=user)
    .select_related("user").order_by("since")
)  # fmt: skip
LAST_PROPOSAL = Kept(
    lambda case: Proposal.objects.filter(case_id=case).select_related("author", "decided_by").order_by("-pk")[:1]
)


def questions(case: Case) -> list[Question]:
    """What the editor asks of a case."""
    person = [WORKING.asking(case.person_id)] if case.person_id else []
    return [
        DRAFTS.asking(case.pk), LAST_PROPOSAL.asking(case.pk), LAST_WRITTEN.asking(case.pk), *person,
        filling.question(case),
    ]  # fmt: skip


def drafts_of(case: Case, user: User) -> Drafts:
    found = DRAFTS(case.pk)
    mine = {draft.kind: draft for draft in found if draft.user_id == user.pk}
    others = [draft for draft in found if draft.user_id != user.pk and draft.kind == "email"]
    return Drafts(mine.get("email"), mine.get("note"), others)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody else at work on this case: on his screen now, or with an answer begun."""

    user: User
    words: str
    since: datetime
    draft: Draft | None  # the one he shows, to read and to go on with

    @property
    def said(self) -> str:
        return f"{self.user.full_name} {self.words}"


def presence_context(case: Case, user: User, drafts: Drafts | None = None) -> dict[str, Any]:
    """What `_presence.html` shows."""
    known = drafts or drafts_of(case, user)
    begun = {draft.user_id: draft for draft in known.others if draft.text.strip() and draft.taken_by_id is None}
    found = []
    for presence in PRESENT(case.pk, timezone.now(), user.pk):
        draft = begun.pop(presence.user_id, None)
        words, since = str(presence.get_state_display()), presence.since
        if draft is not None and presence.state == Presence.State.READS:
            words, since = str(Presence.State.UNSENT.label), draft.updated_at
        found.append(Colleague(presence.user, words, since, draft if draft and draft.shared else None))
    for draft in begun.values():  # away, and not forgotten
        words = "a laissé un brouillon"
        found.append(Colleague(draft.user, words, draft.updated_at, draft if draft.shared else None))
    return {"my_draft": known.email, "colleagues": found}


def joined(before: str, added: str) -> str:
    return f"{before.rstrip()}\n\n{added}" if before.strip() else added


def editor_context(
    case: Case, user: User, shown: Editor, *, template: str, since: str, article: str = ""
) -> dict[str, Any]:
    """Everything `_writing.html` shows. `template`, `article`: asked for by the address; `since`: when it was read."""
    drafts = drafts_of(case, user)
    templates, values = filling.offered(case), filling.values_of(case, user)
    suggested = filling.suggestions(templates, values)
    form = shown.reply_form
    if form is None:
        text, used = drafts.email.text if drafts.email else "", ""
        wanted = next((one for one in templates if one.pk == key_of(template)), None)
        if wanted is not None:
            text, used = joined(text, filling.fill(wanted, values)), f"{wanted.pk}.{wanted.version}"
        answers = list(drafts.email.answers) if drafts.email else []
        if article and (offer := inserted(article, user)) is not None and offer.version.pk not in answers:
            text, answers = joined(text, offer.text), [*answers, offer.version.pk]
        initial = {"text": text, "version": case.version, "template_version": used, "depuis": since, "answers": answers}
        form = ReplyForm(initial=initial, auto_id="reponse-%s")
    elif not form["depuis"].value():
        form.data["depuis"] = since  # type: ignore[index]
    postal = postal_lines(case.person) if case.person else []
    note_open = shown.note_form is not None
    note = shown.note_form or NoteForm(initial={"text": drafts.note.text if drafts.note else ""}, auto_id="note-%s")
    last = LAST_PROPOSAL.first(case.pk)
    waiting = last if last is not None and last.state == Proposal.State.WAITING else None
    returned = last if last is not None and last.state == Proposal.State.RETURNED else None
    return {
        "proposal": waiting,
        "proposal_text": waiting.text if waiting and shown.approval_text is None else shown.approval_text,
        "approves": waiting is not None and may_approve(user, case),
        "sent_back": returned if returned and returned.author_id == user.pk and drafts.email else None,
        "proposes": needs_approval(user, case),
        **presence_context(case, user, drafts),
        "reply_form": form,
        "note_form": note,
        "note_open": note_open,
        "problem": shown.problem,
        "panel": shown.panel,
        "empty_variable": shown.empty,
        "tabs": [] if case.is_over or waiting else _tabs(case, form, drafts, postal),
        "asked_channel": _asked(case),
        "answer_to": answer_to(case),
        "postal": postal,
        "refuses_electronic": refuses_electronic(case),
        "suggestions": suggested,
        "more_templates": len(suggested) == filling.SUGGESTED,
        "reply_templates": templates,
        "variables": [(name, value) for name, value in values.items() if value],
        "kept_files": _files(drafts.email, shown.dropped),
    }


def _asked(case: Case) -> str:
    """What the person asked for, said; "" when he did not."""
    wanted = preferred_channel(case)
    return str(Channel(wanted).label).lower() if wanted else ""


def _tabs(case: Case, form: ReplyForm, drafts: Drafts, postal: list[str]) -> list[Tab]:
    """The channels that can carry an answer, the preferred one first; the one that was being used is open."""
    asked = preferred_channel(case)
    channels = [Channel.EMAIL.value, *([Channel.PAPER.value] if postal else [])]
    if refuses_electronic(case):
        channels.reverse()
    if asked in channels:
        channels.sort(key=lambda channel: channel != asked)
    used = str(form["onglet"].value() or (drafts.email.channel if drafts.email else ""))
    chosen = used if used in channels else channels[0]
    return [
        Tab(channel, *LOOKS[Channel(channel)], channel == chosen, bool(asked) and channel != asked)
        for channel in channels
    ]


def _files(draft: Draft | None, dropped: frozenset[str]) -> list[KeptFile]:
    return [KeptFile(key, name, key not in dropped) for key, name in (draft.files if draft else [])]
