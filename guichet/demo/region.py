"""The demo Region: its teams, topics, promises, texts and agents. A plausible Nouvelle-Aquitaine, not the real chart.

Telephones are in the ranges kept for fiction (05 36 49, 06 39 98) and addresses end with `.example`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from guichet.accounts.actions import create_agent, join
from guichet.accounts.machines import GUICHET, machine
from guichet.accounts.models import User
from guichet.cases.actions.routing import add_examples, learn_routing, save_rule
from guichet.cases.models import Case, ReplyTemplate, RoutingModel, RoutingRule
from guichet.citizens.models import Account
from guichet.core.identifiers import DEPARTMENTS
from guichet.demo import base
from guichet.demo.dossiers import CITIZENS
from guichet.demo.procedures import load_procedures
from guichet.demo.topics import TOPICS, examples
from guichet.knowledge.models import SearchIndex
from guichet.organisation.actions import close_exceptionally, route_topic, save_team, save_topic
from guichet.organisation.models import Channel, Closure, Commitment, CompetentBody, Team, TeamAddress, Topic
from guichet.procedures.models import Dossier

PASSWORD = "guichet-demonstration"  # noqa: S105 (shown on screen by make run; the demo only)
DOMAIN = "nouvelle-aquitaine.example"
HOURS = {str(weekday): [["08:30", "18:00"]] for weekday in range(5)}

# (code, parent, level, name, name said to citizens)
TEAMS = (
    ("POL-TRA", "REG", "pole", "Pôle Transports et mobilités", ""),
    ("POL-FOR", "REG", "pole", "Pôle Formation et emploi", ""),
    ("POL-EDU", "REG", "pole", "Pôle Éducation et citoyenneté", ""),
    ("POL-ECO", "REG", "pole", "Pôle Développement économique et environnemental", ""),
    ("POL-EUR", "REG", "pole", "Pôle Europe et international", ""),
    ("POL-RES", "REG", "pole", "Pôle Ressources", ""),
    ("TRA-SCO", "POL-TRA", "directorate", "Direction des transports scolaires", ""),
    ("TRA-TER", "POL-TRA", "service", "Service TER et cars", "TER et cars régionaux"),
    ("EDU-JEU", "POL-EDU", "service", "Aides aux jeunes", "Aides aux jeunes"),
    ("EDU-LYC", "POL-EDU", "service", "Lycées", "Service des lycées"),
    ("EDU-CUL", "POL-EDU", "service", "Culture et patrimoine", "Culture et patrimoine"),
    ("EDU-SPO", "POL-EDU", "service", "Sport et vie associative", "Sport et vie associative"),
    ("FOR-PRO", "POL-FOR", "service", "Formation professionnelle", "Formation professionnelle"),
    ("FOR-APP", "POL-FOR", "service", "Apprentissage", "Apprentissage"),
    ("ECO-ENT", "POL-ECO", "service", "Aides aux entreprises", "Aides aux entreprises"),
    ("ECO-AGR", "POL-ECO", "service", "Agriculture", "Agriculture et forêt"),
    ("ECO-ENV", "POL-ECO", "service", "Environnement et énergie", "Environnement et énergie"),
    ("EUR-MOB", "POL-EUR", "service", "Mobilité internationale", "Mobilité internationale"),
    ("EUR-FON", "POL-EUR", "service", "Fonds européens", "Fonds européens"),
    ("RES-JUR", "POL-RES", "service", "Affaires juridiques", "Service juridique"),
    ("RES-DPO", "POL-RES", "service", "Protection des données", "Délégué à la protection des données"),
    ("RES-NUM", "POL-RES", "service", "Support des téléservices", "Aide aux services en ligne"),
    ("RES-ACH", "POL-RES", "service", "Achats et finances", "Marchés et factures"),
    ("RES-RH", "POL-RES", "service", "Ressources humaines", "Recrutement"),
    ("ACC-REL", "POL-RES", "team", "Relations avec les usagers", "Accueil de la Région"),
    ("ACC-URG", "POL-RES", "team", "Urgences", "Accueil de la Région"),
    ("ACC-ORI", "POL-RES", "team", "À orienter", "Accueil de la Région"),
)

TEMPLATES = (
    ("Attestation provisoire de transport", "transport_scolaire.carte",
     "Bonjour {civilité} {nom},\n\nVous trouverez ci-joint l'attestation provisoire de transport. Elle permet de "
     "voyager jusqu'à l'arrivée de la nouvelle carte.\n\nBonne journée,"),
    ("Délai d'un duplicata", "transport_scolaire.carte",
     "Bonjour {civilité} {nom},\n\nLa nouvelle carte est envoyée par courrier après le paiement. En attendant, "
     "l'attestation provisoire fait foi.\n\nBonne journée,"),
    ("Changement d'adresse enregistré", "transport_scolaire.inscription",
     "Bonjour {civilité} {nom},\n\nNous avons enregistré votre nouvelle adresse pour la demande N° {numéro}. Vous "
     "recevrez le nouveau circuit et l'arrêt.\n\nBonne journée,"),
    ("Aide au permis : conditions", "aide_jeune.permis",
     "Bonjour {civilité} {nom},\n\nL'aide au permis dépend de l'âge, du diplôme préparé et du revenu fiscal de "
     "référence par part. Joignez votre dernier avis d'imposition pour que nous calculions le montant.\n\nBonne "
     "journée,"),
    ("Réponse d'attente", "",
     "Bonjour {civilité} {nom},\n\nNous étudions votre demande N° {numéro}. Elle demande une vérification auprès "
     "d'un autre service. Nous revenons vers vous dès que nous avons sa réponse.\n\nBonne journée,"),
)  # fmt: skip

# (name, topic, conditions)
RULES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Presse quotidienne", "accueil.presse", {"senders": ["sudouest.example", "francebleu.example"]}),
    ("Factures de Chorus", "entreprise.marches", {"senders": ["chorus.example"]}),
    ("Recours par lettre recommandée", "droits.recours_gracieux",
     {"words": ["recours gracieux", "recours administratif"], "channels": [Channel.PAPER]}),
)  # fmt: skip

# (address, first name, name, capacity, teams, supervisor, more)
AGENTS: tuple[tuple[str, str, str, str, tuple[str, ...], bool, dict[str, Any]], ...] = (
    ("nadia.belkacem", "Nadia", "Belkacem", "Conseillère transport scolaire", ("TRA-17", "TRA-33", "ACC-ORI"), False,
     {}),
    ("lea.martin", "Léa", "Martin", "Conseillère transport scolaire", ("TRA-17", "TRA-24"), False, {}),
    ("thomas.etcheverry", "Thomas", "Etcheverry", "Conseiller transport scolaire", ("TRA-64", "TRA-40"), False, {}),
    ("julie.carrere", "Julie", "Carrère", "Conseillère aides aux jeunes", ("EDU-JEU", "EUR-MOB"), False,
     {"clearance": 1}),
    ("julien.faure", "Julien", "Faure", "Instructeur",
     ("EUR-MOB", "EDU-JEU", "FOR-APP", "FOR-PRO", "EDU-SPO", "TRA-SCO"),
     False,
     {"clearance": 1}),
    ("maud.lestage", "Maud", "Lestage", "Instructrice",
     ("EUR-MOB", "EDU-JEU", "FOR-APP", "FOR-PRO", "EDU-SPO", "TRA-SCO"),
     False,
     {"clearance": 1}),
    ("marc.delage", "Marc", "Delage", "Conseiller formation", ("FOR-PRO", "FOR-APP"), False, {"clearance": 1}),
    ("ines.poitevin", "Inès", "Poitevin", "Responsable des transports scolaires",
     ("POL-TRA", "ACC-ORI", "ACC-URG"), True,
     {"clearance": 1}),
    ("claire.faure", "Claire", "Faure", "Juriste", ("RES-JUR", "RES-DPO"), False, {"clearance": 2}),
    ("camille.redon", "Camille", "Redon", "Rédactrice de la base de réponses", ("ACC-REL",), False,
     {"is_editor": True}),
    ("hugo.vallee", "Hugo", "Vallée", "Rédacteur, guide des aides", ("EDU-JEU",), False, {"is_editor": True}),
    ("sam.admin", "Sam", "Lafon", "Administrateur", (), False,
     {"clearance": 2, "is_administrator": True, "is_mailroom": True}),
)  # fmt: skip

_OF_DEPARTMENTS = ("departement_rsa", "college", "transport_handicap")
# Name, competence, departments (none: everywhere), topics of « hors compétence » they answer for.
BODIES: tuple[tuple[str, str, list[str], tuple[str, ...]], ...] = (
    ("Département de la Charente-Maritime", "Collèges, transport des élèves en situation de handicap, RSA", ["17"],
     _OF_DEPARTMENTS),
    ("Département de la Gironde", "Collèges, transport des élèves en situation de handicap, RSA", ["33"],
     _OF_DEPARTMENTS),
    ("CROUS", "Bourses sur critères sociaux et logement étudiant", [], ("crous",)),
    ("France Travail", "Allocations et accompagnement des demandeurs d'emploi", [], ("france_travail",)),
    ("Agence nationale des titres sécurisés", "Titres : permis de conduire, carte grise, passeport", [], ("titres",)),
)  # fmt: skip


def build() -> None:
    """Everything but the persons and their cases, through the ordinary actions."""
    by = machine(GUICHET)
    with transaction.atomic():
        _build(by)
    finish()


def finish() -> None:
    """What is learnt, which takes seconds: in no transaction, since watchers of the journal wait for the oldest one."""
    if not RoutingModel.objects.exists():
        learn_routing(by=machine(GUICHET))
    base.load(machine(GUICHET))
    load_procedures(by=machine(GUICHET), reviewer=machine(GUICHET))


def is_here() -> bool:
    """The teams and agents of this Region, not those of a real one."""
    return User.objects.filter(email=f"{AGENTS[0][0]}@agents.{DOMAIN}").exists()


def is_whole() -> bool:
    return (
        RoutingModel.objects.exists()
        and Case.objects.exists()
        and SearchIndex.objects.exists()
        and Dossier.objects.exists()
    )


def _build(by: User) -> None:
    teams = _teams(by)
    topics = _topics(by, teams)
    Commitment.objects.bulk_create(
        [
            Commitment(channel=Channel.EMAIL, amount=5),
            Commitment(channel=Channel.FORM, amount=5),
            Commitment(channel=Channel.PORTAL, amount=5),
            Commitment(channel=Channel.CHAT, amount=5),
            Commitment(channel=Channel.PAPER, amount=15),
            Commitment(channel=Channel.PHONE, amount=8, unit=Commitment.Unit.WORKING_HOURS),
        ]
    )
    ReplyTemplate.objects.bulk_create(
        [
            ReplyTemplate(name=name, topic=topics.get(code), text=text, checked_on=date(2026, 6, 2))
            for name, code, text in TEMPLATES
        ]
    )
    CompetentBody.objects.bulk_create(
        [
            CompetentBody(name=name, competence=what, departments=where, email=f"contact{n}@organisme.example")
            for n, (name, what, where, _) in enumerate(BODIES)
        ]
    )
    bodies = {body.name: body for body in CompetentBody.objects.all()}
    for name, _, _, codes in BODIES:
        bodies[name].topics.set(topics[f"hors_competence.{code}"] for code in codes)
    close_exceptionally(
        Closure(first_day=date(2027, 5, 7), last_day=date(2027, 5, 7), reason="Pont de l'Ascension"), by=by
    )
    _agents(by, teams)
    _routing(by)


def _teams(by: User) -> dict[str, Team]:
    root = Team(
        code="REG", kind=Team.Kind.POLE, name="Région Nouvelle-Aquitaine", phone="05 36 49 12 12",
        email=f"contact@{DOMAIN}", postal_address="14 rue François-de-Sourdis\n33077 Bordeaux Cedex", hours=HOURS,
    )  # fmt: skip
    teams = {"REG": save_team(root, by=by)}
    for position, (code, parent, kind, name, said) in enumerate(TEAMS):
        team = Team(code=code, kind=kind, name=name, public_name=said, parent=teams[parent], position=position)
        team.takes_unrouted = code == "ACC-ORI"
        teams[code] = save_team(team, by=by)
    for code, name in DEPARTMENTS.items():
        team = Team(
            code=f"TRA-{code}", parent=teams["TRA-SCO"], name=f"Transport scolaire {code}", departments=[code],
            public_name=f"Transports scolaires, {name}", email=f"transports{code}@{DOMAIN}",
        )  # fmt: skip
        teams[team.code] = save_team(team, by=by)
    for code, mailbox in (("EDU-JEU", "jeunes"), ("EUR-MOB", "mobilite"), ("FOR-PRO", "formation"), ("TRA-TER", "ter")):
        TeamAddress.objects.create(team=teams[code], address=f"{mailbox}@{DOMAIN}")
    return teams


def _topics(by: User, teams: dict[str, Team]) -> dict[str, Topic]:
    topics: dict[str, Topic] = {}
    read_first = {"droits.recours_gracieux"}  # answers to these are approved before they leave
    for position, row in enumerate(TOPICS):
        topics[row.code] = save_topic(
            Topic(
                code=row.code, parent=topics.get(row.parent), label=row.label, citizen_label=row.words,
                needs_approval=row.code in read_first, icon=row.icon,
                nature=row.nature, silence="rejection" if row.months else "none", silence_months=row.months or None,
                team=teams[row.team] if row.team else None, asks_department=row.asks_department,
                sensitivity=row.sensitivity, is_active=row.proposed, position=position,
            ),
            by=by,
        )  # fmt: skip
    for department in DEPARTMENTS:
        route_topic(topics["transport_scolaire"], department, teams[f"TRA-{department}"], by=by)
    return topics


def _routing(by: User) -> None:
    """Teach the routing with the messages written for it, and a few rules as an administrator would write them."""
    named = [(f"{row.label}. {row.words}", row.code) for row in TOPICS if row.parent]
    add_examples([*examples(), *base.wordings_by_topic(), *named], by=by)
    topics = {topic.code: topic for topic in Topic.objects.all()}
    for name, topic, conditions in RULES:
        save_rule(RoutingRule(name=name, topic=topics[topic], **conditions), by=by)


def _agents(by: User, teams: dict[str, Team]) -> None:
    for login, first, last, capacity, codes, supervisor, more in AGENTS:
        user = create_agent(
            f"{login}@agents.{DOMAIN}", by=by, password=PASSWORD, first_name=first, last_name=last, capacity=capacity,
            **more,
        )  # fmt: skip
        for code in codes:
            join(user, teams[code], by=by, role="supervisor" if supervisor else "agent")


def accounts() -> list[str]:
    """One line for each demo account, as `make run` prints them."""
    lines = [
        f"{login}@agents.{DOMAIN}   {capacity.lower()}"
        for login, _, _, capacity, *_ in AGENTS
        if User.objects.filter(email=f"{login}@agents.{DOMAIN}").exists()
    ]
    if Account.objects.filter(email=CITIZENS[0][0]).exists():
        lines += [f"{email}   usager, {first} {family}" for email, first, family, *_ in CITIZENS]
    return [*lines, f"mot de passe de tous : {PASSWORD}"] if lines else []
