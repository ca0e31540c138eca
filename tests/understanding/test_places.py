"""The department a message is from, by the postcode its writer gives."""

from __future__ import annotations

import pytest

from guichet.understanding.places import department_said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mon fils prend le car à Marennes (17320).", "17"),
        ("Sandrine Lacoste\n4 rue des Lilas\n33500 Libourne", "33"),
        ("code postal : 64100", "64"),
        ("J'habite La Rochelle 17000. Que faire ?", "17"),
        ("Dossier 17320, Facture 33500, Référence 64100", ""),
        ("Carte 17320 €", ""),
        ("J'habite 86000 POITIERS et je travaille 86100 Châtellerault", "86"),
        ("de Niort (79000) à Saintes (17100)", ""),  # two: nobody knows
        ("à Toulouse (31000)", ""),  # not of the Region
        ("J'ai payé 17320 euros", ""),
        ("Demande 1617320, dossier 33500", ""),
        ("Montant 17 320 Euros, puis 17320 Euros", ""),
        ("", ""),
    ],
)
def test_department_said(text: str, said: str) -> None:
    assert department_said(text) == said
