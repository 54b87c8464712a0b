"""`manage.py worker`: do the background tasks, through restarts of the database."""

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker

from readinggroup.lib.task_figures import count_task
from readinggroup.lib.unavailable import trouble_of

log = logging.getLogger(__name__)
PATIENCE = 3  # seconds to wait for a connection
PAUSE = 1  # seconds before the database is asked again
# A task of a release that this one does not know: it is put back for a worker that does, so often and so many seconds.
UNKNOWN_TRIES, UNKNOWN_PAUSE = 60, 60


class WorkerBesideOthers(Worker):
    """A worker that may take what another release has put into the queue, while one replaces the other.

    Procrastinate's own would call a task failed that it does not know, and nobody would do it any more.
    """

    async def _process_job(self, context):
        job = context.job
        if job.task_name in self.app.tasks or job.attempts >= UNKNOWN_TRIES:
            await super()._process_job(context)
            return
        log.warning("Task %s is of another release; it waits for a worker that knows it", job.task_name)
        later = datetime.now(UTC) + timedelta(seconds=UNKNOWN_PAUSE)
        await self.app.job_manager.retry_job(job=job, retry_at=later)


class Command(BaseCommand):
    """Procrastinate's own command ends when the database goes away. This one waits till that is back.

    SIGTERM and SIGINT let the tasks of now come to their end, for so long as `--shutdown-graceful-timeout` says.
    """

    help = __doc__
    requires_system_checks = []  # the web process makes them

    def add_arguments(self, parser):
        parser.add_argument("--queues", help="only these, by comma (default: all)")
        parser.add_argument("--shutdown-graceful-timeout", type=float, metavar="SECONDS")

    def handle(self, *, queues, shutdown_graceful_timeout, **options):
        if settings.WORKER_METRICS_PORT:
            from readinggroup.metrics import serve_worker  # it asks the tables of a whole site

            serve_worker()
        names = [name.strip() for name in queues.split(",")] if queues else None
        asyncio.run(work({"queues": names, "shutdown_graceful_timeout": shutdown_graceful_timeout}))


async def work(options: dict) -> None:
    """Work until a signal asks to end, with a new start whenever the database has gone."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    while not asked.is_set():
        try:
            await work_until(asked, options)
        except Exception as error:
            if not trouble_of(error):
                raise
        if not asked.is_set():
            log.warning("The database is away; the worker asks again in %s s", PAUSE)
            with suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), PAUSE)


async def run(options: dict) -> None:
    """As `app.run_worker_async`, with a worker of our own."""
    app.perform_import_paths()
    defaults = app.worker_defaults
    middleware = [*defaults.get("task_middleware", []), count_task]
    options = {**defaults, **options, "task_middleware": middleware, "install_signal_handlers": False}
    await WorkerBesideOthers(app, **options).run()


async def work_until(asked: asyncio.Event, options: dict) -> None:
    """Work on connections of this start's own, until a signal asks to end or one of them breaks."""
    connector = PsycopgConnector(kwargs=await sync_to_async(connector_params)(), timeout=PATIENCE)
    with app.replace_connector(connector):
        async with app.open_async():
            working = asyncio.create_task(run(options))
            waiting = asyncio.create_task(asked.wait())
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            working.cancel()  # it ends its tasks first; nothing happens if it has ended
            with suppress(asyncio.CancelledError):
                await working
