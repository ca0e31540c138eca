from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from guichet.accounts.models import User
from guichet.organisation.models import Team


class Scope(models.TextChoices):
    """What a key may do, nothing more."""

    PROCEDURES_READ = "procedures:read", "Lire les démarches"
    DOSSIERS_READ = "dossiers:read", "Lire les dossiers"
    DOSSIERS_WRITE = "dossiers:write", "Déposer des dossiers"
    DOCUMENTS_READ = "documents:read", "Lire les documents"
    DOCUMENTS_WRITE = "documents:write", "Envoyer des documents"
    EVENTS_READ = "events:read", "Lire les événements"


class ApiKey(models.Model):
    """The door of one program. Its secret is shown once; only a digest is kept."""

    name = models.CharField("nom", max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField("début", max_length=12, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name="droits")
    # The dossiers of the procedures of this team and of those below it; of every team when empty.
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="service"
    )
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="+")  # the machine that acts
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField("créée le", db_default=Now())
    expires_at = models.DateTimeField("expire le", null=True)
    last_used_at = models.DateTimeField("dernier usage", null=True)
    revoked_at = models.DateTimeField("révoquée le", null=True)

    class Meta:
        verbose_name = "clé d'interface"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def said_scopes(self) -> list[str]:
        return [str(Scope(scope).label) for scope in self.scopes]


class KeptAnswer(models.Model):
    """What a call was answered, so that the same call sent again is not done again."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="answers")
    value = models.CharField("clé d'idempotence", max_length=200)
    digest = models.CharField("empreinte de la demande", max_length=64)
    status = models.PositiveSmallIntegerField("réponse", default=0)
    body = models.JSONField("contenu", default=dict)  # numbers and links, nothing personal
    expires_at = models.DateTimeField("oubliée le")

    class Meta:
        verbose_name = "réponse gardée"
        constraints = [models.UniqueConstraint(fields=["key", "value"], name="kept_answer_once")]
        indexes = [models.Index(fields=["expires_at"], name="kept_answer_expiry")]

    def __str__(self) -> str:
        return self.value


class Webhook(models.Model):
    """An address that is told what happens to dossiers: numbers and links, nothing personal."""

    name = models.CharField("nom", max_length=80)
    url = models.URLField("adresse", max_length=500)
    secret = models.CharField(max_length=64, editable=False)  # signs each call; shown once
    events = ArrayField(models.CharField(max_length=60), verbose_name="événements")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="service"
    )
    is_active = models.BooleanField("en service", default=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "avertissement d'un logiciel"
        verbose_name_plural = "avertissements de logiciels"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class WebhookCall(models.Model):
    """One event to tell to one address: its own queue. In the order of the dossier, until told or given up."""

    class State(models.TextChoices):
        WAITING = "waiting", "À envoyer"
        TOLD = "told", "Reçu"
        GIVEN_UP = "given_up", "Abandonné"

    hook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="calls")
    event_id = models.BigIntegerField("événement")
    dossier_id = models.BigIntegerField("dossier")
    verb = models.CharField("quoi", max_length=60)
    body = models.JSONField("contenu")
    state = models.CharField("état", max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField("essais", default=0)
    next_at = models.DateTimeField("prochain essai", null=True, db_default=Now())
    status = models.PositiveSmallIntegerField("réponse", null=True)
    error = models.CharField("erreur", max_length=200, blank=True)
    created_at = models.DateTimeField("créé le", db_default=Now())
    done_at = models.DateTimeField("terminé le", null=True)

    class Meta:
        verbose_name = "appel d'un logiciel"
        constraints = [models.UniqueConstraint(fields=["hook", "event_id"], name="webhook_call_once")]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="webhook_calls_due"),
            models.Index(fields=["hook", "dossier_id", "id"], condition=Q(state="waiting"), name="webhook_calls_order"),
            models.Index(fields=["hook", "-id"], name="webhook_calls_of_hook"),
            models.Index(fields=["hook", "-id"], condition=Q(state="given_up"), name="webhook_calls_given_up"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} → {self.hook_id}"
