from __future__ import annotations

from guichet.citizens.actions import remove_lost
from guichet.citizens.actions.linking import forget_old_links
from guichet.core.jobs import every


@every("23 3 * * *", "citizens.sweep")
def sweep(timestamp: int) -> None:
    forget_old_links()


@every("*/5 * * * *", "citizens.remove_lost")
def remove_lost_factors(timestamp: int) -> None:
    while remove_lost():
        continue
