"""What a session goes through, in which order and how long; and where it is."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.public_ids import new_public_id
from texts.models import Paragraph

from .sessions import ReadingSession


class AgendaItem(models.Model):
    """One point of a session's agenda: a paragraph, or a matter in words ("Welcome"), and the minutes it may take."""

    LONGEST_WORDS = 200
    LONGEST = 480  # minutes
    USUAL = 10
    MOST = 60  # of one session

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    session = models.ForeignKey(ReadingSession, on_delete=models.CASCADE, related_name="agenda_items")
    position = models.PositiveSmallIntegerField()
    paragraph = models.ForeignKey(Paragraph, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    words = models.CharField(_("what about"), max_length=LONGEST_WORDS, blank=True)
    allotted = models.PositiveSmallIntegerField(_("how many minutes"), default=USUAL)

    class Meta:
        ordering = ["session", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "position"], name="agenda_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["session", "paragraph"], condition=Q(paragraph__isnull=False), name="agenda_paragraph_once"
            ),
            models.CheckConstraint(
                condition=Q(paragraph__isnull=False) | ~Q(words=""), name="agenda_item_is_about_something"
            ),
            models.CheckConstraint(
                condition=Q(allotted__gte=1, allotted__lte=480), name="agenda_item_takes_some_minutes"
            ),
        ]

    def __str__(self):
        return f"{self.position}: {self.words or self.paragraph_id}"


class Agenda(models.Model):
    """A session's agenda as a whole: which item it is at, since when. A session whose agenda nobody has made has none.

    `version` rises with each change of an item and each step to another one, so that two people who order it, or two
    who press "next", do not overtake each other unseen.
    """

    session = models.OneToOneField(ReadingSession, on_delete=models.CASCADE, related_name="agenda")
    version = models.PositiveIntegerField(default=0)
    current = models.ForeignKey(AgendaItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    since = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(current=None) | Q(since__isnull=False), name="agenda_item_of_now_has_a_beginning"
            ),
        ]

    def __str__(self):
        return f"{self.session_id}, version {self.version}"
