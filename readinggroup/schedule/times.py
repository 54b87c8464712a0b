"""A session's time in words: as the clock shows it to who reads, and beside it where it takes place, if they differ."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from readinggroup.lib.wall_time import wall_of

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class SessionTime:
    """When a session begins and ends, in words. `elsewhere` is the same at its own place, or "" if that is the same."""

    words: str
    zone: str
    elsewhere: str
    elsewhere_zone: str
    iso: str


def time_of(*, starts_at, ends_at, zone: str, all_day: bool, reader: tzinfo | None) -> SessionTime:
    """The time for a reader in that zone; None where nobody knows it: then only the session's own is told.

    A day is a day where the session takes place, for every reader.
    """
    own = ZoneInfo(zone)
    here = reader if reader is not None and not all_day else own
    words = words_of(starts_at, ends_at, here, all_day=all_day)
    there = words_of(starts_at, ends_at, own, all_day=all_day)
    differs = clocks_differ(starts_at, here, own) or clocks_differ(ends_at, here, own)
    return SessionTime(
        words=words,
        zone=str(here),
        elsewhere=there if differs else "",
        elsewhere_zone=zone,
        iso=starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def clocks_differ(instant, one: tzinfo, other: tzinfo) -> bool:
    return instant.astimezone(one).utcoffset() != instant.astimezone(other).utcoffset()


def words_of(starts_at, ends_at, zone, *, all_day) -> str:
    """ "Thursday, 6 May 2027, 19:00–20:30" in the active language; with both days where it ends on another one."""
    begins, ends = wall_of(starts_at, zone), wall_of(ends_at, zone)
    if all_day:
        last = ends - A_DAY
        if last.date() <= begins.date():
            return _("%(day)s, all day") % {"day": day_of(begins)}
        return _("%(first)s to %(last)s, all day") % {"first": day_of(begins), "last": day_of(last)}
    hours = {"day": day_of(begins), "begins": hour_of(begins), "ends": hour_of(ends)}
    if ends.date() == begins.date():
        return _("%(day)s, %(begins)s–%(ends)s") % hours
    return _("%(day)s, %(begins)s, to %(last)s, %(ends)s") % {**hours, "last": day_of(ends)}


def day_of(wall: datetime) -> str:
    """The day with its name."""
    return _("%(weekday)s, %(date)s") % {"weekday": date_format(wall, "l"), "date": date_format(wall, "DATE_FORMAT")}


def hour_of(wall: datetime) -> str:
    return date_format(wall, "TIME_FORMAT")
