from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q

from guichet.organisation.models import Sensitivity, Team, Topic


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=(username or "").strip())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """A login of the desk, or a machine that acts (rules, the portal, the mail door). Never a citizen."""

    class Kind(models.TextChoices):
        HUMAN = "human", "Agent"
        MACHINE = "machine", "Machine"

    email = models.EmailField("adresse e-mail", unique=True)
    kind = models.CharField("nature", max_length=8, choices=Kind, default=Kind.HUMAN)
    first_name = models.CharField("prénom", max_length=80, blank=True)
    last_name = models.CharField("nom", max_length=80, blank=True)
    capacity = models.CharField("qualité", max_length=120, blank=True)  # CRPA L111-2: name, capacity, address
    # CRPA L111-2: anonymity only for public security or personal safety.
    anonymous = models.BooleanField("anonymat dans les réponses", default=False)
    is_administrator = models.BooleanField("administrateur", default=False)
    is_editor = models.BooleanField("rédacteur de la base de réponses", default=False)
    is_mailroom = models.BooleanField("agent du courrier", default=False)
    clearance = models.PositiveSmallIntegerField(
        "habilitation", choices=Sensitivity.choices, default=Sensitivity.NORMAL
    )
    phone = models.CharField("téléphone", max_length=20, blank=True)
    theme = models.CharField("thème", max_length=8, blank=True)  # "", "clair", "sombre"
    shortcuts = models.BooleanField("raccourcis clavier", default=True)
    is_active = models.BooleanField("actif", default=True)
    # Given by an administrator: it opens nothing but the page where the agent chooses his own.
    password_is_provisional = models.BooleanField(default=False, db_default=False, editable=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    # What automatic sharing asks: he says that he takes new cases, and was at his screen lately.
    available = models.BooleanField("prend de nouvelles demandes", default=True, db_default=True)
    seen_at = models.DateTimeField("vu au bureau", null=True, editable=False)

    memberships_read: list[Membership] | None = None  # of this object only: see accounts.policy
    teams_read: list[Team] | None = None  # the same

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = "compte"
        verbose_name_plural = "comptes"
        ordering = ["last_name", "first_name"]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:2].upper()

    @property
    def is_machine(self) -> bool:
        return self.kind == self.Kind.MACHINE

    @property
    def signature(self) -> str:
        """How answers name their author (CRPA L111-2: first name, name, capacity)."""
        if self.anonymous or self.is_machine:
            return ""
        return f"{self.full_name}, {self.capacity}" if self.capacity else self.full_name


class Membership(models.Model):
    """An agent's place in a team; a supervisor of a team sees the teams below it."""

    class Role(models.TextChoices):
        AGENT = "agent", "Agent"
        SUPERVISOR = "supervisor", "Responsable"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField("rôle", max_length=10, choices=Role, default=Role.AGENT)
    needs_approval = models.BooleanField("réponses visées avant envoi", default=False, db_default=False)
    # Automatic sharing: up to how many cases to handle, of which topics (all when none is named).
    at_most = models.PositiveSmallIntegerField("demandes à la fois, au plus", default=20, db_default=20)
    topics = models.ManyToManyField(Topic, related_name="+", verbose_name="sujets traités", blank=True)
    shared_at = models.DateTimeField("dernière demande reçue du partage", null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class AgentIdentity(models.Model):
    """Who ProConnect says that an agent is: linked once, then the only thing he is recognised by."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    linked_at = models.DateTimeField("reliée le", auto_now_add=True)

    class Meta:
        verbose_name = "identité d'agent"
        constraints = [models.UniqueConstraint(fields=["issuer", "sub"], name="agent_identity_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.issuer})"


class Absence(models.Model):
    """An agent is away, both days included; meanwhile somebody stands in for him, or nobody."""

    class Leaves(models.TextChoices):
        SUBSTITUTE = "substitute", "à mon remplaçant"
        QUEUE = "queue", "dans la file de l'équipe"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    first_day = models.DateField("premier jour")
    last_day = models.DateField("dernier jour")
    substitute = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="remplaçant"
    )
    leaves_to = models.CharField("demandes en cours", max_length=10, choices=Leaves, default=Leaves.SUBSTITUTE)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "absence"
        ordering = ["-first_day", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="absence_ends_after_start"),
            models.CheckConstraint(condition=~Q(substitute=models.F("user")), name="absence_substitute_is_another"),
        ]
        indexes = [models.Index(fields=["last_day", "first_day"], name="absences_by_end")]

    def __str__(self) -> str:
        return f"{self.user} du {self.first_day} au {self.last_day}"


class Session(AbstractBaseSession):
    """A server-side session that knows whose it is, so that it can be listed and revoked."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    citizen_id = models.BigIntegerField(null=True)  # citizens.Account: a room above, so no foreign key
    created_at = models.DateTimeField(auto_now_add=True)
    device = models.CharField(max_length=160, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user"], name="session_of_user", condition=Q(user__isnull=False)),
            models.Index(fields=["citizen_id"], name="session_of_citizen", condition=Q(citizen_id__isnull=False)),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The store writes a fresh instance over the row at every change: the opening date stays the first one."""
        if kwargs.get("force_update"):
            kwargs["update_fields"] = ["session_data", "expire_date", "user", "citizen_id", "device"]
        super().save(*args, **kwargs)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from guichet.accounts.sessions import SessionStore

        return SessionStore
