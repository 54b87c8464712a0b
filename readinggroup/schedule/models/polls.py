"""A date poll: when the group could meet, and who can when."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readinggroup.lib.time_zones import LONGEST_ZONE, validate_time_zone
from readinggroup.lib.wall_time import wall_of

from .attendance import Answer
from .sessions import ReadingSession, SessionState


class Availability(models.TextChoices):
    """Whether somebody can come at a time."""

    YES = "yes", pgettext_lazy("of a date poll", "yes")
    IF_NEED_BE = "if_need_be", pgettext_lazy("of a date poll", "if need be")
    NO = "no", pgettext_lazy("of a date poll", "no")

    @property
    def as_attendance(self) -> Answer:
        """What this means for the session when its time is picked."""
        if self == Availability.YES:
            return Answer.GOING
        return Answer.MAYBE if self == Availability.IF_NEED_BE else Answer.NOT_GOING


class DatePoll(models.Model):
    """The question when a session is to take place, put to the members until a moment. It has times, and replies."""

    MOST_TIMES = 30

    session = models.OneToOneField(ReadingSession, on_delete=models.CASCADE, related_name="poll")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(db_default=Now())
    closes_at = models.DateTimeField(_("answers until"))
    nudged_at = models.DateTimeField(null=True, blank=True)  # when those were reminded who had not answered
    told_over_at = models.DateTimeField(null=True, blank=True)  # when the organizer was told that it is over

    def __str__(self):
        return f"When? {self.session}"

    @property
    def takes_answers(self):
        """Whether members can say when they can; of a poll that came with its session."""
        return self.session.state == SessionState.POLL and self.closes_at > timezone.now()


class ProposedTimeQuerySet(models.QuerySet):
    """Proposed times, by how they stand."""

    def open(self):
        """Those that were not withdrawn."""
        return self.filter(withdrawn_at=None)


class ProposedTime(models.Model):
    """A time at which a session could begin: what the clock shows in a zone, and the instant (see ReadingSession).

    Without a `time` it is the whole day. One that is withdrawn keeps its answers, for when it is proposed again.
    """

    poll = models.ForeignKey(DatePoll, on_delete=models.CASCADE, related_name="times")
    date = models.DateField()
    time = models.TimeField(null=True, blank=True)
    second = models.BooleanField(default=False)
    zone = models.CharField(max_length=LONGEST_ZONE, validators=[validate_time_zone])
    starts_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    picked_at = models.DateTimeField(null=True, blank=True)

    objects = ProposedTimeQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["poll", "starts_at"], name="proposed_time_once"),
            models.UniqueConstraint(
                fields=["poll"], condition=Q(picked_at__isnull=False), name="proposed_time_one_is_picked"
            ),
            models.CheckConstraint(
                condition=Q(picked_at=None) | Q(withdrawn_at=None), name="proposed_time_picked_is_not_withdrawn"
            ),
        ]

    def __str__(self):
        return f"{self.date} {self.time or ''}".strip()

    @property
    def all_day(self):
        return self.time is None

    @property
    def is_over(self):
        """Whether it cannot be picked any more."""
        return self.starts_at <= timezone.now()

    @property
    def differs_there(self):
        """Whether the clocks of its zone show something else at that moment than those of who reads this."""
        here = timezone.get_current_timezone()
        return wall_of(self.starts_at, ZoneInfo(self.zone)) != wall_of(self.starts_at, here)


class PollReplyQuerySet(models.QuerySet):
    """Replies, by whose they are."""

    def by_members(self):
        """Of those who belong to the group now."""
        return self.filter(
            user__memberships__group=F("poll__session__reading__group"), user__memberships__left_at__isnull=True
        )

    def with_words(self):
        """Of these the ones that say a word to all, in the order in which they came."""
        return self.by_members().exclude(words="").select_related("user").order_by("pk")


class PollReply(models.Model):
    """What one member has answered to a poll: to each time, if they like, and a word to all."""

    LONGEST = 500

    poll = models.ForeignKey(DatePoll, on_delete=models.CASCADE, related_name="replies")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="poll_replies")
    words = models.CharField(_("a word"), max_length=LONGEST, blank=True)
    answered_at = models.DateTimeField(db_default=Now())

    objects = PollReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "poll replies"
        constraints = [models.UniqueConstraint(fields=["poll", "user"], name="poll_reply_once")]

    def __str__(self):
        return f"{self.user}: {self.poll}"


class TimeAnswer(models.Model):
    """Whether one member can come at one proposed time."""

    reply = models.ForeignKey(PollReply, on_delete=models.CASCADE, related_name="answers")
    time = models.ForeignKey(ProposedTime, on_delete=models.CASCADE, related_name="answers")
    answer = models.CharField(max_length=10, choices=Availability.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reply", "time"], name="time_answer_once"),
            models.CheckConstraint(condition=Q(answer__in=Availability.values), name="time_answer_is_known"),
        ]

    def __str__(self):
        return f"{self.time}: {self.answer}"
