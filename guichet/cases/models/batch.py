from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.cases.models.case import Case
from guichet.cases.models.interaction import Interaction


class BatchState(models.TextChoices):
    CHOSEN = "chosen", "à préparer"
    CHECKED = "checked", "à confirmer"
    RUNNING = "running", "en cours"
    DONE = "done", "terminé"
    UNDOING = "undoing", "annulation en cours"
    UNDONE = "undone", "annulé"


class AnyBatch(models.Model):
    """The same act on many rows, asked once: what was chosen, what was decided, how far it went. Its `items` say what
    became of each; cases/actions/batching.py carries them out, whatever they are."""

    State = BatchState
    WORKING = (BatchState.RUNNING, BatchState.UNDOING)

    state = models.CharField("état", max_length=8, choices=BatchState, default=BatchState.CHOSEN)
    params = models.JSONField(default=dict)  # numbers and codes of what was chosen
    left_out = models.PositiveIntegerField(default=0)  # chosen beyond the limit
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField("lancé le", null=True)
    ended_at = models.DateTimeField("terminé le", null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"lot {self.pk} ({self.get_state_display()})"


class ItemState(models.TextChoices):
    WAITING = "waiting", "à faire"
    SKIPPED = "skipped", "laissée de côté"
    DONE = "done", "fait"
    FAILED = "failed", "non fait"
    UNDONE = "undone", "annulé"
    GONE = "gone", "déjà parti"


class AnyItem(models.Model):
    """One row of a batch. Its outcome is written in the transaction that does the act: never twice, never lost."""

    State = ItemState

    version = models.PositiveIntegerField()  # of the row when it was chosen, or shown
    state = models.CharField("état", max_length=8, choices=ItemState, default=ItemState.WAITING)
    why = models.CharField("raison", max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.pk} {self.get_state_display()}"


class Batch(AnyBatch):
    """The same act on many cases."""

    class Verb(models.TextChoices):
        ASSIGN = "assign", "Attribuer"
        TRANSFER = "transfer", "Transférer"
        REPLY = "reply", "Répondre"
        CLOSE = "close", "Clôturer"
        LINK = "link", "Lier"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="batches")
    verb = models.CharField("acte", max_length=8, choices=Verb, blank=True)  # the text of answers is in each item
    leaves_at = models.DateTimeField("départ des réponses", null=True)  # until then they may be taken back

    class Meta:
        verbose_name = "lot"
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=["running", "undoing"]), name="batches_at_work"),
            models.Index(fields=["owner", "-id"], name="batches_of_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()} ({self.get_state_display()})"


class BatchItem(AnyItem):
    """One case of a batch."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)  # the answer, filled for this person
    interaction = models.ForeignKey(Interaction, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = "demande d'un lot"
        constraints = [models.UniqueConstraint(fields=["batch", "case"], name="case_once_in_batch")]
        indexes = [models.Index(fields=["batch", "state", "id"], name="items_of_batch")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_state_display()}"
