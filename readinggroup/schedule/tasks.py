"""What the worker does for sessions: series, zones, places that became free, date polls."""

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


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="keep_places", pass_context=False)
def keep_places(timestamp: int):
    """Free the places of those who have left their group, for those who wait. `timestamp` is the minute's."""
    actions.keep_places()


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="mind_polls", pass_context=False)
def mind_polls(timestamp: int):
    """Remind of date polls that end soon, and tell of those that are over. `timestamp` is the minute's."""
    actions.retake_times()
    actions.nudge_due()
    actions.tell_polls_over()
