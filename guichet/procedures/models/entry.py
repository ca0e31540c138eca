from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.cases.models import Case
from guichet.people.models import Mandate
from guichet.procedures.models.dossier import Dossier


class Entry(models.Model):
    """By what right an agent types an application for somebody, and in which letter it came.

    Which way it came, when, and its postmark are the dossier's own, from the draft on.
    """

    class Basis(models.TextChoices):
        SELF = "self", "La personne elle-même"
        LEGAL = "legal", "Son représentant légal"
        MANDATE = "mandate", "Un mandataire"
        ADVISER = "adviser", "Un conseiller France Services"

    dossier = models.OneToOneField(Dossier, on_delete=models.CASCADE, related_name="entry")
    basis = models.CharField("qui demande", max_length=8, choices=Basis, default=Basis.SELF)
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, related_name="entries")
    proof = models.CharField("preuve ou accord", max_length=200, blank=True)
    letter = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, related_name="entries")
    saved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")  # the last who typed
    begun_at = models.DateTimeField("commencée le", db_default=Now())

    class Meta:
        verbose_name = "saisie pour le compte d'une personne"
        constraints = [
            models.CheckConstraint(
                condition=Q(basis="self", mandate__isnull=True) | ~Q(basis="self") & Q(mandate__isnull=False),
                name="entry_for_another_has_mandate",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_basis_display()}, {self.dossier}"

    @property
    def matter(self) -> Case | None:
        """Where the letter and its documents are now: its case, or the one that case was merged into."""
        return self.letter.survivor() if self.letter is not None else None
