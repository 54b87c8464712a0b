"""How long ago something was, in words. The exact time always stands beside it."""

from functools import lru_cache

from django.utils.translation import get_language, ngettext

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MONTH, YEAR = 30 * DAY, 365 * DAY


def ago(then, now) -> str:
    """The distance from `then` to `now`, both aware datetimes, rounded down to one unit."""
    seconds = int((now - then).total_seconds())
    unit = next((unit for unit in (YEAR, MONTH, DAY, HOUR, MINUTE) if seconds >= unit), None)
    return _words(unit, seconds // unit if unit else 0, get_language())


@lru_cache(maxsize=2_000)
def _words(unit, count, language) -> str:
    """The words in the language that is active; kept, since a long discussion asks five hundred times."""
    words = {
        None: ngettext("just now", "just now", count),
        MINUTE: ngettext("%(count)d minute ago", "%(count)d minutes ago", count),
        HOUR: ngettext("%(count)d hour ago", "%(count)d hours ago", count),
        DAY: ngettext("%(count)d day ago", "%(count)d days ago", count),
        MONTH: ngettext("%(count)d month ago", "%(count)d months ago", count),
        YEAR: ngettext("%(count)d year ago", "%(count)d years ago", count),
    }
    return words[unit] % {"count": count}
