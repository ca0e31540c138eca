"""A small Region: one root, one service, a team that takes what is not routed, topics and a promise."""

from __future__ import annotations

from dataclasses import dataclass

from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.machines import forget as forget_machines
from guichet.organisation.actions import save_team, save_topic
from guichet.organisation.directory import forget as forget_directory
from guichet.organisation.models import Channel, Commitment, Team, Topic


@dataclass
class Region:
    root: Team
    service: Team
    unrouted: Team
    transport: Topic
    card: Topic


def make_region() -> Region:
    forget_machines()
    forget_directory()
    by = machine(GUICHET)
    root = save_team(
        Team(
            kind=Team.Kind.POLE, code="REG", name="Région", phone="0536491212", email="accueil@region.example",
            postal_address="14 rue François-de-Sourdis\n33077 Bordeaux Cedex",
            hours={str(day): [["08:30", "18:00"]] for day in range(5)},
        ),
        by=by,
    )  # fmt: skip
    service = save_team(Team(parent=root, code="TRA", name="Transports", public_name="Transports scolaires"), by=by)
    unrouted = save_team(Team(parent=root, code="ORI", name="À orienter", takes_unrouted=True), by=by)
    transport = save_topic(Topic(code="transport", label="Transport scolaire", icon="bus", team=service), by=by)
    card = save_topic(Topic(code="transport.carte", label="Carte perdue", parent=transport), by=by)
    Commitment.objects.create(channel=Channel.FORM, amount=5)
    forget_directory()
    return Region(root, service, unrouted, transport, card)
