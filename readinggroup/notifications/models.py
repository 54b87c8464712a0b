"""What people are told: one row a person and event, which is the inbox, the queue of mail and its ledger."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.accounts.models import User
from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id

_COUNT_UNREAD = """
    -- In order, so that two notices to many people wait for one another.
    PERFORM 1 FROM accounts_user WHERE id IN (SELECT recipient_id FROM ({changes}) change WHERE step <> 0)
    ORDER BY id FOR NO KEY UPDATE;

    UPDATE accounts_user person SET unread_notices = person.unread_notices + change.step
    FROM (SELECT recipient_id, sum(step) AS step FROM ({changes}) one GROUP BY 1 HAVING sum(step) <> 0) change
    WHERE person.id = change.recipient_id;
    RETURN NULL;
"""
_ADDED = "SELECT recipient_id, (read_at IS NULL)::int AS step FROM new_values"
_TAKEN = "SELECT recipient_id, -(read_at IS NULL)::int AS step FROM old_values"


def _counting(name, operation, changes, **referencing):
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**referencing),
        func=_COUNT_UNREAD.format(changes=changes),
    )


class Delivery(models.TextChoices):
    """How a notice's mail stands."""

    DUE = "due", _("due")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    NOT_WANTED = "not_wanted", _("not by mail")


class NoticeQuerySet(models.QuerySet):
    """Notices, by whose they are and how they stand."""

    def of(self, user):
        return self.filter(recipient=user)

    def unread(self):
        return self.filter(read_at=None)

    def mail_is_due(self):
        return self.filter(delivery=Delivery.DUE, mail_at__lte=timezone.now())


class Notice(models.Model):
    """One person is told of one event.

    `kind` names the template `<app>/notices/<name>.txt` (as "app/name"), whose first line is the subject and whose rest
    is what is said; `facts` are what it needs, as strings and numbers. It is put into words when it is read or mailed,
    in the language of that moment.
    """

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    event = models.CharField(max_length=100)  # the same event is told once
    facts = models.JSONField(default=dict)
    address = models.CharField(max_length=500, blank=True)  # the path on this site where it leads
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    delivery = models.CharField(max_length=10, choices=Delivery.choices, default=Delivery.DUE)
    mail_at = models.DateTimeField(db_default=Now())  # when it is to be mailed, or tried again
    attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=500, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "event"], name="notice_once"),
            models.CheckConstraint(condition=Q(delivery__in=Delivery.values), name="notice_delivery_is_known"),
            models.CheckConstraint(
                condition=Q(delivery=Delivery.SENT, mailed_at__isnull=False)
                | (~Q(delivery=Delivery.SENT) & Q(mailed_at=None)),
                name="notice_sent_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(delivery=Delivery.FAILED) | ~Q(failure=""), name="notice_failed_says_why"
            ),
            at_most("failure", 500, name="notice_failure_is_not_too_long"),
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="notice_inbox"),
            models.Index(fields=["mail_at"], condition=Q(delivery="due"), name="notice_mail_due"),
        ]
        # How much is unread stands at the person, so that the header of a page asks nothing for it.
        triggers = [
            _counting("count_unread_insert", pgtrigger.Insert, _ADDED, new="new_values"),
            _counting(
                "count_unread_update",
                pgtrigger.Update,
                f"{_ADDED} UNION ALL {_TAKEN}",
                new="new_values",
                old="old_values",
            ),
            _counting("count_unread_delete", pgtrigger.Delete, _TAKEN, old="old_values"),
        ]

    def __str__(self):
        return f"{self.kind} to {self.recipient_id}"


class MailSettings(models.Model):
    """How one person is reached, and whether mail reaches them. Who has no row here has these defaults.

    Mail that came back is counted: after the third it is `stopped_at`, until the person switches it on again or
    changes the address.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="mail_settings"
    )
    bounces = models.PositiveSmallIntegerField(default=0)
    bounced_at = models.DateTimeField(null=True, blank=True)  # the last one
    stopped_at = models.DateTimeField(null=True, blank=True)

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
