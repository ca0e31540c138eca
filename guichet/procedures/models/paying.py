from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.core.models import StoredFile
from guichet.procedures.models.dossier import Dossier


class PaymentOrder(models.Model):
    """Payments handed over to the public accountant in one file: listed by one agent, validated by another.

    Its lines are the payments that name it. While it is to be validated they stay « à payer »: nothing has left. The
    validation writes the files; from then on nothing of it changes.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", "À valider"
        REFUSED = "refused", "Refusé"
        MADE = "made", "Validé"
        RETURNED = "returned", "Retour lu"

    EXPORTED = frozenset({State.MADE, State.RETURNED})

    message_id = models.CharField("identifiant", max_length=35, unique=True)  # ISO 20022: at most 35 signs
    state = models.CharField("état", max_length=8, choices=State, default=State.PREPARED)
    count = models.PositiveIntegerField("versements")
    total_cents = models.BigIntegerField("total")
    csv = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    xml = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")  # pain.001
    execution_day = models.DateField("exécution demandée le")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="préparé par")
    made_at = models.DateTimeField("préparé le", db_default=Now())
    checked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="validé ou refusé par"
    )
    checked_at = models.DateTimeField("validé ou refusé le", null=True)
    refusal = models.CharField("motif du refus", max_length=300, blank=True)

    class Meta:
        verbose_name = "ordre de paiement"
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=models.F("made_by")), name="order_has_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["prepared", "refused"]) | Q(csv__isnull=False, xml__isnull=False),
                name="order_exported_has_files",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def is_exported(self) -> bool:
        return self.state in self.EXPORTED


class TakenOut(models.Model):
    """A line that an order lost before its validation, and why: its payment waits again."""

    order = models.ForeignKey(PaymentOrder, on_delete=models.CASCADE, related_name="taken_out")
    payment = models.ForeignKey("Payment", on_delete=models.CASCADE, related_name="taken_out")
    amount_cents = models.BigIntegerField("montant")
    reason = models.CharField("motif", max_length=300)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("le", db_default=Now())

    class Meta:
        verbose_name = "versement écarté"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.reason


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
    account_changed_at = models.DateTimeField("compte changé le", null=True)  # since the decision, by the person
    paid_on = models.DateField("versé le", null=True)
    reject_reason = models.CharField("motif du rejet", max_length=200, blank=True)

    class Meta:
        verbose_name = "versement"
        ordering = ["rank", "id"]
        constraints = [
            # One that was cancelled with its decision leaves its rank to those of the next one.
            models.UniqueConstraint(fields=["dossier", "rank"], condition=~Q(state="cancelled"), name="payment_once"),
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="payment_is_not_negative"),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], condition=Q(state="ready"), name="payments_to_order"),
            models.Index(fields=["iban"], condition=~Q(iban=""), name="payments_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.label} – {self.dossier}"

    @property
    def iban_end(self) -> str:
        return self.iban[-4:]
