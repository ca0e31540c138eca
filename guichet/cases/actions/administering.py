"""Settings that cases depend on: a team or an agent leaves without leaving cases behind; reply templates."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from guichet.accounts import actions as accounts
from guichet.accounts.models import User
from guichet.cases.actions.moving import move, save
from guichet.cases.models import Case, ReplyTemplate, Status
from guichet.cases.policy import may_handle
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.actions import record
from guichet.journal.changes import changes_of
from guichet.organisation import actions as organisation
from guichet.organisation.models import Team


@transaction.atomic
def settle_team(team: Team, addresses: list[str], *, by: User) -> Team:
    """Save a team and its mailboxes. One that still holds open cases, or teams, cannot be put out of use."""
    if team.pk is not None and not team.is_active:
        if team.takes_unrouted:
            raise Refused("Cette équipe reçoit les demandes à orienter : donnez d'abord ce rôle à une autre.")
        if Team.objects.filter(parent=team, is_active=True).exists():
            raise Refused("Des équipes actives dépendent d'elle : rattachez-les d'abord à une autre.")
        held = Case.objects.filter(team=team, closed_at__isnull=True).count()
        if held:
            raise Refused(f"Elle a encore {held} demande{'s' * (held > 1)} en cours : transférez-les d'abord.")
    saved = organisation.save_team(team, by=by)
    organisation.set_addresses(saved, addresses, by=by)
    return saved


@transaction.atomic
def retire_agent(user: User, *, by: User, heir: User | None) -> int:
    """Close an account. Its open cases go to `heir` when he may see them, else back to the list of their team.

    Returns how many there were.
    """
    if user.pk == by.pk:
        raise Refused("Vous ne pouvez pas désactiver votre propre compte.")
    if heir is not None and (heir.pk == user.pk or not heir.is_active or heir.is_machine):
        raise Refused("Choisissez un autre agent, actif.", status=400)
    accounts.deactivate(user, by=by)
    cases = list(
        Case.objects.select_for_update(of=("self",)).filter(assignee=user, closed_at__isnull=True).order_by("pk")
    )
    for case in cases:
        to = heir if heir is not None and may_handle(heir, case) else None
        case.assignee = to
        if to is None and case.status == Status.IN_PROGRESS:
            move(case, Status.ASSIGNED)
        save(case)
        if to is None:
            record("case.released", by=by, case_id=case.pk)
        else:
            record("case.assigned", by=by, case_id=case.pk, to=to.pk, to_name=to.full_name)
    return len(cases)


@transaction.atomic
def save_template(template: ReplyTemplate, *, by: User) -> ReplyTemplate:
    """A text that changed is another version, checked today."""
    if not (by.is_administrator or by.is_editor or by.is_machine):
        raise NotAllowed("Seuls les administrateurs et les rédacteurs écrivent les modèles de réponse.")
    created, changes = template.pk is None, changes_of(template)
    known = ReplyTemplate.objects.filter(pk=template.pk).values_list("text", flat=True).first()
    if known is not None and known != template.text:
        template.version += 1
    if known != template.text:
        template.checked_on = timezone.localdate()
    template.save()
    verb = "template.created" if created else "template.changed"
    record(verb, by=by, subject=f"template:{template.pk}", version=template.version, changes=changes)
    return template
