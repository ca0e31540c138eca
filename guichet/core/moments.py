"""Moments read from the database in a tenth of the time.

A page of the desk reads four hundred of them. The session is in UTC (settings.USE_TZ) and the server writes ISO 8601,
which Python reads by itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.datetime import TimestamptzLoader


class MomentLoader(Loader):
    """`2026-11-28 10:53:14.5+00` as an aware datetime; what Python cannot hold raises `psycopg.DataError`."""

    timezone = UTC  # Django looks at it before each cursor

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:  # before our era, beyond the year 9999, infinite: said as the driver says it
            return TimestamptzLoader(self.oid, self.connection).load(data)


def read_moments(connection: Any, **_: Any) -> None:
    """Receiver of `connection_created`."""
    if connection.vendor == "postgresql" and connection.timezone is UTC:
        connection.connection.adapters.register_loader("timestamptz", MomentLoader)
