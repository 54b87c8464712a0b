"""What somebody wants to be told of."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Membership
from readinggroup.readings.models import Reading
from texts.models import Paragraph

from .comments import Comment


class Level(models.TextChoices):
    """How much somebody wants to be told."""

    WATCH = "watch", _("watch: tell me of everything")
    NORMAL = "normal", _("normal: tell me of answers to me")
    MUTE = "mute", _("mute: tell me nothing")


class FollowQuerySet(models.QuerySet):
    """What people want to be told of, by what counts where."""

    def counting_at(self, reading_id, paragraph_id, thread_id):
        """Of each person the row that counts for a comment in this thread: a choice before none, the nearest first."""
        # Three lookups, each with an index of its own: whoever writes follows, so of one reading there are very many.
        rows = self.filter(
            Q(reading=reading_id, paragraph=None)
            | Q(reading=reading_id, paragraph=paragraph_id, thread=None)
            | Q(reading=reading_id, thread=thread_id)
        )
        nearest = (F("thread").desc(nulls_last=True), F("paragraph").desc(nulls_last=True))
        return rows.order_by("user_id", "by_writing", *nearest).distinct("user_id")

    def of_members(self):
        """Of those who belong to the group now; who has left keeps the rows and is not asked."""
        theirs = Membership.objects.active().filter(group=OuterRef("reading__group"), user=OuterRef("user"))
        return self.filter(Exists(theirs))


class Follow(models.Model):
    """What one person wants to be told of a reading, of one of its paragraphs, or of one thread there.

    The nearest choice counts: the thread's before the paragraph's before the reading's. Writing follows; such a row is
    `by_writing`, and gives way to a choice, of whatever it is.
    """

    # The unique constraint has the index that begins with the person.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows", db_index=False)
    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="follows")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, null=True, blank=True, related_name="follows")
    thread = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="follows")
    level = models.CharField(max_length=10, choices=Level.choices)
    by_writing = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = FollowQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["reading"], condition=Q(paragraph=None), name="follow_of_readings"),
            models.Index(fields=["reading", "paragraph"], condition=Q(thread=None), name="follow_of_paragraphs"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "reading", "paragraph", "thread"], nulls_distinct=False, name="follow_once"
            ),
            models.CheckConstraint(
                condition=Q(thread=None) | Q(paragraph__isnull=False), name="follow_of_a_thread_has_its_paragraph"
            ),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="follow_level_is_known"),
            models.CheckConstraint(
                condition=Q(by_writing=False) | Q(level=Level.WATCH), name="follow_by_writing_watches"
            ),
        ]

    def __str__(self):
        return f"{self.user_id} {self.level} {self.thread_id or self.paragraph_id or self.reading_id}"
