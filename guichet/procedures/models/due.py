from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.cases.models import Case
from guichet.people.models import Person
from guichet.procedures.models.dossier import Dossier


class Deadline(models.Model):
    """A date of a dossier that matters to the person: the dashboard, the calendar feed and the reminders read it."""

    class Kind(models.TextChoices):
        PIECE = "piece", "Document à envoyer"
        ANSWER = "answer", "Réponse à donner"
        COMMITTEE = "committee", "Passage en commission"
        PAYMENT = "payment", "Versement"
        USE = "use", "Fin de validité de l'aide"
        FILING = "filing", "Fin du dépôt"

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="deadlines")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)
    about = models.CharField(max_length=80, blank=True)  # "piece:12", "payment:3"
    label = models.CharField("quoi", max_length=300)
    day = models.DateField("quand")
    by_person = models.BooleanField("à faire par l'usager", default=False)
    done_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "échéance"
        ordering = ["day", "id"]
        constraints = [models.UniqueConstraint(fields=["dossier", "kind", "about"], name="deadline_once")]
        indexes = [
            models.Index(fields=["person", "day", "id"], condition=Q(done_at__isnull=True), name="deadlines_of"),
            models.Index(fields=["day"], condition=Q(done_at__isnull=True, by_person=True), name="deadlines_to_remind"),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.day})"


class Said(models.Model):
    """A notice that was given, once an event: « J-7 of the deadline 12 », « step 4 »."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="notices")
    what = models.CharField(max_length=80)
    at = models.DateTimeField(db_default=Now())
    channel = models.CharField(max_length=10, blank=True)
    withheld = models.CharField("pas envoyé : motif", max_length=80, blank=True)

    class Meta:
        verbose_name = "avis donné"
        constraints = [models.UniqueConstraint(fields=["dossier", "what"], name="said_once")]

    def __str__(self) -> str:
        return self.what


class ThreadSeen(models.Model):
    """When a person last opened the thread of a case in his account: what came since is new."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "fil consulté"
        constraints = [models.UniqueConstraint(fields=["person", "case"], name="thread_seen_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.case_id}"
