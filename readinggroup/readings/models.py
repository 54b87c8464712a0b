"""A group's reading of an edition, how much is said at each paragraph, and where each reader stopped."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Group
from readinggroup.lib.multiranges import MultirangeField
from texts.models import Edition, Paragraph, SourceFile


class ReadingState(models.TextChoices):
    """Where a reading is in its life."""

    PLANNED = "planned", _("on the shelf")
    CURRENT = "current", _("being read")
    FINISHED = "finished", _("read")


class ReadingQuerySet(models.QuerySet):
    """A group's readings, by where they are."""

    def current(self):
        return self.filter(state=ReadingState.CURRENT)

    def with_text(self):
        """With the edition and its published revision, in the same query."""
        return self.select_related("edition__current")


class Reading(models.Model):
    """This group reading this edition. A planned one stands on the group's shelf."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="readings")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="readings")
    slug = models.SlugField(max_length=80)
    state = models.CharField(max_length=10, choices=ReadingState.choices, default=ReadingState.PLANNED)
    # In a group that everyone reads: others see that it stands on the shelf, and no more of it (its rights may say so).
    for_members = models.BooleanField(_("only for members"), default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["group", "slug"], name="reading_slug_once")]

    def __str__(self):
        return self.edition.title


class ParagraphActivity(models.Model):
    """How much is said at one paragraph of one reading: kept by the database as comments come and go.

    A trigger on the comments writes this table, in the statement that changes them, so that the number equals what can
    be listed. A paragraph where nothing was ever said has no row. `changes` only ever rises, with every comment that is
    written, reworded, withdrawn: while it stands, what is said there is what it was. `said` is the sequence of the last
    comment there, in whatever state.
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="activity")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="activity")
    comments = models.PositiveIntegerField(default=0)
    changes = models.PositiveBigIntegerField(default=0)
    said = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "paragraph"], name="paragraph_activity_once")]

    def __str__(self):
        return f"{self.comments} at {self.paragraph_id}"


class Seen(models.Model):
    """What one reader has seen of what is said at one paragraph of one reading.

    `sequences` are the comments' numbers as a set of ranges, and `comments` says how many of them are visible, so that
    what is unread is the paragraph's count less this one: no page counts comments. Triggers on the comments keep it
    true when one is written (it is seen by its author), hidden, withdrawn or put back. Whoever writes here holds the
    paragraph's row of ParagraphActivity, at least shared, so that no comment changes between counting and writing.
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="seen")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="seen")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="seen")
    sequences = MultirangeField()
    comments = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "paragraph", "user"], name="seen_once")]

    def __str__(self):
        return f"{self.user_id} has seen {self.sequences} at {self.paragraph_id}"


class Place(models.Model):
    """Where one reader stopped in one reading: offered on the return."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="places")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="places")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="places")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "user"], name="place_once")]

    def __str__(self):
        return f"{self.user_id} at {self.paragraph_id}"


class Ahead(models.Model):
    """What is to be read till when: one row for each session about this text that is on the calendar and not over.

    Triggers on the sessions write it, of `schedule`, so that the reading page can say what the group reads next without
    asking for more than its one row. `passages` are pairs of paragraphs, by their keys.
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="ahead")
    session = models.CharField(max_length=10, unique=True)  # its public id: keys follow the arrows
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    all_day = models.BooleanField(default=False)
    passages = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["reading", "starts_at"], name="ahead_in_a_reading")]

    def __str__(self):
        return f"{self.session}: {self.starts_at}"


class TextImport(models.Model):
    """A file that an organizer has brought and not yet put on the shelf: its preview can be left and found again."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="text_imports")
    source = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="text_imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="text_imports")
    encoding = models.CharField(max_length=40, blank=True)
    for_members = models.BooleanField(default=False)
    reading = models.ForeignKey(Reading, on_delete=models.SET_NULL, null=True, blank=True, related_name="imports")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return self.source.name
