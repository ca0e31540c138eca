"""The base of answers at work: what was sent of it, and what agents' answers teach it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from guichet.cases.models.interaction import Interaction
from guichet.knowledge.models import Article, Version


class AnswerSent(models.Model):
    """An answer that quotes a version of an article: when it changes, who received the old one can be told."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="answers_sent")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="sent")

    class Meta:
        verbose_name = "réponse de la base envoyée"
        constraints = [models.UniqueConstraint(fields=["version", "interaction"], name="one_answer_sent")]

    def __str__(self) -> str:
        return f"{self.version_id} dans {self.interaction_id}"


class AnswerIdea(models.Model):
    """What the base could learn, proposed by the machine, decided by an editor. Texts are masked: no person in them."""

    class Kind(models.TextChoices):
        WORDING = "wording", "Formulation"  # an agent answered this question with this article
        ANSWER = "answer", "Réponse souvent écrite"  # agents wrote nearly the same answer again and again

    kind = models.CharField("nature", max_length=8, choices=Kind)
    key = models.CharField(max_length=300)  # the words of the question, or the topic and place of a group of answers
    question = models.CharField("question, masquée", max_length=300, blank=True)
    answer = models.TextField("réponse, masquée", blank=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, null=True, related_name="ideas")
    topic = models.CharField("sujet", max_length=60, blank=True)
    count = models.PositiveIntegerField("fois", default=1)
    cases = ArrayField(models.BigIntegerField(), default=list)  # a few, for who may see them
    at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField("traitée le", null=True)

    class Meta:
        verbose_name = "idée pour la base"
        constraints = [
            # Refused once, it is not proposed again; a wording of one article may be one of another.
            models.UniqueConstraint(fields=["kind", "key", "article"], nulls_distinct=False, name="one_answer_idea"),
        ]
        indexes = [models.Index(fields=["kind", "-count"], condition=Q(handled_at__isnull=True), name="ideas_waiting")]

    def __str__(self) -> str:
        return self.question or self.key
