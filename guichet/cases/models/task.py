from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.cases.models.case import Case


class Task(models.Model):
    """Something an agent must do besides answering: a mail that failed, a duplicate to decide, a call to make."""

    class Kind(models.TextChoices):
        FAILED_DELIVERY = "failed_delivery", "Message non remis"
        BOUNCE = "bounce", "Adresse refusée"
        DANGER = "danger", "Personne en danger"
        OTHER = "other", "À faire"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tasks")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.OTHER)
    label = models.CharField("à faire", max_length=200)
    about = models.CharField(max_length=60, blank=True)  # "delivery:12"
    due_on = models.DateField("pour le", null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "about"], condition=Q(done_at__isnull=True) & ~Q(about=""), name="one_open_task_about"
            )
        ]
        indexes = [models.Index(fields=["case"], condition=Q(done_at__isnull=True), name="open_tasks")]

    def __str__(self) -> str:
        return self.label
