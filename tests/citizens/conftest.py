from __future__ import annotations

import re
from typing import Any

import pytest

from guichet.outbox.models import Delivery

ADDRESS = "camille.duprat@courriel.example"
PASSWORD = "un mot de passe long"
LINK = re.compile(r"/mon-compte/lien/[\w-]+/")


def last_mail(address: str = ADDRESS) -> Any:
    return Delivery.objects.select_related("parcel").filter(recipient=address).latest("pk").parcel


def link_of(address: str = ADDRESS) -> str:
    """The path of the link of the last mail to that address."""
    found = LINK.search(last_mail(address).text)
    assert found, last_mail(address).text
    return found.group()


@pytest.fixture
def account(db: None) -> Any:
    from tests.factories import citizen_account

    return citizen_account(ADDRESS, password=PASSWORD)
