"""What the citizens of the demo write. Written for it; every name is invented."""

from __future__ import annotations

FIRST_NAMES = (
    "Sandrine", "Camille", "Odette", "Fatou", "Yanis", "Claire", "Thierry", "Inès", "Lucas", "Monique", "Karim",
    "Élodie", "Jean-Marc", "Maïté", "Léo", "Aurore", "Bixente", "Nathalie", "Hugo", "Zoé", "Patrick", "Amina",
    "Guillaume", "Chloé", "Rémi", "Françoise", "Mehdi", "Julien", "Noémie", "Gérard", "Anaïs", "Étienne",
)  # fmt: skip
FAMILY_NAMES = (
    "Lacoste", "Duprat", "Barrière", "Ndiaye", "Boucher", "Duhalde", "Castaing", "Etchegaray", "Lafargue", "Bordenave",
    "Mounier", "Dubreuil", "Sarrazin", "Chauvin", "Peyrat", "Laborde", "Giraud", "Benali", "Rougier", "Delmas",
    "Faucher", "Marchive", "Capdeville", "d'Arche", "Le Goff", "Saint-Martin", "Texier", "Vignaud", "Nouhaud", "Pouyet",
)  # fmt: skip
TOWNS = (
    ("16000", "Angoulême"), ("16200", "Jarnac"), ("17320", "Marennes"), ("17000", "La Rochelle"), ("19100", "Brive"),
    ("23000", "Guéret"), ("24310", "Brantôme"), ("24100", "Bergerac"), ("33000", "Bordeaux"), ("33500", "Libourne"),
    ("40000", "Mont-de-Marsan"), ("47000", "Agen"), ("64100", "Bayonne"), ("64000", "Pau"), ("79000", "Niort"),
    ("86000", "Poitiers"), ("87000", "Limoges"), ("87200", "Saint-Junien"),
)  # fmt: skip
STREETS = ("chemin des Grives", "rue du Marché", "impasse des Acacias", "avenue de la Gare", "route de l'Océan")

# topic → (subject, text)
LETTERS: dict[str, tuple[tuple[str, str], ...]] = {
    "transport_scolaire.carte": (
        ("Carte de car perdue", "Bonjour,\nMon fils a perdu sa carte de car vendredi. Peut-il monter lundi sans carte, "
         "et comment en commander une autre ?\nMerci d'avance."),
        ("Carte non reçue", "Bonjour, nous sommes à une semaine de la rentrée et la carte de ma fille n'est toujours "
         "pas arrivée. L'inscription est payée depuis juillet."),
        ("Attestation qui ne s'imprime pas", "La page reste blanche quand j'ouvre l'attestation provisoire, avec deux "
         "navigateurs différents. Pouvez-vous me l'envoyer par mail ?"),
    ),
    "transport_scolaire.inscription": (
        ("Déménagement en cours d'année", "Bonjour, nous déménageons le mois prochain dans une autre commune. Faut-il "
         "refaire toute l'inscription au transport scolaire ?"),
        ("Garde alternée : deux adresses", "Mes enfants vivent une semaine sur deux chez leur père. Peut-on les "
         "inscrire sur deux circuits ?"),
    ),
    "transport_scolaire.tarif": (
        ("Remboursement", "Nous n'avons finalement pas utilisé le car cette année. Comment obtenir le remboursement ? "
         "Je joins la carte et un RIB."),
        ("Frais de dossier après la date", "L'affectation au lycée est arrivée après la date limite. Je demande à ne "
         "pas payer les frais de dossier."),
    ),
    "transport_scolaire.horaire_arret": (
        ("Car passé en avance", "Le car est passé dix minutes en avance ce matin, trois enfants sont restés au bord de "
         "la route."),
        ("Demande de point d'arrêt", "Nous sommes quatre familles dans le hameau et l'arrêt le plus proche est à plus "
         "d'un kilomètre sur une route sans trottoir."),
    ),
    "ter": (
        ("Objet oublié dans le train", "J'ai oublié un sac bleu dans le train de 18 h 12 entre Bordeaux et Agen."),
        ("Trains supprimés", "Le train de 7 h 05 a été supprimé trois fois cette semaine. Quelle indemnisation ?"),
    ),
    "aide_jeune.permis": (
        ("Aide au permis", "Bonjour, j'ai 19 ans et je viens d'avoir mon CAP. Est-ce que j'ai droit à l'aide au permis "
         "et quels papiers faut-il ?"),
        ("Où en est mon aide ?", "J'ai envoyé mon dossier d'aide au permis il y a deux mois et je n'ai pas de "
         "nouvelles. Mon auto-école attend."),
    ),
    "aide_jeune.bafa": (("Aide BAFA", "Bonjour, je commence mon BAFA en avril, à quel moment faut-il demander "
                           "l'aide ?"),),
    "lycee": (
        ("Premier équipement", "Mon fils entre en seconde bac pro cuisine. Comment reçoit-on l'équipement "
         "professionnel ?"),
        ("Tarif de la cantine", "Le tarif de la demi-pension a changé sans explication. Pouvez-vous me dire comment il "
         "est calculé ?"),
    ),
    "mobilite_internationale": (
        ("Stage en Espagne", "Je pars huit semaines en stage à Bilbao. Dois-je déposer le dossier avant le départ ?"),
        ("Dernier versement", "J'ai envoyé l'attestation de fin de stage. Quand le dernier tiers est-il versé ?"),
    ),
    "formation": (("Formation d'aide-soignante", "Je suis en recherche d'emploi et je voudrais entrer en formation "
                   "d'aide-soignante. Qui finance ?"),),
    "formation.fonds_social": (("Difficulté de logement", "Je suis en formation et je dois quitter mon logement à la "
                                "fin du mois. Mon référent m'a parlé du fonds social."),),
    "apprentissage": (("Aide aux apprentis", "Mon apprentissage commence en septembre à 60 km de chez moi. Existe-t-il "
                       "une aide pour l'hébergement ?"),),
    "entreprise": (("Création d'un commerce", "J'ouvre une épicerie dans un bourg de 900 habitants. Quelles aides "
                     "peut-on cumuler ?"),),
    "agriculture": (("Installation", "Je reprends l'exploitation de mes parents en maraîchage. À qui adresser le "
                     "dossier d'installation ?"),),
    "europe": (("Projet associatif", "Notre association prépare un projet d'inclusion numérique. Un fonds européen "
                "peut-il le soutenir ?"),),
    "droits.recours_gracieux": (
        ("Contestation d'un refus", "Je conteste le refus du 3 de ce mois. Les revenus pris en compte ne sont pas les "
         "bons : je joins mon avis d'imposition."),
    ),
    "droits.cada": (("Copie d'un marché", "Je demande communication du rapport d'analyse des offres du marché de "
                     "transport de mon canton."),),
    "": (
        ("Question", "Bonjour, je ne sais pas à qui m'adresser. Mon enfant en situation de handicap n'a plus de taxi "
         "pour le collège."),
        ("Demande de renseignements", "Bonjour, pouvez-vous me rappeler ?"),
        ("Bonjour", "Bonjour, je vous ai écrit la semaine dernière au sujet de ce que vous savez. Merci de faire le "
         "nécessaire."),
        ("Suite à notre échange", "Comme convenu, voici ce que vous m'aviez demandé. Bonne réception."),
    ),
}  # fmt: skip
ANSWERS = (
    "Bonjour,\n\nVotre demande est bien enregistrée. Voici ce qu'il faut faire : ouvrez votre espace, choisissez "
    "« Mes demandes », puis « Modifier ». Si la page ne répond pas, dites-le-nous ici.\n\nBonne journée,",
    "Bonjour,\n\nOui, c'est possible. Le document part aujourd'hui ; il arrive sous une semaine.\n\nBonne journée,",
    "Bonjour,\n\nNous avons vérifié votre dossier : il est complet. La prochaine étape est indiquée dans votre "
    "espace.\n\nBonne journée,",
    "Bonjour,\n\nMerci pour votre message. Après vérification auprès du transporteur, l'horaire est corrigé depuis "
    "ce matin.\n\nBonne journée,",
)
NOTES = (
    "Appelé le transporteur : il rappelle demain matin.",
    "Vu avec le service : dossier complet, rien à redemander.",
    "Deuxième message sur le même sujet, voir la demande liée.",
)
