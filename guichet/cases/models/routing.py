"""How a message finds its topic and team: rules written by people, examples, what was learnt, what was decided."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.cases.models.case import Case
from guichet.cases.models.interaction import Interaction
from guichet.core.models import StoredFile
from guichet.organisation.models import Channel, Team, Topic


class RoutingRule(models.Model):
    """« When …, then … ». Read in order before the machine; the first that matches decides.

    A condition left empty always holds; within one condition, any of its values is enough.
    """

    position = models.PositiveIntegerField("ordre")
    name = models.CharField("nom", max_length=120)
    is_active = models.BooleanField("active", default=True)
    words = ArrayField(models.CharField(max_length=80), verbose_name="mots ou expressions", default=list, blank=True)
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel), verbose_name="canaux", default=list, blank=True
    )
    departments = ArrayField(models.CharField(max_length=3), verbose_name="départements", default=list, blank=True)
    senders = ArrayField(
        models.CharField(max_length=254), verbose_name="expéditeurs (adresse ou domaine)", default=list, blank=True
    )
    first_day = models.DateField("à partir du", null=True, blank=True)
    last_day = models.DateField("jusqu'au", null=True, blank=True)
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="sujet"
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="équipe"
    )
    urgent = models.BooleanField("à lire tout de suite", default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "règle d'orientation"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(topic__isnull=False) | Q(team__isnull=False) | Q(urgent=True), name="rule_decides_something"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not (self.words or self.channels or self.departments or self.senders or self.first_day or self.last_day):
            raise ValidationError("Donnez au moins une condition : sans elle, toutes les demandes suivraient la règle.")
        if self.topic is None and self.team is None and not self.urgent:
            raise ValidationError("Dites ce que fait la règle : un sujet, une équipe ou « à lire tout de suite ».")
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValidationError("Le dernier jour vient avant le premier.")


class TopicExample(models.Model):
    """A text and its topic, from which the routing is learnt: written for it, or a message an agent corrected.

    A corrected message is not copied: it is read from its interaction, and forgotten with it.
    """

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="examples")
    text = models.CharField("texte", max_length=2000, blank=True)
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "exemple"
        constraints = [
            models.CheckConstraint(
                condition=(Q(interaction__isnull=True) & ~Q(text="")) | (Q(interaction__isnull=False) & Q(text="")),
                name="example_has_one_text",
            ),
            models.UniqueConstraint(fields=["interaction"], name="one_topic_per_corrected_message"),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.pk}"


class RoutingModel(models.Model):
    """What was learnt at one time, kept as bytes; the current one decides. Its number is its version."""

    content = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    examples = models.PositiveIntegerField("exemples")
    corrections = models.PositiveIntegerField("dont corrections d'agents", default=0)
    threshold = models.FloatField("seuil de certitude du sujet")
    domain_threshold = models.FloatField("seuil de certitude du domaine")
    quality = models.JSONField("qualité mesurée", default=dict)
    is_current = models.BooleanField("en service", default=False)
    learnt_at = models.DateTimeField("appris le", db_default=Now())
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = "version du classement"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="one_current_model"),
        ]

    def __str__(self) -> str:
        return f"version {self.pk}"


class RoutingDecision(models.Model):
    """Which rule or which version did what for a message, and why. Kept with the case."""

    class Source(models.TextChoices):
        RULE = "rule", "Règle"
        MODEL = "model", "Classement appris"
        ADDRESS = "address", "Adresse écrite"
        CITIZEN = "citizen", "Choix de l'usager"
        AGENT = "agent", "Choix d'un agent"
        NONE = "none", "À orienter"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="routing_decisions")
    source = models.CharField(max_length=7, choices=Source)
    rule = models.ForeignKey(RoutingRule, on_delete=models.SET_NULL, null=True, related_name="decisions")
    model = models.ForeignKey(RoutingModel, on_delete=models.SET_NULL, null=True, related_name="decisions")
    topic = models.ForeignKey(Topic, on_delete=models.SET_NULL, null=True, related_name="+")
    # [[topic code, probability, [words that weighed]]], best first.
    proposals = models.JSONField(default=list)
    also = ArrayField(models.CharField(max_length=60), default=list)  # codes of other topics found in the message
    dangers = models.JSONField(default=list)  # [[kind, words]]
    at = models.DateTimeField(db_default=Now())
    corrected_to = models.ForeignKey(Topic, on_delete=models.SET_NULL, null=True, related_name="+")
    corrected_at = models.DateTimeField(null=True)
    # What the case was before an agent said its topic: taken back while nothing followed (see actions.qualifying).
    before = models.JSONField(null=True)

    class Meta:
        verbose_name = "décision d'orientation"
        indexes = [
            models.Index(fields=["case", "-id"], name="decisions_of_case"),
            models.Index(fields=["-at"], name="decisions_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.source}"
