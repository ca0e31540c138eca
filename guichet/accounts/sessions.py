"""Sessions in the database, tied to their user (settings.SESSION_ENGINE)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from guichet.core.kept import Kept


def _open(key: str, now: datetime) -> Any:
    return SessionStore.get_model_class().objects.filter(session_key=key, expire_date__gt=now)


OPEN: Kept[Any] = Kept(_open)
CITIZEN_KEY = "citizen"  # the citizen signed in in this browser, an agent beside or not (see citizens.sessions)


def device_of(agent: str) -> str:
    """« Firefox, Windows »: enough to recognise one's own sessions."""
    browsers = [("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
    systems = [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
               ("Mac OS", "macOS"), ("Linux", "Linux")]  # fmt: skip
    found = [next((label for mark, label in marks if mark in agent), "") for marks in (browsers, systems)]
    return ", ".join(part for part in found if part) or "appareil inconnu"


class SessionStore(DatabaseStore):
    def _get_session_from_db(self) -> Any:
        """As Django does, with a query that is already made: every page asks it."""
        found = OPEN(str(self.session_key), timezone.now())
        if not found:
            self._session_key = None
        return found[0] if found else None

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
        session.citizen_id = int(data[CITIZEN_KEY][0]) if data.get(CITIZEN_KEY) else None
        session.device = str(data.get("device", ""))[:160]
        return session
