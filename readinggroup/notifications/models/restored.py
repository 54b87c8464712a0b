"""A database that came out of a backup tells nobody of anything until its owner says that it is the site."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class RestoredCopy(models.Model):
    """While its one row stands here, no mail goes out and no device is told: the real site may still be running.

    `manage.py restore` writes it, in the transaction that fills the database; `manage.py resume_mail` takes it away.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    backup_made_at = models.DateTimeField()
    restored_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="restored_copy_is_one")]

    def __str__(self):
        return f"restored from a backup of {self.backup_made_at:%Y-%m-%d %H:%M}"
