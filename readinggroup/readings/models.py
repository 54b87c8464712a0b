"""A group's reading of an edition, how much is said at each paragraph, and where each reader stopped."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Group
from readinggroup.lib.multiranges import MultirangeField
from texts.models import Edition, Paragraph, Revision, SourceFile


class ReadingState(models.TextChoices):
    """Where a reading is in its life."""

    PROPOSED = "proposed", _("proposed")  # the words of a proposal, so that they can be discussed; on no shelf
    PLANNED = "planned", _("on the shelf")
    CURRENT = "current", _("being read")
    FINISHED = "finished", _("read")


class ReadingQuerySet(models.QuerySet):
    """A group's readings, by where they are."""

    def current(self):
        return self.filter(state=ReadingState.CURRENT)

    def on_the_shelf(self):
        """What the group has read, reads, or has at hand: all but the words of proposals."""
        return self.exclude(state=ReadingState.PROPOSED)

    def with_text(self):
        """With the edition and its published revision, in the same query."""
        return self.select_related("edition__current")

    def with_passages_ahead(self):
        """With what is to be read for the next session about each, in the same query: `passages_ahead`, or None."""
        ahead = Ahead.objects.filter(reading=models.OuterRef("pk"), ends_at__gt=Now()).order_by("starts_at", "pk")
        return self.annotate(passages_ahead=models.Subquery(ahead.values("passages")[:1]))


# When it was begun and when it was read follows its state, whoever changes that.
_KEEPS_ITS_DATES = """
    IF NEW.state = 'current' THEN
        NEW.begun_at := COALESCE(NEW.begun_at, now());
        NEW.finished_at := NULL;
    ELSIF NEW.state = 'finished' THEN
        NEW.finished_at := COALESCE(NEW.finished_at, now());
    ELSE
        NEW.begun_at := NULL;
        NEW.finished_at := NULL;
    END IF;
    RETURN NEW;
"""


class Reading(models.Model):
    """This group reading this edition. A planned one stands on the group's shelf.

    `starts_on` is the day for which the reading is planned; the moments when it was begun and read are kept by the
    database. What was read before that was kept has none.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="readings")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="readings")
    slug = models.SlugField(max_length=80)
    state = models.CharField(max_length=10, choices=ReadingState.choices, default=ReadingState.PLANNED)
    # In a group that everyone reads: others see that it stands on the shelf, and no more of it (its rights may say so).
    for_members = models.BooleanField(_("only for members"), default=False)
    created_at = models.DateTimeField(db_default=Now())
    starts_on = models.DateField(_("the reading begins on"), null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["group", "slug"], name="reading_slug_once")]
        triggers = [
            pgtrigger.Trigger(
                name="keeps_its_dates",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                func=_KEEPS_ITS_DATES,
            )
        ]

    def __str__(self):
        return self.edition.title


class Host(models.Model):
    """Somebody whose own words the text of a reading is: they are told of what is said there, unless they wish not."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="hosts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hosted_readings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "user"], name="host_once")]

    def __str__(self):
        return f"{self.user_id} at {self.reading_id}"


class ParagraphActivity(models.Model):
    """How much is said at one paragraph of one reading: kept by the database as comments come and go.

    A trigger on the comments writes this table, in the statement that changes them, so that the number equals what can
    be listed. A paragraph where nothing was ever said has no row, or one of nothing. `changes` only ever rises, with
    every comment that is written, reworded, withdrawn, and with every veil that is drawn or opened there: while it
    stands, what is said there is what it was. `said` is the sequence of the last comment there, in whatever state, and
    `waiting` how many are there that others would see, were there no veil.
    """

    # The unique constraint has the index that begins with the reading.
    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="activity", db_index=False)
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="activity")
    comments = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(db_default=0)
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

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="seen", db_index=False)
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="seen")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="seen", db_index=False)
    sequences = MultirangeField()
    comments = models.PositiveIntegerField(default=0)

    class Meta:
        # What one person has seen in one reading: asked with every page of it. Without it, what all have seen is read.
        indexes = [models.Index(fields=["user", "reading"], name="seen_by_a_person")]
        constraints = [models.UniqueConstraint(fields=["reading", "paragraph", "user"], name="seen_once")]

    def __str__(self):
        return f"{self.user_id} has seen {self.sequences} at {self.paragraph_id}"


class Veil(models.Model):
    """Read first: what is said at some paragraphs stays with its authors until a moment.

    Whoever has said something there under the veil sees what others have said there under it. Only what is written
    after it was drawn lies under it. It is opened once, by whom it belongs to or at the latest when `until` has come;
    while it is not, `VeiledParagraph` says where it lies.
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="veils")
    until = models.DateTimeField()
    drawn_at = models.DateTimeField(db_default=Now())
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["until"], condition=models.Q(opened_at=None), name="veil_to_be_opened")]

    def __str__(self):
        return f"veil {self.pk} until {self.until}"


class VeiledParagraph(models.Model):
    """A paragraph that lies under a veil now."""

    veil = models.ForeignKey(Veil, on_delete=models.CASCADE, related_name="paragraphs")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["veil", "paragraph"], name="veiled_paragraph_once")]

    def __str__(self):
        return f"{self.paragraph_id} under {self.veil_id}"


class Place(models.Model):
    """Where one reader stopped in one reading: offered on the return."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="places")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="places")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="places")
    shows_name = models.BooleanField(_("Others in the group may see by name where I am"), default=False)
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
    has_begun = models.BooleanField(default=False)  # the group is together: what is new is asked for more often
    passages = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["reading", "starts_at"], name="ahead_in_a_reading")]

    def __str__(self):
        return f"{self.session}: {self.starts_at}"


class TextImport(models.Model):
    """A file that somebody has brought and that is not yet on the shelf: its preview can be left and found again.

    One that is `withheld` belongs to what its person has not shown to anybody yet.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="text_imports")
    source = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="text_imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="text_imports")
    encoding = models.CharField(max_length=40, blank=True)
    for_members = models.BooleanField(default=False)
    withheld = models.BooleanField(default=False)
    reading = models.ForeignKey(Reading, on_delete=models.SET_NULL, null=True, blank=True, related_name="imports")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self):
        return self.source.name


class Correction(models.Model):
    """A revision of a reading's text in the making, and what came of it.

    Either a corrected file (`source`) or `changes` by hand, rehearsed against the revision `base`. `choices` are what
    the organizer links otherwise than the aligner, and go on holding for what is brought later. `revision` is what was
    published. An undo is one, too: of neither file nor changes.
    """

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="corrections")
    base = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(SourceFile, on_delete=models.PROTECT, null=True, blank=True, related_name="corrections")
    encoding = models.CharField(max_length=40, blank=True)
    changes = models.JSONField(default=list, blank=True)
    choices = models.JSONField(default=list, blank=True)
    why = models.CharField(_("why"), max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="corrections")
    created_at = models.DateTimeField(db_default=Now())
    revision = models.OneToOneField(
        Revision, on_delete=models.CASCADE, null=True, blank=True, related_name="correction"
    )

    class Meta:
        indexes = [models.Index(fields=["reading", "created_at"], name="correction_of_a_reading")]

    def __str__(self):
        return f"correction {self.pk} of {self.reading_id}"


_RENEW_KNOWN = """
    -- In order, so that two changes of several paragraphs wait for one another.
    PERFORM 1 FROM readings_paragraphactivity
    WHERE (reading_id, paragraph_id) IN (SELECT reading_id, paragraph_id FROM {rows})
    ORDER BY reading_id, paragraph_id FOR NO KEY UPDATE;
    UPDATE readings_paragraphactivity SET changes = changes + 1
    WHERE (reading_id, paragraph_id) IN (SELECT reading_id, paragraph_id FROM {rows});
    RETURN NULL;
"""
_RENEW_NEW = """
    INSERT INTO readings_paragraphactivity AS activity (reading_id, paragraph_id, comments, changes, said)
    SELECT DISTINCT reading_id, paragraph_id, 0, 1, 0 FROM {rows} ORDER BY 1, 2
    ON CONFLICT (reading_id, paragraph_id) DO UPDATE SET changes = activity.changes + 1;
    RETURN NULL;
"""


def _renews_the_pages(name, operation, rows, func):
    """What is kept of the pages that show the paragraph is made anew: its `changes` rise."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**{rows.partition("_")[0]: rows}),
        func=func.format(rows=rows),
    )


class CameOf(models.TextChoices):
    """What came of talking about a paragraph at a session."""

    DECIDED = "decided", _("decided")
    ANSWERED = "answered", _("a question was answered")


class DiscussedMark(models.Model):
    """That a paragraph was discussed on a day, and what came of it: shown below the paragraph to whoever reads it.

    Made and taken away by whoever keeps the `record` of that day: `source` names the mark in it, `address` leads there.
    What is kept of the pages that show it is made anew: a trigger lets the paragraph's `changes` rise.
    """

    LONGEST = 500

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="discussed_marks")
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="discussed_marks")
    record = models.CharField(max_length=40)
    source = models.CharField(max_length=40, unique=True)
    day = models.DateField()
    came = models.CharField(max_length=10, choices=CameOf.choices)
    words = models.CharField(max_length=LONGEST, blank=True)
    question = models.CharField(max_length=10, blank=True)  # the public id of the comment that asked
    address = models.CharField(max_length=200)

    class Meta:
        ordering = ["day", "pk"]
        indexes = [models.Index(fields=["reading", "paragraph"], name="discussed_mark_place")]
        constraints = [
            models.CheckConstraint(condition=models.Q(came__in=CameOf.values), name="discussed_mark_came_is_known"),
        ]
        triggers = [
            _renews_the_pages("renews_new", pgtrigger.Insert, "new_values", _RENEW_NEW),
            _renews_the_pages("renews_gone", pgtrigger.Delete, "old_values", _RENEW_KNOWN),
            _renews_the_pages("renews_changed", pgtrigger.Update, "new_values", _RENEW_KNOWN),
        ]

    def __str__(self):
        return f"{self.day}: {self.words}"
