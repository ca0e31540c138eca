from __future__ import annotations

import re
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from guichet.core.calendar import paris_day
from guichet.core.models import StoredFile
from guichet.organisation.models import Team

CODE_PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CODE = RegexValidator(rf"^{CODE_PATTERN.pattern}\Z", "Lettres minuscules sans accent, chiffres et tirets.")
ANSWER_LENGTH = 1200
SMS_LENGTH = 306  # two joined messages of 153 signs
SPOKEN_LENGTH = 500


# Pages of the desk that stand where an article would.
TAKEN = frozenset({"exporter", "importer", "nouveau", "saison", "synonymes", "travail"})


def is_code(text: str) -> bool:
    return len(text) <= 80 and CODE_PATTERN.fullmatch(text) is not None and text not in TAKEN


class Kind(models.TextChoices):
    AID = "aid", "Aide"
    PROCEDURE = "procedure", "Démarche"
    QUESTION = "question", "Question"
    CONTACT = "contact", "Contact"
    INSTRUCTION = "instruction", "Consigne interne"
    TEMPLATE = "template", "Modèle de réponse"
    TALKING_POINTS = "talking_points", "Éléments de langage"


class Audience(models.TextChoices):
    """Who reads it: everybody, all agents, or the owner's team and those below it."""

    CITIZEN = "citizen", "Tout public"
    AGENT = "agent", "Tous les agents"
    TEAM = "team", "L'équipe responsable"


class Theme(models.TextChoices):
    """Shelves of the guide des aides."""

    AGRICULTURE = "agriculture", "Agriculture et forêt"
    CULTURE = "culture", "Culture et langues régionales"
    ECONOMY = "economie", "Économie et emploi"
    ENVIRONMENT = "environnement", "Environnement et énergie"
    EUROPE = "europe", "Europe et international"
    TRAINING = "formation", "Formation et apprentissage"
    YOUTH = "jeunesse", "Jeunesse et vie lycéenne"
    HEALTH = "sante", "Santé et solidarités"
    SPORT = "sport", "Sport"
    TRANSPORT = "transports", "Transports et mobilités"


class Profile(models.TextChoices):
    """Who looks for an aid, as they say it."""

    PUPIL = "lyceen", "Lycéen ou parent d'élève"
    APPRENTICE = "apprenti", "Apprenti"
    STUDENT = "etudiant", "Étudiant"
    JOB_SEEKER = "demandeur_emploi", "En recherche d'emploi"
    EMPLOYEE = "salarie", "Salarié"
    COMPANY = "entreprise", "Une entreprise"
    ASSOCIATION = "association", "Une association"
    FARMER = "agriculteur", "Agriculteur"
    TOWN = "collectivite", "Une commune"
    ARTIST = "artiste", "Artiste ou lieu culturel"


class ArticleQuerySet(models.QuerySet["Article"]):
    def live(self, on: date | None = None) -> ArticleQuerySet:
        """Published, not archived, within its dates of validity."""
        day = on or paris_day(timezone.now())
        return self.filter(
            Q(live__valid_from__isnull=True) | Q(live__valid_from__lte=day),
            Q(live__valid_until__isnull=True) | Q(live__valid_until__gte=day),
            live__isnull=False,
            archived_at__isnull=True,
        )

    def for_citizens(self, on: date | None = None) -> ArticleQuerySet:
        return self.live(on).filter(audience=Audience.CITIZEN).select_related("live", "owner")


class Article(models.Model):
    """One matter of the base, whatever the words of the day: its text is its live version's."""

    code = models.CharField("adresse", max_length=80, unique=True, validators=[CODE])  # never changes once published
    kind = models.CharField("nature", max_length=16, choices=Kind, default=Kind.QUESTION)
    audience = models.CharField("public", max_length=8, choices=Audience, default=Audience.CITIZEN)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="articles", verbose_name="équipe")
    live = models.OneToOneField("Version", on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    archived_at = models.DateTimeField("archivé le", null=True, editable=False)
    checked_on = models.DateField("vérifié le", null=True, editable=False)  # by somebody who answers for it
    review_on = models.DateField("à relire le", null=True, blank=True)
    check_asked = models.CharField("à revoir parce que", max_length=300, blank=True, editable=False)
    position = models.PositiveSmallIntegerField("ordre dans sa rubrique", default=100)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = "article"
        ordering = ["code"]
        indexes = [
            models.Index(fields=["kind", "position", "code"], name="articles_of_kind"),
            models.Index(fields=["review_on"], condition=Q(archived_at__isnull=True), name="articles_to_review"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return self.live.title if self.live else self.code


class VersionState(models.TextChoices):
    DRAFT = "draft", "Brouillon"
    IN_REVIEW = "in_review", "En relecture"
    SCHEDULED = "scheduled", "Programmée"
    PUBLISHED = "published", "Publiée"
    RETIRED = "retired", "Remplacée"
    DROPPED = "dropped", "Abandonnée"


OPEN = frozenset({VersionState.DRAFT, VersionState.IN_REVIEW, VersionState.SCHEDULED})
VERSION_MOVES: dict[VersionState, frozenset[VersionState]] = {
    VersionState.DRAFT: frozenset({VersionState.IN_REVIEW, VersionState.DROPPED}),
    VersionState.IN_REVIEW: frozenset(
        {VersionState.DRAFT, VersionState.SCHEDULED, VersionState.PUBLISHED, VersionState.DROPPED}
    ),
    VersionState.SCHEDULED: frozenset({VersionState.DRAFT, VersionState.PUBLISHED, VersionState.DROPPED}),
    VersionState.PUBLISHED: frozenset({VersionState.RETIRED}),
    VersionState.RETIRED: frozenset(),
    VersionState.DROPPED: frozenset(),
}


class Version(models.Model):
    """The text of an article at one moment. Once published it never changes: what was sent can always be read again."""

    State = VersionState

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField("version", editable=False)
    state = models.CharField("état", max_length=10, choices=VersionState, default=VersionState.DRAFT, editable=False)
    title = models.CharField("titre", max_length=120)
    answer = models.TextField("réponse", max_length=ANSWER_LENGTH)
    sms = models.CharField("réponse par SMS", max_length=SMS_LENGTH, blank=True)
    spoken = models.CharField("réponse dite au téléphone", max_length=SPOKEN_LENGTH, blank=True)
    body = models.TextField("texte complet", blank=True)  # Markdown
    uncertain = models.CharField("ce qui n'est pas sûr", max_length=300, blank=True)
    topics = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name="sujets")  # codes
    departments = ArrayField(models.CharField(max_length=3), default=list, blank=True, verbose_name="départements")
    related = ArrayField(models.CharField(max_length=80), default=list, blank=True, verbose_name="à voir aussi")
    # [{"title": "…", "url": "https://…", "kind": "law", "checked": "2026-11-02"}]
    sources = models.JSONField("sources", default=list, blank=True)
    # Of an aid: for_whom, amount, when, reply, themes, profiles, ages, conditions, exclusions.
    aid = models.JSONField("aide", default=dict, blank=True)
    valid_from = models.DateField("valable à partir du", null=True, blank=True)
    valid_until = models.DateField("valable jusqu'au", null=True, blank=True)
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", editable=False)
    reviewer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    remark = models.TextField("ce qui change", max_length=500, blank=True)
    sent_back = models.TextField("renvoyée parce que", max_length=500, blank=True, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    publish_at = models.DateTimeField("publication prévue le", null=True, editable=False)
    published_at = models.DateTimeField("publiée le", null=True, editable=False)
    retired_at = models.DateTimeField("remplacée le", null=True, editable=False)

    class Meta:
        verbose_name = "version"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="one_version_number"),
            models.UniqueConstraint(
                fields=["article"], condition=Q(state__in=["draft", "in_review", "scheduled"]), name="one_open_version"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=models.F("valid_from")),
                name="version_ends_after_start",
            ),
        ]
        indexes = [
            GinIndex(fields=["topics"], name="versions_by_topic"),
            models.Index(fields=["publish_at"], condition=Q(state="scheduled"), name="versions_to_publish"),
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.number})"

    @property
    def themes(self) -> list[str]:
        return list(self.aid.get("themes", []))

    @property
    def profiles(self) -> list[str]:
        return list(self.aid.get("profiles", []))

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class Wording(models.Model):
    """How people say it. Teaches the search and Noa; not part of the approved text."""

    class Origin(models.TextChoices):
        EDITOR = "editor", "rédacteur"
        AGENT = "agent", "choix d'un agent"
        CITIZEN = "citizen", "question d'un usager, relue"

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="wordings")
    text = models.CharField("formulation", max_length=300)
    origin = models.CharField("origine", max_length=8, choices=Origin, default=Origin.EDITOR)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "formulation"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["article", "text"], name="one_wording")]

    def __str__(self) -> str:
        return self.text


class Picture(models.Model):
    """An image that an article may show in its full text. Its bytes are kept once, whoever shows them."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="pictures")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "image d'article"
        constraints = [models.UniqueConstraint(fields=["article", "file"], name="one_picture")]

    def __str__(self) -> str:
        return self.file_id[:12]


class Synonym(models.Model):
    """« bus, autocar = car »: what people say and what the base says."""

    said = models.CharField("les usagers disent", max_length=120, unique=True)
    meant = models.CharField("la base dit", max_length=200)

    class Meta:
        verbose_name = "synonyme"
        ordering = ["said"]

    def __str__(self) -> str:
        return f"{self.said} = {self.meant}"


class SeasonEvent(models.Model):
    """A date that matters to many: the banner of the portal, and what Noa and the desk should expect."""

    title = models.CharField("titre", max_length=120)
    text = models.CharField("phrase", max_length=200, blank=True)
    day = models.DateField("date mise en avant")
    shown_from = models.DateField("montré à partir du")
    shown_until = models.DateField("montré jusqu'au")
    article = models.ForeignKey(Article, on_delete=models.SET_NULL, null=True, blank=True, verbose_name="article")
    link_label = models.CharField("libellé du lien", max_length=60, blank=True)

    class Meta:
        verbose_name = "événement de la saison"
        ordering = ["shown_from", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(shown_until__gte=models.F("shown_from")), name="season_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.title


class SearchIndex(models.Model):
    """The base filed for the search by the worker, read by every process of every node."""

    audience = models.CharField(max_length=8, primary_key=True)  # citizen, agent
    name = models.CharField(max_length=120)  # in the storage
    before = models.CharField(max_length=120, blank=True)  # kept one turn: a process may be about to read it
    revision = models.PositiveBigIntegerField()  # of the base it was made from
    built_at = models.DateTimeField(auto_now=True)
    articles = models.PositiveIntegerField(default=0)
    wordings = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        verbose_name = "index de recherche"

    def __str__(self) -> str:
        return f"{self.audience} {self.revision}"


class Revision(models.Model):
    """How many times the base changed: what the index was made from, and what a cache is worth."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_revision")]

    def __str__(self) -> str:
        return str(self.number)


class Asked(models.Model):
    """A question put to the base and what came of it. No person in it: texts are masked, kept ASKED_DAYS."""

    class Place(models.TextChoices):
        SEARCH = "search", "Recherche"
        NOA = "noa", "Noa"
        FORM = "form", "Formulaire"
        DESK = "desk", "Bureau"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Réponse directe"
        OFFERED = "offered", "Choix proposé"
        NONE = "none", "Sans réponse"

    place = models.CharField(max_length=8, choices=Place)
    outcome = models.CharField(max_length=8, choices=Outcome)
    text = models.CharField("question, masquée", max_length=300)
    key = models.CharField("mots de la question", max_length=300)  # same words in any order, same key
    article = models.ForeignKey(Article, on_delete=models.CASCADE, null=True, related_name="+")
    opened = models.BooleanField("réponse ouverte", default=False)
    at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField("traitée le", null=True)

    class Meta:
        verbose_name = "question posée"
        indexes = [
            models.Index(fields=["outcome", "-at"], name="asked_by_outcome"),
            models.Index(fields=["-at"], name="asked_by_date"),
            models.Index(fields=["key", "outcome"], name="asked_by_key"),
        ]

    def __str__(self) -> str:
        return self.text


class Vote(models.Model):
    """« Cela répond à ma question »: yes, in part, no; with the passage and what is wrong, when said."""

    class Value(models.TextChoices):
        YES = "oui", "Oui"
        PARTLY = "partie", "En partie"
        NO = "non", "Non"

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="votes")
    place = models.CharField(max_length=8, choices=Asked.Place)
    value = models.CharField(max_length=6, choices=Value)
    passage = models.CharField("passage", max_length=500, blank=True)
    remark = models.CharField("remarque", max_length=1000, blank=True)
    at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField("traité le", null=True)

    class Meta:
        verbose_name = "avis"
        indexes = [
            models.Index(fields=["version", "value"], name="votes_of_version"),
            models.Index(fields=["-at"], condition=Q(handled_at__isnull=True) & ~Q(value="oui"), name="votes_to_read"),
        ]

    def __str__(self) -> str:
        return f"{self.value} {self.version_id}"
