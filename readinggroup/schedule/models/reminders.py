"""Reminders of sessions: when each is due, kept by the database as sessions are scheduled, moved and cancelled."""

from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .sessions import ReadingSession, SessionState


class Before(models.TextChoices):
    """How long before a session its members are reminded of it."""

    WEEK = "week", _("a week before")
    DAY = "day", _("a day before")
    HOUR = "hour", _("an hour before")


# Lengths of time, not days of a calendar: over a change of the clocks a day before is 24 hours before.
LENGTHS = {Before.WEEK: timedelta(weeks=1), Before.DAY: timedelta(days=1), Before.HOUR: timedelta(hours=1)}
_LENGTHS = ", ".join(
    f"('{before}', interval '{length // timedelta(hours=1)} hours')" for before, length in LENGTHS.items()
)


class ReminderQuerySet(models.QuerySet):
    """Reminders, by how they stand."""

    def due(self, now):
        return self.filter(told_at=None, due_at__lte=now)


class Reminder(models.Model):
    """That the members are to be reminded of a session so long before it begins, and when they were.

    There is one for each such moment that was ahead when the session got the time that it has: of an earlier one the
    notice that told the time is reminder enough. When a session moves, what was not told yet gives way to its new
    moments; when it is cancelled or has begun, it is gone.
    """

    session = models.ForeignKey(ReadingSession, on_delete=models.CASCADE, related_name="reminders")
    before = models.CharField(max_length=4, choices=Before.choices)
    starts_at = models.DateTimeField()  # the beginning that it is of
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    people = models.PositiveIntegerField(default=0, db_default=0)  # how many were reminded

    objects = ReminderQuerySet.as_manager()

    class Meta:
        constraints = [
            # A session that moves away and comes back is reminded of once.
            models.UniqueConstraint(fields=["session", "before", "starts_at"], name="reminder_once"),
            models.CheckConstraint(condition=Q(before__in=Before.values), name="reminder_before_is_known"),
            models.CheckConstraint(condition=Q(due_at__lt=F("starts_at")), name="reminder_is_before"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(told_at=None), name="reminder_due")]

    def __str__(self):
        return f"{self.before} before {self.session_id}"


class RemindedSession(ReadingSession):
    """A session that is scheduled, moved, cancelled, in whatever way; this holds the trigger that follows it."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="reminders_follow_it",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("starts_at", "state"),
                func=f"""
                    IF TG_OP = 'UPDATE' AND NEW.state = OLD.state
                       AND NEW.starts_at IS NOT DISTINCT FROM OLD.starts_at THEN
                        RETURN NULL;
                    END IF;
                    DELETE FROM schedule_reminder WHERE session_id = NEW.id AND told_at IS NULL;
                    IF NEW.state = '{SessionState.SCHEDULED}' THEN
                        INSERT INTO schedule_reminder (session_id, before, starts_at, due_at)
                        SELECT NEW.id, lead.name, NEW.starts_at, NEW.starts_at - lead.length
                        FROM (VALUES {_LENGTHS}) AS lead (name, length)
                        WHERE NEW.starts_at - lead.length > now()
                        ON CONFLICT (session_id, before, starts_at) DO NOTHING;
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - our own SQL
            ),
        ]
