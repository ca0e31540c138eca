"""What a message adds: one row per way of quoting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.channels.email.quoting import fresh_text

OUTLOOK = "De : Région <demandes@region.example>\nEnvoyé : lundi 2 mars 2026 09:01\nÀ : Claire\nObjet : Votre demande\n"

ROWS = {
    "gmail": ("Oui.\n\nLe lun. 2 mars 2026 à 09:01, Région <d@region.example> a écrit :\n\n> Non ?\n", "Oui."),
    "gmail wrapped twice": ("Oui.\n\nLe lun. 2 mars 2026\nà 09:01, Région <d@r.example>\na écrit :\n> Non ?\n", "Oui."),
    "gmail, quote without marks": ("Oui.\n\nLe 2 mars 2026 à 09:01, Région a écrit :\n\nNon ?\nBonjour\n", "Oui."),
    "english": ("Yes.\n\nOn Mon, Mar 2, 2026 at 9:01 AM Region <d@r.example> wrote:\n> No?\n", "Yes."),
    "yahoo": ("Oui.\n\n Le lundi 2 mars 2026 à 09:01:13 UTC+1, Région <d@r.example> a écrit : \n\nNon ?", "Oui."),
    "name first": ("Oui.\nRégion <d@r.example> a écrit :\n> Non ?", "Oui."),
    "outlook": (f"Oui.\n\n________________________________\n{OUTLOOK}\nNon ?\n", "Oui."),
    "outlook bold": (f"Oui.\n\n{OUTLOOK.replace('De :', '*De :*').replace('Envoyé :', '*Envoyé :*')}\nNon ?", "Oui."),
    "outlook english": ("Yes.\n\nFrom: R <d@r.example>\nSent: Monday\nTo: C\nSubject: S\n\nNo?", "Yes."),
    "original message": ("Oui.\n\n-----Message d'origine-----\nDe : x\n\nNon ?", "Oui."),
    "orange": ('Oui.\n\n> Message du 02/03/26 09:01\n> De : "R" <d@r.example>\n> A : x\n> \n> Non ?', "Oui."),
    "sfr": ("Oui.\n\nMessage du : 02/03/2026 09:01\nDe : d@r.example\nA : x\nSujet : y\n\nNon ?", "Oui."),
    "our line": ("Oui.\n\n--- Répondez au-dessus de cette ligne ---\nNon ?", "Oui."),
    "our line quoted": ("Oui.\n\n> --- Répondre au-dessus de cette ligne ---\n> Non ?", "Oui."),
    "phone": ("Oui.\n\nEnvoyé de mon iPhone\n", "Oui."),
    "phone, english": ("Yes.\n\nSent from my Samsung Galaxy smartphone.", "Yes."),
    "outlook mobile": ("Oui.\n\nTéléchargez Outlook pour Android<https://aka.example/x>", "Oui."),
    "signature": ("Oui.\n-- \nClaire Martin\n05 49 00 00 00", "Oui."),
    "answer below": ("> Non ?\n\nOui, merci.\n", "Oui, merci."),
    "answers between": ("Le 2 mars 2026, R a écrit :\n> Ville ?\nAgen\n> École ?\nCurie\n", "Agen\nCurie"),
    "all quoted": ("> Oui\n> Non", "> Oui\n> Non"),
    "only history": (OUTLOOK + "\nNon ?", OUTLOOK + "\nNon ?"),
    "dash list": ("Voici :\n- le RIB\n- l'avis", "Voici :\n- le RIB\n- l'avis"),
    "posted letter": ("Envoyé par la Poste le 3 mars.\nMerci", "Envoyé par la Poste le 3 mars.\nMerci"),
    "from a place": ("Oui.\nDe : Agen à Pau, rien.\nMerci", "Oui.\nDe : Agen à Pau, rien.\nMerci"),
    "someone wrote": ("Mon maire m'a écrit :\nil refuse.", "Mon maire m'a écrit :\nil refuse."),
    "date at line start": ("Le 3 mars, je suis venue.\nPersonne.", "Le 3 mars, je suis venue.\nPersonne."),
    "below": ("Voir ci-dessous.\n\n> Ville ? Agen\n> École ? Curie et bien plus", None),
    "separator, not a signature": ("Un\n--\n" + "ligne\n" * 20, "Un\n--\n" + ("ligne\n" * 20).strip()),
    "blank": ("  \n \n", ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_fresh_text(name: str) -> None:
    text, expected = ROWS[name]
    assert fresh_text(text) == (text.strip() if expected is None else expected.strip())


@given(
    st.lists(st.sampled_from([*"\n>-_ é", "De : x\n", "Envoyé : y\n", "> ", "Le 2 a écrit :\n", "mot"]), max_size=40)
)
def test_never_empty_when_the_text_is_not(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert bool(fresh_text(text).strip()) == bool(text.strip())
