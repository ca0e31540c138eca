from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from guichet.gateway.actions import create_key
from guichet.gateway.models import ApiKey, Scope
from guichet.procedures.models import Dossier, Procedure
from tests.factories import Region
from tests.procedures.conftest import STUDENT, camille, citizen, filed, mobility

__all__ = ["camille", "citizen", "filed", "mobility"]


class Program:
    """A program with its key."""

    def __init__(self, key: ApiKey, secret: str) -> None:
        self.key, self.client = key, Client(headers={"Authorization": f"Bearer {secret}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any, once: str = "") -> Any:
        headers = {"Idempotency-Key": once} if once else {}
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)


@pytest.fixture
def program(region: Region) -> Callable[..., Program]:
    def make(*scopes: str, team: Any = None) -> Program:
        return Program(*create_key("Portail jeunes", by=region.chief, scopes=scopes or Scope.values, team=team))

    return make


@pytest.fixture
def body(mobility: Procedure) -> dict[str, Any]:
    return {
        "procedure": mobility.code,
        "person": {"first_name": "Inès", "family_name": "Morvan", "email": "ines.morvan@courriel.example"},
        "answers": dict(STUDENT),
    }


def dossier_of(response: Any) -> Dossier:
    assert response.status_code == 201, response.content.decode()
    return Dossier.objects.get(reference=response.json()["reference"])
