"""How long the worker's tasks took. Apart from metrics.py, which asks the tables of a whole site."""

import time

from prometheus_client import Histogram

TASK_SECONDS = Histogram(
    "readinggroup_task_seconds",
    "How long the worker's tasks took, by name and by how they ended: done, or failed (also if they are tried again)",
    ["task", "outcome"],
    buckets=(0.01, 0.05, 0.25, 1, 5, 30, 120, 600),
)


def count_task(call_next, context, worker):
    """A task of the worker, counted and timed (a middleware of procrastinate)."""
    began, outcome = time.perf_counter(), "failed"
    try:
        answer = call_next()
        outcome = "done"
        return answer
    finally:
        TASK_SECONDS.labels(context.job.task_name, outcome).observe(time.perf_counter() - began)
