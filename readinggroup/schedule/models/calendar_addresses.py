"""A person's private way to all their sessions, for calendars that cannot sign in."""

from django.conf import settings
from django.core.signing import Signer
from django.db import models
from django.db.models.functions import Now

from readinggroup.lib.public_ids import new_public_id
from readinggroup.lib.signed_ids import SignedId


class CalendarAddressQuerySet(models.QuerySet):
    """Private addresses of calendars, by whether they lead anywhere."""

    def standing(self):
        return self.filter(revoked_at=None)

    def leading(self):
        """Those that stand and whose person has an account. What it shows is asked of their groups at each fetch."""
        return self.standing().filter(user__is_active=True)


class CalendarAddress(SignedId, models.Model):
    """Under this address a calendar fetches the sessions of all groups that its person belongs to, until it is revoked.

    As with `FeedAddress`, the address is signed, not stored: whoever reads the database cannot fetch by it.
    """

    SIGNER = Signer(salt="schedule.calendar_address")

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_addresses")
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_fetched_at = models.DateTimeField(null=True, blank=True)  # to the hour: not every fetch is noted

    objects = CalendarAddressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(revoked_at=None), name="calendar_address_stands_once"
            ),
        ]

    def __str__(self):
        return f"calendar address {self.pk}"
