from guichet.notices.actions.telling import (
    note_implicit_decisions,
    remind_of_deadlines,
    tell_paid,
    tell_rejected,
    tell_step,
)
from guichet.notices.actions.warning import LATE_WITHIN, mark_warnings_read, warn, warn_at_once

__all__ = [
    "LATE_WITHIN", "mark_warnings_read", "note_implicit_decisions", "remind_of_deadlines", "tell_paid",
    "tell_rejected", "tell_step", "warn", "warn_at_once",
]  # fmt: skip
