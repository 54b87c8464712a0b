"""How somebody wants to be told: of what by mail, when, and when not."""

from datetime import time

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.models import User


class Category(models.TextChoices):
    """What a notice is about, as far as its reader chooses."""

    REPLY = "reply", _("Answers to me")
    MENTION = "mention", _("I am called by name")
    FOLLOWED = "followed", _("New comments in what I follow")
    SESSION = "session", _("Sessions")
    REMINDER = "reminder", _("Reminders of sessions")  # when, is chosen beside it
    PROPOSAL = "proposal", _("Proposals and ballots")
    LETTER = "letter", _("Letters of the organizers to all members")
    REQUEST = "request", _("Requests that wait for my answer")
    DECISION = "decision", _("Decisions about me")
    GROUP = "group", _("What changes in the group")
    ACCOUNT = "account", _("My account")  # always by mail, at once


class When(models.TextChoices):
    """When the mail of a notice goes out. In the inbox it stands at once."""

    AT_ONCE = "at_once", _("at once")
    DAILY = "daily", _("in the daily digest")
    WEEKLY = "weekly", _("in the weekly digest")
    NEVER = "never", _("not by mail")


# For who has chosen nothing. At once what somebody has said to them, or waits for, or what changes what they may do.
DEFAULTS = {
    Category.REPLY: When.AT_ONCE,
    Category.MENTION: When.AT_ONCE,
    Category.FOLLOWED: When.DAILY,
    Category.SESSION: When.AT_ONCE,
    Category.REMINDER: When.AT_ONCE,
    Category.PROPOSAL: When.AT_ONCE,
    Category.LETTER: When.AT_ONCE,
    Category.REQUEST: When.AT_ONCE,
    Category.DECISION: When.AT_ONCE,
    Category.GROUP: When.DAILY,
    Category.ACCOUNT: When.AT_ONCE,
}


class MailWish(models.Model):
    """When one person wants mail about one category: everywhere, or in one group, which counts before everywhere.

    `group_key` is the group's primary key: groups stand above notifications, which know nothing of them.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_wishes")
    group_key = models.BigIntegerField(null=True, blank=True)
    category = models.CharField(max_length=10, choices=[(c.value, c.label) for c in Category if c != Category.ACCOUNT])
    when = models.CharField(max_length=10, choices=When.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group_key", "category"], nulls_distinct=False, name="mail_wish_once"
            ),
            models.CheckConstraint(
                condition=Q(category__in=[c for c in Category.values if c != Category.ACCOUNT]),
                name="mail_wish_category_is_known",
            ),
            # In a digest it would come after what it reminds of.
            models.CheckConstraint(
                condition=~Q(category=Category.REMINDER) | Q(when__in=[When.AT_ONCE, When.NEVER]),
                name="mail_wish_reminder_in_time_or_never",
            ),
            models.CheckConstraint(condition=Q(when__in=When.values), name="mail_wish_when_is_known"),
        ]

    def __str__(self):
        return f"{self.user_id} {self.category} {self.when}"


class AtOnceBy(models.TextChoices):
    """Which way somebody is told at once."""

    MAIL = "mail", _("by mail")
    DEVICES = "devices", _("on my devices")
    BOTH = "both", _("by mail and on my devices")


class MailSettings(models.Model):
    """How one person is reached, and whether mail reaches them. Who has no row here has these defaults.

    Times are of the person's own zone. Mail that came back is counted: after the third it is `stopped_at`, until the
    person switches it on again or changes the address.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="mail_settings"
    )
    at_once_by = models.CharField(max_length=10, choices=AtOnceBy.choices, default=AtOnceBy.MAIL)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("until"), null=True, blank=True)
    digest_at = models.TimeField(_("time of the daily and the weekly digest"), default=time(7))
    remind_week = models.BooleanField(_("a week before"), default=False)
    remind_day = models.BooleanField(_("a day before"), default=True)
    remind_hour = models.BooleanField(_("an hour before"), default=True)
    digest_weekday = models.PositiveSmallIntegerField(_("day of the weekly digest"), default=0)  # Monday, as in Python
    bounces = models.PositiveSmallIntegerField(default=0, db_default=0)
    bounced_at = models.DateTimeField(null=True, blank=True)  # the last one
    stopped_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(at_once_by__in=AtOnceBy.values), name="mail_at_once_by_is_known"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=models.F("quiet_until")),
                name="mail_quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(condition=Q(digest_weekday__lte=6), name="mail_digest_weekday_is_one"),
            models.CheckConstraint(
                condition=Q(bounces=0, bounced_at=None) | Q(bounces__gt=0, bounced_at__isnull=False),
                name="mail_bounces_say_when",
            ),
        ]

    def __str__(self):
        return f"mail to {self.user_id}"


class ReaddressedUser(User):
    """A person who changes the address starts anew with mail, whichever way it was changed; this holds that trigger."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="mail_starts_anew",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("email"),
                condition=pgtrigger.Q(new__email__df=pgtrigger.F("old__email")),
                func="""
                    UPDATE notifications_mailsettings SET bounces = 0, bounced_at = NULL, stopped_at = NULL
                    WHERE user_id = NEW.id AND bounces > 0;
                    RETURN NULL;
                """,
            )
        ]
