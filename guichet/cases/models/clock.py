from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from guichet.cases.models.case import Case
from guichet.organisation.models import Topic


class Clock(models.Model):
    """A deadline that runs, is suspended with a reason, and stops: a legal one or the promised one."""

    class Kind(models.TextChoices):
        REGISTRATION = "registration", "Accusé d'enregistrement"  # CRPA R112-11-2: 1 working day
        RECEIPT = "receipt", "Accusé de réception"  # CRPA R112-11-2: 10 days
        SILENCE = "silence", "Délai légal"  # CRPA L231-1, L231-4: implicit decision
        COMMITMENT = "commitment", "Réponse promise"  # the Region's own promise

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="clocks")
    kind = models.CharField("nature", max_length=12, choices=Kind)
    started_at = models.DateTimeField("départ")
    due_at = models.DateTimeField("échéance")  # suspensions already added
    base_due_at = models.DateTimeField("échéance sans suspension")
    stopped_at = models.DateTimeField("arrêtée le", null=True)
    stopped_why = models.CharField("raison de l'arrêt", max_length=60, blank=True)
    effect = models.CharField("effet du silence", max_length=10, choices=Topic.Silence, default=Topic.Silence.NONE)
    months = models.PositiveSmallIntegerField("délai en mois", null=True)

    class Meta:
        verbose_name = "horloge"
        constraints = [models.UniqueConstraint(fields=["case", "kind"], name="one_clock_of_a_kind")]
        indexes = [
            models.Index(fields=["kind", "due_at"], condition=Q(stopped_at__isnull=True), name="clocks_running"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} → {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None

    @property
    def is_suspended(self) -> bool:
        return any(s.ended_at is None for s in self.suspensions.all())

    def is_late(self, now: datetime | None = None) -> bool:
        """Missed: still running past its date, or stopped after it."""
        return (self.stopped_at or now or timezone.now()) > self.due_at


class Suspension(models.Model):
    """A clock held for a reason the law or the commitment knows."""

    class Reason(models.TextChoices):
        MISSING_PIECES = "missing_pieces", "Pièces demandées (CRPA L114-5)"
        WAITING_CITIZEN = "waiting_citizen", "Réponse de l'usager attendue"
        WAITING_THIRD = "waiting_third", "Réponse d'un partenaire attendue"

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="suspensions")
    reason = models.CharField("raison", max_length=16, choices=Reason)
    started_at = models.DateTimeField("depuis")
    # L114-5: the delay given to the citizen; the suspension never lasts longer.
    until = models.DateTimeField("au plus tard", null=True)
    ended_at = models.DateTimeField("terminée le", null=True)
    detail = models.JSONField("pièces demandées", default=list)

    class Meta:
        verbose_name = "suspension"
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(ended_at__isnull=True), name="one_running_suspension"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="suspension_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} depuis {self.started_at:%Y-%m-%d}"
