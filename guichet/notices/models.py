from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.cases.models import Case, Clock


class AlertQuerySet(models.QuerySet["Alert"]):
    def for_user(self, user: User) -> AlertQuerySet:
        """His, of cases that he may still see."""
        return self.filter(user=user, case__in=Case.objects.visible_to(user))

    def unread(self) -> AlertQuerySet:
        """Not seen yet, and still true: the promise was not kept meanwhile."""
        return self.filter(read_at__isnull=True, clock__stopped_at__isnull=True)


class Alert(models.Model):
    """Somebody was told that a case cannot wait, or that a promise is about to be missed, or is: once for each clock
    and its start, so that a new promise warns again."""

    class Kind(models.TextChoices):
        DANGER = "danger", "À lire tout de suite"
        NEAR = "near", "Échéance proche"
        NOBODY = "nobody", "Échéance proche, à personne"
        LATE = "late", "Échéance dépassée"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="warnings")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="+")
    started_at = models.DateTimeField()  # of the clock
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField("quand", db_default=Now())
    read_at = models.DateTimeField("lu le", null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = "avertissement"
        constraints = [models.UniqueConstraint(fields=["clock", "started_at", "kind", "user"], name="warned_once")]
        indexes = [
            models.Index(fields=["user", "-id"], condition=Q(read_at__isnull=True), name="warnings_unread"),
            models.Index(fields=["user", "-id"], name="warnings_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.case_id} → {self.user_id}"
