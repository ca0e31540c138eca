from __future__ import annotations

from functools import cached_property

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.organisation.models import Team, Topic
from guichet.procedures.definition import Definition, load


class Procedure(models.Model):
    """A démarche of the catalogue: an aid, a registration, a scheme. What it asks is in its versions."""

    code = models.SlugField("code", max_length=60, unique=True)
    title = models.CharField("titre", max_length=160)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="procedures", verbose_name="service chargé")
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="sujet des messages"
    )
    # The sheet of the guide that presents it, by its code: the base of answers may change without us.
    article_code = models.CharField("fiche du guide des aides", max_length=80, blank=True)
    external_code = models.CharField("code dans le logiciel d'origine", max_length=60, blank=True)
    live = models.ForeignKey(
        "ProcedureVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    is_open = models.BooleanField("ouverte au dépôt", default=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "démarche"
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title


class ProcedureVersion(models.Model):
    """What a procedure asked and how it decided, from one day to another. Never changed once published."""

    class State(models.TextChoices):
        DRAFT = "draft", "Brouillon"
        IN_REVIEW = "in_review", "À relire"
        PUBLISHED = "published", "Publiée"
        RETIRED = "retired", "Remplacée"

    procedure = models.ForeignKey(Procedure, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField("numéro")
    state = models.CharField("état", max_length=10, choices=State, default=State.DRAFT)
    body = models.JSONField("définition", default=dict)
    revision = models.PositiveIntegerField(default=1)  # of the draft: two editors do not overwrite each other
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField("modifiée le", db_default=Now())
    published_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    published_at = models.DateTimeField("publiée le", null=True)
    note = models.CharField("ce qui change", max_length=300, blank=True)

    class Meta:
        verbose_name = "version de démarche"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["procedure", "number"], name="procedure_version_once"),
            models.UniqueConstraint(
                fields=["procedure"], condition=Q(state__in=["draft", "in_review"]), name="one_procedure_draft"
            ),
            models.UniqueConstraint(
                fields=["procedure"], condition=Q(state="published"), name="one_procedure_in_service"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.procedure} v{self.number}"

    @cached_property
    def definition(self) -> Definition:
        return load(self.body)

    @property
    def is_frozen(self) -> bool:
        return self.state in {self.State.PUBLISHED, self.State.RETIRED}
