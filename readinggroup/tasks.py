"""What the worker does with a person's data: archives, and accounts to be deleted."""

from procrastinate.contrib.django import app

from readinggroup.my_data import archive, deletion


@app.task
def make_archive(archive_id: int):
    """Make an archive that was asked for."""
    archive.make(archive_id)


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="tidy_archives", pass_context=False)
def tidy_archives(timestamp: int):
    """Remove archives that are a week old; give up those that nobody makes any more. `timestamp` is the hour's."""
    archive.tidy()


@app.periodic(cron="37 * * * *")
@app.task(queueing_lock="delete_accounts", pass_context=False)
def delete_accounts(timestamp: int):
    """Delete the accounts whose days to undo it are over. `timestamp` is the hour's."""
    deletion.delete_due()
