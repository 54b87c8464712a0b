"""Django's `migrate`, which lets no page wait behind it: a lock that it does not get soon it gives up, and tries again.

A migration that waits for a lock makes everybody wait who comes after it, also who only reads. Each is one transaction,
so what was given up was not begun; one that says otherwise is made of what can be done again (`lib/expand.py`).
"""

import time

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangosCommand
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

LOCK_TIMEOUT = 2  # seconds that others may have to wait behind us
PAUSES = [1, 2, 4, 8, 16, 30]  # seconds before it is tried again


class Command(DjangosCommand):
    """The same with a lock_timeout, tried some times."""

    def handle(self, *args, **options):
        connection = connections[options["database"]]
        for pause in [*PAUSES, None]:
            try:
                with connection.cursor() as cursor:  # each time: what failed may have lost the connection
                    cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}s'")
                return super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                if pause is None:
                    message = "The site is too busy: a table was held for long. No table was changed; run it again."
                    raise CommandError(message) from error
                self.stderr.write(f"A table is in use; tried again in {pause} seconds.")
                time.sleep(pause)
            finally:
                if connection.connection is not None and not connection.connection.closed:
                    with connection.cursor() as cursor:
                        cursor.execute("RESET lock_timeout")
        return None
