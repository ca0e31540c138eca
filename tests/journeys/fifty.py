"""Fifty people write about the same breakdown: `python -m tests.journeys.fifty`, on the database of DATABASE_URL."""

from __future__ import annotations

import django

COUNT = 50


def write() -> None:
    from tests.factories import mail, receive

    for n in range(COUNT):
        raw = mail(
            sender=f"Usager Numero{n} <usager{n}@courriel.example>", message_id=f"<panne{n}@courriel.example>",
            subject="Car en panne ce matin", body=f"Bonjour,\nLe car n'est pas passé. Arrêt {n}.\nMerci",
        )  # fmt: skip
        receive(raw, to="transports17@nouvelle-aquitaine.example")


if __name__ == "__main__":
    django.setup()
    write()
