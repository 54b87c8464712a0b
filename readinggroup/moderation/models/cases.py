"""What moderators are to look at, and which of them is looking at it."""

from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.names import LONGEST_NAME
from readinggroup.discussion.models import OPEN_STATES, Comment, State
from readinggroup.groups.models import DECIDING, Group, Membership


class Kind(models.TextChoices):
    """What a case is about."""

    COMMENT = "comment", _("comment")
    NAME = "name", _("name")  # how a member calls themselves here
    APPEAL = "appeal", _("appeal")


# What a case has that nobody is looking at.
NOT_CLAIMED = {"claimed_by": None, "claimed_until": None}


class CaseQuerySet(models.QuerySet):
    """Cases, by how they stand."""

    def open(self):
        return self.filter(closed_at=None)

    def free_for(self, user):
        """Those that nobody else is looking at; `user` is a person, or their key."""
        return self.filter(Q(claimed_until=None) | Q(claimed_until__lte=timezone.now()) | Q(claimed_by=user))

    def close(self):
        """Nothing is left to decide, and nobody looks at it."""
        return self.update(closed_at=timezone.now(), **NOT_CLAIMED)

    def nobody_was_told(self):
        """Those that the database has opened, or opened again, and that wait, of which no moderator has heard."""
        return self.waiting().filter(told_at=None, group__archived_at=None, group__delete_at=None)

    def waiting(self, now=None):
        """Those that moderators are to look at now, the most urgent first. `now` is a parameter where it is prepared.

        Not those that wait for their author, nor what its author has taken back: put back, it is there again.
        """
        asked = Q(waits_until__gt=now or timezone.now())
        taken_back = Q(comment__isnull=False) & ~Q(comment__state__in=OPEN_STATES)
        return self.open().exclude(asked).exclude(taken_back).order_by("due_at", "pk")


class Case(models.Model):
    """A comment, a member's name or an appeal that moderators are to look at, until they have decided.

    The queue is in the order of `due_at`, by when somebody should have looked: each further report brings it nearer,
    and what has waited long overtakes. A comment that is held has an open case: the database sees to that.
    """

    CLAIM_LASTS = timedelta(minutes=10)
    # By when a moderator should have looked.
    DUE = {Kind.COMMENT: timedelta(hours=24), Kind.NAME: timedelta(hours=48), Kind.APPEAL: timedelta(days=7)}
    AUTHOR_HAS = timedelta(days=7)  # to change what they were asked to change

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="cases")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, null=True, blank=True, related_name="cases")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="cases")
    appeal = models.OneToOneField("Appeal", on_delete=models.PROTECT, null=True, blank=True, related_name="case")
    # What a member was called until a decision replaced it: for a reversal, and until their account is deleted.
    former_name = models.CharField(max_length=LONGEST_NAME, blank=True, default="", db_default="")
    opened_at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True, blank=True)  # when those who moderate were told that it waits
    due_at = models.DateTimeField()
    waits_until = models.DateTimeField(null=True, blank=True)  # its author was asked to change it, and has so long
    closed_at = models.DateTimeField(null=True, blank=True)  # decided, or nothing is left to decide
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=Kind.COMMENT, comment__isnull=False, member=None, appeal=None)
                | Q(kind=Kind.NAME, comment=None, member__isnull=False, appeal=None)
                | Q(kind=Kind.APPEAL, comment=None, member=None, appeal__isnull=False),
                name="case_is_about_one_thing",
            ),
            models.UniqueConstraint(fields=["comment"], condition=Q(closed_at=None), name="case_of_comment_open_once"),
            models.UniqueConstraint(fields=["member"], condition=Q(closed_at=None), name="case_of_name_open_once"),
            models.CheckConstraint(
                condition=Q(claimed_until=None) | Q(claimed_by__isnull=False, closed_at=None),
                name="case_claimed_says_by_whom_and_is_open",
            ),
        ]
        indexes = [
            models.Index(fields=["group", "due_at"], condition=Q(closed_at=None), name="case_queue"),
            models.Index(fields=["group"], condition=Q(closed_at=None, told_at=None), name="case_nobody_was_told"),
            models.Index(fields=["group", "-closed_at"], name="case_decided_lately"),
        ]

    def __str__(self):
        return f"case {self.pk}"

    @property
    def is_claimed(self):
        return self.claimed_until is not None and self.claimed_until > timezone.now()

    def is_before_another(self, user_id):
        """Whether somebody else than this person is looking at it."""
        return self.is_claimed and self.claimed_by_id != user_id


_DUE_HOURS = round(Case.DUE[Kind.COMMENT].total_seconds() / 3_600)
_OPENS_A_CASE = f"""
    INSERT INTO moderation_case (group_id, kind, comment_id, opened_at, due_at)
    SELECT group_id, '{Kind.COMMENT}', NEW.id, now(), now() + interval '{_DUE_HOURS} hours'
    FROM readings_reading WHERE id = NEW.reading_id
    ON CONFLICT (comment_id) WHERE closed_at IS NULL
        DO UPDATE SET waits_until = NULL, due_at = LEAST(moderation_case.due_at, EXCLUDED.due_at);
    RETURN NULL;
"""  # noqa: S608 - words and a number of our own


class LookedAtComment(Comment):
    """What is held has an open case, and what its author has changed is looked at again, of which moderators are told.

    This holds the triggers.
    """

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="held_has_a_case",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__state=State.HELD),
                func=_OPENS_A_CASE,
            ),
            pgtrigger.Trigger(
                name="held_anew_has_a_case",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__state=State.HELD) & ~pgtrigger.Q(old__state=State.HELD),
                func=_OPENS_A_CASE,
            ),
            pgtrigger.Trigger(
                name="changed_is_looked_at",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("body"),
                condition=pgtrigger.AnyChange("body"),
                func="""
                    UPDATE moderation_case SET waits_until = NULL, told_at = NULL
                    WHERE comment_id = NEW.id AND closed_at IS NULL AND waits_until IS NOT NULL;
                    RETURN NULL;
                """,
            ),
        ]


_DECIDING = ", ".join(f"'{role}'" for role in DECIDING)


class LookingMembership(Membership):
    """Whoever may not decide any more looks at nothing: their cases are let go. This holds the trigger."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="lets_go_of_cases",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("roles", "left_at", "suspended_until"),
                condition=pgtrigger.AnyChange("roles", "left_at", "suspended_until"),
                func=f"""
                    IF NEW.left_at IS NOT NULL OR NEW.suspended_until > now()
                       OR NOT NEW.roles && ARRAY[{_DECIDING}]::varchar[] THEN
                        UPDATE moderation_case SET claimed_by_id = NULL, claimed_until = NULL
                        WHERE claimed_by_id = NEW.user_id AND group_id = NEW.group_id AND closed_at IS NULL;
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - words of our own
            ),
        ]
