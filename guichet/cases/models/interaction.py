from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from guichet.accounts.models import User
from guichet.cases.models.case import Case
from guichet.core.models import StoredFile
from guichet.organisation.models import Channel, Team, Topic
from guichet.outbox.models import Parcel
from guichet.people.models import Person

if TYPE_CHECKING:
    from guichet.outbox.models import Delivery


class Interaction(models.Model):
    """One exchange on one channel: a message, a letter, a call, a note. Never changed once written."""

    class Direction(models.TextChoices):
        IN = "in", "reçu"
        OUT = "out", "envoyé"
        NOTE = "note", "note interne"  # never leaves the house

    class Kind(models.TextChoices):
        MESSAGE = "message", "message"
        RECEIPT = "receipt", "accusé de réception"
        REGISTRATION = "registration", "accusé d'enregistrement"
        HOLDING = "holding", "réponse d'attente"
        PIECES = "pieces", "demande de pièces"
        DECISION = "decision", "décision"
        REMINDER = "reminder", "relance"
        TRANSMISSION = "transmission", "transmission"
        MACHINE = "machine", "message automatique reçu"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="interactions")
    channel = models.CharField("canal", max_length=10, choices=Channel)
    direction = models.CharField("sens", max_length=4, choices=Direction)
    kind = models.CharField("nature", max_length=12, choices=Kind, default=Kind.MESSAGE)
    at = models.DateTimeField("quand")
    external_id = models.CharField(max_length=255, null=True)
    message_id = models.CharField(max_length=255, blank=True)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="interactions")
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    sender_address = models.CharField("adresse", max_length=254, blank=True)
    sender_name = models.CharField("nom donné", max_length=160, blank=True)
    recipients = models.JSONField("destinataires", default=list)  # [[address, name], …]
    subject = models.CharField("objet", max_length=300, blank=True)
    text = models.TextField("texte")  # what this exchange adds
    quoted = models.TextField("texte entier", blank=True)  # with quotes, when it differs: folded, never lost
    html = models.TextField(blank=True)  # sanitised
    sent_at = models.DateTimeField("date annoncée par l'expéditeur", null=True)
    automatic = models.CharField("automatique", max_length=40, blank=True)
    authenticated = models.BooleanField("expéditeur authentifié", null=True)
    third_person = models.BooleanField("écrit par un tiers", default=False)
    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, null=True, related_name="interaction")
    withdrawn_at = models.DateTimeField("annulé le", null=True)  # undo send
    template_version = models.CharField(max_length=60, blank=True)
    defects = models.JSONField(default=list)

    class Meta:
        verbose_name = "échange"
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="same_item_once"),
            models.CheckConstraint(condition=~Q(direction="note") | Q(parcel__isnull=True), name="note_is_never_sent"),
        ]
        indexes = [
            models.Index(fields=["case", "at", "id"], name="history_of_case"),
            models.Index(fields=["message_id"], condition=~Q(message_id=""), name="interaction_by_message_id"),
            models.Index(fields=["sender_address", "-at"], condition=Q(direction="in"), name="interaction_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.get_direction_display()} {self.at:%Y-%m-%d %H:%M}"

    @property
    def deliveries(self) -> list[Delivery]:
        return list(self.parcel.deliveries.all()) if self.parcel else []


class Attachment(models.Model):
    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField("nom", max_length=200)
    content_id = models.CharField(max_length=255, blank=True)
    inline = models.BooleanField("dans le texte", default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "pièce jointe"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class ReplyTemplate(models.Model):
    """A text to start an answer from. Variables are written {prénom}, {numéro}; an empty one blocks sending."""

    name = models.CharField("nom", max_length=120)
    topic = models.ForeignKey(Topic, on_delete=models.SET_NULL, null=True, blank=True, related_name="templates")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="templates")
    text = models.TextField("texte")
    version = models.PositiveSmallIntegerField(default=1)
    checked_on = models.DateField("vérifié le", null=True, blank=True)
    is_active = models.BooleanField("proposé", default=True)

    class Meta:
        verbose_name = "modèle de réponse"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
