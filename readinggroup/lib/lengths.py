"""Lengths of time, as one would say them."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

HOUR, DAY = 60, 24 * 60  # minutes


def in_words(length: timedelta) -> str:
    """A length of time: what is full hours or days as such, anything else rounded to what one would say."""
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 90 and minutes != HOUR:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if minutes < 2 * DAY and minutes != DAY:
        hours = round(minutes / HOUR)
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    days = round(minutes / DAY)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
