"""Figures: how often and how fast each page was answered, how the site stands; for Prometheus and the site's people.

The processes of one machine's web server count into files of a folder that they share, in the way of prometheus_client
(`PROMETHEUS_MULTIPROC_DIR`, which wsgi.py names before it is imported). One of them also answers on METRICS_PORT.
"""

import logging
import os
import threading
import time
from contextlib import suppress

from django.conf import settings
from django.db import Error, connection
from django.db.models import Count
from procrastinate.contrib.django.models import ProcrastinateJob
from prometheus_client import CollectorRegistry, Counter, Histogram, multiprocess, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY

from readinggroup import health
from readinggroup.lib.task_figures import TASK_SECONDS
from readinggroup.notifications.models import Notice
from readinggroup.notifications.outgoing import MAILS

log = logging.getLogger(__name__)
TRIES_AGAIN_AFTER = 5  # seconds; the process that had the port may have ended

SECONDS = Histogram(
    "readinggroup_request_seconds",
    "How long answers took, by page (name of the view), method and class of status",
    ["page", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
UNAVAILABLE = Counter(
    "readinggroup_unavailable",
    "Answers that the database was in trouble (503), by kind: away, busy, only_reads",
    ["kind"],
)
METHODS = {"GET", "HEAD", "POST", "OPTIONS"}


class MetricsMiddleware:
    """Count each answer. Pages are named by their view: there are as many as patterns, whatever is asked for."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began = time.perf_counter()
        response = self.get_response(request)
        match = getattr(request, "resolver_match", None)
        SECONDS.labels(
            match.view_name if match else "none",
            request.method if request.method in METHODS else "other",
            f"{response.status_code // 100}xx",
        ).observe(time.perf_counter() - began)
        if trouble := getattr(response, "trouble", None):
            UNAVAILABLE.labels(trouble).inc()
        return response


class Site:
    """How the site stands, asked of the database whenever Prometheus asks us."""

    def collect(self):
        try:
            answers = health.answers()
            yield gauge("ready", "1 where /readyz would say so", {(name,): answer == health.OK
                        for name, answer in answers.items()}, ["question"])  # fmt: skip
            yield gauge("disk_free_megabytes", "By setting", keyed(health.free_megabytes()), ["place"])
            if answers["database"] == health.OK:
                yield gauge("jobs", "Of the worker, by state", keyed(jobs_by_state()), ["state"])
                yield gauge("oldest_job_seconds", "How long the job has been due that waits longest; 0 if none is", {
                    (): health.oldest_due_job()}, [])  # fmt: skip
                yield gauge("notices", "By how their mail stands", keyed(notices_by_delivery()), ["delivery"])
                yield gauge("oldest_due_mail_seconds", "0 if none is due", {(): health.oldest_due_mail()}, [])
        except Error:
            log.warning("The database did not answer when figures were asked for")
        finally:
            connection.close()


def gauge(name, says, values, labels):
    family = GaugeMetricFamily(f"readinggroup_{name}", says, labels=labels)
    for label, value in values.items():
        family.add_metric(label, float(value))
    return family


def keyed(values: dict) -> dict:
    return {(key,): value for key, value in values.items()}


def jobs_by_state() -> dict[str, int]:
    """How many jobs the worker has to do, is doing, has failed to do. Those that are done leave no row."""
    return dict(ProcrastinateJob.objects.values_list("status").annotate(number=Count("id")).order_by("status"))


def notices_by_delivery() -> dict[str, int]:
    return dict(Notice.objects.values_list("delivery").annotate(number=Count("pk")).order_by("delivery"))


def registry() -> CollectorRegistry:
    """What all web processes of this machine have counted; in another process only what that has."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)
    return together


def serve() -> None:
    """Answer Prometheus on METRICS_PORT; where another process of ours does, as soon as that has ended."""
    _serve_in_thread(settings.METRICS_PORT)


def serve_worker() -> None:
    """The same of a worker, which counts for itself alone, on WORKER_METRICS_PORT."""
    _serve_in_thread(settings.WORKER_METRICS_PORT, of_worker=True)


def _serve_in_thread(port, **options):
    threading.Thread(target=_serve, args=[port], kwargs=options, name="metrics", daemon=True).start()


def _serve(port, *, of_worker=False):
    answered = registry() if "PROMETHEUS_MULTIPROC_DIR" in os.environ and not of_worker else CollectorRegistry()
    for figures in (TASK_SECONDS, MAILS) if of_worker else ():
        answered.register(figures)
    answered.register(Site())
    while True:
        with suppress(OSError):  # the port is another's
            start_http_server(port, settings.METRICS_HOST, answered)
            return
        time.sleep(TRIES_AGAIN_AFTER)


def slowest_pages(number=15) -> list[dict]:
    """Of the pages that this machine answered since its web server began: how often, the mean, and the slow tenth.

    Sorted by the time that they took together. `slow` is a bound: nine of ten answers took no longer.
    """
    pages = {}
    for family in registry().collect():
        if family.name != "readinggroup_request_seconds":
            continue
        for sample in family.samples:
            page = pages.setdefault(sample.labels["page"], {"count": 0, "sum": 0, "buckets": {}})
            if sample.name.endswith("_count"):
                page["count"] += int(sample.value)
            elif sample.name.endswith("_sum"):
                page["sum"] += sample.value
            elif sample.name.endswith("_bucket"):
                bound = float(sample.labels["le"])
                page["buckets"][bound] = page["buckets"].get(bound, 0) + sample.value
    rows = [
        {"page": name, "count": page["count"], "mean": 1_000 * page["sum"] / page["count"], "slow": slow_tenth(page)}
        for name, page in pages.items()
        if page["count"]
    ]
    return sorted(rows, key=lambda row: row["count"] * row["mean"], reverse=True)[:number]


def slow_tenth(page) -> float | None:
    """Milliseconds that nine of ten answers stayed under; None if that is beyond the last bound."""
    bound = min((bound for bound, number in page["buckets"].items() if number >= 0.9 * page["count"]), default=None)
    return None if bound in (None, float("inf")) else 1_000 * bound
