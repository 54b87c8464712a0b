"""A reading session: a meeting of the group about some paragraphs, at a time and a place."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from readinggroup.groups.permissions import Can, may
from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id
from readinggroup.lib.time_zones import LONGEST_ZONE, validate_time_zone
from readinggroup.readings.models import Reading, Veil
from readinggroup.readings.veils import waiting_under
from texts.models import Paragraph

from .series import Series

# The passages of a session as pairs of paragraphs.
_PASSAGES = """COALESCE((
    SELECT jsonb_agg(jsonb_build_array(first_id, last_id) ORDER BY position)
    FROM schedule_passage WHERE session_id = {session}
), '[]')"""


class SessionState(models.TextChoices):
    """Where a session is in its life."""

    DRAFT = "draft", _("draft")  # organizers see it
    POLL = "poll", _("date poll")  # members say when they can
    SCHEDULED = "scheduled", _("scheduled")
    UNDER_WAY = "under_way", _("under way")
    HELD = "held", pgettext_lazy("session", "held")
    CANCELLED = "cancelled", _("cancelled")


# Of these a calendar shows the time.
DATED = (SessionState.SCHEDULED, SessionState.UNDER_WAY, SessionState.HELD)


# A session that goes on for longer than it should is still the one that is under way, for so long.
OVERTIME = timedelta(hours=12)


class SessionQuerySet(models.QuerySet):
    """Sessions, by who may see them and when they are."""

    def visible_to(self, membership):
        """What this member, or visitor, may see: drafts are for organizers, and texts may be for members."""
        schedules, reads_all = may(membership, Can.SCHEDULE), may(membership, Can.READ_ALL)
        return self.visible_in(membership.group.pk, schedules=schedules, reads_all=reads_all)

    def visible_in(self, group, *, schedules, reads_all):
        """The same for anybody who may schedule, or not, and read all, or not; `group` is its key, or a parameter."""
        theirs = self.filter(reading__group=group)
        if not schedules:
            theirs = theirs.shown()
        return theirs if reads_all else theirs.filter(reading__for_members=False)

    def shown(self):
        """Those that are no drafts."""
        return self.exclude(state=SessionState.DRAFT)

    def on_calendars(self):
        """Those that calendars show: with a time; and cancelled ones, of which they have to say so."""
        cancelled = Q(state=SessionState.CANCELLED, announced_at__isnull=False)
        return self.filter(Q(state__in=DATED) | cancelled, starts_at__isnull=False)

    def coming(self, now=None):
        """Scheduled or under way, and not over; the next first. `now` is a parameter where the question is prepared."""
        now = now or timezone.now()
        scheduled = Q(state=SessionState.SCHEDULED, ends_at__gt=now)
        under_way = Q(state=SessionState.UNDER_WAY, ends_at__gt=now - OVERTIME)
        return self.filter(scheduled | under_way).order_by("starts_at", "pk")

    def cancelled_ahead(self):
        """Those that will not take place, up to the moment when they would have been over; the next first."""
        return self.filter(state=SessionState.CANCELLED, ends_at__gt=timezone.now()).order_by("starts_at", "pk")

    def past(self):
        """Those that were, or would have been; the last first."""
        now = timezone.now()
        under_way = Q(state=SessionState.UNDER_WAY, ends_at__lte=now - OVERTIME)
        over = Q(state__in=[SessionState.SCHEDULED, SessionState.CANCELLED], ends_at__lte=now)
        return self.filter(Q(state=SessionState.HELD) | under_way | over).order_by("-starts_at", "-pk")

    def unsettled(self):
        """Drafts and date polls."""
        return self.filter(state__in=[SessionState.DRAFT, SessionState.POLL])

    def with_passages(self):
        """With what it takes to show them in a list: the reading with its text, and the passages."""
        return self.select_related("reading__edition__current").prefetch_related("passages")

    def hold(self, pk):
        """The session as it stands, held until this transaction ends. Memberships are held before it."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=pk)


class ReadingSession(models.Model):
    """One meeting of the group about a reading.

    Its time is kept threefold: what the clock shows where the organizer is (`date`, `time`, with `second` of two equal
    ones), that `zone`, and the instant that these mean (`starts_at`, `ends_at`). When the rules of a zone change, the
    wall time stays and the instant follows. An all-day session has no `time`, and begins at midnight of its zone.

    `uid` and `sequence` are iCalendar's (RFC 5545 3.8.4.7, 3.8.7.4): the first never changes, the second rises with
    each change that a calendar has to know. `version` rises with each change, so that none is overwritten unseen.
    """

    LONGEST_TITLE = 200
    LONGEST_WHERE = 500
    LONGEST = timedelta(days=7)

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="sessions")
    series = models.ForeignKey(Series, on_delete=models.RESTRICT, null=True, blank=True, related_name="sessions")
    recurrence = models.CharField(max_length=20, blank=True)  # the wall time that the series' rule gives it, ISO 8601
    title = models.CharField(_("title"), max_length=LONGEST_TITLE)
    words = models.TextField(_("what it is about"), max_length=2_000, blank=True)
    state = models.CharField(max_length=10, choices=SessionState.choices, default=SessionState.DRAFT)
    date = models.DateField(_("date"), null=True, blank=True)
    time = models.TimeField(_("time"), null=True, blank=True)
    second = models.BooleanField(default=False)
    all_day = models.BooleanField(_("all day"), default=False)
    length = models.DurationField(_("length"), default=timedelta(minutes=90))
    zone = models.CharField(_("time zone"), max_length=LONGEST_ZONE, validators=[validate_time_zone])
    starts_at = models.DateTimeField(null=True, blank=True, editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Where: shown to those who go.
    where = models.CharField(_("where"), max_length=LONGEST_WHERE, blank=True)
    link = models.URLField(_("link"), max_length=LONGEST_WHERE, blank=True)
    facilitator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    minute_taker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    places = models.PositiveSmallIntegerField(_("places"), null=True, blank=True)  # none: as many as come
    read_first = models.BooleanField(_("read first, then see what others said"), default=False)
    # The last one drawn over its passages. While it is closed, comments there wait.
    veil = models.OneToOneField(
        Veil, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    uid = models.CharField(max_length=100, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    announced_at = models.DateTimeField(null=True, blank=True, editable=False)  # when it was put on the calendar
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    cancelled_for = models.CharField(_("reason"), max_length=500, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["reading", "starts_at"], name="session_of_reading")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SessionState.values), name="session_state_is_known"),
            models.CheckConstraint(condition=~Q(title=""), name="session_has_a_title"),
            at_most("words", 2_000, name="session_words_are_not_too_long"),
            models.CheckConstraint(
                condition=Q(starts_at=None, ends_at=None) | Q(starts_at__lt=F("ends_at"), date__isnull=False),
                name="session_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=DATED) | Q(starts_at__isnull=False), name="session_on_the_calendar_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(all_day=True, time=None) | Q(all_day=False), name="session_of_a_day_has_no_hour"
            ),
            models.CheckConstraint(
                condition=Q(length__gt=timedelta(0), length__lte=timedelta(days=7)), name="session_length_is_possible"
            ),
            models.CheckConstraint(
                condition=Q(state=SessionState.CANCELLED, cancelled_at__isnull=False, cancelled_by__isnull=False)
                | ~Q(state=SessionState.CANCELLED) & Q(cancelled_at=None, cancelled_by=None),
                name="session_cancelled_says_when_and_by_whom",
            ),
            models.CheckConstraint(condition=Q(places=None) | Q(places__gte=1), name="session_places_are_some"),
            models.UniqueConstraint(
                fields=["series", "recurrence"], condition=Q(series__isnull=False), name="session_of_series_once"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="text_knows_what_is_ahead",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert
                | pgtrigger.Delete
                | pgtrigger.UpdateOf("state", "starts_at", "ends_at", "zone", "all_day", "reading_id"),
                func=f"""
                    IF TG_OP = 'DELETE' THEN
                        DELETE FROM readings_ahead WHERE session = OLD.public_id;
                    ELSIF NEW.state NOT IN ('{SessionState.SCHEDULED}', '{SessionState.UNDER_WAY}') THEN
                        DELETE FROM readings_ahead WHERE session = NEW.public_id;
                    ELSE
                        INSERT INTO readings_ahead
                            (reading_id, session, starts_at, ends_at, zone, all_day, has_begun, passages)
                        VALUES (NEW.reading_id, NEW.public_id, NEW.starts_at, NEW.ends_at, NEW.zone, NEW.all_day,
                                NEW.state = '{SessionState.UNDER_WAY}', {_PASSAGES.format(session="NEW.id")})
                        ON CONFLICT (session) DO UPDATE SET reading_id = EXCLUDED.reading_id,
                            starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at, zone = EXCLUDED.zone,
                            all_day = EXCLUDED.all_day, has_begun = EXCLUDED.has_begun, passages = EXCLUDED.passages;
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - our own SQL
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def wall(self) -> datetime | None:
        """What the clock shows there when it begins; None before there is a date."""
        if self.date is None:
            return None
        return datetime.combine(self.date, self.time or datetime.min.time())

    @property
    def comments_waiting(self) -> int | None:
        """How many comments wait until it opens; None if no veil lies over its passages."""
        if self.veil_id is None or self.veil.opened_at is not None:
            return None
        return waiting_under(self.veil)

    @property
    def is_on_the_calendar(self):
        return self.state in DATED

    @property
    def can_change(self):
        """Whether it is still before it, or going on."""
        return self.state not in {SessionState.CANCELLED, SessionState.HELD}

    @property
    def can_cancel(self):
        """Whether it has not begun. A draft is thrown away."""
        return self.state in {SessionState.DRAFT, SessionState.POLL, SessionState.SCHEDULED}

    def shows_where_to(self, membership, attendance) -> bool:
        """Whether this member, whose answer this is, may know place and link.

        Who has a place, who leads or writes the minutes, and organizers; nobody who is suspended until it has begun.
        """
        if not membership.is_member or self.bars(membership):
            return False
        if may(membership, Can.SCHEDULE) or membership.user_id in {self.facilitator_id, self.minute_taker_id}:
            return True
        return attendance is not None and attendance.is_seated

    def bars(self, membership) -> bool:
        """Whether this member cannot come, since they are suspended until after it begins."""
        if self.starts_at is None or not membership.is_suspended:
            return False
        return membership.suspended_until > self.starts_at

    def is_run_by(self, membership) -> bool:
        """Whether this member opens, leads and closes it, and notes who came: its facilitator, or an organizer."""
        if may(membership, Can.SCHEDULE):
            return True
        return may(membership, Can.ATTEND) and self.facilitator_id == membership.user_id

    @property
    def takes_answers(self):
        """Whether one can say that one comes: it is scheduled, or under way, and not over."""
        return self.state in {SessionState.SCHEDULED, SessionState.UNDER_WAY} and self.ends_at > timezone.now()

    @property
    def has_begun(self):
        """Whether somebody can have been there."""
        if self.state == SessionState.SCHEDULED:
            return self.starts_at <= timezone.now()
        return self.state in {SessionState.UNDER_WAY, SessionState.HELD}


class Passage(models.Model):
    """A range of paragraphs that a session is about, by the identities of its first and its last."""

    session = models.ForeignKey(ReadingSession, on_delete=models.CASCADE, related_name="passages")
    position = models.PositiveSmallIntegerField()
    first = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="+")
    last = models.ForeignKey(Paragraph, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["session", "position"]
        constraints = [models.UniqueConstraint(fields=["session", "position"], name="passage_position_once")]
        triggers = [
            pgtrigger.Trigger(
                name="text_knows_which_passages_are_ahead",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("changed", "bigint")],
                func=f"""
                    changed := CASE WHEN TG_OP = 'DELETE' THEN OLD.session_id ELSE NEW.session_id END;
                    UPDATE readings_ahead SET passages = {_PASSAGES.format(session="changed")}
                    WHERE session = (SELECT public_id FROM schedule_readingsession WHERE id = changed);
                    RETURN NULL;
                """,  # noqa: S608 - our own SQL
            ),
        ]

    def __str__(self):
        return f"{self.first_id}-{self.last_id}"
