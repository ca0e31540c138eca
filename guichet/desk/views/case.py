"""One case: its header, its deadlines, its history, its person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from guichet.accounts.absences import absences_on, stand_in, today
from guichet.accounts.models import User
from guichet.cases import actions
from guichet.cases.actions.routing import FIRST_MESSAGE
from guichet.cases.models import Case, CaseLink, CaseMerge, Interaction, Task
from guichet.cases.policy import rights, viewer_of
from guichet.core.ahead import Question, ahead
from guichet.core.kept import Kept
from guichet.desk import bar, listing, queues
from guichet.desk.editor import Editor, editor_context
from guichet.desk.editor import questions as editor_questions
from guichet.desk.forms.acts import ActForm
from guichet.desk.forms.routing import OrientForm, topic_names
from guichet.desk.guard import AgentRequest, agent_required
from guichet.desk.history import clock_lines, history
from guichet.desk.history import questions as history_questions
from guichet.desk.orientation import LAST_DECISION, routing_of
from guichet.desk.records import PROPOSED, duplicates_count
from guichet.desk.views import acts
from guichet.desk.views.inbox import list_context
from guichet.noa.models import Chat, ChatState
from guichet.organisation.models import Channel
from guichet.people.actions import family_of, family_question
from guichet.people.models import ContactPoint

STATUS_TONES = {
    "registered": ("attente", "inbox"), "assigned": ("attente", "reply"), "in_progress": ("attente", "reply"),
    "reopened": ("attente", "rotate-ccw"), "in_approval": ("attente", "clock"),
    "waiting_citizen": ("info", "hourglass"), "waiting_third": ("info", "hourglass"), "answered": ("ok", "check"),
    "appraisal": ("info", "file-text"),
    "closed": ("ok", "check"), "transmitted": ("ok", "forward"), "merged": ("info", "share-2"),
    "abusive": ("erreur", "x"),
}  # fmt: skip


# -- what is asked, made once ------------------------------------------------------------------------------------------
NUMBERED = Kept(
    lambda number: Case.objects.filter(reference=number).select_related("person", "team", "topic", "assignee")
)
TASKS = Kept(lambda case: Task.objects.filter(case_id=case, done_at__isnull=True).order_by("pk"))
LIVE_CHATS = Kept(
    lambda case: Chat.objects.filter(case_id=case, state__in=[ChatState.QUEUED, ChatState.WITH_AGENT])
    .select_related("agent").order_by("-pk")
)  # fmt: skip
LINKS = Kept(lambda case: CaseLink.objects.filter(Q(first_id=case) | Q(second_id=case)))
MERGES = Kept(
    lambda case: CaseMerge.objects.filter(survivor_id=case, undone_at__isnull=True)
    .select_related("absorbed").order_by("-pk")
)  # fmt: skip
POINTS = Kept(lambda person: ContactPoint.objects.filter(person_id=person).order_by("kind", "pk"))
OTHERS = Kept(
    lambda people, case, *given: Case.objects.filter(rights("", *given), person_id__among=people)
    .exclude(pk=case).order_by("-received_at")[:8]
)  # fmt: skip
CONTACTS = Kept(
    lambda people, *given: Interaction.objects.filter(rights("case__", *given), case__person_id__among=people)
    .exclude(direction=Interaction.Direction.NOTE).select_related("case").order_by("-at", "-id")[:6]
)  # fmt: skip


def questions(case: Case, user: User, before: str) -> list[Question]:
    """Most of what the page asks, in one trip; how `list_context` goes on depends on what it finds."""
    of_person: list[Question] = []
    if (person := case.person) is not None:
        shown = person.merged_into_id or person.pk  # as `person_context`
        of_person = [POINTS.asking(shown), PROPOSED.asking(shown), family_question(person)]
    return [
        *bar.questions(user), *listing.questions(user), *history_questions(case, before), *editor_questions(case),
        *of_person, TASKS.asking(case.pk), LINKS.asking(case.pk), MERGES.asking(case.pk),
        LAST_DECISION.asking(case.pk), FIRST_MESSAGE.asking(case.pk),
    ]  # fmt: skip


def visible_case(request: AgentRequest, reference: str) -> Case:
    """The case, or 404: a number that exists elsewhere and one that does not exist look the same."""
    case, viewer = NUMBERED.first(reference), viewer_of(request.user)
    if (
        case is None
        or viewer is None
        or not viewer.sees(team_id=case.team_id, assignee_id=case.assignee_id, sensitivity=case.sensitivity)
    ):
        raise Http404
    return case


@agent_required
@require_GET
def show(request: AgentRequest, reference: str) -> HttpResponse:
    case = visible_case(request, reference)
    actions.mark_read(case, by=request.user)
    return case_page(request, case)


def case_page(
    request: AgentRequest,
    case: Case,
    *,
    status: int = 200,
    failed: str = "",
    bound: ActForm | None = None,
    editor: Editor | None = None,
    orient_form: OrientForm | None = None,
) -> HttpResponse:
    """The whole page; what was typed and refused is shown again with the reason."""
    with ahead(*questions(case, request.user, request.GET.get("avant", ""))):
        context = _context(request, case, failed, bound, editor or Editor(), orient_form)
        return render(request, "desk/case.html", context, status=status)


def _context(
    request: AgentRequest,
    case: Case,
    failed: str,
    bound: ActForm | None,
    editor: Editor,
    orient_form: OrientForm | None,
) -> dict[str, Any]:
    user = request.user
    listed = list_context(request)
    if orient_form is None:
        orient_form = OrientForm(case=case, clearance=user.clearance, auto_id="orienter-%s")
    tone, look = STATUS_TONES.get(case.status, ("info", "info"))
    sent = request.GET.get("envoye", "")
    past = history(case, user, request.GET.get("avant", ""))
    just_sent = next(
        (
            entry
            for entry in past.entries
            if entry.interaction is not None
            and str(entry.interaction.pk) == sent
            and entry.may_be_undone
            and not entry.paper
        ),
        None,
    )
    tasks = TASKS(case.pk)
    away = absences_on(today()) if case.assignee_id else {}
    return {
        **listed,
        "case": case,
        "away": away.get(case.assignee_id or 0),
        "stands_in": stand_in(case.assignee, away) if case.assignee and case.assignee_id in away else None,
        "status_tone": tone,
        "status_icon": look,
        "clocks": clock_lines(case),
        "tasks": [task for task in tasks if task.kind != Task.Kind.DANGER],
        "live_chat": LIVE_CHATS.first(case.pk) if case.channel == Channel.CHAT else None,
        "routing": routing_of(case, user, tasks),
        "orient_form": orient_form,
        "topic_names": topic_names(user.clearance),
        "days": past.days,
        "older": past.older,
        "is_latest": not request.GET.get("avant"),
        "acts": acts.offered(case, user, failed, bound),
        "menu_open": bool(failed) and failed != "transferer",
        **editor_context(
            case,
            user,
            editor,
            template=request.GET.get("modele", ""),
            since=listed["live_since"],
            article=request.GET.get("article", ""),
        ),
        "just_sent": just_sent,
        "undo_seconds": settings.UNDO_SECONDS,
        "links": linked(case, user),
        "merges": MERGES(case.pk),
        **person_context(case, user),
    }


def linked(case: Case, user: User) -> list[tuple[Case, CaseLink]]:
    """Linked cases the agent may see, each with its link."""
    links = {(link.second_id if link.first_id == case.pk else link.first_id): link for link in LINKS(case.pk)}
    found = Case.objects.visible_to(user).filter(pk__in=links).order_by("-received_at") if links else []
    return [(other, links[other.pk]) for other in found]


def person_context(case: Case, user: User) -> dict[str, Any]:
    """The panel on the right: how to reach the person, and what else concerns it, among what the agent may see."""
    person = case.person
    viewer = viewer_of(user)
    if person is None or viewer is None:
        return {"person": None}
    shown = person.merged_into or person
    family = family_of(person)
    with ahead(CONTACTS.asking(family, *viewer.given), OTHERS.asking(family, case.pk, *viewer.given)):
        recent, others = CONTACTS(family, *viewer.given), OTHERS(family, case.pk, *viewer.given)
    return {
        "person": shown,
        "record_visible": shown.merged_into_id is None,  # whoever sees a case sees the record of its person
        "duplicates_count": duplicates_count(shown, user),
        "points": POINTS(shown.pk),
        "others": others,
        "contacts": [(queues.CHANNEL_ICONS.get(i.channel, "inbox"), i) for i in recent],
    }
