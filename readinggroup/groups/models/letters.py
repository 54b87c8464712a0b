"""Letters of a group's organizers to all its members."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most

from .groups import Group


class Letter(models.Model):
    """What an organizer wrote to all who belonged at that moment.

    `key` comes from the form that was sent: the same form sent twice is one letter.
    """

    LONGEST = 5_000  # it is copied to every member's notice

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="letters")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="letters")
    subject = models.CharField(_("subject"), max_length=150)
    body = models.TextField(_("letter"), max_length=LONGEST)
    body_html = models.TextField()
    key = models.UUIDField(default=uuid.uuid4)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["by", "key"], name="letter_sent_once"),
            models.CheckConstraint(condition=~models.Q(subject="") & ~models.Q(body=""), name="letter_says_something"),
            at_most("body", 5_000, name="letter_is_not_too_long"),
        ]

    def __str__(self):
        return self.subject

    @property
    def event(self) -> str:
        """What the notices of it are known by."""
        return f"letter-{self.pk}"
