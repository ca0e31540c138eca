"""Who is on a case: told when it changes, gone when the screen is silent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions.personal import save_draft, share_draft
from guichet.cases.actions.presence import LASTS, be_present, forget_presences, leave
from guichet.cases.models import Case, Presence
from guichet.core.refused import NotAllowed, Refused
from guichet.desk.editor import presence_context
from guichet.journal.models import Event
from tests.factories import Region

pytestmark = pytest.mark.django_db


def seen(case: Case, user: User) -> list[tuple[str, bool]]:
    found = presence_context(case, user)["colleagues"]
    return [(colleague.said, colleague.draft is not None) for colleague in found]


def test_one_sees_the_others_and_what_they_do(region: Region, case: Case) -> None:
    nadia, chief = region.nadia, region.chief
    be_present(case, by=nadia, state="reads")
    assert seen(case, nadia) == []
    assert seen(case, chief) == [("Nadia Belkacem consulte cette demande", False)]
    be_present(case, by=nadia, state="types")
    save_draft(case, by=nadia, kind="email", text="Bonjour")
    assert seen(case, chief) == [("Nadia Belkacem rédige", False)]  # that he writes, not what
    share_draft(case, by=nadia, shared=True)
    assert seen(case, chief) == [("Nadia Belkacem rédige", True)]
    leave(case, by=nadia)
    assert seen(case, chief) == [("Nadia Belkacem a laissé un brouillon", True)]


def test_a_silent_screen_is_forgotten(region: Region, case: Case) -> None:
    be_present(case, by=region.nadia, state="reads")
    Presence.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert seen(case, region.chief) == []
    before = timezone.now()
    be_present(case, by=region.nadia, state="reads")
    assert Presence.objects.get().since >= before and Presence.objects.get().until >= before + LASTS
    Presence.objects.update(until=timezone.now() - timedelta(seconds=1))
    forget_presences(by=User.objects.filter(kind="machine")[0])
    assert not Presence.objects.exists()


def test_presence_is_for_who_sees_the_case_and_is_no_event(region: Region, case: Case) -> None:
    before = Event.objects.count()
    with pytest.raises(NotAllowed):
        be_present(case, by=region.leo, state="reads")
    with pytest.raises(Refused):
        be_present(case, by=region.nadia, state="dort")
    be_present(case, by=region.nadia, state="reads")
    assert Event.objects.count() == before


def test_the_table_is_not_logged(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'cases_presence'")
        assert cursor.fetchone() == ("u",)
