"""What Noa says of its own, word for word. Everything else comes from an approved article."""

from __future__ import annotations

HELLO = (
    "Bonjour, je suis {name}, un robot. Je réponds aux questions courantes sur les services de la Région. "
    "Si je ne sais pas, je vous passe une personne."
)
CAREFUL = "N'écrivez pas d'information de santé ni de numéro de sécurité sociale."
NOT_UNDERSTOOD = "Je n'ai pas trouvé de réponse sûre. Pouvez-vous le dire autrement, avec un ou deux mots de plus ?"
STILL_NOT = "Je ne trouve toujours pas. Voulez-vous parler à une personne, ou nous écrire ?"
ENOUGH = "Je n'y arrive pas : je vous passe une personne."
ONE_OF_THESE = "Est-ce l'une de ces questions ?"
NOTHING_ABOUT = "« {question} » : je n'ai pas trouvé de réponse sûre à cette question."
SEVERAL = "Vous posez plusieurs questions. Voici une réponse à chacune."
DANGER = "Vous semblez parler d'un danger. Ne restez pas seul : appelez tout de suite."
DANGER_NOBODY = "Votre message est transmis comme urgent. {closed} N'attendez pas : appelez un de ces numéros."
ADDED = "C'est ajouté à votre demande : une personne le lira. {closed}"
INSULT = "Je suis un robot : parlons calmement. Dites-moi ce dont vous avez besoin, ou demandez une personne."
UNHAPPY = "Je suis désolé que cela se passe mal. Dites-moi ce qui ne va pas, ou demandez une personne."
QUEUED = "Votre demande est transmise avec notre conversation. Une personne va vous répondre ici."
POSITION = "Vous êtes n° {position} dans la file."
FIRST = "Vous êtes le prochain."
CLOSED = "Nos agents ne sont pas là en ce moment. {hours}"

NOBODY = "Aucun agent n'est disponible en ce moment."
ASK_REFERENCE = "Quel est le numéro de votre demande ? Il est dans nos messages, par exemple 1535986."
ASK_EMAIL = "À quelle adresse e-mail avez-vous reçu nos messages sur cette demande ?"
CODE_SENT = (
    "Si cette adresse est bien celle de la demande, un code à 6 chiffres vient d'y être envoyé. "
    "Écrivez-le ici : il est valable 10 minutes."
)
WRONG_CODE = "Ce code n'est pas le bon, ou il a expiré."
RECEIPT_SENT = "L'accusé de réception de la demande N° {number} part à {email}. Il arrive dans quelques minutes."
CANCELLED = "C'est noté, j'arrête là. Que puis-je faire d'autre ?"
CANNOT_READ = "Je n'ai pas compris cette réponse."
AFTER_AGENT = "{name} a rejoint la conversation."
AGENT_LEFT = "La conversation est terminée. Merci."
BY_EMAIL = "Si vous quittez cette page, la suite vous sera envoyée à {email}."
NO_EMAIL = "Gardez cette page ouverte : sans adresse e-mail, la réponse n'est visible qu'ici."
