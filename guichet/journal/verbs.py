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
    "case.pieces_asked": "Pièces demandées",
    "case.pieces_received": "Réponse reçue, les délais reprennent",
    "case.snoozed": "Endormie",
    "case.woken": "Réveillée",
    "case.merged": "Demande {absorbed} réunie à celle-ci",
    "case.merged_into": "Réunie à la demande {survivor}",
    "case.unmerged": "Réunion avec {absorbed} annulée",
    "case.unmerged_from": "Réunion à la demande {survivor} annulée",
    "case.split": "Message séparé dans une nouvelle demande {new}",
    "case.linked": "Liée à la demande {other}",
    "case.unlinked": "N'est plus liée à la demande {other}",
    "case.pieces_overdue": "Pièces non reçues à la date fixée, le délai légal reprend",
    "case.no_reaction": "Sans réaction de l'usager : la demande revient à l'agent",
    "case.transmitted": "Transmise à {body}",
    "case.topic_changed": "Sujet changé",
    "case.held": "Réponse d'attente envoyée",
    "case.abusive": "Écartée comme abusive ou indésirable",
    "case.receipt": "Accusé de réception envoyé",
    "case.registration": "Accusé d'enregistrement envoyé",
    "case.receipt_withheld": "Pas d'accusé : {why}",
    "case.reply_withdrawn": "Envoi annulé",
    "case.other_channel": "Répondu par un autre canal que celui demandé : {used} au lieu de {wanted}",
    "case.refusal_overridden": "Répondu par e-mail malgré le refus des réponses électroniques : {reason}",
    "case.letter_posted": "Courrier posté le {day}",
    "case.file_infected": "Virus trouvé dans une pièce : fichier bloqué",
    "case.file_unscanned": "Pièce trop grosse pour l'antivirus : fichier bloqué",
    "case.task_done": "Tâche faite",
    "case.read": "Demande consultée",
    "case.followed": "Suivi ouvert par l'usager",
    "case.reminded": "Relance envoyée",
    "person.created": "Fiche créée",
    "person.completed": "Fiche complétée",
    "person.changed": "Fiche corrigée",
    "person.read": "Fiche consultée",
    "person.point_added": "Coordonnée ajoutée",
    "person.point_corrected": "Coordonnée corrigée",
    "person.point_removed": "Coordonnée retirée",
    "person.point_verified": "Coordonnée vérifiée : {how}",
    "person.point_bad": "Adresse refusée par le serveur du destinataire",
    "person.consented": "Consentement donné",
    "person.consent_withdrawn": "Consentement retiré",
    "person.mandated": "Mandat enregistré",
    "person.mandate_ended": "Mandat retiré",
    "person.merged": "Une autre fiche est réunie à celle-ci",
    "person.merged_into": "Fiche réunie à une autre",
    "person.unmerged": "Réunion de fiches annulée",
    "person.unmerged_from": "Réunion à une autre fiche annulée",
    "person.not_same": "Distinguée d'une autre personne",
    "delivery.failed": "Message non remis",
    "delivery.bounced": "Adresse refusée par le serveur du destinataire",
    "delivery.delayed": "Remise retardée",
    "delivery.retried": "Nouvel envoi demandé",
    "delivery.set_aside": "Échec d'envoi traité autrement",
    "routing.rule_saved": "Règle d'orientation enregistrée : {name}",
    "routing.rule_deleted": "Règle d'orientation supprimée : {name}",
    "routing.rules_ordered": "Règles d'orientation réordonnées",
    "routing.examples_added": "{count} exemples ajoutés à l'orientation",
    "routing.learnt": "Orientation apprise sur {examples} exemples",
    "routing.version_chosen": "Version de l'orientation remise en service",
    "inbound.replayed": "Message en quarantaine remis dans la file",
    "inbound.discarded": "Message en quarantaine écarté",
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
