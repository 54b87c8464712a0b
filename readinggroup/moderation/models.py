"""A member's report of a comment, and what waits for moderators."""

from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.discussion.models import Comment, State
from readinggroup.lib.constraints import at_most


class Report(models.Model):
    """One member asks the moderators to look at one comment, and says why. Once a person and comment."""

    LONGEST = 2_000

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports")
    words = models.TextField(_("what is wrong with it"), max_length=LONGEST)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "reporter"], name="report_once"),
            at_most("words", 2_000, name="report_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.reporter} on {self.comment}"


def waiting_for(membership):
    """The comments that this moderator is to look at: those that are held, and those that were reported."""
    comments = Comment.objects.visible_to(membership).annotate(reported=Count("reports"))
    return comments.filter(Q(state=State.HELD) | Q(reported__gt=0, state=State.VISIBLE))
