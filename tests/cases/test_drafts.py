"""Drafts: kept, shown to the team, taken over, forgotten after a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from guichet.accounts.models import Membership
from guichet.cases import actions
from guichet.cases.actions.personal import save_draft, share_draft, take_back, take_over
from guichet.cases.models import Case, Draft
from guichet.cases.tasks import forget_old_drafts
from guichet.core.refused import NotAllowed, Refused
from guichet.journal.models import Event
from tests.factories import Region

pytestmark = pytest.mark.django_db


def test_only_what_is_shown_is_taken_over_and_nothing_is_lost(region: Region, case: Case) -> None:
    nadia, leo = region.nadia, region.leo
    theirs = save_draft(case, by=nadia, kind="email", text="De Nadia.")
    assert theirs is not None
    with pytest.raises(NotAllowed):
        take_over(theirs, by=leo)  # of another team
    Membership.objects.create(user=leo, team=region.transport)
    leo.memberships_read = None
    with pytest.raises(Refused):
        take_over(theirs, by=leo)
    share_draft(case, by=nadia, shared=True)
    save_draft(case, by=leo, kind="email", text="De Léo.")
    assert take_over(theirs, by=leo).text == "De Léo.\n\nDe Nadia."
    kept = save_draft(case, by=nadia, kind="email", text="Trop tard")
    assert kept is not None and kept.taken_by == leo and Draft.objects.get(user=nadia).text == "De Nadia."
    assert Event.objects.get(verb="case.draft_taken").data == {"author": "Nadia Belkacem"}
    with pytest.raises(Refused):
        take_over(theirs, by=leo)
    take_back(case, by=nadia)
    save_draft(case, by=nadia, kind="email", text="À moi.")
    assert Draft.objects.get(user=nadia).text == "À moi."


def test_sending_frees_the_text_that_was_taken_over(region: Region, case: Case) -> None:
    theirs = save_draft(case, by=region.nadia, kind="email", text="De Nadia.")
    assert theirs is not None
    share_draft(case, by=region.nadia, shared=True)
    take_over(theirs, by=region.chief)
    actions.reply(case, by=region.chief, text="Fini.")
    assert [(d.user, d.taken_by) for d in Draft.objects.all()] == [(region.nadia, None)]


def test_abandoned_drafts_are_forgotten(region: Region, case: Case, settings: pytest.FixtureRequest) -> None:
    settings.DRAFT_DAYS = 30  # type: ignore[attr-defined]
    for kind, age in (("email", 31), ("note", 29)):
        draft = save_draft(case, by=region.nadia, kind=kind, text="x")
        assert draft is not None
        Draft.objects.filter(pk=draft.pk).update(updated_at=timezone.now() - timedelta(days=age))
    forget_old_drafts(0)
    assert Draft.objects.get().kind == "note"
