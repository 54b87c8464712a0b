"""Whether the site is well: each question by its name, with a word that says what is wrong."""

import shutil
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max, Min
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateWorker

from readinggroup import replica
from readinggroup.groups.models import EmailInvitation
from readinggroup.notifications.models import Digest, Notice, RestoredCopy

OK = "ok"
WORKER_SILENT_AFTER = 60  # seconds; it gives a sign every ten


class Question(NamedTuple):
    """One of the things that are asked, and what answers it: OK, or what is wrong."""

    name: str
    ask: callable


def answers() -> dict[str, str]:
    """All questions with their answers. Without a database nothing else can be asked of it."""
    found = {"disk": disk()}
    try:
        found = {"database": database(), **found}
        found |= {question.name: question.ask() for question in QUESTIONS}
    except Error:
        connection.close()
        found["database"] = "does not answer"
    if (word := replica.word()) is not None:
        found["replica"] = word
    return found


def is_well(found: dict[str, str]) -> bool:
    """Whether the site can be opened to people: also without its replica, in whose place the primary answers."""
    return all(answer == OK for name, answer in found.items() if name != "replica")


def database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        return "only reads: it is a replica" if cursor.fetchone()[0] else OK


def migrations() -> str:
    missing = migrations_of_code() - set(MigrationRecorder(connection).applied_migrations())
    return f"{len(missing)} missing, such as {'.'.join(min(missing))}" if missing else OK


@cache
def migrations_of_code() -> set[tuple[str, str]]:
    """All that the code brings; it does not change while a process lives."""
    return set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def worker() -> str:
    silent_for = seconds_since(ProcrastinateWorker.objects.aggregate(last=Max("last_heartbeat"))["last"])
    if silent_for is None:
        return "none is running"
    return OK if silent_for <= WORKER_SILENT_AFTER else f"silent for {silent_for:.0f} seconds"


def mail() -> str:
    """Whether what is due goes out. What waits in a restored copy waits rightly."""
    if RestoredCopy.objects.exists():
        return OK
    waits = oldest_due_mail()
    return OK if waits <= settings.MAIL_QUEUE_LATE else f"the oldest has been due for {waits:.0f} seconds"


def oldest_due_mail() -> float:
    """For how many seconds the mail has been due that waits longest; 0 if none is."""
    queues = Notice.objects.mail_is_due(), Digest.objects.mail_is_due(), EmailInvitation.objects.mail_is_due()
    oldest = [queue.aggregate(oldest=Min("mail_at"))["oldest"] for queue in queues]
    return max((seconds_since(moment) for moment in oldest if moment), default=0)


def oldest_due_job() -> float:
    """For how many seconds the worker's job has been due that waits longest; 0 if none is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM now() - min(coalesce(scheduled_at,"
            " (SELECT min(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'deferred'))))"
            " FROM procrastinate_jobs job WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
        )
        waits = cursor.fetchone()[0]
    return max(float(waits or 0), 0)


def disk() -> str:
    short = [f"{free:,} MB free at {name}" for name, free in free_megabytes().items() if free < settings.DISK_FREE_MB]
    return ", ".join(short) or OK


def free_megabytes() -> dict[str, int]:
    """What is free where this machine keeps data, by the setting that names the place."""
    places = {"DATA_DIR": settings.DATA_DIR, "BACKUP_DIR": settings.BACKUP_DIR}
    return {name: shutil.disk_usage(there(place)).free // 2**20 for name, place in places.items() if place}


def there(place: Path) -> Path:
    """The place, or where it would be made."""
    return next(folder for folder in (place, *place.parents) if folder.exists())


def seconds_since(moment) -> float | None:
    return None if moment is None else max((timezone.now() - moment) / timedelta(seconds=1), 0)


QUESTIONS = [Question("migrations", migrations), Question("worker", worker), Question("mail", mail)]
