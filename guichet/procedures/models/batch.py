from __future__ import annotations

from django.db import models
from django.db.models import Q

from guichet.accounts.models import User
from guichet.cases.models.batch import AnyBatch, AnyItem
from guichet.procedures.models.dossier import Dossier


class DossierBatch(AnyBatch):
    """The same act of the appraisal on many dossiers: previewed one by one, confirmed, then done by the worker."""

    class Verb(models.TextChoices):
        ACCEPT = "accept", "Accepter les documents reçus"
        ADVANCE = "advance", "Passer à l'étape suivante"
        ASK = "ask", "Demander les pièces manquantes"
        PROPOSE = "propose", "Proposer le montant calculé"
        CONFIRM = "confirm", "Confirmer les avis proposés"
        ENROL = "enrol", "Inscrire à une séance"
        DECIDE = "decide", "Décider selon les avis"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="dossier_batches")
    verb = models.CharField("acte", max_length=8, choices=Verb, blank=True)

    class Meta:
        verbose_name = "lot de dossiers"
        indexes = [
            models.Index(fields=["id"], condition=Q(state="running"), name="dossier_batches_at_work"),
            models.Index(fields=["owner", "-id"], name="dossier_batches_of_agent"),
        ]


class DossierBatchItem(AnyItem):
    """One dossier of a batch, and what the preview said of it. Its version is `Dossier.changes` when it was shown."""

    batch = models.ForeignKey(DossierBatch, on_delete=models.CASCADE, related_name="items")
    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="+")
    before = models.CharField("étape", max_length=320, blank=True)
    after = models.CharField("étape après", max_length=320, blank=True)
    amount_cents = models.BigIntegerField("montant", null=True)
    effect = models.CharField("ce qui suit", max_length=600, blank=True)  # on the legal delay, what is sent

    class Meta:
        verbose_name = "dossier d'un lot"
        constraints = [models.UniqueConstraint(fields=["batch", "dossier"], name="dossier_once_in_batch")]
        indexes = [models.Index(fields=["batch", "state", "id"], name="items_of_dossier_batch")]
