from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts import machines
from guichet.accounts.models import Membership, User
from guichet.cases.models import Case, Clock, Interaction, Status
from guichet.cases.models.case import next_reference
from guichet.organisation import directory
from guichet.organisation.models import Channel, Team
from guichet.people.actions import set_keys
from guichet.people.models import ContactPoint, Person

PASSWORD = "une phrase bien longue 42"


@pytest.fixture(autouse=True)
def clean(db: None, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files")},
        },
    }
    directory.forget()
    machines.forget()
    yield
    directory.forget()
    machines.forget()


@pytest.fixture
def team() -> Team:
    return Team.objects.create(code="TRA", name="Transport scolaire", path="/1/")


@pytest.fixture
def other_team() -> Team:
    return Team.objects.create(code="JEU", name="Aides aux jeunes", path="/2/")


@pytest.fixture
def make_agent() -> Callable[..., User]:
    def make(email: str, *teams: Team, **fields: Any) -> User:
        fields.setdefault("first_name", "Nadia")
        fields.setdefault("last_name", "Belkacem")
        user = User.objects.create_user(email, PASSWORD, **fields)
        for team in teams:
            Membership.objects.create(user=user, team=team)
        return user

    return make


@pytest.fixture
def agent(make_agent: Callable[..., User], team: Team) -> User:
    return make_agent("nadia@agents.example", team)


@pytest.fixture
def desk(agent: User) -> Client:
    client = Client()
    client.force_login(agent)
    return client


@pytest.fixture
def person() -> Person:
    person = Person(first_name="Sandrine", family_name="Lacoste", civility="mme", town="Marennes")
    set_keys(person)
    person.save()
    ContactPoint.objects.create(person=person, kind="email", value="sandrine@courriel.example", source="email")
    ContactPoint.objects.create(person=person, kind="phone", value="+33639984127", source="form")
    return person


@pytest.fixture
def make_case(person: Person) -> Callable[..., Case]:
    def make(team: Team | None, *, hours: float = 48, text: str = "La carte est perdue.", **fields: Any) -> Case:
        now = timezone.now()
        due = now + timedelta(hours=hours)
        values = {
            "reference": next_reference(), "subject": "Carte perdue", "channel": Channel.EMAIL, "person": person,
            "team": team, "status": Status.ASSIGNED, "received_at": now, "last_inbound_at": now, "due_at": due,
        }  # fmt: skip
        case = Case.objects.create(**{**values, **fields})
        Clock.objects.create(case=case, kind=Clock.Kind.COMMITMENT, started_at=now, due_at=due, base_due_at=due)
        Interaction.objects.create(
            case=case, channel=Channel.EMAIL, direction="in", at=now, person=case.person, text=text,
            sender_address="sandrine@courriel.example", sender_name="Sandrine Lacoste", subject="Carte perdue",
        )  # fmt: skip
        return case

    return make


@pytest.fixture
def case(make_case: Callable[..., Case], team: Team) -> Case:
    return make_case(team)
