from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from guichet.core.models import StoredFile
from guichet.people.models import Person


class KeptDocument(models.Model):
    """A document sent once and reused in every procedure (« dites-le-nous une fois »), with its validity."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField("nature", max_length=60)  # `reusable_as` of a piece: "rib", "identite"
    label = models.CharField("document", max_length=300)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("nom", max_length=200)
    valid_until = models.DateField("valable jusqu'au", null=True)
    verified_at = models.DateTimeField("vérifié le", null=True)  # an agent accepted it in a dossier
    kept_at = models.DateTimeField("gardé le", db_default=Now())
    removed_at = models.DateTimeField("retiré le", null=True)

    class Meta:
        verbose_name = "document gardé"
        ordering = ["-kept_at"]
        indexes = [
            models.Index(fields=["person", "kind", "-kept_at"], condition=Q(removed_at__isnull=True), name="kept_of")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_expired(self) -> bool:
        return self.valid_until is not None and self.valid_until < timezone.localdate()

    @property
    def expires_soon(self) -> bool:
        return self.valid_until is not None and 0 <= (self.valid_until - timezone.localdate()).days <= 90
