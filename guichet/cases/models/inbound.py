from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.core.models import StoredFile
from guichet.organisation.models import Channel


class InboundQuerySet(models.QuerySet["InboundItem"]):
    def in_trouble(self) -> InboundQuerySet:
        """What waits because of a fault of ours: storage, database, software. It goes on by itself once repaired."""
        return self.filter(state=InboundItem.State.WAITING, tries__gt=0)


class InboundItem(models.Model):
    """What came in, kept raw before it is understood. The row is its own queue and its own proof."""

    class State(models.TextChoices):
        WAITING = "waiting", "à traiter"
        DONE = "done", "traité"
        QUARANTINED = "quarantined", "en quarantaine"
        DISCARDED = "discarded", "écarté"

    channel = models.CharField("canal", max_length=10, choices=Channel)
    digest = models.CharField(max_length=64)  # of the raw bytes: the same bytes twice are one item
    raw = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    envelope_from = models.CharField(max_length=320, blank=True)
    envelope_to = ArrayField(models.CharField(max_length=320), default=list)
    received_at = models.DateTimeField("reçu le", db_default=Now())  # the legal date of reception
    state = models.CharField("état", max_length=11, choices=State, default=State.WAITING)
    next_try_at = models.DateTimeField("prochain essai", db_default=Now())
    tries = models.PositiveSmallIntegerField("essais", default=0)
    error = models.CharField("erreur", max_length=300, blank=True)
    outcome = models.CharField("suite", max_length=30, blank=True)  # "new_case", "reply", "bounce", "duplicate"…
    interaction = models.ForeignKey(
        "cases.Interaction", on_delete=models.SET_NULL, null=True, related_name="inbound_items"
    )
    # Replayed history: no receipt, no clock, nothing is sent (manage.py import_mail).
    quiet = models.BooleanField("reprise d'historique", default=False)
    # Somebody read it in the quarantine and said so: a machine sent it, and it is a request all the same.
    is_request = models.BooleanField("demande malgré tout", default=False, db_default=False)
    handled_at = models.DateTimeField(null=True)

    objects = InboundQuerySet.as_manager()

    class Meta:
        verbose_name = "élément reçu"
        constraints = [models.UniqueConstraint(fields=["channel", "digest"], name="same_bytes_once")]
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=Q(state="waiting"), name="inbound_waiting"),
            models.Index(fields=["-id"], condition=Q(state="quarantined"), name="inbound_quarantine"),
            models.Index(fields=["-id"], condition=Q(state="discarded"), name="inbound_discarded"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.digest[:12]}"
