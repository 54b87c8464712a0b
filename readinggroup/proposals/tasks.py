"""What the worker does for ballots: they open, remind and close when it was said."""

from procrastinate.contrib.django import app

from .actions import balloting, closing


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="mind_ballots", pass_context=False)
def mind_ballots(timestamp: int):
    """Close what is over, remind of what ends soon, open what is due. `timestamp` is the minute's."""
    closing.close_due()
    closing.remind_due()
    balloting.open_due()
