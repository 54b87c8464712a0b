"""What the worker does for groups as a whole: their exports, and removing them when their time has come."""

from django.utils import timezone
from procrastinate.contrib.django import app

from readinggroup.groups.models import GroupExport

from . import group_deletion, group_export


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="delete_due_groups", pass_context=False)
def delete_due_groups(timestamp: int):
    """Remove the groups whose time has come, and exports that were kept long enough. `timestamp` is the hour's."""
    group_deletion.delete_due_groups()
    GroupExport.objects.filter(asked_at__lt=timezone.now() - GroupExport.LIFETIME).delete()


@app.task
def make_group_export(export: int):
    """Make the file that an owner has asked for."""
    group_export.make(export)
