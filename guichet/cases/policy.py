"""Who may do what on a case. Asked inside actions; what may be seen is `Case.objects.visible_to`."""

from __future__ import annotations

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.core.refused import NotAllowed


def may_handle(user: User, case: Case) -> bool:
    """Machines act by rule; agents on what they see."""
    return user.is_machine or Case.objects.visible_to(user).filter(pk=case.pk).exists()


def require_handle(user: User, case: Case) -> None:
    if not may_handle(user, case):
        raise NotAllowed
