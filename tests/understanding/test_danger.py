"""A human at once: what must alarm does, what people say every day does not."""

from __future__ import annotations

import pytest

from guichet.understanding.danger import CARDS, Danger, signs_of_danger


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("J'ai envie d'en finir", Danger.LIFE),
        ("g plus envie de vivre", Danger.LIFE),
        ("mon ado veut mourir, il me l'a dit ce soir", Danger.LIFE),
        ("je vais venir tout casser dans vos bureaux", Danger.THREAT),
        ("je vais faire une bétise ce soir", Danger.LIFE),
        ("Mon mari me frappe devant les enfants", Danger.VIOLENCE),
        ("un homme suit les filles à la descente du car", Danger.VIOLENCE),
        ("ma fille se fait harceler", Danger.VIOLENCE),
        ("je suis battue par mon conjoint", Danger.VIOLENCE),
        ("il y a un homme armé devant le lycée", Danger.VIOLENCE),
        ("ma fille a 9 ans, elle est toute seule dans la rue", Danger.CHILD),
        ("mon fils de 8 ans n'est pas rentré du car", Danger.CHILD),
        ("Ça fait 2h que ma fille attend dehors, il fait nuit", Danger.CHILD),
        ("le chauffeur a laissé ma fille au bord de la route", Danger.CHILD),
        ("il y a le feu dans le car", Danger.ACCIDENT),
        ("le conducteur sent l'alcool", Danger.ACCIDENT),
        ("nous sommes à la rue avec un bébé", Danger.NEED),
        ("plus rien à manger depuis trois jours", Danger.NEED),
        ("je vais venir tout casser chez vous", Danger.THREAT),
        ("je sais où vous habitez", Danger.THREAT),
        ("je vais vous faire la peau", Danger.THREAT),
        ("jveu plu vivre, personne me comprend", Danger.LIFE),
        ("Mon cousin a une ceinture autour du cou, il ne veut pas ouvrir", Danger.LIFE),
        ("Ils seraient tous plus tranquilles sans moi", Danger.LIFE),
        ("Ma nièce se fait du mal, j'ai vu ses bras", Danger.LIFE),
        ("Quand vous lirez cette lettre, j'aurai sauté le pas", Danger.LIFE),
        ("Mon tuteur met sa main sur mes fesses dans la réserve", Danger.VIOLENCE),
        ("il garde mes papiers et me laisse pas sortir", Danger.VIOLENCE),
        ("Elle a des bleus sur les bras chaque lundi", Danger.VIOLENCE),
        ("Le car a déposé ma nièce dans un village inconnu", Danger.CHILD),
        ("une gamine en pleurs est seule sur le quai", Danger.CHILD),
        ("Le minibus est couché dans le fossé", Danger.ACCIDENT),
        ("la conductrice somnole, elle pique du nez", Danger.ACCIDENT),
        ("Des chutes de pierres devant l'arrêt", Danger.ACCIDENT),
        ("mon proprio a changé la serrure, mes affaires sont sur le trottoir", Danger.NEED),
        ("Elle n'a plus d'insuline et la pharmacie refuse", Danger.NEED),
        ("j'arrive avec un bidon d'essence", Danger.THREAT),
        ("un élève a un couteau dans son sac", Danger.THREAT),
    ],
)
def test_what_must_alarm(text: str, danger: Danger) -> None:
    assert danger in {sign.danger for sign in signs_of_danger(text)}
    assert danger in {sign.danger for sign in signs_of_danger(text.upper())}


@pytest.mark.parametrize(
    "text",
    [
        "Mon fils a perdu sa carte de bus",
        "Les frais de garde explosent",
        "L'arrêt est dangereux, le feu rouge est masqué",
        "combien elle va payer pour mon frère",
        "Je voudrais la formation aux premiers secours",
        "Nous menons une campagne de prévention du suicide dans les lycées",
        "C'est à mourir de rire",
        "Le car passe à 7 h 10, est-ce encore vrai ?",
        "Je veux en finir avec ce dossier",
        "Le lycée va tout refaire cet été",
        "Avons-nous le feu vert pour les travaux ?",
        "L'alarme incendie du lycée sonne pour rien",
        "Suite à l'incendie de 2021, où en est le dossier de reconstruction ?",
        "Mon hangar a pris feu l'an dernier, l'assurance demande une attestation",
        "Augmenter les loyers serait un suicide commercial",
        "Nous rénovons notre stand de tir à l'arc",
        "C'est du racket des abonnements, cette hausse",
        "Ce nouveau train est une petite bombe",
        "On est morts de faim quand le self ouvre enfin",
        "Notre pièce de théâtre sur le harcèlement cherche une aide",
        "Une formation de référent harcèlement est-elle prévue ?",
        "À partir de quel âge peut-on prendre le train tout seul ?",
        "Ma fille est bloquée sur le formulaire depuis deux jours",
        "Mon fils attend sa carte depuis trois semaines",
        "Il y a le feu au lac, ou je peux répondre lundi ?",
        "Explosion des prix de la cantine",
    ],
)
def test_what_must_not(text: str) -> None:
    assert signs_of_danger(text) == []


def test_each_danger_has_its_card_and_numbers() -> None:
    assert set(CARDS) == set(Danger)
    assert all(card.numbers for card in CARDS.values())


def test_a_danger_is_said_once_however_often_it_is_written() -> None:
    assert len(signs_of_danger("suicide suicide suicide")) == 1


def test_who_speaks_of_his_own_life_threatens_nobody() -> None:
    assert [sign.danger for sign in signs_of_danger("Je n'en peux plus, je vais me tuer.")] == [Danger.LIFE]
