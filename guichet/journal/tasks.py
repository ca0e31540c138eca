from __future__ import annotations

from guichet.core.jobs import every
from guichet.journal.partitions import prepare


@every("23 2 * * *", "journal.partitions")
def prepare_months(timestamp: int) -> None:
    prepare()
