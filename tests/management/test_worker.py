"""The worker beside another release's: what it does not know it leaves; and it counts what it does."""

import asyncio

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from readinggroup import metrics
from readinggroup.management.commands import worker


def work_once(queue):
    """The worker, until nothing is left to do in this queue."""
    asyncio.run(_work_once(queue))


async def _work_once(queue):
    connector = worker.PsycopgConnector(kwargs=await worker.sync_to_async(worker.connector_params)())
    with app.replace_connector(connector):
        async with app.open_async():
            await worker.run({"queues": [queue], "wait": False})


def put(task, queue, attempts=0):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, attempts) VALUES (%s, %s, %s) RETURNING id",
            [queue, task, attempts],
        )
        return cursor.fetchone()[0]


def state(job):
    with connection.cursor() as cursor:
        cursor.execute("SELECT status, attempts, scheduled_at > now() FROM procrastinate_jobs WHERE id = %s", [job])
        return cursor.fetchone()


@pytest.mark.django_db(transaction=True)
def test_a_task_of_another_release_waits_for_a_worker_that_knows_it():
    job = put("readinggroup.tasks.of_the_next_release", "of-a-test")
    work_once("of-a-test")
    assert state(job) == ("todo", 1, True)


@pytest.mark.django_db(transaction=True)
def test_a_task_that_no_worker_ever_knew_fails_in_the_end():
    job = put("readinggroup.tasks.of_no_release", "of-a-test", worker.UNKNOWN_TRIES)
    work_once("of-a-test")
    assert state(job)[0] == "failed"


@pytest.mark.django_db(transaction=True)
def test_tasks_are_counted_by_name_and_by_how_they_ended(monkeypatch):
    def count(task, outcome):
        return metrics.TASK_SECONDS.labels(task, outcome)._sum.get()

    @app.task(name="of_a_test.goes_well", queue="of-a-test")
    def goes_well():
        pass

    @app.task(name="of_a_test.goes_wrong", queue="of-a-test")
    def goes_wrong():
        raise ValueError("as it should")

    try:
        good, bad = put("of_a_test.goes_well", "of-a-test"), put("of_a_test.goes_wrong", "of-a-test")
        work_once("of-a-test")
        assert state(good) is None
        assert state(bad)[0] == "failed"
        assert count("of_a_test.goes_well", "done") > 0
        assert count("of_a_test.goes_wrong", "failed") > 0
        assert count("of_a_test.goes_wrong", "done") == count("of_a_test.goes_well", "failed") == 0
    finally:
        del app.tasks["of_a_test.goes_well"], app.tasks["of_a_test.goes_wrong"]
