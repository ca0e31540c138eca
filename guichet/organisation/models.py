from __future__ import annotations

from datetime import date, time
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from guichet.core.calendar import WorkingCalendar


class Channel(models.TextChoices):
    """How someone reached us, or is reached."""

    EMAIL = "email", "E-mail"
    FORM = "form", "Formulaire"
    PHONE = "phone", "Téléphone"
    PAPER = "paper", "Courrier"
    COUNTER = "counter", "Accueil"
    SMS = "sms", "SMS"
    CHAT = "chat", "Noa"
    SOCIAL = "social", "Réseaux sociaux"
    PORTAL = "portal", "Suivi en ligne"


class Sensitivity(models.IntegerChoices):
    """Who may see a case, on top of its team."""

    NORMAL = 0, "Normale"
    SENSITIVE = 1, "Sensible (social, santé, discipline)"
    RESERVED = 2, "Réservée (juridique, données personnelles, personnel)"


class Team(models.Model):
    """A unit of the Region: pole, directorate, service or team, in one tree."""

    class Kind(models.TextChoices):
        POLE = "pole", "Pôle"
        DIRECTORATE = "directorate", "Direction"
        SERVICE = "service", "Service"
        TEAM = "team", "Équipe"

    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    kind = models.CharField("niveau", max_length=12, choices=Kind, default=Kind.TEAM)
    code = models.CharField("code", max_length=30, unique=True)  # "TRA-17"
    name = models.CharField("nom", max_length=120)
    public_name = models.CharField("nom dit aux usagers", max_length=160, blank=True)
    departments = ArrayField(models.CharField(max_length=3), verbose_name="départements", default=list, blank=True)
    # Contact block printed on receipts (R112-5, R112-11-1); a blank is filled by the parents'.
    email = models.EmailField("adresse e-mail", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    postal_address = models.TextField("adresse postale", blank=True)
    # {"0": [["08:30", "12:30"], ["13:30", "18:00"]], …}, Monday is 0; empty: the parent's.
    hours = models.JSONField("heures d'ouverture", default=dict, blank=True)
    takes_unrouted = models.BooleanField("reçoit les demandes à orienter", default=False)
    shares_out = models.BooleanField("partage automatique", default=False, db_default=False)
    is_active = models.BooleanField("active", default=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)
    path = models.CharField(max_length=200, editable=False, db_index=True)  # "/1/4/9/": subtree by prefix

    class Meta:
        verbose_name = "équipe"
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["takes_unrouted"], condition=Q(takes_unrouted=True), name="one_team_takes_unrouted"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def said(self) -> str:
        """The name as citizens read it."""
        return self.public_name or self.name


class TeamAddress(models.Model):
    """A mailbox of the Region: what is written to it goes to the team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="addresses")
    address = models.EmailField("adresse", unique=True)

    def __str__(self) -> str:
        return self.address


class Closure(models.Model):
    """An exceptional closure, of one team or of all; both days included."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="closures")
    first_day = models.DateField("premier jour")
    last_day = models.DateField("dernier jour")
    reason = models.CharField("motif", max_length=120)

    class Meta:
        verbose_name = "fermeture"
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="closure_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.first_day} {self.reason}"


class Topic(models.Model):
    """Why someone writes, in citizens' words; two or three levels."""

    class Nature(models.TextChoices):
        INFORMATION = "information", "Demande d'information"
        DEMAND = "demand", "Demande"  # calls for an individual decision (CRPA L110-1)
        COMPLAINT = "complaint", "Réclamation"
        REPORT = "report", "Signalement"
        APPEAL = "appeal", "Recours gracieux ou hiérarchique"
        CADA = "cada", "Communication d'un document"  # silence 1 month (CRPA R311-12)
        RIGHTS = "rights", "Exercice de droits (RGPD)"  # answer within 1 month (RGPD art. 12)

    class Silence(models.TextChoices):
        NONE = "none", "Sans effet"
        REJECTION = "rejection", "Vaut rejet"
        ACCEPTANCE = "acceptance", "Vaut acceptation"

    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    code = models.CharField("code", max_length=60, unique=True)  # "transport_scolaire.carte"
    label = models.CharField("libellé", max_length=120)
    citizen_label = models.CharField("dans les mots des usagers", max_length=160, blank=True)
    icon = models.CharField("icône", max_length=30, blank=True)
    nature = models.CharField("nature", max_length=12, choices=Nature, default=Nature.INFORMATION)
    silence = models.CharField("effet du silence", max_length=10, choices=Silence, default=Silence.NONE)
    silence_months = models.PositiveSmallIntegerField("délai du silence, en mois", null=True, blank=True)
    receipt_exempt = models.BooleanField("dispensé d'accusé de réception (R112-4)", default=False)
    sensitivity = models.PositiveSmallIntegerField(
        "sensibilité", choices=Sensitivity.choices, default=Sensitivity.NORMAL
    )
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="topics", verbose_name="équipe"
    )
    needs_approval = models.BooleanField("réponses visées avant envoi", default=False, db_default=False)
    asks_department = models.BooleanField("dépend du département", default=False)
    is_active = models.BooleanField("proposé aux usagers", default=True)
    # Past cases keep a topic that is not used any more: nobody gives it to a new one.
    is_in_use = models.BooleanField("utilisé", default=True, db_default=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "sujet"
        ordering = ["position", "label"]
        constraints = [
            # An effect without its delay, or a delay without its effect, would make a false receipt.
            models.CheckConstraint(
                condition=Q(silence="none", silence_months__isnull=True)
                | Q(silence__in=["rejection", "acceptance"], silence_months__gte=1),
                name="topic_silence_has_months",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def said(self) -> str:
        return self.citizen_label or self.label


class TopicRoute(models.Model):
    """Topic × department → team; it wins over the topic's own team."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="routes")
    department = models.CharField("département", max_length=3)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="routes")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "department"], name="one_route_per_department")]

    def __str__(self) -> str:
        return f"{self.topic} × {self.department}"


class Commitment(models.Model):
    """Within how long the Region promises to answer, by channel and possibly topic."""

    class Unit(models.TextChoices):
        WORKING_HOURS = "hours", "heures ouvrées"
        WORKING_DAYS = "days", "jours ouvrés"

    channel = models.CharField("canal", max_length=10, choices=Channel)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, null=True, blank=True, related_name="commitments")
    amount = models.PositiveSmallIntegerField("durée")
    unit = models.CharField("unité", max_length=5, choices=Unit, default=Unit.WORKING_DAYS)

    class Meta:
        verbose_name = "engagement de service"
        constraints = [
            models.UniqueConstraint(fields=["channel", "topic"], name="one_commitment", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} : {self.amount} {self.get_unit_display()}"


class CompetentBody(models.Model):
    """Another administration, to which what is not ours is transmitted (CRPA L114-2)."""

    name = models.CharField("nom", max_length=160)
    competence = models.CharField("compétence", max_length=200, blank=True)
    departments = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    email = models.EmailField("adresse e-mail", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    postal_address = models.TextField("adresse postale", blank=True)
    website = models.URLField("site", blank=True)
    topics = models.ManyToManyField(Topic, related_name="competent_bodies", verbose_name="sujets", blank=True)

    class Meta:
        verbose_name = "organisme compétent"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not self.email and not self.postal_address:
            raise ValidationError("Il faut une adresse e-mail ou postale : c'est là que la demande sera transmise.")


Hours = dict[int, tuple[tuple[time, time], ...]]


def read_hours(raw: dict[str, Any]) -> Hours:
    """{"0": [["08:30", "12:30"]]} → {0: ((08:30, 12:30),)}. Raises ValueError on anything else."""
    return {
        int(day): tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in spans)
        for day, spans in raw.items()
    }


def calendar_of(hours: Hours | None, closures: frozenset[date]) -> WorkingCalendar:
    return WorkingCalendar(closures=closures, hours=hours) if hours else WorkingCalendar(closures=closures)
