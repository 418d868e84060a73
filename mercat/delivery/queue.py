"""The one thin module over the job queue. A job is a nudge, “there is work in this lane”; the rows say what.

Losing every job would lose nothing: the clock nudges again within half a second.
"""

from __future__ import annotations

import asyncio
import contextlib

from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate import App
from procrastinate.contrib.django import app as django_app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from procrastinate.psycopg_connector import PsycopgConnector

LANES = ("warning", "normal")
POLL = 0.5  # seconds; sending rule 10
HEARTBEAT, STALLED = 2.0, 10.0
# What libpq understands of Django's parameters; the rest is Django's own.
LIBPQ = {"dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "options"}
JOBS_AT_ONCE = 4  # one slow network must not keep the next nudge waiting


def on_app_ready(app: App) -> None:
    """Called by Procrastinate once Django is ready: the tasks, with their names on the queue."""
    for lane in LANES:
        app.task(_drain(lane), name=f"drain-{lane}", queue=lane)


def _drain(lane: str):
    def drain() -> None:
        from mercat.delivery.engine import drain as run  # noqa: PLC0415 - models exist only once Django is ready

        run(lane)

    return drain


def nudge(lane: str) -> None:
    """Ask a worker of `lane` to look. Cheap when one is asked already."""
    # In a savepoint: being asked already is an error of the database, which would end the caller's transaction.
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        django_app.configure_task(f"drain-{lane}", queue=lane, queueing_lock=f"drain-{lane}").defer()


def work(lane: str) -> None:
    """Work on one lane until told to stop (SIGINT, SIGTERM)."""
    asyncio.run(_work(lane))


async def _work(lane: str) -> None:
    params = {name: value for name, value in connection.get_connection_params().items() if name in LIBPQ}
    app = django_app.with_connector(PsycopgConnector(kwargs=params, min_size=1, max_size=JOBS_AT_ONCE + 2))
    async with app.open_async():
        await app.run_worker_async(
            queues=[lane],
            name=f"mercat-{lane}",
            concurrency=JOBS_AT_ONCE,
            fetch_job_polling_interval=POLL,
            abort_job_polling_interval=30,
            shutdown_graceful_timeout=20,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED,
            delete_jobs="always",
        )


def rescue() -> int:
    """Clear away nudges whose worker died; any later nudge claims their rows anew. Returns how many there were."""
    return async_to_sync(_rescue)()


async def _rescue() -> int:
    manager = django_app.job_manager
    stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED))
    for job in stalled:
        await manager.finish_job(job, status=Status.FAILED, delete_job=True)
    return len(stalled)
