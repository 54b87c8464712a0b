"""A page for the site's own people (staff): queues, the ledger of mail, slow pages, storage, versions."""

import platform
import re
from importlib.metadata import version

import django
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe
from procrastinate.contrib.django.models import ProcrastinateJob

from readinggroup import health, metrics
from readinggroup.accounts.access import staff_only
from readinggroup.backups.keeping import backups_in
from readinggroup.notifications.models import Delivery, Notice, RestoredCopy

MOST_TABLES, MOST_REASONS = 10, 20
ADDRESS = re.compile(r"\S+@\S+")  # a relay's words may name one
SIZES = """
    SELECT relname, pg_total_relation_size(oid), pg_stat_get_live_tuples(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC LIMIT %s
"""


@require_safe
@staff_only
def site_state(request):
    """How the site stands."""
    context = {
        "answers": health.answers(),
        "copy": RestoredCopy.objects.first(),
        "jobs": metrics.jobs_by_state(),
        "failed": failed_jobs(),
        "ledger": ledger(),
        "pages": metrics.slowest_pages(),
        **storage(),
        "versions": versions(),
    }
    return TemplateResponse(request, "site/site_state.html", context)


def failed_jobs():
    """Tasks that failed for good, by name: how many."""
    return ProcrastinateJob.objects.filter(status="failed").values("task_name").annotate(number=Count("id"))


def ledger() -> list[dict]:
    """Every notice by how its mail stands and why: told = sent + failed + not wanted + what waits."""
    rows = Notice.objects.values("delivery", "reason").annotate(number=Count("pk")).order_by("-number")[:MOST_REASONS]
    return [
        {**row, "label": Delivery(row["delivery"]).label, "reason": ADDRESS.sub("…", row["reason"])} for row in rows
    ]


def storage() -> dict:
    """What the database holds, what is free on this machine, and the newest backup that it sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
        cursor.execute(SIZES, [MOST_TABLES])
        tables = [{"name": name, "size": its, "rows": rows} for name, its, rows in cursor.fetchall()]
    folder = settings.BACKUP_DIR
    newest = next(iter(backups_in(folder).items()), None) if folder and folder.is_dir() else None
    return {"size": size, "tables": tables, "free": health.free_megabytes(), "backup": newest and newest[1]}


def versions() -> dict[str, str]:
    """What runs here."""
    major, minor = divmod(connection.pg_version, 10_000)
    ours = {"Python": platform.python_version(), "Django": django.__version__, "PostgreSQL": f"{major}.{minor}"}
    return ours | {name: version(name) for name in ("granian", "procrastinate", "django-allauth", "psycopg")}
