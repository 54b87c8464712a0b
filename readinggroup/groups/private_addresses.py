"""Fetching what stands under a private address: whose it is, when it was fetched, and that nobody else keeps it."""

from datetime import timedelta

from django.http import Http404
from django.utils import timezone
from django.utils.cache import patch_cache_control

from .models import FeedAddress, Membership
from .permissions import Can, may

NOTED_AGAIN_AFTER = timedelta(hours=1)


def member_behind(token) -> tuple[FeedAddress, Membership]:
    """The private address of a group's feeds that this is, and how its person stands to the group.

    Http404 if it leads nowhere (any more), whoever asks: membership is asked again at each fetch.
    """
    named = FeedAddress.objects.leading().select_related("group")
    address = named.filter(public_id=FeedAddress.public_id_in(token) or "").first()
    if address is None:
        raise Http404
    membership = Membership.objects.standing(address.user_id, address.group.slug)
    if not may(membership, Can.READ_ALL):
        raise Http404
    return address, membership


def handed_out(response, address):
    """The answer to a fetch under this address, which is noted to the hour."""
    now = timezone.now()
    if address.last_fetched_at is None or address.last_fetched_at < now - NOTED_AGAIN_AFTER:
        type(address).objects.filter(pk=address.pk).update(last_fetched_at=now)
    patch_cache_control(response, private=True)
    response["Referrer-Policy"], response["X-Robots-Tag"] = "no-referrer", "noindex"
    return response
