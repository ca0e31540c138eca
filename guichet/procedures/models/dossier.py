from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from guichet.accounts.models import User
from guichet.accounts.policy import teams_of
from guichet.cases.models import Case
from guichet.cases.models.case import next_reference
from guichet.core.models import StoredFile
from guichet.core.reference import spoken
from guichet.organisation.models import Channel
from guichet.people.models import Mandate, Person
from guichet.procedures.answers import known
from guichet.procedures.definition import Definition
from guichet.procedures.definition import Phase as _Phase
from guichet.procedures.formulas import Value
from guichet.procedures.models.procedure import Procedure, ProcedureVersion

__all__ = ["MOVES", "Dossier", "Outcome", "next_reference"]


class Phase(models.TextChoices):
    DRAFT = _Phase.DRAFT.value, "Brouillon"
    ADMISSIBILITY = _Phase.ADMISSIBILITY.value, "Recevabilité"
    DOCUMENTS = _Phase.DOCUMENTS.value, "Pièces justificatives"
    APPRAISAL = _Phase.APPRAISAL.value, "Instruction"
    COMMITTEE = _Phase.COMMITTEE.value, "Commission"
    NOTIFICATION = _Phase.NOTIFICATION.value, "Décision"
    PAYMENT = _Phase.PAYMENT.value, "Versement"
    CLOSED = _Phase.CLOSED.value, "Terminé"


MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.DRAFT: frozenset({Phase.ADMISSIBILITY}),
    Phase.ADMISSIBILITY: frozenset({Phase.DOCUMENTS, Phase.APPRAISAL, Phase.NOTIFICATION, Phase.CLOSED}),
    Phase.DOCUMENTS: frozenset({Phase.APPRAISAL, Phase.NOTIFICATION, Phase.CLOSED}),
    # A piece found wanting during the appraisal sends back to the pieces; an adjourned file comes back here.
    Phase.APPRAISAL: frozenset({Phase.DOCUMENTS, Phase.COMMITTEE, Phase.NOTIFICATION, Phase.CLOSED}),
    Phase.COMMITTEE: frozenset({Phase.APPRAISAL, Phase.NOTIFICATION, Phase.CLOSED}),
    Phase.NOTIFICATION: frozenset({Phase.PAYMENT, Phase.CLOSED}),
    Phase.PAYMENT: frozenset({Phase.CLOSED}),
    # An appeal that succeeds, or a decision withdrawn.
    Phase.CLOSED: frozenset({Phase.APPRAISAL}),
}


class Outcome(models.TextChoices):
    NONE = "", "Pas encore décidé"
    GRANTED = "granted", "Accordée"
    REFUSED = "refused", "Refusée"
    WITHDRAWN = "withdrawn", "Retirée par le demandeur"
    LAPSED = "lapsed", "Caduque"
    IMPLICIT_REJECTION = "implicit_rejection", "Rejet implicite"
    IMPLICIT_ACCEPTANCE = "implicit_acceptance", "Acceptation implicite"


class DossierQuerySet(models.QuerySet["Dossier"]):
    def visible_to(self, user: User) -> DossierQuerySet:
        """For agents: the files of the procedures of their teams, filed; a draft is the person's own."""
        if not user.is_active or user.is_machine:
            return self.none()
        filed = self.exclude(phase=Phase.DRAFT)
        if user.is_administrator:
            return filed
        return filed.filter(Q(procedure__team__in=teams_of(user).values("pk")) | Q(officer=user))

    def being_entered(self, user: User) -> DossierQuerySet:
        """For agents: what the services in charge type for somebody (paper, counter, telephone), not filed yet."""
        if not user.is_active or user.is_machine:
            return self.none()
        typed = self.filter(phase=Phase.DRAFT, entry__isnull=False)
        return typed if user.is_administrator else typed.filter(procedure__team__in=teams_of(user).values("pk"))

    def of_person(self, person: Person) -> DossierQuerySet:
        """For citizens: their own, and those they follow for somebody by a mandate that runs. What an agent is typing
        from paper is not theirs to change before it is filed."""
        # Their numbers first: « mine, or those of a subquery » reads every dossier of the Region.
        mandated = Mandate.objects.running().filter(holder=person).values_list("principal_id", flat=True)
        theirs = self.filter(applicant__in=[person.pk, *mandated])
        return theirs.exclude(phase=Phase.DRAFT, entered_by__isnull=False)

    def running(self) -> DossierQuerySet:
        return self.filter(closed_at__isnull=True)


class Dossier(models.Model):
    """One application of one person to one procedure, under the version it was filed under."""

    Phase = Phase

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # of the draft, in addresses
    # The number told to everyone: that of its case, whose history is its thread. A draft has none.
    reference = models.CharField("numéro", max_length=14, null=True, unique=True)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, null=True, related_name="dossier")
    procedure = models.ForeignKey(Procedure, on_delete=models.PROTECT, related_name="dossiers")
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT, related_name="dossiers")
    applicant = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="dossiers", verbose_name="demandeur")
    beneficiary_name = models.CharField("bénéficiaire", max_length=160, blank=True)
    # Who filled it in for him, with a mandate: a parent, a helper, an agent at the counter.
    filed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    entered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    channel = models.CharField("arrivée", max_length=10, choices=Channel, default=Channel.PORTAL)

    phase = models.CharField("phase", max_length=14, choices=Phase, default=Phase.DRAFT)
    step = models.PositiveSmallIntegerField("étape", default=1)
    steps = models.PositiveSmallIntegerField("sur", default=1)
    step_label = models.CharField("libellé de l'étape", max_length=300, blank=True)
    passed = models.JSONField("étapes franchies", default=dict)  # {code of the step: ISO day}
    outcome = models.CharField("issue", max_length=20, choices=Outcome, default=Outcome.NONE, blank=True)
    # What the person has to do first, in a line; empty when we have the next move.
    expected = models.CharField("attendu de l'usager", max_length=200, blank=True)
    expected_what = models.CharField("quoi", max_length=300, blank=True)
    expected_by = models.DateField("attendu avant le", null=True)

    answers = models.JSONField("réponses", default=dict)
    edit = models.PositiveIntegerField("révision", default=1)  # two tabs, two devices: the last save never wins unseen
    # How many times an action wrote it: what was previewed is done only if nothing changed since.
    changes = models.PositiveIntegerField("changements", default=0, db_default=0)
    page = models.CharField("page en cours", max_length=60, blank=True)
    officer = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="dossiers", verbose_name="instructeur"
    )
    amount_cents = models.BigIntegerField("montant", null=True)
    computation = models.JSONField("calcul du montant", default=dict)  # lines, day, version: frozen with the decision
    late_fee_cents = models.PositiveIntegerField("frais de dépôt tardif", default=0)
    recap = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")

    started_at = models.DateTimeField("commencé le", db_default=Now())
    saved_at = models.DateTimeField("enregistré le", db_default=Now())
    filed_at = models.DateTimeField("déposé le", null=True)
    # What the law counts from: the day it reached us. On paper, the arrival; the postmark tells if it was in time.
    received_at = models.DateTimeField("reçu le", null=True)
    postmark = models.DateField("cachet de la poste", null=True)
    moved_at = models.DateTimeField("dernier changement", db_default=Now())
    decided_at = models.DateTimeField("décidé le", null=True)
    closed_at = models.DateTimeField("terminé le", null=True)
    external_id = models.CharField("identifiant d'origine", max_length=120, null=True)

    objects = DossierQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier"
        constraints = [
            models.CheckConstraint(
                condition=Q(phase="draft", reference__isnull=True) | Q(reference__isnull=False) & ~Q(phase="draft"),
                name="dossier_filed_has_number",
            ),
            models.CheckConstraint(
                condition=Q(phase="closed", closed_at__isnull=False) | ~Q(phase="closed") & Q(closed_at__isnull=True),
                name="dossier_closed_has_date",
            ),
            models.UniqueConstraint(
                fields=["procedure", "external_id"],
                condition=Q(external_id__isnull=False),
                name="dossier_imported_once",
            ),
        ]
        indexes = [
            # The dashboard: mine that run, the latest first; those that are over, apart.
            models.Index(
                fields=["applicant", "-moved_at", "-id"], condition=Q(closed_at__isnull=True), name="dossiers_running"
            ),
            models.Index(
                fields=["applicant", "-closed_at", "-id"], condition=Q(closed_at__isnull=False), name="dossiers_over"
            ),
            # The worklist: of a procedure and a phase, the oldest first.
            models.Index(
                fields=["procedure", "phase", "received_at", "id"],
                condition=Q(closed_at__isnull=True) & ~Q(phase="draft"),
                name="dossiers_to_appraise",
            ),
            models.Index(
                fields=["officer", "received_at", "id"],
                condition=Q(closed_at__isnull=True, officer__isnull=False),
                name="dossiers_of_officer",
            ),
            models.Index(fields=["saved_at"], condition=Q(phase="draft"), name="dossier_drafts"),
            models.Index(fields=["procedure", "applicant", "-filed_at"], name="dossiers_of_a_scheme"),
        ]

    def __str__(self) -> str:
        return f"N° {self.spoken_reference}" if self.reference else f"Brouillon, {self.procedure}"

    @property
    def spoken_reference(self) -> str:
        return spoken(self.reference) if self.reference else ""

    @property
    def is_draft(self) -> bool:
        return self.phase == Phase.DRAFT

    @property
    def is_over(self) -> bool:
        return self.closed_at is not None

    @property
    def definition(self) -> Definition:
        return self.version.definition

    @property
    def counted_from(self) -> date:
        """The day that rules, windows and figures look at: of the filing, else today."""
        moment = self.received_at or self.filed_at
        return timezone.localdate(moment) if moment else timezone.localdate()

    def known(self, today: date | None = None) -> dict[str, Value]:
        return known(self.definition, self.answers, day=self.counted_from, today=today or timezone.localdate())

    @property
    def progress(self) -> list[str]:
        """One word a step: done, current, next. For the bar « Étape 3/7 »."""
        return [
            "done" if number < self.step or self.is_over else "current" if number == self.step else "next"
            for number in range(1, self.steps + 1)
        ]

    @property
    def declared_beneficiary(self) -> str:
        """« Hugo Lacoste »: for whom a parent asks, when the form asks it; else empty."""
        said = (str(self.answers.get(f"beneficiaire_{name}") or "").strip() for name in ("prenom", "nom"))
        return " ".join(part for part in said if part)
