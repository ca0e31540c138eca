from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class StoredFile(models.Model):
    """Bytes kept once, named by their SHA-256, whoever sent them and however many times."""

    class Scan(models.TextChoices):
        PENDING = "pending", "analyse antivirus en cours"
        CLEAN = "clean", "analysé, sans virus"
        INFECTED = "infected", "virus détecté"
        UNSCANNED = "unscanned", "non analysé"
        FAILED = "failed", "analyse antivirus impossible"

    sha256 = models.CharField("empreinte", primary_key=True, max_length=64)
    size = models.PositiveBigIntegerField("taille en octets")
    media_type = models.CharField("type", max_length=127)  # by content, never by name
    family = models.CharField("famille", max_length=20)  # see core.filetypes
    scan = models.CharField("antivirus", max_length=10, choices=Scan, default=Scan.UNSCANNED)
    scan_result = models.CharField("résultat", max_length=200, blank=True)
    scan_at = models.DateTimeField("analyse prévue le", db_default=Now())
    scan_tries = models.PositiveSmallIntegerField("essais d'analyse", default=0)
    stored_at = models.DateTimeField("conservé le", db_default=Now())
    # When its words are to be read, for the search; empty once it is done, or when there is nothing to read.
    read_at = models.DateTimeField("lecture prévue le", null=True, db_default=Now())

    class Meta:
        verbose_name = "fichier conservé"
        verbose_name_plural = "fichiers conservés"
        indexes = [
            models.Index(fields=["scan_at"], condition=models.Q(scan="pending"), name="file_to_scan"),
            models.Index(
                fields=["read_at"],
                condition=models.Q(read_at__isnull=False, scan__in=["clean", "unscanned"]),
                name="file_to_read",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} ({self.media_type})"

    @property
    def may_be_opened(self) -> bool:
        """Infected files are kept as evidence and never given out; pending ones wait for the scan."""
        return self.scan in {self.Scan.CLEAN, self.Scan.UNSCANNED}

    @property
    def storage_name(self) -> str:
        return storage_name(self.sha256)


class FileWords(models.Model):
    """What a document says, once read by a machine."""

    file = models.OneToOneField(StoredFile, on_delete=models.CASCADE, primary_key=True, related_name="words")
    text = models.TextField("texte lu")

    class Meta:
        verbose_name = "texte d'un fichier"

    def __str__(self) -> str:
        return f"texte de {self.file_id[:12]}"


def storage_name(sha256: str) -> str:
    """Two levels of folders, so that no folder ever holds millions of entries."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


class Allowance(models.Model):
    """How many times something was tried in a window, shared by every process (rate limits)."""

    key = models.CharField(max_length=120, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="allowance_until")]

    def __str__(self) -> str:
        return self.key
