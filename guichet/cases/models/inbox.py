from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.accounts.policy import teams_of
from guichet.organisation.models import Team


class Tally(models.Model):
    """How many running cases stand where: what the counters of the inbox add up.

    Written by a trigger in the transaction that moves the case, as lines to be added (one more here, one less there):
    two agents never wait for each other. A job adds old lines together. See docs/decisions/0007.
    """

    class Stage(models.TextChoices):
        HANDLE = "handle", "à traiter"
        VISA = "visa", "à viser"
        VISA_ASLEEP = "visa_zz", "à viser, endormie"
        WAITING = "waiting", "attend l'usager"
        ANSWERED = "answered", "répondue"
        ASLEEP = "asleep", "endormie"
        OTHER = "other", "attend un partenaire"

    team = models.BigIntegerField(null=True)  # numbers without a foreign key: nothing is checked nor locked for them
    assignee = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=10)
    sensitivity = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=8, choices=Stage)
    count = models.BigIntegerField()

    class Meta:
        verbose_name = "compteur"

    def __str__(self) -> str:
        return f"{self.team} {self.channel} {self.stage} {self.count:+}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> SavedViewQuerySet:
        """His own, and those shared with a team he works for."""
        return self.filter(Q(owner=user) | Q(team__in=teams_of(user).values("pk")))  # no row twice: no join


class SavedView(models.Model):
    """A list somebody wants to find again: a queue, filters and an order, under a name. It gives no right to see."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_views", verbose_name="partagée avec"
    )
    name = models.CharField("nom", max_length=60)
    query = models.CharField(max_length=300, blank=True)  # as in the address: "file=toutes&urgent=1"
    position = models.PositiveSmallIntegerField("ordre", default=0)
    created_at = models.DateTimeField(db_default=Now())

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = "vue enregistrée"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_view_of_that_name"),
        ]

    def __str__(self) -> str:
        return self.name
