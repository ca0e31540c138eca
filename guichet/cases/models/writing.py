"""What agents are writing, and letters on paper."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from guichet.accounts.models import User
from guichet.cases.models.case import Case
from guichet.cases.models.interaction import Interaction
from guichet.organisation.models import Channel


class Draft(models.Model):
    """What an agent is writing, kept as he types: it survives a crash and a logout."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="drafts")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, default="email")  # "email": an answer, by any channel; or "note"
    channel = models.CharField(max_length=10, choices=Channel, blank=True)  # the tab it was written in
    text = models.TextField(blank=True)
    files = models.JSONField(default=list)  # [[sha256, name], …]: chosen, and not sent yet
    # Keys of the versions of articles put into the text.
    answers = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    shared = models.BooleanField("montré à l'équipe", default=False, db_default=False)
    # Somebody else goes on with it; the text stays until its author says what to do with it.
    taken_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user", "kind"], name="one_draft")]
        indexes = [models.Index(fields=["updated_at"], name="draft_by_age")]

    def __str__(self) -> str:
        return f"brouillon de {self.user_id}"


class Proposal(models.Model):
    """An answer that waits for somebody's approval (behaviours 41): recipients and files frozen since."""

    class State(models.TextChoices):
        WAITING = "waiting", "à viser"
        APPROVED = "approved", "approuvée"
        RETURNED = "returned", "renvoyée à l'auteur"
        WITHDRAWN = "withdrawn", "retirée"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="proposals")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField("état", max_length=9, choices=State, default=State.WAITING)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    text = models.TextField("texte")
    recipients = models.JSONField("destinataires", default=list)  # [[address, name], …]; empty on paper
    files = models.JSONField(default=list)  # [[sha256, name], …]
    send_at = models.DateTimeField("envoyer le", null=True)
    close_with = models.CharField(max_length=12, blank=True)
    template_version = models.CharField(max_length=60, blank=True)
    answers = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    despite = models.CharField(max_length=300, blank=True)
    proposed_at = models.DateTimeField("proposée le", db_default=Now())
    decided_at = models.DateTimeField("décidée le", null=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField("pourquoi", max_length=500, blank=True)

    class Meta:
        verbose_name = "réponse proposée"
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=models.Q(state="waiting"), name="one_waiting_proposal")
        ]

    def __str__(self) -> str:
        return f"réponse {self.get_state_display()}"


class PaperLetter(models.Model):
    """An answer on paper, frozen when it was written: to be printed and posted, then posted."""

    interaction = models.OneToOneField(Interaction, on_delete=models.CASCADE, related_name="paper")
    address = models.TextField("adresse")  # the lines of the envelope
    sender = models.TextField("service")  # the lines of the letterhead
    text = models.TextField("texte")  # signed
    posted_on = models.DateField("posté le", null=True)
    posted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = "courrier"

    def __str__(self) -> str:
        return f"courrier {self.interaction_id}"
