"""What the worker does for people and groups as a whole: files to take along, and deletions whose time has come."""

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from readinggroup.discussion.opening import tell_of_opened
from readinggroup.groups import actions as group_actions
from readinggroup.groups.models import GroupExport
from readinggroup.moderation import actions as moderation_actions
from readinggroup.my_data import archive, deletion
from readinggroup.notifications import digests, sending
from readinggroup.notifications.models import Digest, Notice
from readinggroup.proposals import actions as proposing
from readinggroup.proposals.actions import bringing
from readinggroup.readings import veils
from readinggroup.schedule import actions as scheduling
from readinggroup.schedule.actions import keep_veils

from . import digest, group_deletion, group_export
from .backups.making import make_backup
from .notices import word_for_mail


@app.task
def mail_due_notices():
    """Mail what people are to be told at once."""
    sending.mail_due(word_for_mail)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="mail_late_notices", pass_context=False)
def mail_late_notices(timestamp: int):
    """What became due since, or was left by a worker that ended. `timestamp` is the minute's."""
    sending.mail_due(word_for_mail)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="remind_of_sessions", pass_context=False)
def remind_of_sessions(timestamp: int):
    """Remind members of the sessions that come. `timestamp` is the minute's."""
    scheduling.remind_due()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="put_chosen_on_shelf", pass_context=False)
def put_chosen_on_shelf(timestamp: int):
    """What was chosen to be read comes onto the shelf, if its file is there. `timestamp` is the minute's."""
    bringing.put_chosen_on_shelf()


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="mail_digests", pass_context=False)
def mail_digests(timestamp: int):
    """Write to those whose hour has come, and try again what was not taken. `timestamp` is the minute's."""
    digests.begin_due()
    digests.mail_due(digest.compose, between=mail_due_notices)


@app.periodic(cron="41 3 * * *")
@app.task(queueing_lock="tidy_notices", pass_context=False)
def tidy_notices(timestamp: int):
    """Remove notices that are old. `timestamp` is the night's."""
    Notice.objects.filter(created_at__lt=timezone.now() - Notice.KEPT_FOR).delete()
    Digest.objects.filter(created_at__lt=timezone.now() - Notice.KEPT_FOR).delete()


@app.periodic(cron="17 4 * * *")
@app.task(queueing_lock="fade_proposals", pass_context=False)
def fade_proposals(timestamp: int):
    """Take proposals off the list for which nobody has asked in a long time. `timestamp` is the night's."""
    proposing.fade_proposals()


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


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="tell_of_what_waits", pass_context=False)
def tell_of_what_waits(timestamp: int):
    """Tell moderators of comments that are held, and of what else nobody told them. `timestamp` is the minute's."""
    moderation_actions.tell_of_what_waits()


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="keep_hold_takes", pass_context=False)
def keep_hold_takes(timestamp: int):
    """Note how long what is held usually waits. `timestamp` is the hour's."""
    moderation_actions.keep_hold_takes()


@app.periodic(cron="3 * * * *")
@app.task(queueing_lock="mind_terms", pass_context=False)
def mind_terms(timestamp: int):
    """End the terms of moderators that are over, and remind of those that end soon. `timestamp` is the hour's."""
    group_actions.end_terms()
    group_actions.remind_of_terms()


@app.periodic(cron="47 * * * *")
@app.task(queueing_lock="remind_of_minutes", pass_context=False)
def remind_of_minutes(timestamp: int):
    """Remind organizers of sessions whose minutes are missing. `timestamp` is the hour's."""
    scheduling.remind_of_minutes()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="mind_veils", pass_context=False)
def mind_veils(timestamp: int):
    """Open the veils whose time has come, keep the others as their sessions want them, and tell of what was opened."""
    veils.open_due()
    keep_veils()
    tell_of_opened()


@app.periodic(cron="11 2 * * *")
@app.task(queue="backups", queueing_lock="back_up", pass_context=False)
def back_up(timestamp: int):
    """Make the night's backup, where a folder for it is named. `timestamp` is the night's."""
    if settings.BACKUP_DIR:
        make_backup(settings.BACKUP_DIR, recipients=settings.BACKUP_RECIPIENTS, keep=settings.BACKUP_KEEP)
