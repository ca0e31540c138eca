from __future__ import annotations

from django.db import models

from guichet.accounts.models import User
from guichet.cases.models.case import Case

CHANNEL = "guichet_presence"  # what is notified: « case,team,assignee,sensitivity », numbers only


class Presence(models.Model):
    """Who has a case on his screen, and what he does there. Refreshed by beats; the table is UNLOGGED: a crash of the
    database forgets it, and the next beats fill it again."""

    class State(models.TextChoices):
        READS = "reads", "consulte cette demande"
        TYPES = "types", "rédige"
        UNSENT = "unsent", "a du texte non envoyé"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=6, choices=State)
    since = models.DateTimeField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "présence"
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="one_presence")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.get_state_display()}"
