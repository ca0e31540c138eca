from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from guichet.people.models import Person


class Preference(models.Model):
    """Whether a person wants to be told something by a channel. Without a row, he is told.

    Here and not with the logins: it is about dossiers, and holds for who has no account too.
    """

    class Kind(models.TextChoices):
        PROGRESS = "progress", "Avancement de mes demandes"
        REMINDERS = "reminders", "Rappels de dates"
        PAYMENTS = "payments", "Versements"

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField("sujet", max_length=10, choices=Kind)
    channel = models.CharField("canal", max_length=6, choices=Channel, default=Channel.EMAIL)
    wanted = models.BooleanField("demandé", default=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "préférence d'avis"
        constraints = [models.UniqueConstraint(fields=["person", "kind", "channel"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_channel_display()})"


class CalendarFeed(models.Model):
    """The private address where a calendar reads the dates of a person. Kept as a digest: it is shown once."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "abonnement d'agenda"

    def __str__(self) -> str:
        return f"agenda {self.person_id}"
