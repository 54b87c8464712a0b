"""Giving a person a private address of their calendar, and taking it back."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..models import CalendarAddress


@transaction.atomic
def make_calendar_address(*, by) -> CalendarAddress:
    """Another private address; the one that stood leads nowhere from now on. Two clicks at once make one."""
    revoke_calendar_address(by=by)
    try:
        with transaction.atomic():
            return CalendarAddress.objects.create(user=by)
    except IntegrityError as refusal:
        if "calendar_address_stands_once" in str(refusal):
            return CalendarAddress.objects.standing().get(user=by)
        raise


def revoke_calendar_address(*, by) -> bool:
    """One's private address leads nowhere any more. False if none stood."""
    mine = CalendarAddress.objects.standing().filter(user=by)
    return bool(mine.update(revoked_at=timezone.now()))
