"""What the worker does for sessions."""

from procrastinate.contrib.django import app

from . import actions


@app.periodic(cron="29 2 * * *")
@app.task(queueing_lock="keep_series_ahead", pass_context=False)
def keep_series_ahead(timestamp: int):
    """Make the sessions of series without an end for half a year ahead. `timestamp` is the night's."""
    actions.keep_ahead()


@app.periodic(cron="43 * * * *")
@app.task(queueing_lock="retake_instants", pass_context=False)
def retake_instants(timestamp: int):
    """Put sessions to the instants that their wall times mean now, should a zone's rules have changed. `timestamp` is
    the hour's."""
    actions.retake_instants()
