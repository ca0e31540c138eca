from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.core.models import StoredFile


class Parcel(models.Model):
    """What is sent, frozen when it was queued: the text, the sender, the names shown. One per message."""

    channel = models.CharField("canal", max_length=10)
    message_id = models.CharField(max_length=255, unique=True)  # the same at every try and for every recipient
    sender_name = models.CharField(max_length=160, blank=True)
    sender_address = models.CharField(max_length=254)
    reply_to = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    html = models.TextField(blank=True)
    shown_to = models.JSONField(default=list)  # [[address, name], …]
    shown_cc = models.JSONField(default=list)
    in_reply_to = models.CharField(max_length=255, blank=True)
    references = ArrayField(models.CharField(max_length=255), default=list)
    automatic = models.BooleanField(default=False)
    token = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "envoi"

    def __str__(self) -> str:
        return self.message_id


class ParcelFile(models.Model):
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One thing to hand over to one recipient, tried until it is sent or given up. The row is its own queue."""

    class State(models.TextChoices):
        QUEUED = "queued", "en attente d'envoi"
        SENT = "sent", "envoyé"
        RETRYING = "retrying", "nouvel essai prévu"
        FAILED = "failed", "non remis"
        BOUNCED = "bounced", "refusé par le destinataire"
        CANCELLED = "cancelled", "annulé"

    WAITING = (State.QUEUED, State.RETRYING)
    MOVES: dict[str, frozenset[str]] = {
        State.QUEUED: frozenset({State.SENT, State.RETRYING, State.FAILED, State.CANCELLED}),
        State.RETRYING: frozenset({State.SENT, State.RETRYING, State.FAILED, State.CANCELLED}),
        State.SENT: frozenset({State.BOUNCED}),
        State.BOUNCED: frozenset({State.QUEUED}),
        State.FAILED: frozenset({State.QUEUED}),
        State.CANCELLED: frozenset(),
    }

    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.CharField("destinataire", max_length=254)
    recipient_name = models.CharField(max_length=160, blank=True)
    state = models.CharField("état", max_length=9, choices=State, default=State.QUEUED)
    next_try_at = models.DateTimeField("prochain essai", db_default=Now())
    tries = models.PositiveSmallIntegerField("essais", default=0)
    # A try that began and whose end nobody wrote: the worker was killed while sending.
    trying_since = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    error = models.CharField("dernière erreur", max_length=300, blank=True)
    error_code = models.CharField(max_length=20, blank=True)
    # The failure was seen by an agent, who decided (retried, wrote a letter…).
    handled_at = models.DateTimeField("traité le", null=True, blank=True)

    class Meta:
        verbose_name = "remise"
        constraints = [models.UniqueConstraint(fields=["parcel", "recipient"], name="delivery_once_per_recipient")]
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=Q(state__in=["queued", "retrying"]), name="to_send"),
            models.Index(
                fields=["-id"], condition=Q(state__in=["failed", "bounced"], handled_at__isnull=True), name="failures"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} ({self.tries})"

    @property
    def may_be_taken_back(self) -> bool:
        """No try has begun."""
        return self.state in self.WAITING and not self.tries and self.trying_since is None
