from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.core.models import StoredFile
from guichet.procedures.models.dossier import Dossier


class PaymentOrder(models.Model):
    """Payments handed over to the public accountant in one file, frozen when it was made."""

    class State(models.TextChoices):
        MADE = "made", "Exporté"
        RETURNED = "returned", "Retour lu"

    message_id = models.CharField("identifiant", max_length=35, unique=True)  # ISO 20022: at most 35 signs
    state = models.CharField("état", max_length=8, choices=State, default=State.MADE)
    count = models.PositiveIntegerField("versements")
    total_cents = models.BigIntegerField("total")
    csv = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    xml = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")  # pain.001
    execution_day = models.DateField("exécution demandée le")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField("exporté le", db_default=Now())

    class Meta:
        verbose_name = "ordre de paiement"
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.message_id


class Payment(models.Model):
    """One instalment of a grant, or what must be given back."""

    class Kind(models.TextChoices):
        ADVANCE = "advance", "Avance"
        INTERIM = "interim", "Acompte"
        BALANCE = "balance", "Solde"
        RECOVERY = "recovery", "Reversement"

    class State(models.TextChoices):
        PLANNED = "planned", "Prévu"
        READY = "ready", "À payer"
        ORDERED = "ordered", "Transmis à la paierie"
        PAID = "paid", "Versé"
        REJECTED = "rejected", "Rejeté par la banque"
        CANCELLED = "cancelled", "Annulé"

    MOVES: dict[str, frozenset[str]] = {
        State.PLANNED: frozenset({State.READY, State.CANCELLED}),
        State.READY: frozenset({State.ORDERED, State.PLANNED, State.CANCELLED}),
        State.ORDERED: frozenset({State.PAID, State.REJECTED}),
        State.REJECTED: frozenset({State.READY, State.CANCELLED}),
        State.PAID: frozenset(),
        State.CANCELLED: frozenset(),
    }

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="payments")
    rank = models.PositiveSmallIntegerField("rang")
    kind = models.CharField("nature", max_length=8, choices=Kind)
    label = models.CharField("versement", max_length=160)
    amount_cents = models.BigIntegerField("montant")
    condition = models.CharField("condition", max_length=100, blank=True)  # "decision", "piece:attestation"
    due_on = models.DateField("prévu le", null=True)
    state = models.CharField("état", max_length=9, choices=State, default=State.PLANNED)
    order = models.ForeignKey(PaymentOrder, on_delete=models.PROTECT, null=True, related_name="payments")
    payee = models.CharField("titulaire du compte", max_length=140, blank=True)
    iban = models.CharField("IBAN", max_length=34, blank=True)
    paid_on = models.DateField("versé le", null=True)
    reject_reason = models.CharField("motif du rejet", max_length=200, blank=True)

    class Meta:
        verbose_name = "versement"
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "rank"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="payment_is_not_negative"),
        ]
        indexes = [models.Index(fields=["due_on", "id"], condition=Q(state="ready"), name="payments_to_order")]

    def __str__(self) -> str:
        return f"{self.label} – {self.dossier}"

    @property
    def iban_end(self) -> str:
        return self.iban[-4:]
