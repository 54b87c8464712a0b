"""Twelve places and the nights on which their clocks did something, written down from the tz database by hand.

What is expected of a wall time is computed from these offsets alone, without `zoneinfo`, so that the two can disagree.
All lies in the past: what a country decides later changes none of it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def hours(text: str) -> timedelta:
    """An offset such as "+10:30", "-3:30", or with seconds "+5:41:16"."""
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    length = sum((timedelta(seconds=part * 60 ** (2 - place)) for place, part in enumerate(parts)), timedelta())
    return -length if text.startswith("-") else length


@dataclass(frozen=True)
class Change:
    """The instant at which a zone's clocks are set, and its offsets before and after."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def jumps(self) -> timedelta:
        """By how much, forward or back."""
        return abs(self.after - self.before)

    @property
    def first(self) -> datetime:
        """The first wall time that is missing, or that is shown twice."""
        return self.at.replace(tzinfo=None) + min(self.before, self.after)

    @property
    def end(self) -> datetime:
        """The first wall time after that which is there once."""
        return self.at.replace(tzinfo=None) + max(self.before, self.after)


def change(at, before, after):
    return Change(datetime.fromisoformat(at).replace(tzinfo=UTC), hours(before), hours(after))


@dataclass(frozen=True)
class Place:
    """One zone: a gap, a fold, a year's end with its offset, wall times about a change of its rules with theirs."""

    zone: str
    gap: Change
    fold: Change
    year: int
    at_years_end: timedelta
    rules: tuple  # (wall time, offset)
    winter: timedelta  # on 31 December 2024
    summer: timedelta  # on 15 June 2024

    @property
    def info(self):
        return ZoneInfo(self.zone)


def place(zone, gap, fold, years_end, rules, winter, summer):
    year, offset = years_end
    rules = tuple((datetime.fromisoformat(wall), hours(offset)) for wall, offset in rules)
    return Place(zone, change(*gap), change(*fold), year, hours(offset), rules, hours(winter), hours(summer))


PLACES = [
    # 1996: the end of summer time moved from September to October.
    place("Europe/Berlin", ("2025-03-30T01:00", "+1", "+2"), ("2025-10-26T01:00", "+2", "+1"), (2024, "+1"),
          [("1995-09-25T19:00", "+1"), ("1996-09-30T19:00", "+2"), ("1996-10-28T19:00", "+1")], "+1", "+2"),
    # Half an hour of summer time; 1981: half an hour ahead of Sydney at once.
    place("Australia/Lord_Howe", ("2024-10-05T15:30", "+10:30", "+11"), ("2025-04-05T15:00", "+11", "+10:30"),
          (2024, "+11"), [("1981-02-28T19:00", "+10"), ("1981-03-01T00:30", "+10:30"), ("1981-03-01T19:00", "+10:30")],
          "+11", "+10:30"),
    # A quarter of an hour in 1986; eleven minutes and a bit twice in 1920.
    place("Asia/Kathmandu", ("1985-12-31T18:30", "+5:30", "+5:45"), ("1919-12-31T18:18:44", "+5:41:16", "+5:30"),
          (1986, "+5:45"),
          [("1985-12-31T19:00", "+5:30"), ("1986-01-01T00:15", "+5:45"), ("1986-01-07T19:00", "+5:45")],
          "+5:45", "+5:45"),
    # 2007: summer begins in September.
    place("Pacific/Chatham", ("2024-09-28T14:00", "+12:45", "+13:45"), ("2025-04-05T14:00", "+13:45", "+12:45"),
          (2024, "+13:45"), [("2006-09-30T19:00", "+12:45"), ("2007-09-30T19:00", "+13:45"),
                             ("2007-10-06T19:00", "+13:45")], "+13:45", "+12:45"),
    # Back for Ramadan; 2018: ahead for the rest of the year, decided two days before.
    place("Africa/Casablanca", ("2025-04-06T02:00", "+0", "+1"), ("2025-02-23T02:00", "+1", "+0"), (2024, "+1"),
          [("2017-10-30T19:00", "+0"), ("2018-10-28T19:00", "+1"), ("2018-12-31T19:00", "+1")], "+1", "+1"),
    # 2011: 30 December was left out. 2021: no summer time any more.
    place("Pacific/Apia", ("2010-09-26T11:00", "-11", "-10"), ("2011-04-02T14:00", "-10", "-11"), (2011, "+14"),
          [("2011-12-29T23:59", "-10"), ("2011-12-31T00:00", "+14"), ("2021-10-01T19:00", "+13")], "+13", "+13"),
    # 2007: summer begins in March.
    place("America/New_York", ("2025-03-09T07:00", "-5", "-4"), ("2025-11-02T06:00", "-4", "-5"), (2024, "-5"),
          [("2006-03-20T19:00", "-5"), ("2007-03-20T19:00", "-4"), ("2007-11-01T19:00", "-4")], "-5", "-4"),
    # 1988: two hours of summer time, from a minute past midnight.
    place("America/St_Johns", ("2025-03-09T05:30", "-3:30", "-2:30"), ("2025-11-02T04:30", "-2:30", "-3:30"),
          (2024, "-3:30"),
          [("1987-07-01T19:00", "-2:30"), ("1988-07-01T19:00", "-1:30"), ("1989-07-01T19:00", "-2:30")],
          "-3:30", "-2:30"),
    # At midnight; 2023: no summer time any more.
    place("Asia/Tehran", ("2022-03-21T20:30", "+3:30", "+4:30"), ("2022-09-21T19:30", "+4:30", "+3:30"),
          (2024, "+3:30"),
          [("2022-03-23T19:00", "+4:30"), ("2023-03-23T19:00", "+3:30"), ("2023-07-01T19:00", "+3:30")],
          "+3:30", "+3:30"),
    # At midnight; summer time through the winters of 2004 and 2005.
    place("America/Havana", ("2025-03-09T05:00", "-5", "-4"), ("2024-11-03T05:00", "-4", "-5"), (2024, "-5"),
          [("2003-12-01T19:00", "-5"), ("2005-12-01T19:00", "-4"), ("2006-12-01T19:00", "-5")], "-5", "-4"),
    # On Fridays at midnight; 2023: summer time again.
    place("Africa/Cairo", ("2024-04-25T22:00", "+2", "+3"), ("2024-10-31T21:00", "+3", "+2"), (2024, "+2"),
          [("2022-07-01T19:00", "+2"), ("2023-04-28T01:00", "+3"), ("2023-07-01T19:00", "+3")], "+2", "+3"),
    # Half an hour back in 2015, and forward over midnight in 2018.
    place("Asia/Pyongyang", ("2018-05-04T15:00", "+8:30", "+9"), ("2015-08-14T15:00", "+9", "+8:30"), (2015, "+8:30"),
          [("2015-08-01T19:00", "+9"), ("2016-08-01T19:00", "+8:30"), ("2018-08-01T19:00", "+9")], "+9", "+9"),
]  # fmt: skip

A_MINUTE = timedelta(minutes=1)


def in_utc(wall, offset):
    return (wall - offset).replace(tzinfo=UTC)
