"""The Region of the journeys: `python -m tests.journeys.seed`, on the database of DATABASE_URL."""

from __future__ import annotations

import django


def seed() -> None:
    from guichet.cases.models import ReplyTemplate
    from tests.factories import build_region

    build_region()
    ReplyTemplate.objects.create(name="Perte", text="Bonjour {civilité} {nom}.")


if __name__ == "__main__":
    django.setup()
    seed()
