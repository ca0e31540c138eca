"""Files wait here for the virus scanner. Until it has spoken nobody opens them; if it found something, nobody ever."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from guichet.accounts.machines import GUICHET, machine
from guichet.cases.actions import report_infected
from guichet.core import antivirus, files, rows
from guichet.core.faults import where
from guichet.core.models import StoredFile

log = logging.getLogger(__name__)

# The scanner away or busy: the file waits, longer each time, for ever.
DELAYS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
LEASE = timedelta(minutes=10)
TOO_LARGE = "trop gros pour l'antivirus"


def scan_waiting(limit: int = 20) -> int:
    """Scan what waits, oldest first. Returns how many files were taken; none when no scanner is set."""
    if not settings.CLAMD:
        return 0
    taken = 0
    while taken < limit and (file := _claim()) is not None:
        _scan(file)
        taken += 1
    return taken


def _claim() -> StoredFile | None:
    """Take a file under a lease: a killed worker leaves it to the next."""
    with transaction.atomic():
        found = rows.pick(
            StoredFile,
            "WHERE scan = 'pending' AND scan_at <= statement_timestamp() ORDER BY scan_at LIMIT 1 "
            "FOR UPDATE SKIP LOCKED",
        )
        if not found:
            return None
        [file] = found
        file.scan_tries = min(file.scan_tries + 1, 30_000)
        file.scan_at = timezone.now() + LEASE
        file.save(update_fields=["scan_tries", "scan_at"])
        return file


def _scan(file: StoredFile) -> None:
    try:
        with files.open_bytes(file.sha256) as content:
            verdict = antivirus.scan(content)
    except antivirus.TooLarge:
        _write(file, StoredFile.Scan.FAILED, TOO_LARGE)
    except (antivirus.Unavailable, OSError) as error:
        log.warning("file not scanned, waiting: %s", where(error))
        delay = DELAYS[min(file.scan_tries, len(DELAYS)) - 1]
        StoredFile.objects.filter(pk=file.pk, scan=StoredFile.Scan.PENDING).update(scan_at=timezone.now() + delay)
    else:
        _write(file, StoredFile.Scan.CLEAN if verdict.is_clean else StoredFile.Scan.INFECTED, verdict.virus)


@transaction.atomic
def _write(file: StoredFile, scan: StoredFile.Scan, result: str) -> None:
    changed = StoredFile.objects.filter(pk=file.pk, scan=StoredFile.Scan.PENDING).update(
        scan=scan, scan_result=result[:200]
    )
    if changed and scan != StoredFile.Scan.CLEAN:
        report_infected(file, infected=scan == StoredFile.Scan.INFECTED, by=machine(GUICHET))
