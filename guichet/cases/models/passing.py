from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from guichet.accounts.models import Absence, User
from guichet.cases.models.case import Case


class PassedOn(models.Model):
    """A case taken from an absent agent: once for each absence, so that what he takes back stays his."""

    absence = models.ForeignKey(Absence, on_delete=models.CASCADE, related_name="passed")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    to = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")  # None: the list of the team
    why = models.CharField("pourquoi", max_length=120)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "demande passée"
        constraints = [models.UniqueConstraint(fields=["absence", "case"], name="passed_on_once")]

    def __str__(self) -> str:
        return f"{self.case_id} → {self.to_id or 'file'}"
