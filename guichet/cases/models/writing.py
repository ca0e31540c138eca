"""What agents are writing, and letters on paper."""

from __future__ import annotations

from django.db import models

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
    shared = models.BooleanField("montré à l'équipe", default=False, db_default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user", "kind"], name="one_draft")]

    def __str__(self) -> str:
        return f"brouillon de {self.user_id}"


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
