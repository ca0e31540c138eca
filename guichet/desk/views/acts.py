"""What is done with a case from its menu: each act is a form and the action it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from guichet.accounts.models import User
from guichet.cases import actions
from guichet.cases.actions.personal import add_task, finish_task
from guichet.cases.models import Case, Status, Task
from guichet.cases.models.case import MOVES
from guichet.core.calendar import start_of_day
from guichet.core.refused import Refused
from guichet.desk.forms import acts as forms
from guichet.desk.guard import AgentRequest, agent_required

Run = Callable[[Case, User, dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Act:
    label: str
    button: str
    form: type[forms.ActForm]
    run: Run
    offered: Callable[[Case], bool]
    done: str
    help: str = ""


def _running(case: Case) -> bool:
    return not case.is_over


def _can_become(status: Status) -> Callable[[Case], bool]:
    return lambda case: status in MOVES[Status(case.status)]


ACTS: dict[str, Act] = {
    "transferer": Act(
        "Transférer", "Transférer", forms.TransferForm,
        lambda case, user, d: actions.transfer(case, d["team"], by=user, reason=d["reason"], version=d["version"]),
        _running, "La demande est transférée.",
        "Les délais continuent de courir.",
    ),
    "attribuer": Act(
        "Attribuer", "Attribuer", forms.AssignForm,
        lambda case, user, d: actions.assign(case, d["to"], by=user), _running, "La demande est attribuée.",
    ),
    "remettre": Act(
        "Remettre dans la file", "Remettre dans la file", forms.NothingForm,
        lambda case, user, d: actions.release(case, by=user),
        lambda case: not case.is_over and case.assignee_id is not None, "La demande est revenue dans la file.",
    ),
    "clore": Act(
        "Clôturer", "Clôturer", forms.CloseForm,
        lambda case, user, d: actions.close(
            case, by=user, result=d["result"], version=d["version"], despite_tasks=d.get("despite_tasks", False)
        ),
        _running, "La demande est clôturée.",
    ),
    "tache": Act(
        "Ajouter une tâche", "Ajouter", forms.TaskForm,
        lambda case, user, d: add_task(case, d["label"], by=user, due_on=d["due_on"]),
        _running, "La tâche est ajoutée.",
        "Rappeler, vérifier un paiement… Elle reste en tête de la demande tant qu'elle est à faire.",
    ),
    "attendre": Act(
        "Mettre en attente de l'usager", "Mettre en attente", forms.WaitForm,
        lambda case, user, d: actions.wait_for_citizen(case, by=user, days=d["days"]),
        lambda case: not case.is_over and case.status != Status.WAITING_CITIZEN,
        "La demande attend l'usager : une relance est prévue.",
        "La réponse promise est suspendue, le délai légal continue.",
    ),
    "pieces": Act(
        "Demander des pièces", "Envoyer la demande de pièces", forms.PiecesForm,
        lambda case, user, d: actions.ask_pieces(
            case, by=user, pieces=d["pieces"].splitlines(), until=start_of_day(d["until"]), text=d["text"],
            version=d["version"],
        ),
        _running, "La demande de pièces est prête à partir.",
        "Demandez tout en une fois : cet envoi suspend le délai légal (CRPA, article L. 114-5).",
    ),
    "endormir": Act(
        "Endormir", "Endormir", forms.SnoozeForm,
        lambda case, user, d: actions.snooze(case, start_of_day(d["until"]), by=user),
        lambda case: not case.is_over and case.snoozed_until is None, "La demande dort jusqu'à cette date.",
        "Elle quitte la liste jusqu'à cette date, ou jusqu'au premier message. Les délais continuent.",
    ),
    "reveiller": Act(
        "Réveiller", "Réveiller", forms.NothingForm, lambda case, user, d: actions.wake(case, by=user),
        lambda case: case.snoozed_until is not None, "La demande est revenue dans la liste.",
    ),
    "sujet": Act(
        "Changer le sujet", "Changer le sujet", forms.TopicForm,
        lambda case, user, d: actions.change_topic(case, d["topic"], by=user, department=d["department"]),
        _running, "Le sujet est changé, les délais sont recalculés.",
    ),
    "reunir": Act(
        "Réunir", "Voir avant de réunir", forms.OtherCaseForm,
        lambda case, user, d: None, _running,
        "", "Les échanges de l'autre demande viennent dans celle-ci. Vous verrez d'abord ce qui va changer.",
    ),
    "lier": Act(
        "Lier", "Lier", forms.OtherCaseForm, lambda case, user, d: actions.link(case, d["other"], by=user),
        lambda case: True, "Les demandes sont liées.",
    ),
    "patienter": Act(
        "Réponse d'attente", "Envoyer la réponse d'attente", forms.HoldForm,
        lambda case, user, d: actions.hold(case, by=user, text=d["text"], version=d["version"]), _running,
        "La réponse d'attente est prête à partir : la promesse est tenue, le délai légal continue.",
        "Elle tient la promesse de répondre, et ne change rien au délai légal.",
    ),
    "transmettre": Act(
        "Transmettre à un organisme", "Transmettre", forms.TransmitForm,
        lambda case, user, d: actions.transmit(case, d["body"], by=user, version=d["version"]), _running,
        "La demande est transmise, l'usager en est informé.",
        "Pour ce qui ne relève pas de la Région (CRPA, article L. 114-2).",
    ),
    "ecarter": Act(
        "Écarter", "Écarter comme abusive ou indésirable", forms.ConfirmForm,
        lambda case, user, d: actions.reject_as_abusive(case, by=user), _can_become(Status.ABUSIVE),
        "La demande est écartée.", "Votre décision est inscrite dans l'historique.",
    ),
    "rouvrir": Act(
        "Rouvrir", "Rouvrir", forms.NothingForm, lambda case, user, d: actions.reopen(case, by=user),
        lambda case: case.is_over and case.status != Status.MERGED, "La demande est rouverte.",
    ),
}  # fmt: skip


def offered(case: Case, user: User, failed: str = "", bound: forms.ActForm | None = None) -> list[dict[str, Any]]:
    """Acts that this case permits now. The one that failed has its form, with what was typed, and those that ask
    nothing have theirs; the form of the others is fetched when it is opened: fifteen forms were half of the page."""
    return [
        {
            "verb": verb,
            "act": act,
            "form": bound if verb == failed else _form(verb, case, user) if act.form is forms.NothingForm else None,
            "open": verb == failed,
        }
        for verb, act in ACTS.items()
        if act.offered(case) or verb == failed
    ]


def _form(verb: str, case: Case, user: User, data: Any = None) -> forms.ActForm:
    return ACTS[verb].form(data, case=case, user=user, auto_id=f"{verb}-%s")


@agent_required
@require_http_methods(["GET", "POST"])
def act(request: AgentRequest, reference: str, verb: str) -> HttpResponse:
    """The form of an act, as a page or for the menu of the case (`?menu=1`); sent, it is done."""
    from guichet.desk.views.case import case_page, visible_case

    case = visible_case(request, reference)
    if verb not in ACTS:
        raise Http404
    if request.method == "GET":
        return _act_page(request, case, verb)
    form = _form(verb, case, request.user, request.POST)
    if verb == "reunir" and form.is_valid():  # looked at before it is done
        return redirect("desk:merge_preview", case.reference, form.cleaned_data["other"].reference)
    status = form.carry_out(lambda data: ACTS[verb].run(case, request.user, data))
    if not status:
        messages.success(request, ACTS[verb].done)
        return back(request, case)
    return case_page(request, case, status=status, failed=verb, bound=form)


def _act_page(request: AgentRequest, case: Case, verb: str) -> HttpResponse:
    if not ACTS[verb].offered(case):
        raise Refused("La demande a changé : cette action n'est plus possible.", status=409)
    context = {
        "nav": "inbox",
        "case": case,
        "item": {"verb": verb, "act": ACTS[verb], "form": _form(verb, case, request.user)},
        "kept": _kept(request),
    }
    return render(request, "desk/_act.html" if request.GET.get("menu") else "desk/act.html", context)


def _kept(request: AgentRequest) -> str:
    """What the address says of the list beside the case, without what it says of this one answer."""
    query = request.GET.copy()
    for name in ("envoye", "notee", "modele", "avant", "oriente", "menu"):
        query.pop(name, None)
    return query.urlencode()


def tried(request: AgentRequest, case: Case, run: Callable[[], object], done: str) -> HttpResponse:
    """Do it, say `done` or why it was refused, and be on the case again."""
    try:
        run()
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, done)
    return back(request, case)


def back(request: AgentRequest, case: Case, extra: str = "", *, everywhere: str = "") -> HttpResponse:
    """To the case, or to the list when it is no longer ours to see; `everywhere`: said on both."""
    kept = _kept(request)
    query = "&".join(part for part in (kept, extra, everywhere) if part)
    kept = "&".join(part for part in (kept, everywhere) if part)
    if Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        return redirect(reverse("desk:case", args=[case.reference]) + (f"?{query}" if query else ""))
    return redirect(reverse("desk:inbox") + (f"?{kept}" if kept else ""))


@agent_required
@require_POST
def task_done(request: AgentRequest, reference: str, pk: int) -> HttpResponse:
    from guichet.desk.views.case import visible_case

    case = visible_case(request, reference)
    task = Task.objects.filter(pk=pk, case=case).first()
    if task is None:
        raise Http404
    finish_task(task, by=request.user)
    messages.success(request, "C'est noté : fait.")
    return back(request, case)
