from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from guichet.accounts.models import User
from guichet.core.calendar import add_months, paris_day
from guichet.core.models import StoredFile
from guichet.procedures.definition import PieceSpec
from guichet.procedures.models.dossier import Dossier


class PieceRequest(models.Model):
    """All the missing pieces asked for at once, with a delay (CRPA L114-5)."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="piece_requests")
    until = models.DateField("au plus tard le")
    # Whether the silence was suspended: only for pieces without which nothing can be appraised (L114-5-1).
    suspends = models.BooleanField("suspend le délai légal", default=False)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField("demandées le", db_default=Now())
    ended_at = models.DateTimeField("fournies le", null=True)

    class Meta:
        verbose_name = "demande de pièces"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dossier"], condition=Q(ended_at__isnull=True), name="one_running_piece_request"
            )
        ]

    def __str__(self) -> str:
        return f"{self.dossier} avant le {self.until}"


class Piece(models.Model):
    """A supporting document expected in one dossier: missing, received, accepted, to be sent again."""

    class State(models.TextChoices):
        MISSING = "missing", "À envoyer"
        RECEIVED = "received", "En vérification"
        ACCEPTED = "accepted", "Acceptée"
        REFUSED = "refused", "À renvoyer"
        EXPIRED = "expired", "Expirée"  # past its validity before the decision: set each night, asked for again
        LATER = "later", "Plus tard"
        WAIVED = "waived", "Dispensée"

    # Those with which an appraisal may end.
    SETTLED = frozenset({State.ACCEPTED, State.WAIVED})
    # Those the person may send now.
    OPEN = frozenset({State.MISSING, State.REFUSED, State.EXPIRED})

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="pieces")
    code = models.CharField(max_length=60)
    label = models.CharField("document", max_length=300)
    state = models.CharField("état", max_length=8, choices=State, default=State.MISSING)
    required = models.BooleanField("obligatoire", default=True)
    reason = models.CharField("motif, en mots simples", max_length=500, blank=True)  # told to the person
    due_on = models.DateField("au plus tard le", null=True)
    request = models.ForeignKey(PieceRequest, on_delete=models.SET_NULL, null=True, related_name="pieces")
    received_at = models.DateTimeField("reçue le", null=True)
    judged_at = models.DateTimeField("vérifiée le", null=True)
    judged_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    valid_until = models.DateField("valable jusqu'au", null=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "pièce justificative"
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["dossier", "code"], name="piece_once")]
        indexes = [
            models.Index(
                fields=["valid_until"],
                condition=Q(valid_until__isnull=False, state__in=["received", "accepted"]),
                name="pieces_to_expire",
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def spec(self) -> PieceSpec | None:
        return self.dossier.definition.piece(self.code)

    @property
    def is_awaited(self) -> bool:
        """Neither settled nor of a later moment."""
        return self.state not in {*self.SETTLED, self.State.LATER}

    @property
    def last_day(self) -> date | None:
        """Of its validity: its own, or what the procedure counts from its reception; None without end."""
        if self.valid_until is not None or self.spec is None or self.spec.valid_months is None:
            return self.valid_until
        return add_months(paris_day(self.received_at or timezone.now()), self.spec.valid_months)

    @property
    def is_wanted(self) -> bool:
        """Missing, and asked for: obligatory, or refused with a reason."""
        return self.state in self.OPEN and bool(self.required or self.reason)

    @property
    def may_be_sent(self) -> bool:
        return self.state in {*self.OPEN, self.State.RECEIVED, self.State.LATER}


class PieceFile(models.Model):
    """One sending for a piece: the latest is the one that is judged, the others stay as history."""

    piece = models.ForeignKey(Piece, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    name = models.CharField("nom", max_length=200)
    sent_at = models.DateTimeField("envoyé le", db_default=Now())
    from_kept = models.BooleanField("repris de mes documents", default=False)
    warning = models.CharField("lisibilité", max_length=200, blank=True)  # told at once: too dark, too small
    replaced_at = models.DateTimeField("remplacé le", null=True)

    class Meta:
        verbose_name = "fichier de pièce"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
