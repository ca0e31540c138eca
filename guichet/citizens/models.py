from __future__ import annotations

from django.contrib.auth.hashers import check_password, is_password_usable
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from guichet.people.models import Person


class Account(models.Model):
    """The login of one citizen. It exists only once its address was proved; it may have no password."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts", verbose_name="usager")
    email = models.EmailField("adresse e-mail", blank=True)  # lower case; empty once closed
    email_verified_at = models.DateTimeField("adresse vérifiée le")
    password = models.CharField("mot de passe", max_length=128)
    # Part of what every session is checked against: another one closes them all.
    session_salt = models.CharField(max_length=32)
    # Second factor: the secret shared with the telephone, the last step of time that was used, spare codes (digests).
    totp_secret = models.CharField(max_length=64, blank=True)
    totp_step = models.BigIntegerField(default=-1)
    recovery_digests = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    factor_leaves_at = models.DateTimeField("deuxième étape retirée le", null=True)  # when it was said to be lost
    created_at = models.DateTimeField("ouvert le", db_default=Now())
    last_seen_at = models.DateTimeField("dernière visite", null=True)
    closed_at = models.DateTimeField("fermé le", null=True)

    class Meta:
        verbose_name = "compte d'usager"
        indexes = [
            models.Index(
                fields=["factor_leaves_at"], condition=Q(factor_leaves_at__isnull=False), name="citizen_factors_leaving"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["email"], condition=Q(closed_at__isnull=True), name="citizen_email_once",
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(closed_at__isnull=True), name="citizen_person_once",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="citizen_email_lower_case"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=False) | ~Q(email=""), name="citizen_open_account_has_email"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.email or f"compte fermé {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def has_password(self) -> bool:
        return is_password_usable(self.password)

    @property
    def has_second_factor(self) -> bool:
        return bool(self.totp_secret)

    @property
    def name(self) -> str:
        """As the header of the pages says it."""
        known = self.person.first_name or self.person.last_name or self.person.organisation_name
        return self.person.full_name if known else self.email

    @property
    def initials(self) -> str:
        known = self.person.first_name or self.person.last_name or self.person.organisation_name
        return self.person.initials if known else self.email[:2].upper()

    def check_password(self, password: str) -> bool:
        return check_password(password, self.password)


def of_living(account: Account) -> Account:
    """A record that was merged into another is that other one; of this object only: the merge may be undone."""
    if account.person.merged_into is not None:
        account.person = account.person.merged_into
    return account


class SignInLink(models.Model):
    """A link sent by mail, kept as a digest. Reading its page does nothing: its button does, once."""

    class Purpose(models.TextChoices):
        OPEN = "open", "ouverture du compte"
        SIGN_IN = "sign_in", "connexion"
        PASSWORD = "password", "choix d'un mot de passe"
        EMAIL = "email", "changement d'adresse"

    purpose = models.CharField("objet", max_length=8, choices=Purpose)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="links")
    email = models.EmailField("adresse")  # where it was sent: that is what it proves
    digest = models.CharField(max_length=64, unique=True)
    after = models.CharField(max_length=500, blank=True)  # the page that was wanted
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField("valable jusqu'au")
    used_at = models.DateTimeField("utilisé le", null=True)

    class Meta:
        verbose_name = "lien de connexion"
        indexes = [models.Index(fields=["expires_at"], name="citizen_links_by_end")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.pk})"

    @property
    def is_live(self) -> bool:
        return self.used_at is None and self.expires_at > timezone.now()


class ExternalIdentity(models.Model):
    """Who a provider of identity says that the account is. Several for one account: FranceConnect gives another
    number when the civil status of a person is corrected."""

    class Provider(models.TextChoices):
        FRANCECONNECT = "franceconnect", "FranceConnect"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="identities")
    provider = models.CharField("fournisseur", max_length=20, choices=Provider)
    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    claims = models.JSONField("identité reçue", default=dict)  # last seen: names and date of birth, to show them
    linked_at = models.DateTimeField("reliée le", db_default=Now())
    used_at = models.DateTimeField("dernière connexion", null=True)

    class Meta:
        verbose_name = "identité reliée"
        constraints = [models.UniqueConstraint(fields=["issuer", "sub"], name="external_identity_once")]

    def __str__(self) -> str:
        return f"{self.get_provider_display()} ({self.pk})"

    @property
    def said(self) -> str:
        """« Camille Duprat », as the provider writes it."""
        return f"{self.claims.get('given_name', '')} {self.claims.get('family_name', '')}".strip()


class MandateInvitation(models.Model):
    """« Agissez pour moi »: sent to an address, accepted once by who reads that address and has an account."""

    principal = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", verbose_name="usager")
    email = models.EmailField("adresse")
    scope = models.CharField("objet", max_length=160)
    last_day = models.DateField("jusqu'au", null=True)
    digest = models.CharField(max_length=64, unique=True)
    sent_at = models.DateTimeField("envoyée le", db_default=Now())
    expires_at = models.DateTimeField("valable jusqu'au")
    # Accepted, refused or taken back.
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "invitation à agir"
        indexes = [
            models.Index(fields=["principal"], condition=Q(answered_at__isnull=True), name="citizen_invitations_sent")
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"
