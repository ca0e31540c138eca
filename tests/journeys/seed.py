"""The Region of the journeys: `python -m tests.journeys.seed`, on the database of DATABASE_URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from guichet.organisation.models import Team

ALWAYS = {str(day): [["00:00", "23:59"]] for day in range(7)}  # hours: journeys are made at any
STUDENT, PASSWORD = "lea.marchand@courriel.example", "un mot de passe long"
PARENT = "sandrine.lacoste@courriel.example"

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
    from tests.factories import article, build_region, citizen_account

    region = build_region()
    region.root.hours = ALWAYS
    save_team(region.root, by=machine(GUICHET))
    article(owner=region.transport, wordings=CARD, related=["aide-permis"])
    article(
        "aide-permis", title="Aide au permis de conduire", kind="aid", owner=region.transport, aid=PERMIT, body=BODY,
        answer="La Région paie une partie du permis B.", uncertain="Le barème date de 2019 : vérifiez-le.",
        wordings=("aide permis", "financer mon permis b"),
    )  # fmt: skip
    create_agent("plume@agents.example", by=machine(GUICHET), password="un mot de passe long", is_editor=True,
                 first_name="Ana", last_name="Plume")  # fmt: skip
    _mobility(region.youth)
    _open(region.transport, "transport_scolaire.json")
    citizen_account(PARENT, password=PASSWORD, first_name="Sandrine", family_name="Lacoste")
    citizen_account(STUDENT, password=PASSWORD, first_name="Léa", family_name="Marchand")
    ReplyTemplate.objects.create(name="Perte", text="Bonjour {civilité} {nom}.")


def _mobility(team: Team) -> None:
    """A procedure of the demo Region, and the second pair of eyes of its service."""
    from guichet.accounts.actions import create_agent, join
    from guichet.accounts.machines import GUICHET, machine

    by = machine(GUICHET)
    _open(team, "mobilite_internationale.json")
    second = create_agent("maud@agents.example", by=by, password=PASSWORD, first_name="Maud", last_name="Lestage")
    join(second, team, by=by)


def _open(team: Team, file: str) -> None:
    """A procedure of the demo Region, of this team; open on the day of the journeys, whatever it is."""
    from datetime import date

    from guichet.accounts.machines import GUICHET, machine
    from guichet.demo.procedures import FOLDER, load
    from guichet.procedures.models import ProcedureVersion

    by = machine(GUICHET)
    procedure = load(FOLDER / file, by=by, reviewer=by)
    procedure.team = team
    procedure.save()
    version = ProcedureVersion.objects.get(pk=procedure.live_id)
    year = date.today().year
    version.body["windows"] = [{"opens": f"{year - 1}-01-01", "closes": f"{year + 1}-12-31", "label": "Année scolaire"}]
    version.save(update_fields=["body"])


if __name__ == "__main__":
    django.setup()
    seed()
