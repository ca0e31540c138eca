"""The rule kept in memory is the rule asked to the database."""

from __future__ import annotations

import pytest

from guichet.accounts.actions import create_agent, join
from guichet.accounts.models import Membership
from guichet.cases.models import Case
from guichet.cases.policy import viewer_of
from guichet.live.viewers import session_key
from tests.factories import Region, case_of, mail, receive

pytestmark = pytest.mark.django_db


def test_it_agrees_with_the_query_for_everyone_and_everything(region: Region) -> None:
    supervisor = create_agent("s@agents.example", by=region.chief, password="un mot de passe long", clearance=1)
    join(supervisor, region.root, by=region.chief, role=Membership.Role.SUPERVISOR)
    nobody = create_agent("n@agents.example", by=region.chief, password="un mot de passe long")
    teams = [region.transport, region.youth, region.unrouted, None]
    for n, (team, sensitivity, assignee) in enumerate(
        (t, s, a) for t in teams for s in (0, 1, 2) for a in (None, region.leo)
    ):
        case = case_of(receive(mail(message_id=f"<{n}@x.example>", sender=f"p{n}@x.example")))
        Case.objects.filter(pk=case.pk).update(team=team, sensitivity=sensitivity, assignee=assignee)
    seen = 0
    for user in (region.nadia, region.leo, region.chief, supervisor, nobody):
        viewer = viewer_of(user)
        assert viewer is not None
        asked = set(Case.objects.visible_to(user).values_list("pk", flat=True))
        kept = {
            case.pk
            for case in Case.objects.all()
            if viewer.sees(team_id=case.team_id, assignee_id=case.assignee_id, sensitivity=case.sensitivity)
        }
        assert kept == asked, user.email
        seen += len(asked)
    assert seen > 20


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("guichet_session=abc123; csrftoken=x", "abc123"),
        ("csrftoken=x", ""),
        ("guichet_session=", ""),
        ("guichet_session=../../etc", ""),
        ("guichet_session=" + "a" * 41, ""),
        ("\x00=;;;", ""),
        ("", ""),
    ],
)
def test_a_cookie_is_text_like_any_other(header: str, key: str) -> None:
    assert session_key(header) == key
