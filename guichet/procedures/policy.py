"""Who may do what with a dossier. What may be seen: `Dossier.objects.visible_to` (agents), `of_person` (citizens)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from guichet.accounts.policy import teams_of
from guichet.core.refused import NotAllowed
from guichet.people.models import Person
from guichet.procedures.models import Dossier, Procedure

if TYPE_CHECKING:
    from guichet.accounts.models import User


def require_appraise(user: User, dossier: Dossier) -> None:
    """Agents of the service in charge; machines act by rule."""
    if not user.is_machine and not Dossier.objects.visible_to(user).filter(pk=dossier.pk).exists():
        raise NotAllowed


def procedures_entered_by(user: User) -> QuerySet[Procedure]:
    """Those whose applications this agent may type for somebody: open ones, of his teams."""
    found = Procedure.objects.filter(live__isnull=False, is_open=True)
    if user.is_machine or not user.is_active:
        return found.none()
    return found if user.is_administrator else found.filter(team__in=teams_of(user).values("pk"))


def require_enter(user: User, dossier: Dossier) -> None:
    """A draft typed for somebody: any agent of the service in charge may go on with it; a program, with its own."""
    own = user.is_machine and dossier.entered_by_id == user.pk
    if not own and not Dossier.objects.being_entered(user).filter(pk=dossier.pk).exists():
        raise NotAllowed


def require_own(person: Person, dossier: Dossier) -> None:
    """The applicant, or who acts for him by a mandate that runs."""
    if not Dossier.objects.of_person(person).filter(pk=dossier.pk).exists():
        raise NotAllowed


def may_edit(user: User) -> bool:
    """Editors and administrators; a machine loads what a file says."""
    return user.is_machine or (user.is_active and (user.is_editor or user.is_administrator))


def require_edit(user: User) -> None:
    if not may_edit(user):
        raise NotAllowed
