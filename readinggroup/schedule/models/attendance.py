"""Who comes to a session, who waits for a place, and who was there."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.groups.models import Membership

from .sessions import ReadingSession

WAITING = "waiting"  # of an answer: would go, and has no place yet


class Answer(models.TextChoices):
    """Whether somebody comes."""

    GOING = "going", _("going")
    MAYBE = "maybe", _("maybe")
    NOT_GOING = "not_going", _("not going")


class AttendanceQuerySet(models.QuerySet):
    """Answers, by what they mean for the places."""

    def seated(self):
        """Those who have a place."""
        return self.filter(answer=Answer.GOING, waits_since=None)

    def waiting(self):
        """Those who wait for one, in their order."""
        return self.filter(waits_since__isnull=False).order_by("waits_since", "pk")

    def in_line(self):
        """Each with its `kind` (the answer, or "waiting"), in the order in which each kind is shown."""
        kind = Case(When(waits_since__isnull=False, then=Value(WAITING)), default=F("answer"))
        return self.annotate(kind=kind).order_by("waits_since", "answered_at", "pk")

    def by_members(self):
        """Of those who belong to the group now."""
        return self.filter(
            user__memberships__group=F("session__reading__group"), user__memberships__left_at__isnull=True
        )

    def able_to_come(self):
        """Of members who are not suspended until after the session begins."""
        barred = Membership.objects.filter(
            group=OuterRef("session__reading__group"),
            user=OuterRef("user"),
            suspended_until__gt=OuterRef("session__starts_at"),
        )
        return self.by_members().exclude(Exists(barred))


class Attendance(models.Model):
    """One member's answer to one session, for themselves and their guests.

    Who goes has a place, or waits for one since `waits_since`. The places are never exceeded: a trigger counts them
    with the session's row held. Fewer places throw nobody out.
    """

    MOST_GUESTS = 5
    LONGEST = 500

    session = models.ForeignKey(ReadingSession, on_delete=models.CASCADE, related_name="attendances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="attendances")
    answer = models.CharField(max_length=10, choices=Answer.choices)
    guests = models.PositiveSmallIntegerField(_("guests"), default=0)
    words = models.CharField(_("a word"), max_length=LONGEST, blank=True)
    waits_since = models.DateTimeField(null=True, blank=True)
    promoted_at = models.DateTimeField(null=True, blank=True)  # when a place became free for them
    attended = models.BooleanField(null=True, blank=True)  # None: nobody has said
    answered_at = models.DateTimeField(db_default=Now())

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "user"], name="attendance_once"),
            models.CheckConstraint(condition=Q(answer__in=Answer.values), name="attendance_answer_is_known"),
            models.CheckConstraint(condition=Q(guests__lte=5), name="attendance_guests_are_few"),
            models.CheckConstraint(
                condition=Q(waits_since=None) | Q(answer=Answer.GOING), name="attendance_who_waits_would_go"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="places_are_kept",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("answer", "guests", "waits_since", "session_id"),
                declare=[("free", "integer")],
                # Only who takes more than before is counted; the session's row makes two of them wait for each other.
                func="""
                    IF NEW.answer <> 'going' OR NEW.waits_since IS NOT NULL THEN
                        RETURN NEW;
                    END IF;
                    IF TG_OP = 'UPDATE' AND OLD.answer = 'going' AND OLD.waits_since IS NULL
                       AND OLD.session_id = NEW.session_id AND NEW.guests <= OLD.guests THEN
                        RETURN NEW;
                    END IF;
                    SELECT places INTO free FROM schedule_readingsession WHERE id = NEW.session_id FOR NO KEY UPDATE;
                    IF free IS NOT NULL AND free < 1 + NEW.guests + COALESCE((
                        SELECT sum(1 + guests) FROM schedule_attendance
                        WHERE session_id = NEW.session_id AND user_id <> NEW.user_id
                            AND answer = 'going' AND waits_since IS NULL
                    ), 0) THEN
                        RAISE EXCEPTION 'there are no more people than places'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'attendance_has_a_place';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.answer}"

    @property
    def is_seated(self):
        """Whether they have a place."""
        return self.answer == Answer.GOING and self.waits_since is None
