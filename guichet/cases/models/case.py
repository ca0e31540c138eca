from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from guichet.accounts.models import User
from guichet.accounts.policy import teams_of
from guichet.core.reference import make, spoken
from guichet.core.rows import ask
from guichet.organisation.models import Channel, CompetentBody, Sensitivity, Team, Topic
from guichet.people.models import Person

if TYPE_CHECKING:
    from guichet.cases.models.clock import Clock


# "No clock runs": after every real date, so that such cases come last in the inbox.
NO_DEADLINE = datetime(9999, 1, 1, tzinfo=UTC)


class Status(models.TextChoices):
    """Where a case stands (docs/cycle-de-vie.md is drawn from MOVES)."""

    REGISTERED = "registered", "Enregistrée"
    ASSIGNED = "assigned", "Orientée"
    IN_PROGRESS = "in_progress", "En cours"
    WAITING_CITIZEN = "waiting_citizen", "En attente de l'usager"
    WAITING_THIRD = "waiting_third", "En attente d'un partenaire"
    IN_APPROVAL = "in_approval", "Réponse en validation"
    APPRAISAL = "appraisal", "Dossier en instruction"  # the thread of a dossier: nobody waits for an answer in it
    ANSWERED = "answered", "Répondue"
    REOPENED = "reopened", "Rouverte"
    CLOSED = "closed", "Clôturée"
    TRANSMITTED = "transmitted", "Transmise à l'organisme compétent"
    MERGED = "merged", "Réunie à une autre demande"
    ABUSIVE = "abusive", "Écartée (abusive ou indésirable)"


# When the person last wrote; a case opened at the counter has no message of its own.
MOVED_AT = Coalesce("last_inbound_at", "received_at")
# What filters and rights ask of an open case, but its team; what its last message is dated by.
FILTERED = ("status", "snoozed_until", "sensitivity", "channel", "department", "assignee", "urgent", "topic")
MOVED = ("last_inbound_at", "received_at")
SEARCHED = ("sensitivity", "closed_at", "channel")
# Over: nothing is expected from us any more. `closed_at` says the same in the database.
OVER = frozenset({Status.CLOSED, Status.TRANSMITTED, Status.MERGED, Status.ABUSIVE})
# Somebody of ours has something to do.
TO_HANDLE = frozenset({Status.REGISTERED, Status.ASSIGNED, Status.IN_PROGRESS, Status.REOPENED, Status.IN_APPROVAL})
_TO_HANDLE = sorted(status.value for status in TO_HANDLE)
HANDLE = Q(status__written=_TO_HANDLE, snoozed_until__isnull=True)  # as the index `inbox_to_handle` says
_LIVE = frozenset(
    {
        Status.ASSIGNED, Status.IN_PROGRESS, Status.WAITING_CITIZEN, Status.WAITING_THIRD, Status.IN_APPROVAL,
        Status.ANSWERED, Status.APPRAISAL, *OVER,
    }
)  # fmt: skip

MOVES: dict[Status, frozenset[Status]] = {
    Status.REGISTERED: _LIVE,
    Status.ASSIGNED: _LIVE,
    Status.IN_PROGRESS: _LIVE,
    Status.WAITING_CITIZEN: _LIVE | {Status.REOPENED},
    Status.WAITING_THIRD: _LIVE | {Status.REOPENED},
    Status.IN_APPROVAL: _LIVE,
    Status.ANSWERED: _LIVE | {Status.REOPENED},
    Status.APPRAISAL: _LIVE | {Status.REOPENED},
    Status.REOPENED: _LIVE,
    Status.CLOSED: frozenset({Status.REOPENED, Status.MERGED}),
    Status.TRANSMITTED: frozenset({Status.REOPENED}),
    Status.MERGED: frozenset({Status.REOPENED}),  # undoing the merge
    Status.ABUSIVE: frozenset({Status.REOPENED}),
}

# What the citizen reads (domain: common states).
SAID_TO_CITIZEN: dict[Status, str] = {
    Status.REGISTERED: "Enregistrée",
    Status.ASSIGNED: "Transmise au service",
    Status.IN_PROGRESS: "Nous nous en occupons",
    Status.WAITING_CITIZEN: "Une réponse à donner",
    Status.WAITING_THIRD: "En attente d'un partenaire",
    Status.IN_APPROVAL: "Nous nous en occupons",
    Status.APPRAISAL: "Dossier en instruction",
    Status.ANSWERED: "Réponse envoyée",
    Status.REOPENED: "Nous nous en occupons",
    Status.CLOSED: "Terminée",
    Status.TRANSMITTED: "Transmise à l'organisme compétent",
    Status.MERGED: "Réunie à une autre demande",
    Status.ABUSIVE: "Terminée",
}


class Result(models.TextChoices):
    """Why a case was closed."""

    ANSWERED = "answered", "Réponse apportée"
    GRANTED = "granted", "Demande satisfaite"
    REFUSED = "refused", "Demande refusée"
    NO_ANSWER_NEEDED = "no_answer", "Aucune réponse nécessaire"
    NO_REACTION = "no_reaction", "Sans réaction de l'usager"
    WITHDRAWN = "withdrawn", "Retirée par l'usager"
    TRANSMITTED = "transmitted", "Transmise"
    DUPLICATE = "duplicate", "Doublon"
    ABUSIVE = "abusive", "Abusive ou indésirable"


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> CaseQuerySet:
        """What this user may see: his teams', up to his clearance; what is assigned to him by name too."""
        if not user.is_active or user.is_machine:
            return self.none()
        if user.is_administrator:
            return self.filter(sensitivity__lte=user.clearance)
        return self.filter(Q(team__in=teams_of(user).values("pk")) | Q(assignee=user), sensitivity__lte=user.clearance)

    def running(self) -> CaseQuerySet:
        return self.filter(closed_at__isnull=True)

    def to_handle(self) -> CaseQuerySet:
        """Open, not asleep, and the next move is ours."""
        return self.running().filter(HANDLE)

    def by_due(self) -> CaseQuerySet:
        """What is due first, then the oldest: a total order, for keyset pages."""
        return self.order_by("due_at", "id")

    def of_people(self, ids: list[int]) -> CaseQuerySet:
        return self.filter(person_id__in=ids)


class Case(models.Model):
    """One matter raised by one person, whatever channels it travels through."""

    reference = models.CharField("numéro", max_length=14, unique=True)  # said aloud; opens nothing by itself
    subject = models.CharField("objet", max_length=300)
    status = models.CharField("état", max_length=16, choices=Status, default=Status.REGISTERED)
    channel = models.CharField("canal d'arrivée", max_length=10, choices=Channel)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="cases", verbose_name="usager")
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, null=True, blank=True, related_name="cases", verbose_name="sujet"
    )
    # Proposed by the routing, not yet confirmed by anyone: it chose the team, and binds nobody in law.
    topic_guessed = models.BooleanField("sujet proposé", db_default=False, default=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="cases", verbose_name="équipe")
    assignee = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="cases", verbose_name="attribuée à"
    )
    informed_teams = models.ManyToManyField(Team, related_name="informed_cases", blank=True)
    department = models.CharField("département", max_length=3, blank=True)
    nature = models.CharField("nature", max_length=12, choices=Topic.Nature, default=Topic.Nature.INFORMATION)
    sensitivity = models.PositiveSmallIntegerField(
        "sensibilité", choices=Sensitivity.choices, default=Sensitivity.NORMAL
    )
    urgent = models.BooleanField("urgente", default=False)
    # The thread of a dossier: it ends with the dossier, never by itself (see procedures).
    is_file = models.BooleanField("fil d'un dossier", default=False, db_default=False)
    preferred_channel = models.CharField("réponse souhaitée par", max_length=10, choices=Channel, blank=True)
    electronic_reply_refused = models.BooleanField("refuse une réponse électronique", default=False)  # L112-14

    received_at = models.DateTimeField("reçue le")
    last_inbound_at = models.DateTimeField("dernier message de l'usager", null=True)
    # The soonest clock still running: what the inbox is sorted by. Far future when none runs.
    due_at = models.DateTimeField("échéance", default=NO_DEADLINE)
    first_answered_at = models.DateTimeField("première réponse humaine", null=True)
    closed_at = models.DateTimeField("terminée le", null=True)
    result = models.CharField("résultat", max_length=12, choices=Result, blank=True)
    unread = models.BooleanField("non lue", default=True)  # a message nobody of the team has opened

    waiting_since = models.DateTimeField("en attente depuis", null=True)
    remind_at = models.DateTimeField("relance le", null=True)
    reminded_at = models.DateTimeField("relancé le", null=True)
    give_up_at = models.DateTimeField("fin d'attente le", null=True)
    snoozed_until = models.DateTimeField("endormie jusqu'au", null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="absorbed")
    transmitted_to = models.ForeignKey(CompetentBody, on_delete=models.PROTECT, null=True, related_name="cases")
    transfers = models.PositiveSmallIntegerField("transferts", default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = "demande"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=sorted(s.value for s in OVER), closed_at__isnull=False)
                | (~Q(status__in=sorted(s.value for s in OVER)) & Q(closed_at__isnull=True)),
                name="case_over_has_date",
            ),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False) | ~Q(status="merged"),
                name="case_merged_has_survivor",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="case_not_merged_into_itself"),
        ]
        indexes = [
            # The inbox of a team, and of everyone: open cases by due date (measured in findings: 0.1 ms).
            # They hold what a list filters by: what few cases pass is looked for in the index, not among their rows.
            models.Index(
                fields=["team", "due_at", "id"],
                condition=Q(closed_at__isnull=True),
                include=FILTERED,
                name="inbox_of_team",
            ),
            # What opens first, where those who wait for a citizen are most of the cases due.
            models.Index(
                fields=["team", "due_at", "id"],
                condition=Q(closed_at__isnull=True, snoozed_until__isnull=True, status__in=_TO_HANDLE),
                include=("sensitivity", "assignee"),
                name="inbox_to_handle",
            ),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(closed_at__isnull=True),
                include=("team", *FILTERED),
                name="inbox_of_all",
            ),
            models.Index(
                fields=["assignee", "due_at", "id"],
                condition=Q(closed_at__isnull=True, assignee__isnull=False),
                include=("team", *(name for name in FILTERED if name != "assignee")),
                name="inbox_of_agent",
            ),
            # The same by last message, and those that a filter looks for among all the open ones.
            models.Index(
                F("team"),
                MOVED_AT,
                F("id"),
                condition=Q(closed_at__isnull=True),
                include=(*MOVED, *FILTERED),
                name="inbox_by_message",
            ),
            models.Index(
                MOVED_AT,
                F("id"),
                condition=Q(closed_at__isnull=True),
                include=("team", *MOVED, *FILTERED),
                name="inbox_of_all_by_message",
            ),
            models.Index(
                F("assignee"),
                MOVED_AT,
                F("id"),
                condition=Q(closed_at__isnull=True, assignee__isnull=False),
                include=("team", *MOVED, *(name for name in FILTERED if name != "assignee")),
                name="inbox_of_agent_by_message",
            ),
            models.Index(fields=["topic", "due_at", "id"], condition=Q(closed_at__isnull=True), name="inbox_of_topic"),
            models.Index(
                fields=["department", "due_at", "id"], condition=Q(closed_at__isnull=True), name="inbox_of_department"
            ),
            models.Index(
                fields=["due_at", "id"], condition=Q(closed_at__isnull=True, urgent=True), name="inbox_urgent"
            ),
            # The search reads the latest first, over or not, and what it filters by without reading a row.
            models.Index(fields=["-received_at", "-id"], include=("team", *SEARCHED), name="case_latest"),
            # Those of an agent, to find the few that are not his teams'.
            models.Index(
                fields=["assignee", "-received_at", "-id"],
                condition=Q(assignee__isnull=False),
                include=("team", *SEARCHED),
                name="case_latest_of_agent",
            ),
            models.Index(fields=["team", "-received_at", "-id"], include=SEARCHED, name="case_latest_of_team"),
            models.Index(fields=["team", "-closed_at", "-id"], condition=Q(closed_at__isnull=False), name="case_over"),
            models.Index(fields=["person", "-received_at"], name="case_of_person"),
            models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="case_to_remind"),
            models.Index(fields=["give_up_at"], condition=Q(give_up_at__isnull=False), name="case_to_give_up"),
            models.Index(fields=["snoozed_until"], condition=Q(snoozed_until__isnull=False), name="case_asleep"),
        ]

    def __str__(self) -> str:
        return f"N° {self.spoken_reference}"

    @property
    def spoken_reference(self) -> str:
        return spoken(self.reference)

    @property
    def is_qualified(self) -> bool:
        """A person said what it is about: the citizen in the form, an agent, or the procedure of a dossier."""
        return self.is_file or (self.topic_id is not None and not self.topic_guessed)

    @property
    def is_over(self) -> bool:
        return self.closed_at is not None

    @property
    def said_to_citizen(self) -> str:
        return SAID_TO_CITIZEN[Status(self.status)]

    @property
    def hides_subject(self) -> bool:
        """Sensitive matters say nothing in the subject of a mail (behaviours 37)."""
        return self.sensitivity >= Sensitivity.SENSITIVE

    def survivor(self) -> Case:
        """The case that now carries this matter, through any chain of merges; a cycle cannot loop."""
        seen = {self.pk}
        case = self
        while case.merged_into is not None and case.merged_into_id not in seen:
            case = case.merged_into
            seen.add(case.pk)
        return case

    def clock(self, kind: str) -> Clock | None:
        return next((clock for clock in self.clocks.all() if clock.kind == kind), None)


REFERENCES = "cases_reference"  # the sequence of their numbers


def next_reference() -> str:
    [(number,)] = ask(f"SELECT nextval('{REFERENCES}')", [])
    return make(int(number))


class CaseLink(models.Model):
    """Two cases that belong together without being one."""

    class Kind(models.TextChoices):
        RELATED = "related", "en rapport"
        SPLIT = "split", "issue du même message"
        FOLLOW_UP = "follow_up", "suite"

    first = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links_from")
    second = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links_to")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RELATED)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="link_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="link_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} – {self.second_id}"


class CaseMerge(models.Model):
    """One case absorbed by another: what moved, so that it can be undone."""

    survivor = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    interactions = ArrayField(models.BigIntegerField(), default=list)
    status_before = models.CharField(max_length=16)
    before = models.JSONField(default=dict)  # fields, clocks and tasks as they were: see actions.joining
    done_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.survivor_id}"


class Participant(models.Model):
    """Someone copied on a case. He takes part in the exchange; he gains no access to the file (behaviours 18)."""

    class Role(models.TextChoices):
        COPY = "copy", "en copie"
        THIRD = "third", "tiers qui a répondu"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="participants")
    email = models.EmailField()
    name = models.CharField(max_length=160, blank=True)
    role = models.CharField(max_length=6, choices=Role, default=Role.COPY)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "email"], name="participant_once")]

    def __str__(self) -> str:
        return self.name or self.email
