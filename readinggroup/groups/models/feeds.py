"""A member's private way to a group's feeds, for programs that cannot sign in."""

from django.conf import settings
from django.core.signing import Signer
from django.db import models
from django.db.models.functions import Now

from readinggroup.lib.public_ids import new_public_id
from readinggroup.lib.signed_ids import SignedId

from .groups import Group


class FeedAddressQuerySet(models.QuerySet):
    """Private addresses of feeds, by whether they lead anywhere."""

    def standing(self):
        return self.filter(revoked_at=None)

    def leading(self):
        """Those that stand and whose person belongs to the group since before they were made, and has an account.

        Who left and came back makes a new one: the old one may lie with somebody else by now.
        """
        belongs = models.Q(
            group__memberships__user=models.F("user"),
            group__memberships__left_at=None,
            group__memberships__joined_at__lte=models.F("created_at"),
        )
        return self.standing().filter(belongs, user__is_active=True)


class FeedAddress(SignedId, models.Model):
    """Under this address a program fetches the feeds of a group as this member may see them, until it is revoked.

    The address is signed, not stored: whoever reads the database cannot fetch by it.
    """

    SIGNER = Signer(salt="groups.feed_address")

    public_id = models.CharField(max_length=10, unique=True, default=new_public_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feed_addresses")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="feed_addresses")
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_fetched_at = models.DateTimeField(null=True, blank=True)  # to the hour: not every fetch is noted

    objects = FeedAddressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group"], condition=models.Q(revoked_at=None), name="feed_address_stands_once"
            ),
        ]

    def __str__(self):
        return f"feed address {self.pk} of {self.group_id}"
