"""The topics of the demo Region: one tree for the form, the routing and the base of answers.

Each row: (code, label, in citizens' words, nature, silence, months, team, by department, sensitivity, proposed).
Domains (no dot) hold the icon and the team; what a topic leaves blank comes from its domain.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    code: str
    label: str
    words: str = ""
    nature: str = "information"
    months: int = 0  # of silence, which then means rejection; 0: no effect
    team: str = ""
    asks_department: bool = False
    sensitivity: int = 0
    proposed: bool = True  # in the citizens' form
    icon: str = ""

    @property
    def parent(self) -> str:
        return self.code.rpartition(".")[0]


TOPICS = (
    Row("transport_scolaire", "Transport scolaire", "Le transport scolaire de mon enfant", team="TRA-SCO",
        asks_department=True, icon="bus"),
    Row("transport_scolaire.carte", "Carte et duplicata", "Une carte perdue, volée ou non reçue", asks_department=True),
    Row("transport_scolaire.inscription", "Inscription", "Inscrire mon enfant ou changer d'adresse", "demand", 2,
        asks_department=True),
    Row("transport_scolaire.tarif", "Tarif et remboursement", "Le tarif, des frais, un remboursement", "demand", 2,
        asks_department=True),
    Row("transport_scolaire.paiement", "Paiement", "Payer, une facture, une relance", asks_department=True),
    Row("transport_scolaire.horaire_arret", "Horaires et arrêts", "Un horaire, un retard, un point d'arrêt", "report",
        asks_department=True),
    Row("ter", "TER et cars", "Le TER et les cars régionaux", team="TRA-TER", icon="train-front"),
    Row("ter.trafic", "Trafic et retards", "Un retard, un train supprimé", "report"),
    Row("ter.billet", "Billets et abonnements", "Un billet, un abonnement, une amende"),
    Row("ter.carte_solidaire", "Carte solidaire", "La carte solidaire", "demand", 2),
    Row("ter.objet_perdu", "Objets perdus", "Un objet oublié"),
    Row("ter.cars", "Cars interurbains", "Un car régional"),
    Row("aide_jeune", "Aides aux jeunes", "Une aide pour les jeunes", "demand", 2, team="EDU-JEU", icon="car"),
    Row("aide_jeune.permis", "Permis de conduire", "L'aide au permis de conduire", "demand", 2),
    Row("aide_jeune.permis.suivi", "Suivi d'un dossier permis", "Où en est mon dossier de permis ?", proposed=False),
    Row("aide_jeune.bafa", "BAFA, BAFD, BNSSA", "L'aide au BAFA", "demand", 2),
    Row("aide_jeune.autre", "Autres aides aux jeunes", "Une autre aide"),
    Row("lycee", "Lycées", "Le lycée : équipement, cantine, internat", team="EDU-LYC", icon="backpack"),
    Row("lycee.equipement_pro", "Premier équipement professionnel", "L'équipement professionnel", "demand", 2),
    Row("lycee.restauration", "Restauration", "La cantine du lycée"),
    Row("lycee.internat", "Internat", "L'internat"),
    Row("lycee.batiment", "Bâtiments", "Les bâtiments, le chauffage, les travaux", "report"),
    Row("lycee.manuels", "Manuels", "Les manuels scolaires"),
    Row("mobilite_internationale", "Études et stages à l'étranger", "Partir étudier ou travailler à l'étranger",
        "demand", 2, team="EUR-MOB", icon="plane"),
    Row("mobilite_internationale.stage", "Stage à l'étranger", "Un stage à l'étranger", "demand", 2),
    Row("mobilite_internationale.etudes", "Études à l'étranger", "Des études à l'étranger", "demand", 2),
    Row("mobilite_internationale.autre", "Autre séjour", "Un autre séjour"),
    Row("formation", "Formation professionnelle", "Trouver ou financer une formation", team="FOR-PRO",
        icon="graduation-cap"),
    Row("formation.recherche", "Trouver une formation", "Trouver une formation"),
    Row("formation.remuneration", "Rémunération des stagiaires", "Ma rémunération de stagiaire"),
    Row("formation.bourse_sanitaire_social", "Bourse sanitaire et sociale", "La bourse sanitaire et sociale", "demand",
        2),
    Row("formation.vae", "VAE", "La validation des acquis (VAE)", "demand", 2),
    Row("formation.pieces", "Pièces d'un dossier", "Un document de mon dossier"),
    Row("formation.fonds_social", "Fonds social formation", "Une difficulté pendant ma formation", "demand", 2,
        sensitivity=1),
    Row("apprentissage", "Apprentissage", "L'apprentissage et ses aides", "demand", 2, team="FOR-APP",
        icon="hand-coins"),
    Row("apprentissage.bourse", "Bourse et aides aux apprentis", "Une aide pour un apprenti", "demand", 2),
    Row("apprentissage.contrat", "Contrat et CFA", "Le contrat, le CFA"),
    Row("entreprise", "Entreprises", "Une aide pour mon entreprise", "demand", 2, team="ECO-ENT", icon="factory"),
    Row("entreprise.creation_tpe", "Création et reprise", "Créer ou reprendre une entreprise", "demand", 2),
    Row("entreprise.aide", "Aides au développement", "Développer mon entreprise", "demand", 2),
    Row("entreprise.marches", "Marchés et factures", "Un marché public, une facture", team="RES-ACH"),
    Row("agriculture", "Agriculture", "Une aide agricole", "demand", 2, team="ECO-AGR", icon="tractor"),
    Row("agriculture.installation", "Installation", "M'installer", "demand", 2),
    Row("agriculture.investissement", "Investissement", "Investir dans mon exploitation", "demand", 2),
    Row("culture", "Culture", "Une aide pour un projet culturel", "demand", 2, team="EDU-CUL", icon="library"),
    Row("culture.subvention", "Subvention culturelle", "Une subvention culturelle", "demand", 2),
    Row("sport", "Sport", "Une aide pour un club", "demand", 2, team="EDU-SPO", icon="users-round"),
    Row("sport.subvention", "Subvention sportive", "Une subvention sportive", "demand", 2),
    Row("environnement", "Environnement", "L'énergie, l'environnement", team="ECO-ENV", icon="lightbulb"),
    Row("environnement.aide", "Aides et signalements", "Une aide, une pollution"),
    Row("europe", "Fonds européens", "Financer un projet avec l'Europe", team="EUR-FON", icon="euro"),
    Row("europe.fonds", "FEDER, FSE, LEADER", "Un dossier européen"),
    Row("droits", "Mes droits", "Contester une décision, obtenir un document", team="RES-JUR", icon="landmark"),
    Row("droits.recours_gracieux", "Recours gracieux", "Contester une décision", "appeal", 2),
    Row("droits.cada", "Communication d'un document", "Obtenir un document administratif", "cada", 1),
    Row("droits.donnees", "Données personnelles", "Mes données personnelles", "rights", 1, team="RES-DPO",
        sensitivity=2),
    Row("droits.algorithme", "Explication d'un calcul", "Comprendre un calcul"),
    Row("droits.accessibilite", "Accessibilité", "Un site ou un document inaccessible", "complaint"),
    Row("compte", "Mon compte en ligne", "Mon compte, une panne du site", team="RES-NUM", icon="user-round"),
    Row("compte.connexion", "Connexion", "Je n'arrive pas à me connecter"),
    Row("compte.bug", "Panne du site", "Le site ne marche pas", "report"),
    Row("accueil", "Accueil", "Joindre la Région", team="ACC-REL", proposed=False, icon="phone"),
    Row("accueil.rendez_vous", "Horaires et rendez-vous", proposed=False),
    Row("accueil.elus", "Élus et cabinet", proposed=False),
    Row("accueil.presse", "Presse et droits d'image", proposed=False),
    Row("accueil.recrutement", "Recrutement", team="RES-RH", sensitivity=2, proposed=False),
    Row("accueil.remerciement", "Remerciement", proposed=False),
    Row("hors_competence", "Hors compétence", "Ce qui dépend d'un autre organisme", team="ACC-REL", proposed=False,
        icon="forward"),
    Row("hors_competence.departement_rsa", "Département : RSA, APA, MDPH", proposed=False),
    Row("hors_competence.college", "Département : collèges", proposed=False),
    Row("hors_competence.transport_handicap", "Département : transport des élèves handicapés", proposed=False),
    Row("hors_competence.crous", "CROUS : bourses et logement étudiants", proposed=False),
    Row("hors_competence.titres", "État : titres et permis", proposed=False),
    Row("hors_competence.france_travail", "France Travail", proposed=False),
    Row("hors_competence.commune", "Commune ou agglomération", proposed=False),
    Row("hors_competence.etat", "État et organismes sociaux", proposed=False),
    Row("urgence", "Urgences", team="ACC-URG", sensitivity=1, proposed=False, icon="triangle-alert"),
    Row("urgence.personne", "Personne en danger", team="ACC-URG", sensitivity=1, proposed=False),
    Row("autre", "Autre sujet", "Autre chose, ou je ne sais pas", icon="circle-help"),
)  # fmt: skip


def examples() -> list[tuple[str, str]]:
    """(text, topic) of every message written to teach the routing: the files of examples/."""
    found: list[tuple[str, str]] = []
    for file in sorted((Path(__file__).parent / "examples").glob("*.txt")):
        topic = ""
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                topic = line[2:].strip()
            elif line.strip():
                found.append((line.strip(), topic))
    return found
