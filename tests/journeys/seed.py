"""The Region of the journeys: `python -m tests.journeys.seed`, on the database of DATABASE_URL."""

from __future__ import annotations

import django

CARD = ("carte de car perdue", "j'ai perdu ma carte de car", "mon fils a perdu sa carte de car", "carte de bus perdue")
PERMIT = {
    "for_whom": "Jeunes en formation", "amount": "400 à 1 200 €", "when": "Toute l'année", "reply": "6 semaines",
    "themes": ["transports"], "profiles": ["lyceen"], "ages": [17, 25], "conditions": ["vous habitez en région"],
    "exclusions": ["vous avez déjà le permis B"],
}  # fmt: skip
BODY = """## Combien vais-je recevoir ?

| Revenu | Aide |
|---|---|
| moins de 6 000 € | 1 200 € |

## Comment demander ?

1. Choisissez une auto-école.
2. Envoyez le devis.

## Quels documents ?

- **Devis** : signé

## Questions fréquentes

### Est-ce trop tard ?

Non.
"""


def seed() -> None:
    from guichet.accounts.actions import create_agent
    from guichet.accounts.machines import GUICHET, machine
    from guichet.cases.models import ReplyTemplate
    from guichet.organisation.actions import save_team
    from tests.factories import article, build_region

    region = build_region()
    region.root.hours = {str(day): [["00:00", "23:59"]] for day in range(7)}  # journeys are made at any hour
    save_team(region.root, by=machine(GUICHET))
    article(owner=region.transport, wordings=CARD, related=["aide-permis"])
    article(
        "aide-permis", title="Aide au permis de conduire", kind="aid", owner=region.transport, aid=PERMIT, body=BODY,
        answer="La Région paie une partie du permis B.", uncertain="Le barème date de 2019 : vérifiez-le.",
        wordings=("aide permis", "financer mon permis b"),
    )  # fmt: skip
    create_agent("plume@agents.example", by=machine(GUICHET), password="un mot de passe long", is_editor=True,
                 first_name="Ana", last_name="Plume")  # fmt: skip
    ReplyTemplate.objects.create(name="Perte", text="Bonjour {civilité} {nom}.")


if __name__ == "__main__":
    django.setup()
    seed()
