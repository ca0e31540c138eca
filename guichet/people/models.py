from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from guichet.core.phones import show
from guichet.organisation.models import Channel


class PersonQuerySet(models.QuerySet["Person"]):
    def living(self) -> PersonQuerySet:
        """Those that were not merged into another."""
        return self.filter(merged_into__isnull=True)


class Person(models.Model):
    """A citizen or an organisation the Region deals with. Not a login; never identified by an address alone."""

    class Kind(models.TextChoices):
        CITIZEN = "citizen", "Particulier"
        COMPANY = "company", "Entreprise"
        ASSOCIATION = "association", "Association"
        AUTHORITY = "authority", "Commune ou collectivité"

    class Civility(models.TextChoices):
        NONE = "", "Non précisée"
        MADAM = "mme", "Madame"
        SIR = "m", "Monsieur"

    kind = models.CharField("qualité", max_length=12, choices=Kind, default=Kind.CITIZEN)
    civility = models.CharField("civilité", max_length=4, choices=Civility, default=Civility.NONE, blank=True)
    first_name = models.CharField("prénom", max_length=80, blank=True)
    family_name = models.CharField("nom de famille", max_length=80, blank=True)
    used_name = models.CharField("nom d'usage", max_length=80, blank=True)
    # CRPA L111-3: the family name, unless the person expressly asks for the other.
    prefers_used_name = models.BooleanField("demande son nom d'usage", default=False)
    organisation_name = models.CharField("dénomination", max_length=160, blank=True)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    rna = models.CharField("RNA", max_length=10, blank=True)
    address = models.TextField("adresse postale", blank=True)
    postcode = models.CharField("code postal", max_length=10, blank=True)
    town = models.CharField("commune", max_length=80, blank=True)
    department = models.CharField("département", max_length=3, blank=True)
    about = models.CharField("en bref", max_length=160, blank=True)  # "Mère de Hugo, 15 ans, collège Les Tamaris"

    preferred_channel = models.CharField("canal préféré", max_length=10, choices=Channel, blank=True)
    language = models.CharField("langue", max_length=8, default="fr")
    needs_interpreter = models.BooleanField("a besoin d'un interprète", default=False)
    needs_large_print = models.BooleanField("gros caractères", default=False)
    no_digital = models.BooleanField("sans numérique", default=False)
    electronic_reply_refused = models.BooleanField("refuse les réponses électroniques", default=False)  # L112-14
    deceased = models.BooleanField("décès signalé", default=False)
    secret = models.BooleanField("coordonnées secrètes", default=False)

    sort_key = models.CharField(max_length=200, editable=False, db_index=True)
    search_key = models.CharField(max_length=300, editable=False)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="absorbed")
    created_at = models.DateTimeField(db_default=Now())
    source = models.CharField("origine", max_length=20, blank=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = "usager"
        indexes = [
            models.Index(fields=["search_key"], name="person_by_name", opclasses=["text_pattern_ops"]),
            models.Index(fields=["siret"], name="person_by_siret", condition=~Q(siret="")),
            models.Index(fields=["rna"], name="person_by_rna", condition=~Q(rna="")),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="person_not_merged_into_itself"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def is_organisation(self) -> bool:
        return self.kind != self.Kind.CITIZEN

    @property
    def last_name(self) -> str:
        return self.used_name if self.prefers_used_name and self.used_name else self.family_name

    @property
    def full_name(self) -> str:
        name = f"{self.first_name} {self.last_name}".strip()
        if self.is_organisation and self.organisation_name:
            return self.organisation_name
        return name or self.organisation_name or "Personne sans nom connu"

    @property
    def is_left_alone(self) -> bool:
        """Nothing automatic is sent to a person who died or whose address is secret (behaviours 56)."""
        return self.deceased or self.secret

    @property
    def contact_name(self) -> str:
        """The human behind an organisation, if known."""
        return f"{self.first_name} {self.last_name}".strip() if self.is_organisation else ""

    @property
    def initials(self) -> str:
        words = self.full_name.replace("-", " ").split()
        return "".join(word[0] for word in (words[0], words[-1]) if word).upper() if words else "?"

    @property
    def salutation(self) -> str:
        """« Madame Lacoste », or a neutral form when the civility is not known: it is never guessed."""
        if self.civility and self.last_name:
            return f"{self.get_civility_display()} {self.last_name}"
        return "Madame, Monsieur"


class ContactPoint(models.Model):
    """One way to reach a person. An address says where to answer, never who is writing."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Téléphone"

    class Source(models.TextChoices):
        FORM = "form", "formulaire"
        EMAIL = "email", "message reçu"
        AGENT = "agent", "agent"
        IMPORT = "import", "reprise"
        ACCOUNT = "account", "compte en ligne"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField("type", max_length=6, choices=Kind)
    value = models.CharField("valeur", max_length=254)  # lower-cased address or E.164
    reversed_digits = models.CharField(max_length=20, blank=True, editable=False)  # search by last digits
    source = models.CharField("origine", max_length=8, choices=Source)
    verified_at = models.DateTimeField("vérifiée le", null=True, blank=True)
    verified_how = models.CharField("preuve", max_length=40, blank=True)
    # Used by several persons (couple, association, parent): answers may go there, it proves nobody.
    is_shared = models.BooleanField("partagée", default=False)
    bad_since = models.DateTimeField("en échec depuis", null=True, blank=True)
    bad_reason = models.CharField("raison de l'échec", max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "coordonnée"
        constraints = [models.UniqueConstraint(fields=["person", "kind", "value"], name="contact_point_once")]
        indexes = [
            models.Index(fields=["kind", "value"], name="contact_point_by_value"),
            models.Index(
                fields=["reversed_digits"],
                name="contact_point_by_digits",
                opclasses=["text_pattern_ops"],
                condition=Q(kind="phone"),
            ),
        ]

    def __str__(self) -> str:
        return self.shown

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.reversed_digits = self.value.lstrip("+")[::-1] if self.kind == self.Kind.PHONE else ""
        super().save(*args, **kwargs)

    @property
    def shown(self) -> str:
        return show(self.value) if self.kind == self.Kind.PHONE else self.value

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None


class NameWord(models.Model):
    """A word of somebody's name, with what it becomes without one of its letters: for names typed with a mistake."""

    word = models.CharField(max_length=100, primary_key=True)
    near = ArrayField(models.TextField())

    class Meta:
        verbose_name = "mot d'un nom"
        indexes = [GinIndex(fields=["near"], name="name_words_alike")]

    def __str__(self) -> str:
        return self.word


class Consent(models.Model):
    """What a person agreed to, in which words, and how we know (RGPD art. 7)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField("finalité", max_length=60)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    wording = models.CharField("version du texte", max_length=40)
    proof = models.CharField("preuve", max_length=200, blank=True)
    given_at = models.DateTimeField("donné le", db_default=Now())
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        verbose_name = "consentement"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "purpose", "channel"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_running_consent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} ({self.channel})"


class MandateQuerySet(models.QuerySet["Mandate"]):
    def running(self) -> MandateQuerySet:
        """Those that hold today."""
        today = timezone.localdate()
        return self.filter(ended_at__isnull=True, first_day__lte=today).filter(
            Q(last_day__isnull=True) | Q(last_day__gte=today)
        )


class Mandate(models.Model):
    """One person acts for another: parent, helper, officer of an association, adviser."""

    principal = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="mandates_given")
    holder = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="mandates_held")
    scope = models.CharField("objet", max_length=160)
    first_day = models.DateField("depuis le")
    last_day = models.DateField("jusqu'au", null=True, blank=True)
    proof = models.CharField("preuve", max_length=200, blank=True)
    ended_at = models.DateTimeField("retiré le", null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = "mandat"
        constraints = [
            models.CheckConstraint(condition=~Q(principal=F("holder")), name="mandate_between_two"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")), name="mandate_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} pour {self.principal}"


class Duplicate(models.Model):
    """Two records that may be one person. Proposed by the machine, decided by an agent, remembered."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "à décider"
        NOT_SAME = "not_same", "personnes différentes"
        MERGED = "merged", "fusionnées"

    first = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField("raison", max_length=120)
    score = models.PositiveSmallIntegerField("ressemblance", default=0)  # 0 to 100
    state = models.CharField("décision", max_length=9, choices=State, default=State.PROPOSED)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "doublon proposé"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="duplicate_in_order"),
        ]
        indexes = [models.Index(fields=["-score", "id"], condition=Q(state="proposed"), name="duplicates_to_decide")]

    def __str__(self) -> str:
        return f"{self.first_id} ? {self.second_id}"


class Merge(models.Model):
    """One record absorbed by another: what the survivor was before, so that it can be undone field by field."""

    survivor = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField("survivant avant", default=dict)
    added_points = models.JSONField("coordonnées ajoutées", default=list)
    done_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "fusion"

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.survivor_id}"


MERGED_FIELDS = (
    "civility", "first_name", "family_name", "used_name", "organisation_name", "siren", "siret", "rna",
    "address", "postcode", "town", "department", "about", "preferred_channel", "language",
)  # fmt: skip
# A protection given to one record protects the survivor too.
FLAGS_KEPT = (
    "needs_interpreter", "needs_large_print", "no_digital", "electronic_reply_refused", "deceased", "secret",
)  # fmt: skip
