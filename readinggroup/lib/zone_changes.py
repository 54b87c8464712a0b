"""When the clocks of a time zone change, and by how much: what a calendar has to say of the zones that it names."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_A_DAY, _A_SECOND = timedelta(days=1), timedelta(seconds=1)


class ZoneChange(NamedTuple):
    """At this instant (in UTC) the clocks went from one offset to another; `name` and `is_summer` are of afterwards."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    is_summer: bool

    @property
    def onset(self) -> datetime:
        """The wall time that the old clocks showed then (RFC 5545, 3.6.5: DTSTART of an observance)."""
        return self.at.replace(tzinfo=None) + self.before


@lru_cache(maxsize=512)
def changes_of(zone: ZoneInfo, first_year: int, last_year: int) -> tuple[ZoneChange, ...]:
    """The changes in these years, in order. The first one is none: how the clocks stood when the first year began.

    Looked for day by day, since rules of a whole zone are not to be had from `zoneinfo`: no zone changes twice a day.
    """
    day, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    offset = offset_at(day, zone)
    found = [change_at(day, offset, zone)]
    while day < end:
        day += _A_DAY
        if offset_at(day, zone) != offset:
            found.append(change_at(moment_of_change(day - _A_DAY, zone), offset, zone))
            offset = found[-1].after
    return tuple(found)


def offset_at(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset()


def change_at(moment: datetime, before: timedelta, zone: ZoneInfo) -> ZoneChange:
    here = moment.astimezone(zone)
    return ZoneChange(moment, before, here.utcoffset(), here.tzname(), bool(here.dst()))


def moment_of_change(day: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the offset is another one than at the beginning of this day; it is within the day."""
    offset, early, late = offset_at(day, zone), day, day + _A_DAY
    while late - early > _A_SECOND:
        middle = early + timedelta(seconds=(late - early).total_seconds() // 2)
        early, late = (middle, late) if offset_at(middle, zone) == offset else (early, middle)
    return late
