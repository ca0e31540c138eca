from __future__ import annotations

from django.db import connection
from procrastinate.contrib.django import app

from guichet.core.jobs import STALLED_AFTER_SECONDS, every


@every("* * * * *", "core.retry_stalled")
async def retry_stalled(timestamp: int) -> None:
    """A killed worker leaves its job « doing » for ever: give it back to the others."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
        await app.job_manager.retry_job(job)


@every("17 3 * * *", "core.sweep")
def sweep(timestamp: int) -> None:
    """Drop allowances that ran out, and jobs that failed for good more than thirty days ago."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_allowance WHERE until < now() - interval '1 day'")
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status = 'failed' "
            "AND coalesce(scheduled_at, now()) < now() - interval '30 days'"
        )
