"""Events said in French, for the history of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guichet.journal.models import Event

SAID = {
    "case.received": "Demande enregistrée",
    "case.routed": "Orientée vers {team_name}",
    "case.assigned": "Attribuée à {to_name}",
    "case.released": "Remise dans la file",
    "case.transferred": "Transférée de {from_name} à {to_name} : {reason}",
    "case.replied": "Réponse écrite",
    "case.noted": "Note ajoutée",
    "case.message": "Nouveau message reçu",
    "case.machine_message": "Message automatique reçu, sans effet sur la demande",
    "case.closed": "Demande clôturée",
    "case.reopened": "Demande rouverte",
    "case.waiting": "En attente de l'usager",
    "case.pieces_asked": "Pièces demandées, délai légal suspendu",
    "case.pieces_received": "Réponse reçue, les délais reprennent",
    "case.snoozed": "Endormie",
    "case.woken": "Réveillée",
    "case.merged": "Demande {absorbed} réunie à celle-ci",
    "case.unmerged": "Réunion avec {absorbed} annulée",
    "case.split": "Message séparé dans une nouvelle demande {new}",
    "case.linked": "Liée à la demande {other}",
    "case.transmitted": "Transmise à {body}",
    "case.topic_changed": "Sujet changé",
    "case.held": "Réponse d'attente envoyée",
    "case.abusive": "Écartée comme abusive ou indésirable",
    "case.receipt": "Accusé de réception envoyé",
    "case.registration": "Accusé d'enregistrement envoyé",
    "case.receipt_withheld": "Pas d'accusé : {why}",
    "case.reply_withdrawn": "Envoi annulé",
    "case.task_done": "Tâche faite",
    "case.read": "Demande consultée",
    "case.followed": "Suivi ouvert par l'usager",
    "case.reminded": "Relance envoyée",
    "delivery.failed": "Message non remis",
    "delivery.bounced": "Adresse refusée par le serveur du destinataire",
    "delivery.delayed": "Remise retardée",
    "delivery.retried": "Nouvel envoi demandé",
    "delivery.set_aside": "Échec d'envoi traité autrement",
    "inbound.replayed": "Message en quarantaine remis dans la file",
    "inbound.discarded": "Message en quarantaine écarté",
    "person.created": "Usager enregistré",
    "person.completed": "Fiche complétée",
    "person.changed": "Fiche modifiée",
    "person.point_added": "Coordonnée ajoutée",
    "person.point_verified": "Coordonnée vérifiée",
    "person.point_bad": "Coordonnée en échec",
    "person.consented": "Accord recueilli",
    "person.consent_withdrawn": "Accord retiré",
    "person.mandated": "Mandat enregistré",
    "person.not_same": "Personnes déclarées différentes",
    "person.merged": "Fiches fusionnées",
    "person.unmerged": "Fusion annulée",
    "account.created": "Compte créé",
    "account.joined": "Compte ajouté à une équipe",
    "account.deactivated": "Compte désactivé",
    "account.signed_in": "Connexion au bureau",
    "account.password_changed": "Mot de passe changé",
    "account.sessions_revoked": "Sessions fermées",
    "account.second_factor_on": "Vérification en deux étapes activée",
    "account.second_factor_off": "Vérification en deux étapes désactivée",
    "team.created": "Équipe créée",
    "team.changed": "Équipe modifiée",
    "topic.created": "Sujet créé",
    "topic.changed": "Sujet modifié",
    "topic.routed": "Sujet confié à une équipe",
    "closure.created": "Fermeture exceptionnelle enregistrée",
}


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def say(event: Event) -> str:
    """A sentence for the history; the bare verb when none is written for it."""
    return SAID.get(event.verb, event.verb).format_map(_Blank(event.data))
