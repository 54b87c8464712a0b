"""Giving a member a private address of a group's feeds, and taking it back."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..models import FeedAddress


@transaction.atomic
def make_feed_address(*, group, by) -> FeedAddress:
    """Another private address; the one that stood leads nowhere from now on. Two clicks at once make one."""
    revoke_feed_address(group=group, by=by)
    try:
        with transaction.atomic():
            return FeedAddress.objects.create(group=group, user=by)
    except IntegrityError as refusal:
        if "feed_address_stands_once" in str(refusal):
            return FeedAddress.objects.standing().get(group=group, user=by)
        raise


def revoke_feed_address(*, group, by) -> bool:
    """One's private address leads nowhere any more. False if none stood."""
    mine = FeedAddress.objects.standing().filter(group=group, user=by)
    return bool(mine.update(revoked_at=timezone.now()))
