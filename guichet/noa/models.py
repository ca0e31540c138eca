from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.core.models import StoredFile
from guichet.knowledge.models import Version

CHANNEL = "guichet_chat"  # LISTEN/NOTIFY: « key of the chat »


def new_key() -> str:
    return secrets.token_urlsafe(18)


class ChatState(models.TextChoices):
    BOT = "bot", "Avec Noa"
    QUEUED = "queued", "Attend un agent"
    WITH_AGENT = "agent", "Avec un agent"
    ENDED = "ended", "Terminée"


CHAT_MOVES: dict[ChatState, frozenset[ChatState]] = {
    ChatState.BOT: frozenset({ChatState.QUEUED, ChatState.ENDED}),
    ChatState.QUEUED: frozenset({ChatState.WITH_AGENT, ChatState.BOT, ChatState.ENDED}),
    ChatState.WITH_AGENT: frozenset({ChatState.QUEUED, ChatState.ENDED}),
    ChatState.ENDED: frozenset(),
}


class Outcome(models.TextChoices):
    """What came of a conversation, once it is over."""

    SETTLED = "settled", "Réglée par Noa"
    OFFERED = "offered", "Choix proposé, non suivi"
    HANDED = "handed", "Passée à une personne"
    UNHAPPY = "unhappy", "Réponse jugée inutile"
    CAME_BACK = "back", "Nouveau contact sous 48 heures"
    ABANDONED = "abandoned", "Sans réponse, abandonnée"


class Chat(models.Model):
    """One conversation. Its key opens it: it is a secret of the browser that holds it, and nothing else does."""

    State = ChatState

    key = models.CharField(max_length=32, unique=True, default=new_key)
    state = models.CharField("état", max_length=8, choices=ChatState, default=ChatState.BOT)
    site = models.CharField("site", max_length=120, blank=True)  # host of the page that shows the widget
    started_at = models.DateTimeField("commencée le", default=timezone.now)
    last_at = models.DateTimeField("dernier message", default=timezone.now)
    seen_at = models.DateTimeField("vue par l'usager", default=timezone.now)
    typing_at = models.DateTimeField("l'usager écrit", null=True)
    agent_typing_at = models.DateTimeField("l'agent écrit", null=True)
    # What a dialogue is at, what is known of the person for this conversation only, the article spoken of.
    memory = models.JSONField(default=dict)
    misses = models.PositiveSmallIntegerField("questions sans réponse", default=0)
    urgent = models.BooleanField("danger", default=False)
    topic = models.CharField("sujet", max_length=60, blank=True)
    email = models.EmailField("adresse pour la suite", blank=True)
    wants_summary = models.BooleanField("souhaite un résumé", default=False)
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, related_name="chats")
    agent = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    queued_at = models.DateTimeField("en attente depuis", null=True)
    taken_at = models.DateTimeField("prise le", null=True)
    ended_at = models.DateTimeField("terminée le", null=True)
    outcome = models.CharField("issue", max_length=10, choices=Outcome, blank=True)
    masked_at = models.DateTimeField("anonymisée le", null=True)

    # The number of what was said last, once read under the lock of this row.
    last_number: int | None = None

    class Meta:
        verbose_name = "conversation"
        indexes = [
            models.Index(fields=["queued_at"], condition=Q(state="queued"), name="chats_waiting"),
            models.Index(fields=["agent", "state"], condition=Q(state="agent"), name="chats_of_agent"),
            models.Index(fields=["last_at"], condition=Q(ended_at__isnull=True), name="chats_running"),
            models.Index(fields=["-started_at"], name="chats_by_date"),
            models.Index(fields=["last_at"], condition=Q(masked_at__isnull=True), name="chats_to_mask"),
        ]

    def __str__(self) -> str:
        return f"conversation du {self.started_at:%d/%m/%Y %H:%M}"

    @property
    def is_over(self) -> bool:
        return self.state == ChatState.ENDED


class Turn(models.Model):
    """One thing said. What Noa answers is a version of an article: its text is read there, never copied."""

    class Author(models.TextChoices):
        CITIZEN = "citizen", "Usager"
        NOA = "noa", "Noa"
        AGENT = "agent", "Agent"

    class Kind(models.TextChoices):
        SAID = "said", "parole"
        ANSWER = "answer", "réponse de la base"
        CHOICE = "choice", "choix proposé"
        ASK = "ask", "question posée"
        DANGER = "danger", "numéros d'urgence"
        STATUS = "status", "état d'une demande"
        NOTICE = "notice", "information"

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField()
    author = models.CharField(max_length=8, choices=Author)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.SAID)
    text = models.TextField(blank=True)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="turns")
    section = models.CharField(max_length=80, blank=True)  # anchor of the part of the body that answers
    # The answer said again by a language model: [{"says": "…", "quote": "passage of the version"}]; nearly always none.
    reworded = models.JSONField(default=list)
    # [{"label": "…", "say": "…"}, {"label": "…", "to": "carte-perdue"}, {"label": "…", "href": "/contact/"}]
    options = models.JSONField(default=list)
    agent = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=200, blank=True)
    interaction = models.ForeignKey(Interaction, on_delete=models.SET_NULL, null=True, related_name="+")
    vote = models.CharField(max_length=6, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "tour de parole"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["chat", "number"], name="one_turn_number")]

    def __str__(self) -> str:
        return f"{self.author} {self.number}"


class Dialogue(models.Model):
    """A small dialogue, written as data (TOML) in the desk: what is asked, where each answer leads, its own tests."""

    code = models.CharField("code", max_length=60, unique=True)
    title = models.CharField("titre", max_length=120)
    source = models.TextField("texte du dialogue")
    is_active = models.BooleanField("proposé", default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "dialogue"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class ProofCode(models.Model):
    """A code sent by e-mail in a conversation, before anything of a case is said. Three tries, ten minutes, once."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="codes")
    handle = models.CharField(max_length=64)  # of cases.FollowCode
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.chat_id} {self.at:%H:%M}"
