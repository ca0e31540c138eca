"""Documents wait here to be read by a machine: their words join those of their cases, for the search.

A file is taken under a lease: a killed worker leaves it to the next. Files that the antivirus has not cleared wait.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from guichet.core import files, rows
from guichet.core.documents import words_of_document
from guichet.core.faults import where
from guichet.core.models import FileWords, StoredFile

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
READABLE = frozenset({"pdf", "office", "text"})
MAX_BYTES = 60 * 1024 * 1024
# Of every case that holds the file. What is attached later says it by a trigger (cases_note_piece).
SAY = """
UPDATE cases_casewords AS kept SET words = kept.words || guichet_words(%s, 'D')
WHERE length(kept.words) < 20000 AND kept.case_id IN (
  SELECT i.case_id FROM cases_attachment a JOIN cases_interaction i ON i.id = a.interaction_id WHERE a.file_id = %s)
"""


def read_waiting(limit: int = 20) -> int:
    """Read what waits, oldest first. Returns how many files were taken."""
    taken = 0
    while taken < limit and (file := _claim()) is not None:
        _read(file)
        taken += 1
    return taken


def _claim() -> StoredFile | None:
    with transaction.atomic():
        found = rows.pick(
            StoredFile,
            "WHERE read_at IS NOT NULL AND scan IN ('clean', 'unscanned') AND read_at <= statement_timestamp() "
            "ORDER BY read_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        )
        if not found:
            return None
        [file] = found
        StoredFile.objects.filter(pk=file.pk).update(read_at=timezone.now() + LEASE)
        return file


def _read(file: StoredFile) -> None:
    text = ""
    if file.family in READABLE and file.size <= MAX_BYTES:
        try:
            text = words_of_document(files.read_bytes(file.pk), file.family, file.media_type)
        except OSError as error:  # the storage is away: the lease brings it back
            log.warning("file not read, waiting: %s", where(error))
            return
    _keep(file, text.replace("\x00", " ").strip())


@transaction.atomic
def _keep(file: StoredFile, text: str) -> None:
    if not StoredFile.objects.filter(pk=file.pk, read_at__isnull=False).update(read_at=None):
        return  # another worker was here, after our lease
    if text:
        FileWords.objects.update_or_create(file=file, defaults={"text": text})
        rows.tell(SAY, [text, file.pk])
