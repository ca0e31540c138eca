"""What a form carries with it, signed: the key that makes a double click one message, and when it was shown."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from django.core import signing

_SALT = "portal.form"
TOO_FAST = 2.0
TOO_OLD = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class FormToken:
    key: str
    shown_at: float

    @classmethod
    def new(cls) -> FormToken:
        return cls(str(uuid.uuid4()), time.time())

    @property
    def signed(self) -> str:
        return signing.dumps([self.key, self.shown_at], salt=_SALT)

    def renewed(self) -> FormToken:
        """Same key, shown now."""
        return FormToken(self.key, time.time())

    @property
    def is_timely(self) -> bool:
        return TOO_FAST <= time.time() - self.shown_at <= TOO_OLD

    @property
    def is_too_old(self) -> bool:
        return time.time() - self.shown_at > TOO_OLD


def read_token(text: str) -> FormToken | None:
    try:
        key, shown_at = signing.loads(text, salt=_SALT)
        return FormToken(str(uuid.UUID(key)), float(shown_at))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
