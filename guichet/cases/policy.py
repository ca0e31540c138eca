"""Who may do what on a case. Asked inside actions; what may be seen is `Case.objects.visible_to`."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.core.refused import NotAllowed
from guichet.people.models import Person


def may_handle(user: User, case: Case) -> bool:
    """Machines act by rule; agents on what they see."""
    return user.is_machine or Case.objects.visible_to(user).filter(pk=case.pk).exists()


def require_handle(user: User, case: Case) -> None:
    if not may_handle(user, case):
        raise NotAllowed


def people_visible_to(user: User) -> QuerySet[Person]:
    """Living records of whom this user sees a case, through merged records too; all of them for an administrator."""
    living = Person.objects.living()
    if user.is_administrator and user.is_active:
        return living
    theirs = Case.objects.visible_to(user).filter(Q(person=OuterRef("pk")) | Q(person__merged_into=OuterRef("pk")))
    return living.filter(Exists(theirs))
