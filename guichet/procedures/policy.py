"""Who may do what with a dossier. What may be seen: `Dossier.objects.visible_to` (agents), `of_person` (citizens)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guichet.core.refused import NotAllowed
from guichet.people.models import Person
from guichet.procedures.models import Dossier

if TYPE_CHECKING:
    from guichet.accounts.models import User


def require_appraise(user: User, dossier: Dossier) -> None:
    """Agents of the service in charge; machines act by rule."""
    if not user.is_machine and not Dossier.objects.visible_to(user).filter(pk=dossier.pk).exists():
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
