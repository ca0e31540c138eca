from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.cases.models.interaction import Interaction
from guichet.organisation.models import Team

MARKS = [(4, "4, très bien"), (3, "3, bien"), (2, "2, à améliorer"), (1, "1, insuffisant")]
CRITERIA = {"right": "Juste", "complete": "Complète", "clear": "Claire", "courteous": "Courtoise"}


class ReviewDraw(models.Model):
    """Answers drawn by lot to be read again. The seed, the period and the choice make the draw again."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", verbose_name="équipe")  # and below
    agent = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="agent")
    first_day = models.DateField("du")
    last_day = models.DateField("au")
    size = models.PositiveSmallIntegerField("nombre de réponses")
    seed = models.PositiveIntegerField("graine")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "tirage"

    def __str__(self) -> str:
        return f"{self.team} {self.first_day} {self.seed}"


class Review(models.Model):
    """One answer read again by who leads the team: four marks and a remark, that its author reads and may answer."""

    draw = models.ForeignKey(ReviewDraw, on_delete=models.CASCADE, related_name="reviews")
    interaction = models.OneToOneField(Interaction, on_delete=models.CASCADE, related_name="review")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reviews")  # of the answer
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    right = models.PositiveSmallIntegerField("juste", choices=MARKS, null=True)
    complete = models.PositiveSmallIntegerField("complète", choices=MARKS, null=True)
    clear = models.PositiveSmallIntegerField("claire", choices=MARKS, null=True)
    courteous = models.PositiveSmallIntegerField("courtoise", choices=MARKS, null=True)
    remark = models.TextField("remarque", blank=True)
    rated_at = models.DateTimeField("relue le", null=True)
    answer = models.TextField("réponse de l'agent", blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "relecture"
        constraints = [
            models.CheckConstraint(
                condition=Q(rated_at__isnull=True)
                | Q(right__isnull=False, complete__isnull=False, clear__isnull=False, courteous__isnull=False),
                name="review_rated_whole",
            )
        ]
        indexes = [models.Index(fields=["author", "-id"], name="reviews_of_author")]

    def __str__(self) -> str:
        return f"relecture {self.pk}"

    @property
    def marks(self) -> list[tuple[str, int | None]]:
        return [(label, getattr(self, name)) for name, label in CRITERIA.items()]
