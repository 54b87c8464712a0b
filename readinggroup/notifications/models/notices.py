"""What people are told: one row a person and event, which is the inbox, the queue of mail and its ledger."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id

from .wishes import Category


class Delivery(models.TextChoices):
    """How the mail of a notice stands. Every one ends as sent, failed, or not wanted, and says why."""

    DUE = "due", _("due")
    DAILY = "daily", _("waits for the daily digest")
    WEEKLY = "weekly", _("waits for the weekly digest")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    NOT_WANTED = "not_wanted", _("not by mail")


WAITING = [Delivery.DUE, Delivery.DAILY, Delivery.WEEKLY]


def delivery_constraints(name, deliveries) -> list:
    """What holds for every row that is mailed: sent says when, failed and not wanted say why."""
    return [
        models.CheckConstraint(condition=Q(delivery__in=deliveries), name=f"{name}_delivery_is_known"),
        models.CheckConstraint(
            condition=Q(delivery=Delivery.SENT, mailed_at__isnull=False)
            | (~Q(delivery=Delivery.SENT) & Q(mailed_at=None)),
            name=f"{name}_sent_says_when",
        ),
        models.CheckConstraint(
            condition=~Q(delivery__in=[Delivery.FAILED, Delivery.NOT_WANTED]) | ~Q(reason=""),
            name=f"{name}_not_sent_says_why",
        ),
    ]


class NoticeQuerySet(models.QuerySet):
    """Notices, by whose they are and how they stand."""

    def of(self, user):
        return self.filter(recipient=user)

    def unread(self):
        return self.filter(read_at=None)

    def mail_is_due(self):
        return self.filter(delivery=Delivery.DUE, mail_at__lte=timezone.now())

    def waiting(self):
        """Not mailed yet: at once, or in a digest."""
        return self.filter(delivery__in=WAITING)


class Notice(models.Model):
    """One person is told of one event.

    `kind` names the template `<app>/notices/<name>.txt` (as "app/name"), whose first line is the subject and whose rest
    is what is said; `facts` are what it needs, as strings and numbers. It is put into words when it is read or mailed,
    in the language of that moment. What can be taken back or hidden is never in the facts: `about` names it (a
    comment's public id), and whoever shows or mails the notice asks for it anew.
    """

    KEPT_FOR = timedelta(days=365)

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    # Two indexes of `Meta` begin with the person.
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    kind = models.CharField(max_length=60)
    category = models.CharField(max_length=10, choices=Category.choices)
    event = models.CharField(max_length=100)  # the same event is told once
    group_key = models.BigIntegerField(null=True, blank=True)  # see MailWish
    about = models.CharField(max_length=10, blank=True)
    thread = models.CharField(max_length=40, blank=True)  # what belongs together, in the inbox and in mail programs
    facts = models.JSONField(default=dict)
    address = models.CharField(max_length=500, blank=True)  # the path on this site where it leads
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    delivery = models.CharField(max_length=10, choices=Delivery.choices, default=Delivery.DUE)
    mail_at = models.DateTimeField(db_default=Now())  # when it is to be mailed, or tried again
    attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)  # why it was not, or not yet, mailed
    digest = models.ForeignKey("Digest", on_delete=models.SET_NULL, null=True, blank=True, related_name="notices")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "event"], name="notice_once"),
            models.CheckConstraint(condition=Q(category__in=Category.values), name="notice_category_is_known"),
            *delivery_constraints("notice", Delivery.values),
            at_most("reason", 500, name="notice_reason_is_not_too_long"),
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="notice_inbox"),
            models.Index(fields=["recipient", "-created_at"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["recipient"], condition=Q(delivery__in=["daily", "weekly"]), name="notice_for_digest"),
            models.Index(fields=["mail_at"], condition=Q(delivery="due"), name="notice_mail_due"),
            models.Index(fields=["about"], condition=~Q(about=""), name="notice_about"),
        ]

    def __str__(self):
        return f"{self.kind} to {self.recipient_id}"
