"""What was said at a session, item by item, and what came of it."""

import uuid

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id

from .agenda import AgendaItem
from .sessions import ReadingSession


class Minutes(models.Model):
    """Whether a session's minutes are published; or that there will be none, so that nobody is reminded any more."""

    session = models.OneToOneField(ReadingSession, on_delete=models.CASCADE, related_name="minutes")
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    waived_at = models.DateTimeField(null=True, blank=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None, published_by=None)
                | Q(published_at__isnull=False, published_by__isnull=False, waived_at=None),
                name="minutes_published_say_when_and_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(waived_at=None, waived_by=None) | Q(waived_at__isnull=False, waived_by__isnull=False),
                name="minutes_waived_say_when_and_by_whom",
            ),
        ]

    def __str__(self):
        return f"minutes of {self.session_id}"


@pghistory.track(
    pghistory.UpdateEvent("reworded", condition=pghistory.AnyChange("body"), row=pghistory.Old),
    fields=["body", "body_html", "version", "written_by", "written_at"],
    model_name="MinutesWording",
    obj_field=pghistory.ObjForeignKey(related_name="wordings", on_delete=models.CASCADE),
    context_field=None,
)
class MinutesEntry(models.Model):
    """What the minutes say of one item of the agenda, or, without an item, of the session as a whole.

    Several people write. `version` counts the wordings: whoever saves says which one they began from. The database
    keeps the earlier ones, with who wrote them.
    """

    LONGEST = 20_000

    session = models.ForeignKey(ReadingSession, on_delete=models.CASCADE, related_name="minutes_entries")
    # What has minutes is not taken off the agenda; with the session both go.
    item = models.OneToOneField(AgendaItem, on_delete=models.RESTRICT, null=True, blank=True, related_name="entry")
    body = models.TextField(_("what was said"), max_length=LONGEST, blank=True)
    body_html = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="minutes_entries")
    written_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(item=None), name="minutes_as_a_whole_once"),
            at_most("body", 20_000, name="minutes_entry_is_not_too_long"),
        ]

    def __str__(self):
        return f"{self.session_id}: {self.body[:40]}"


class OutcomeKind(models.TextChoices):
    """What came of talking about an item."""

    DECIDED = "decided", _("decided")
    ANSWERED = "answered", _("a question was answered")


class Outcome(models.Model):
    """What was decided at an item, or which open question was answered there. Published, it is a mark at the paragraph.

    `question` is the public id of the comment that asked; its words stand there and not here, so that they go with it.
    """

    LONGEST = 500
    MOST = 20  # of one item

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    item = models.ForeignKey(AgendaItem, on_delete=models.RESTRICT, related_name="outcomes")
    # The item's, said again: with the session they go together.
    session = models.ForeignKey(ReadingSession, on_delete=models.CASCADE, related_name="outcomes")
    kind = models.CharField(max_length=10, choices=OutcomeKind.choices)
    words = models.CharField(_("what came of it"), max_length=LONGEST, blank=True)
    question = models.CharField(max_length=10, blank=True)
    key = models.UUIDField(default=uuid.uuid4)  # of the form: sent twice, it is one outcome
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="outcomes")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["by", "key"], name="outcome_sent_once"),
            models.UniqueConstraint(
                fields=["session", "question"], condition=~Q(question=""), name="outcome_answers_a_question_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=OutcomeKind.DECIDED, question="") & ~Q(words="")
                | Q(kind=OutcomeKind.ANSWERED) & ~Q(question=""),
                name="outcome_says_what",
            ),
        ]

    def __str__(self):
        return f"{self.kind}: {self.words or self.question}"
