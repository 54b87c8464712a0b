"""The devices on which people are told at once."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from readinggroup.lib.constraints import at_most
from readinggroup.lib.public_ids import new_public_id

LONGEST_ENDPOINT = 1_000


class PushSubscriptionQuerySet(models.QuerySet):
    """Devices, by whose they are and whether they can still be reached."""

    def of(self, user):
        return self.filter(user=user)

    def given_up(self):
        """Where sending has failed so often in a row, and for so long that it was no outage of a few hours."""
        quiet_since = timezone.now() - PushSubscription.GIVEN_UP_AFTER
        return self.annotate(taken=Coalesce("last_used_at", "created_at")).filter(
            failures__gte=PushSubscription.MOST_FAILURES, taken__lt=quiet_since
        )


class PushSubscription(models.Model):
    """A browser in which somebody has asked to be told at once: where to send (RFC 8030), and with which keys.

    It lives as long as the login on that device: when that ends, in whatever way, the row goes with it, so that nobody
    who signs out leaves a device behind that shows their private words.
    """

    A_PERSON = 20  # then the oldest gives way
    MOST_FAILURES = 10
    GIVEN_UP_AFTER = timedelta(days=1)

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    login = models.OneToOneField("accounts.Login", on_delete=models.CASCADE, related_name="push_subscription")
    endpoint = models.CharField(max_length=LONGEST_ENDPOINT, unique=True)
    p256dh = models.CharField(max_length=100)  # the browser's public key, and the secret of the two; both base64url
    auth = models.CharField(max_length=30)
    name = models.CharField(max_length=60, blank=True)  # which browser it is, for its person
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)  # when a message was taken last
    failures = models.PositiveSmallIntegerField(default=0)  # since then

    objects = PushSubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            at_most("endpoint", LONGEST_ENDPOINT, name="push_endpoint_at_most"),
            at_most("p256dh", 100, name="push_p256dh_at_most"),
            at_most("auth", 30, name="push_auth_at_most"),
            at_most("name", 60, name="push_name_at_most"),
            models.CheckConstraint(
                condition=models.Q(endpoint__startswith="http") & ~models.Q(p256dh="") & ~models.Q(auth=""),
                name="push_is_complete",
            ),
        ]

    def __str__(self):
        return f"{self.name or 'a device'} of {self.user_id}"
