"""Sessions in the database, tied to their user (settings.SESSION_ENGINE)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        from guichet.accounts.models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        # Saving again writes every column: the birth of the session travels with its data.
        born = data.setdefault("_created_at", timezone.now().isoformat())
        session: Any = super().create_model_instance(data)
        session.created_at = datetime.fromisoformat(born)
        session.user_id = int(data[SESSION_KEY]) if data.get(SESSION_KEY) else None
        session.device = str(data.get("device", ""))[:160]
        return session
