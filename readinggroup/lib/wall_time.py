"""What a clock on the wall shows in a place, and the instant that it means.

A wall time is a datetime without a zone. Twice a year, in most places, one does not exist or exists twice. What a
missing one most likely means is taken as RFC 5545 (3.3.5) says: with the offset of before the gap.
"""

from datetime import UTC, datetime
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
