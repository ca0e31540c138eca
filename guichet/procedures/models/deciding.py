from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.core.models import StoredFile
from guichet.procedures.models.dossier import Dossier, Outcome
from guichet.procedures.models.procedure import ProcedureVersion


class Opinion(models.Model):
    """What the appraisal proposes, and who checked it. Internal: never shown to the person before the decision."""

    class Way(models.TextChoices):
        FAVOURABLE = "favourable", "Favorable"
        UNFAVOURABLE = "unfavourable", "Défavorable"

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="opinions")
    way = models.CharField("avis", max_length=12, choices=Way)
    amount_cents = models.BigIntegerField("montant proposé", null=True)
    reasons = models.TextField("motifs", blank=True)
    computation = models.JSONField("calcul", default=dict)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="proposé par")
    at = models.DateTimeField("le", db_default=Now())
    # Four eyes: another agent confirms, or sends back with a reason.
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField("vérifié le", null=True)
    sent_back = models.CharField("renvoyé : motif", max_length=500, blank=True)
    dropped_at = models.DateTimeField("remplacé le", null=True)

    class Meta:
        verbose_name = "avis"
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["dossier"], condition=Q(dropped_at__isnull=True), name="one_opinion"),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=models.F("by")), name="opinion_has_four_eyes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}, {self.dossier}"

    @property
    def is_confirmed(self) -> bool:
        return self.checked_at is not None and not self.sent_back


class Sitting(models.Model):
    """One meeting of the committee that votes: its list is frozen before, its results are written after."""

    class State(models.TextChoices):
        OPEN = "open", "Liste ouverte"
        FROZEN = "frozen", "Liste arrêtée"
        HELD = "held", "Tenue"
        CANCELLED = "cancelled", "Annulée"

    name = models.CharField("instance", max_length=160, default="Commission permanente")
    day = models.DateField("date")
    freezes_on = models.DateField("liste arrêtée le", null=True)
    state = models.CharField("état", max_length=9, choices=State, default=State.OPEN)
    deliberation = models.CharField("délibération n°", max_length=60, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "séance"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.name} du {self.day:%d/%m/%Y}"


class Seat(models.Model):
    """One dossier on the order of the day of a sitting, and what was voted."""

    class Result(models.TextChoices):
        WAITING = "", "À voter"
        GRANTED = "granted", "Accordée"
        REFUSED = "refused", "Refusée"
        ADJOURNED = "adjourned", "Ajournée"

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="seats")
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="seats")
    position = models.PositiveIntegerField("ordre", default=0)
    result = models.CharField("résultat", max_length=9, choices=Result, default=Result.WAITING, blank=True)
    amount_cents = models.BigIntegerField("montant voté", null=True)
    reasons = models.TextField("motifs", blank=True)

    class Meta:
        verbose_name = "inscription à l'ordre du jour"
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["sitting", "dossier"], name="seated_once")]

    def __str__(self) -> str:
        return f"{self.dossier} – {self.sitting}"


class Decision(models.Model):
    """An individual decision: who decided what and why, the letter as notified, the proof of its date."""

    class Ground(models.TextChoices):
        """Why the law lets a decision be taken back (procedures/withdrawing.py)."""

        UNLAWFUL = "unlawful", "Elle est illégale (CRPA L242-1, L243-3 : dans les quatre mois)"
        CONDITIONS = "conditions", "Les conditions mises à l'aide ne sont pas respectées (CRPA L242-2, 2°)"
        REQUESTED = "requested", "La personne le demande, pour une décision plus favorable (CRPA L242-4, L243-1)"
        FRAUD = "fraud", "Elle a été obtenue par fraude (CRPA L241-2)"

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField("décision", max_length=20, choices=Outcome)
    amount_cents = models.BigIntegerField("montant accordé", null=True)
    reasons = models.TextField("motifs", blank=True)
    computation = models.JSONField("calcul", default=dict)
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="+")
    sitting = models.ForeignKey(Sitting, on_delete=models.PROTECT, null=True, related_name="decisions")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signatory = models.CharField("signataire", max_length=300, blank=True)
    decided_at = models.DateTimeField("décidé le")
    valid_until = models.DateField("à utiliser avant le", null=True)
    letter = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")  # PDF/UA
    letter_archive = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")  # PDF/A
    # Notified: put at the disposal of the person; first read in his account is the proof that opens the delays.
    notified_at = models.DateTimeField("notifiée le", null=True)
    notified_by = models.CharField("notifiée par", max_length=10, blank=True)  # "portal", "paper"
    first_read_at = models.DateTimeField("première lecture", null=True)
    withdrawn_at = models.DateTimeField("retirée le", null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ground = models.CharField("fondement du retrait", max_length=10, choices=Ground, blank=True)
    withdrawn_why = models.TextField("motifs du retrait", blank=True)  # told to the person

    class Meta:
        verbose_name = "décision"
        ordering = ["-decided_at"]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} – {self.dossier}"
