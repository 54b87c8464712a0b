"""`manage.py worker`: do the background tasks, through restarts of the database."""

import asyncio
import logging
import signal
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from readinggroup.lib.unavailable import trouble_of

log = logging.getLogger(__name__)
PATIENCE = 3  # seconds to wait for a connection
PAUSE = 1  # seconds before the database is asked again


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


async def work_until(asked: asyncio.Event, options: dict) -> None:
    """Work on connections of this start's own, until a signal asks to end or one of them breaks."""
    connector = PsycopgConnector(kwargs=await sync_to_async(connector_params)(), timeout=PATIENCE)
    with app.replace_connector(connector):
        async with app.open_async():
            working = asyncio.create_task(app.run_worker_async(install_signal_handlers=False, **options))
            waiting = asyncio.create_task(asked.wait())
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            working.cancel()  # it ends its tasks first; nothing happens if it has ended
            with suppress(asyncio.CancelledError):
                await working
