"""What the worker does for moderation."""

from procrastinate.contrib.django import app

from .reminding import remind_of_deadlines


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="remind_of_deadlines", pass_context=False)
def remind_of_moderation(timestamp: int):
    """Remind of deadlines that come near, and see to those that have passed. `timestamp` is the hour's."""
    remind_of_deadlines()
