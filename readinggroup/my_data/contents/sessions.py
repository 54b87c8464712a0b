"""What the site keeps of a person for the group's sessions."""

from django.utils.translation import gettext_lazy as _

from readinggroup.schedule.models import CalendarAddress

from .part import Part, each


def calendar_addresses(user):
    """When I had private addresses of my calendar made, and whether they are used: not the keys themselves."""
    for address in each(CalendarAddress.objects.filter(user=user)):
        yield {
            "created_at": address.created_at,
            "revoked_at": address.revoked_at,
            "last_fetched_at": address.last_fetched_at,
        }


PARTS = [
    Part(
        "calendar_addresses",
        _("Private addresses of my calendar"),
        ("schedule.CalendarAddress.user",),
        calendar_addresses,
    ),
]
