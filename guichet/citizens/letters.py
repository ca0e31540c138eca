"""What is written to the address of an account. Never a password, never who asked."""

from __future__ import annotations

from django.conf import settings

from guichet.citizens.models import SignInLink
from guichet.outbox.actions import Letter

Purpose = SignInLink.Purpose
MINUTES = {Purpose.OPEN: 24 * 60, Purpose.SIGN_IN: 15, Purpose.PASSWORD: 30, Purpose.EMAIL: 60}
SUBJECTS = {
    Purpose.OPEN: "Ouvrez votre compte Mes Démarches",
    Purpose.SIGN_IN: "Votre lien de connexion à Mes Démarches",
    Purpose.PASSWORD: "Choisissez votre mot de passe",
    Purpose.EMAIL: "Confirmez votre nouvelle adresse",
}
SAID = {
    Purpose.OPEN: "Pour ouvrir votre compte Mes Démarches, suivez ce lien :",
    Purpose.SIGN_IN: "Pour vous connecter à Mes Démarches, suivez ce lien, puis appuyez sur le bouton de la page :",
    Purpose.PASSWORD: "Pour choisir le mot de passe de votre compte Mes Démarches, suivez ce lien :",
    Purpose.EMAIL: "Pour utiliser cette adresse avec votre compte Mes Démarches, suivez ce lien :",
}
NOTHING = "Si vous n'avez rien demandé, ne faites rien : personne n'a accès à votre compte."


def link_letter(purpose: Purpose, address: str, handle: str, *, asked: Purpose) -> Letter:
    """`asked` may be another purpose: who asks for a link without an account is told so, in his mailbox only."""
    before = ""
    if purpose == Purpose.OPEN and asked != Purpose.OPEN:
        before = "Il n'y a pas encore de compte à cette adresse. Vous en avez peut-être un à une autre adresse.\n\n"
    elif asked == Purpose.OPEN and purpose != Purpose.OPEN:
        before = "Vous avez déjà un compte à cette adresse.\n\n"
    return _letter(
        SUBJECTS[purpose],
        f"{before}{SAID[purpose]}\n{settings.PUBLIC_URL}/mon-compte/lien/{handle}/\n\n"
        f"Il est valable {_duration(MINUTES[purpose])} et ne sert qu'une fois.\n\n{NOTHING}",
        address,
    )


def code_letter(address: str, code: str, minutes: int) -> Letter:
    return _letter(
        f"{code} : votre code Mes Démarches",
        f"Votre code pour utiliser FranceConnect avec Mes Démarches : {code}\n\n"
        f"Il est valable {minutes} minutes. Ne le donnez à personne.\n\n{NOTHING}",
        address,
    )


def warning(address: str, what: str) -> Letter:
    """Something that protects the account changed: its owner learns it."""
    return _letter(
        "Votre compte Mes Démarches a changé",
        f"{what}\n\nSi ce n'est pas vous, choisissez tout de suite un nouveau mot de passe :\n"
        f"{settings.PUBLIC_URL}/mon-compte/mot-de-passe-oublie/\nToutes les connexions ouvertes seront fermées.",
        address,
    )


def factor_leaves(address: str, moment: str) -> Letter:
    return _letter(
        "Vérification en deux étapes perdue",
        "Quelqu'un qui connaît votre mot de passe ou lit vos e-mails nous dit qu'il n'a plus le téléphone ni les codes "
        f"de secours de votre compte Mes Démarches. La vérification en deux étapes sera retirée {moment}.\n\n"
        "Si c'est vous, il n'y a rien à faire : connectez-vous après ce moment.\n\n"
        "Si ce n'est pas vous, connectez-vous tout de suite avec votre code : la demande sera annulée. Puis choisissez "
        f"un nouveau mot de passe :\n{settings.PUBLIC_URL}/mon-compte/mot-de-passe-oublie/",
        address,
    )


def closed(address: str) -> Letter:
    return _letter(
        "Votre compte Mes Démarches est fermé",
        "Votre compte est fermé : personne ne peut plus s'y connecter. Vos demandes en cours continuent, et nous "
        "vous répondrons à cette adresse.",
        address,
    )


def invitation(address: str, inviting: str, handle: str, *, days: int) -> Letter:
    return _letter(
        "Agir pour une autre personne dans Mes Démarches",
        f"{inviting} vous propose de l'aider : vous pourrez voir et remplir ses demandes dans Mes Démarches.\n\n"
        f"Pour accepter ou refuser, suivez ce lien et connectez-vous avec cette adresse e-mail :\n"
        f"{settings.PUBLIC_URL}/mes-demarches/aidants/invitation/{handle}/\n\n"
        f"Il est valable {days} jours. Si vous ne connaissez pas cette personne, ne faites rien.",
        address,
    )


def _letter(subject: str, text: str, address: str) -> Letter:
    return Letter(
        subject=subject,
        text=f"Bonjour,\n\n{text}\n\n{settings.REGION_NAME}",
        to=[(address, "")],
        sender_name=settings.REGION_NAME,
        automatic=True,
    )


def _duration(minutes: int) -> str:
    return f"{minutes // 60} heures" if minutes > 120 else "1 heure" if minutes == 60 else f"{minutes} minutes"
