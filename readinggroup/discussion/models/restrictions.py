"""Where less may be said than elsewhere: locked, slowed, or looked at first."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.readings.models import Reading
from texts.models import Paragraph

from .comments import Comment

LONGEST_REASON = 1_000


class RestrictionKind(models.TextChoices):
    """What is restricted about new comments."""

    LOCKED = "locked", _("locked")  # nobody writes there, moderators neither
    SLOW = "slow", _("slow mode")  # one comment a person in a while; owners and moderators as many as they like
    HELD_FIRST = "held_first", _("looked at first")  # held until a moderator has looked


class RestrictionQuerySet(models.QuerySet):
    """Restrictions, by where and when they count."""

    def standing(self):
        """Those that are not over."""
        return self.filter(Q(until=None) | Q(until__gt=Now()))

    def at(self, *, reading, paragraph, thread=None):
        """Those that count for a new comment there: in this thread, or a new one."""
        here = Q(paragraph=None, thread=None) | Q(paragraph=paragraph)
        return self.filter(here | Q(thread=thread) if thread else here, reading=reading)

    def in_discussion(self, *, reading, paragraph):
        """Those that count for the paragraph's discussion or any of its threads."""
        here = Q(paragraph=None, thread=None) | Q(paragraph=paragraph) | Q(thread__paragraph=paragraph)
        return self.filter(here, reading=reading)


class Restriction(models.Model):
    """What a moderator has restricted at one place: a thread (named by its first comment), a paragraph, a reading.

    A row names one place: a thread's says nothing of the paragraph, so that it goes along when the thread is moved. It
    is never changed, only replaced by another one or taken away, and over by itself when `until` has passed. That
    nobody writes where it is locked, or too soon, is kept by a trigger on the comments (`said_where_one_may`).
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="restrictions")
    paragraph = models.ForeignKey(
        Paragraph, on_delete=models.PROTECT, null=True, blank=True, related_name="restrictions"
    )
    thread = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="restrictions")
    kind = models.CharField(max_length=10, choices=RestrictionKind.choices)
    every = models.DurationField(null=True, blank=True)  # slow mode: one comment a person in that time
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reading", "paragraph", "thread", "kind"], nulls_distinct=False, name="restriction_once"
            ),
            models.CheckConstraint(condition=Q(paragraph=None) | Q(thread=None), name="restriction_of_one_place"),
            # Comments of a whole reading are not written one after another, so only what needs no order is said of it.
            models.CheckConstraint(
                condition=Q(kind="held_first") | Q(paragraph__isnull=False) | Q(thread__isnull=False),
                name="restriction_of_a_reading_holds_first",
            ),
            models.CheckConstraint(
                condition=Q(kind="slow", every__isnull=False, every__gt=timedelta(0))
                | (~Q(kind="slow") & Q(every=None)),
                name="restriction_slow_says_how_slow",
            ),
            models.CheckConstraint(condition=Q(kind__in=RestrictionKind.values), name="restriction_kind_is_known"),
            at_most("reason", LONGEST_REASON, name="restriction_reason_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.kind} at {self.thread_id or self.paragraph_id or self.reading_id}"
