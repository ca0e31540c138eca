from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from guichet.cases.models.case import Case


class FollowCode(models.Model):
    """A code sent to an address of the case, that opens its follow-up. The reference alone opens nothing."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="follow_codes")
    address = models.CharField(max_length=254)
    code_hash = models.CharField(max_length=128)  # of the six digits
    link_hash = models.CharField(max_length=64, unique=True)  # of the long token in the link of the mail
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code {self.pk}"
