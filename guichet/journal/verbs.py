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
    "case.file_infected": "Virus trouvé dans une pièce : fichier bloqué",
    "case.file_unscanned": "Pièce trop grosse pour l'antivirus : fichier bloqué",
    "case.task_done": "Tâche faite",
    "case.read": "Demande consultée",
    "case.followed": "Suivi ouvert par l'usager",
    "case.reminded": "Relance envoyée",
    "delivery.failed": "Message non remis",
    "delivery.bounced": "Adresse refusée par le serveur du destinataire",
    "delivery.delayed": "Remise retardée",
    "delivery.retried": "Nouvel envoi demandé",
}


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def say(event: Event) -> str:
    """A sentence for the history; the bare verb when none is written for it."""
    return SAID.get(event.verb, event.verb).format_map(_Blank(event.data))
