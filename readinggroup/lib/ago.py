"""How long ago something was, in words. The exact time always stands beside it."""

from django.utils.translation import gettext, ngettext

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MONTH, YEAR = 30 * DAY, 365 * DAY


def ago(then, now) -> str:
    """The distance from `then` to `now`, both aware datetimes, rounded down to one unit."""
    seconds = int((now - then).total_seconds())
    if seconds < MINUTE:
        return gettext("just now")
    if seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("%(count)d minute ago", "%(count)d minutes ago", count) % {"count": count}
    if seconds < DAY:
        count = seconds // HOUR
        return ngettext("%(count)d hour ago", "%(count)d hours ago", count) % {"count": count}
    if seconds < MONTH:
        count = seconds // DAY
        return ngettext("%(count)d day ago", "%(count)d days ago", count) % {"count": count}
    if seconds < YEAR:
        count = seconds // MONTH
        return ngettext("%(count)d month ago", "%(count)d months ago", count) % {"count": count}
    count = seconds // YEAR
    return ngettext("%(count)d year ago", "%(count)d years ago", count) % {"count": count}
