from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from guichet.cases.models.case import Case


class CaseWords(models.Model):
    """The words of a case, for the search: of what was received (A) and sent (B), of notes (C).

    Written by a trigger with each exchange. See docs/decisions/0008.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="words")
    words = SearchVectorField()

    class Meta:
        verbose_name = "mots d'une demande"
        indexes = [GinIndex(fields=["words"], name="case_by_words")]

    def __str__(self) -> str:
        return f"mots de {self.case_id}"
