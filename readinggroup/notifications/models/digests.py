"""The daily and the weekly digest."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id

from .notices import Delivery, delivery_constraints


class DigestQuerySet(models.QuerySet):
    """Digests, by how they stand."""

    def mail_is_due(self):
        return self.filter(delivery=Delivery.DUE, mail_at__lte=timezone.now())


class Digest(models.Model):
    """One mail to one person with what waited for it: one row a person and day, queue and ledger in one.

    What is in it is put together when it is sent, and those notices point here then.
    """

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    day = models.DateField()  # in the zone of its reader
    created_at = models.DateTimeField(db_default=Now())
    delivery = models.CharField(max_length=10, choices=Delivery.choices, default=Delivery.DUE)
    mail_at = models.DateTimeField(db_default=Now())  # when it is to be mailed, or tried again
    attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    objects = DigestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "day"], name="digest_once_a_day"),
            *delivery_constraints("digest", [Delivery.DUE, Delivery.SENT, Delivery.FAILED, Delivery.NOT_WANTED]),
            at_most("reason", 500, name="digest_reason_is_not_too_long"),
        ]
        indexes = [models.Index(fields=["mail_at"], condition=Q(delivery="due"), name="digest_mail_due")]

    def __str__(self):
        return f"digest of {self.day} to {self.recipient_id}"
