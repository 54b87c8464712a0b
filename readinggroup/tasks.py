"""What the worker does for people and groups as a whole: files to take along, and deletions whose time has come."""

from django.utils import timezone
from procrastinate.contrib.django import app

from readinggroup.groups.models import GroupExport
from readinggroup.my_data import archive, deletion

from . import group_deletion, group_export


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


@app.task
def make_group_export(export: int):
    """Make the file that an owner has asked for."""
    group_export.make(export)


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="delete_due_groups", pass_context=False)
def delete_due_groups(timestamp: int):
    """Remove the groups whose time has come, and exports that were kept long enough. `timestamp` is the hour's."""
    group_deletion.delete_due_groups()
    GroupExport.objects.filter(asked_at__lt=timezone.now() - GroupExport.LIFETIME).delete()
