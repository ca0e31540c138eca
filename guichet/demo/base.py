"""The demo Region's base of answers: the files of articles/, a few synonyms, the calendar of the season,
the small dialogues."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

from guichet.accounts.models import User
from guichet.knowledge.actions import build_indexes, import_articles, save_season, save_synonym
from guichet.knowledge.exchange import read
from guichet.knowledge.models import Article, Audience, SearchIndex, SeasonEvent, Synonym
from guichet.noa.actions import save_dialogue
from guichet.noa.models import Dialogue

DIALOGUES = Path(__file__).parent / "dialogues"
FOLDER = Path(__file__).parent / "articles"
SEED = 20261128
OF_A_TOPIC = 30  # wordings

# What people say and what the articles say, beyond what every base knows.
SYNONYMS = (
    ("autocar", "car"),
    ("bus scolaire", "car transport scolaire"),
    ("ramassage", "transport scolaire"),
    ("navigo", "carte de transport"),
    ("cantine", "restauration"),
    ("code de la route", "permis de conduire"),
    ("auto école", "permis de conduire"),
    ("outillage", "équipement professionnel"),
    ("caisse à outils", "équipement professionnel"),
    ("pc portable", "ordinateur"),
    ("colo", "bafa"),
    ("animateur", "bafa"),
    ("erasmus", "mobilité internationale étranger"),
    ("indemnité stagiaire", "rémunération stagiaire"),
    ("salaire formation", "rémunération formation"),
    ("ifsi", "formation sanitaire et sociale"),
    ("infirmière", "formation sanitaire et sociale"),
    ("aide soignante", "formation sanitaire et sociale"),
    ("amende", "procès-verbal contravention"),
    ("pv", "procès-verbal amende"),
    ("identifiant", "compte connexion"),
    ("mdp", "mot de passe"),
)

# (title, sentence, date shown, from, until, article, label of the link)
SEASON = (
    ("Vacances de Noël : pas de car scolaire", "Les lignes régulières et les TER circulent, avec des horaires d'hiver.",
     date(2026, 12, 19), date(2026, 11, 16), date(2027, 1, 3), "vacances-noel-car-scolaire", "Lire les dates"),
    ("Transport scolaire : inscrivez votre enfant avant le 20 juillet",
     "Après cette date, des frais s'ajoutent. Déjà inscrit ? Le renouvellement prend 3 minutes.",
     date(2027, 7, 20), date(2027, 5, 24), date(2027, 7, 20), "inscription-transport-scolaire",
     "Inscrire ou renouveler"),
)  # fmt: skip


def wordings_by_topic() -> list[tuple[str, str]]:
    """(text, topic): a share of what people ask of the articles of each topic, to teach the routing too."""
    said: dict[str, list[str]] = {}
    for article in read(FOLDER, "markdown"):
        if article.audience == Audience.CITIZEN and article.content.topics:
            said.setdefault(article.content.topics[0], []).extend(article.wordings)
    shuffle = random.Random(SEED)  # noqa: S311 (the same at each load)
    for texts in said.values():
        shuffle.shuffle(texts)
    return [(text, topic) for topic, texts in said.items() if "." in topic for text in texts[:OF_A_TOPIC]]


def load(by: User) -> None:
    """Nothing twice: a loading that was killed goes on from where it stood."""
    if not Article.objects.exists():
        done = import_articles(read(FOLDER, "markdown"), publish=True, by=by)
        if done.problems:
            raise ValueError("\n".join(done.problems))
    if not Synonym.objects.exists():
        for said, meant in SYNONYMS:
            save_synonym(Synonym(said=said, meant=meant), by=by)
    if not SeasonEvent.objects.exists():
        for title, text, day, first, last, code, label in SEASON:
            event = SeasonEvent(title=title, text=text, day=day, shown_from=first, shown_until=last, link_label=label)
            event.article = Article.objects.filter(code=code).first()
            save_season(event, by=by)
    if not Dialogue.objects.exists():
        for file in sorted(DIALOGUES.glob("*.toml")):
            save_dialogue(Dialogue(code=file.stem, source=file.read_text(encoding="utf-8")), by=by)
    if SearchIndex.objects.count() < 2:
        build_indexes(learn=False)  # found at once; the worker, asked by the import, then learns the wordings
