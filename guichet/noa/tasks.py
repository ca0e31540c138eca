"""What the clock does to conversations."""

from __future__ import annotations

from guichet.accounts.machines import GUICHET, machine
from guichet.core.jobs import every
from guichet.noa.actions import close_idle, judge, mask_old


@every("*/5 * * * *", "noa.close_idle")
def close_idle_chats(timestamp: int) -> None:
    close_idle(by=machine(GUICHET))
    judge()


@every("37 4 * * *", "noa.mask_old")
def mask_old_chats(timestamp: int) -> None:
    while mask_old(by=machine(GUICHET)) == 500:
        continue
