"""What a clock on the wall shows in a place, and the instant that it means.

A wall time is a datetime without a zone. Twice a year, in most places, one does not exist or exists twice. What a
missing one most likely means is taken as RFC 5545 (3.3.5) says: with the offset of before the gap.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class NoSuchTime(ValueError):  # noqa: N818 - said to the person, not an error of the program
    """The clocks jump over this wall time; `suggestion` is the wall time that they show instead."""

    def __init__(self, suggestion: datetime):
        super().__init__(suggestion)
        self.suggestion = suggestion


class TwiceThatTime(ValueError):  # noqa: N818 - as above
    """The clocks show this wall time twice; `first` and `second` are the two instants."""

    def __init__(self, first: datetime, second: datetime):
        super().__init__(first, second)
        self.first, self.second = first, second


def instants_of(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the clocks of the zone show this: none, one or two, in UTC and in order."""
    candidates = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(one for one in candidates if one.astimezone(zone).replace(tzinfo=None) == wall.replace(fold=0))


def instant_of(wall: datetime, zone: ZoneInfo, *, second: bool | None = None) -> datetime:
    """The instant in UTC. NoSuchTime; TwiceThatTime unless `second` says which of the two is meant."""
    instants = instants_of(wall, zone)
    if not instants:
        raise NoSuchTime(meant_by(wall, zone).astimezone(zone).replace(tzinfo=None, fold=0))
    if len(instants) == 2 and second is None:
        raise TwiceThatTime(*instants)
    return instants[-1] if second else instants[0]


def meant_by(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant that is most likely meant: of a missing one, as if the clocks had not jumped; of two, the first."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of the zone show at this instant."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def standing_wall(wall: datetime, zone: ZoneInfo) -> datetime:
    """The wall time that the clocks do show: this one, or what is meant by it where they jump over it."""
    return wall if instants_of(wall, zone) else wall_of(meant_by(wall, zone), zone)


def day_begins(midnight: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of that day: where the clocks jump over midnight, the day begins when they have jumped.

    So does one that a place has left out (Apia had no 30 December 2011), at the beginning of the day after.
    """
    instants = instants_of(midnight, zone)
    return instants[0] if instants else jump_over(midnight, zone)


def jump_over(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks jump over a wall time that does not exist."""
    # Read with the offset of after, it lies before the jump; with that of before, after it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)  # clocks jump at full seconds
