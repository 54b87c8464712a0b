"""For how long somebody moderates: every moderator has a term, and the database sees to it."""

from datetime import datetime, timedelta

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .memberships import Membership, Role


class CameBy(models.TextChoices):
    """How somebody came to moderate."""

    APPOINTED = "appointed", _("appointed by an owner")
    ELECTED = "elected", _("elected by the members")


class TermQuerySet(models.QuerySet):
    """Terms, by how they stand."""

    def open(self):
        return self.filter(ended_at=None)

    def over(self):
        """Those whose end has come and that nobody has ended yet."""
        return self.open().filter(until__lte=timezone.now())

    def to_be_reminded(self):
        """Those that end soon and of which nobody was told yet."""
        now = timezone.now()
        return self.open().filter(reminded_at=None, until__gt=now, until__lte=now + Term.REMINDED_BEFORE)


class Term(models.Model):
    """A member moderates: from when, until when, and how they came to it.

    Whoever has the role has one open term, whatever gave it to them, and who loses it has none: the triggers of
    ModeratingMembership open and end it. `until` is the moment after the term's last day; without it, the term has no
    end of its own. `by` is the owner who appointed them, or who counted the votes.
    """

    LONGEST = timedelta(days=3_650)
    REMINDED_BEFORE = timedelta(days=14)

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="terms")
    began_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    came_by = models.CharField(max_length=10, choices=CameBy.choices, default=CameBy.APPOINTED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reminded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        ordering = ["began_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["membership"], condition=Q(ended_at=None), name="term_open_once"),
            models.CheckConstraint(condition=Q(came_by__in=CameBy.values), name="term_came_by_is_known"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("began_at")), name="term_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(reminded_at=None) | Q(until__isnull=False), name="term_reminded_has_an_end"
            ),
        ]
        indexes = [models.Index(fields=["until"], condition=Q(ended_at=None), name="term_ends_next")]

    def __str__(self):
        return f"term {self.pk} of {self.membership_id}"

    @staticmethod
    def end_of(day, group) -> datetime:
        """The moment at which a term ends whose last day this is, where the group is."""
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=group.zone)

    @property
    def last_day(self):
        """A moment of the last day on which they moderate; None where there is none."""
        return self.until and self.until - timedelta(seconds=1)


_KEEPS_THE_TERM = f"""
    IF '{Role.MODERATOR}' = ANY(NEW.roles) AND NEW.left_at IS NULL THEN
        INSERT INTO groups_term (membership_id, began_at, came_by)
        VALUES (NEW.id, CASE WHEN TG_OP = 'INSERT' THEN NEW.joined_at ELSE now() END, '{CameBy.APPOINTED}')
        ON CONFLICT (membership_id) WHERE ended_at IS NULL DO NOTHING;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE groups_term SET ended_at = clock_timestamp() WHERE membership_id = NEW.id AND ended_at IS NULL;
    END IF;
    RETURN NULL;
"""  # noqa: S608 - words of our own


class ModeratingMembership(Membership):
    """Whoever moderates has an open term, and nobody else has. This holds the triggers."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="begins_with_its_term",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func=_KEEPS_THE_TERM,
            ),
            pgtrigger.Trigger(
                name="moderates_for_a_term",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("roles", "left_at"),
                condition=pgtrigger.AnyChange("roles", "left_at"),
                func=_KEEPS_THE_TERM,
            ),
        ]
