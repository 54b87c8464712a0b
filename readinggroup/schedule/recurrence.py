"""When sessions recur: rules of RFC 5545 over wall times.

A rule knows no zone: "every second Thursday at 19:00" is what the clocks show, summer and winter. Which instant each of
its wall times means is said by `lib/wall_time.py`, so UNTIL is a wall time, too.
"""

from datetime import date, datetime, time
from itertools import islice

from dateutil.rrule import rrulestr
from django.db.models import TextChoices
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST = -1


class Every(TextChoices):
    """What lies between two sessions."""

    WEEK = "week", gettext_lazy("weeks, on days of the week")
    WEEKDAY_OF_MONTH = "weekday", gettext_lazy("months, on the same weekday: the second Thursday")
    LAST_WEEKDAY = "last", gettext_lazy("months, on the last such weekday: the last Thursday")
    DAY_OF_MONTH = "day_of_month", gettext_lazy("months, on the same day: the 12th")
    DAY = "day", gettext_lazy("days")


def rule_of(*, every, interval, first: date, weekdays=(), count=None, until: date | None = None) -> str:
    """The RRULE (RFC 5545 3.3.10) that begins on the first date. `weekdays` are 0 (Monday) to 6; the first's is one."""
    parts = {"FREQ": "MONTHLY", "INTERVAL": interval}
    own = DAYS[first.weekday()]
    if every == Every.DAY:
        parts["FREQ"] = "DAILY"
    elif every == Every.WEEK:
        parts["FREQ"] = "WEEKLY"
        parts["BYDAY"] = ",".join(DAYS[day] for day in sorted({first.weekday(), *weekdays}))
    elif every == Every.WEEKDAY_OF_MONTH:
        parts["BYDAY"] = f"{(first.day - 1) // 7 + 1}{own}"
    elif every == Every.LAST_WEEKDAY:
        parts["BYDAY"] = f"{LAST}{own}"
    else:
        parts["BYMONTHDAY"] = first.day
    if count is not None:
        parts["COUNT"] = count
    elif until is not None:
        parts["UNTIL"] = f"{until:%Y%m%d}T235959"
    return rule_from(parts)


def parts_of(rule: str) -> dict[str, str]:
    return dict(part.split("=") for part in rule.split(";"))


def rule_from(parts) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def walls_of(rule: str, first: datetime, *, most: int, until: datetime | None = None) -> list[datetime]:
    """The wall times of the rule, in order: at most so many, and none after `until`."""
    walls = iter(rrulestr(rule, dtstart=first))
    if until is not None:
        walls = _while_before(walls, until)
    return list(islice(walls, most))


def _while_before(walls, until):
    for wall in walls:
        if wall > until:
            return
        yield wall


def is_endless(rule: str) -> bool:
    return not {"COUNT", "UNTIL"} & parts_of(rule).keys()


def ended_before(rule: str, wall: datetime) -> str:
    """The same rule, whose last wall time lies before this one."""
    parts = parts_of(rule)
    parts.pop("COUNT", None)
    before = wall.replace(microsecond=0)
    parts["UNTIL"] = f"{date.fromordinal(before.toordinal() - 1):%Y%m%d}T235959"
    return rule_from(parts)


def continued(rule: str, first: datetime, wall: datetime) -> str:
    """The same rule from one of its wall times on: of a number of times, those that are left."""
    parts = parts_of(rule)
    if "COUNT" in parts:
        before = sum(1 for one in rrulestr(rule, dtstart=first) if one < wall)
        parts["COUNT"] = int(parts["COUNT"]) - before
    return rule_from(parts)


def same_rhythm(one: str, other: str) -> bool:
    """Whether two rules come as often as one another, if on other days."""

    def rhythm(rule):
        parts = parts_of(rule)
        return parts["FREQ"], parts["INTERVAL"], parts.get("BYDAY", "").count(",")

    return rhythm(one) == rhythm(other)


def choices_of(rule: str, first: datetime) -> dict:
    """The rule as a form asks for it: what `rule_of` takes."""
    parts = parts_of(rule)
    days = parts.get("BYDAY", "")
    if parts["FREQ"] == "DAILY":
        every = Every.DAY
    elif parts["FREQ"] == "WEEKLY":
        every = Every.WEEK
    elif not days:
        every = Every.DAY_OF_MONTH
    else:
        every = Every.LAST_WEEKDAY if days.startswith(str(LAST)) else Every.WEEKDAY_OF_MONTH
    until = parts.get("UNTIL")
    return {
        "every": every,
        "interval": int(parts["INTERVAL"]),
        "weekdays": [DAYS.index(day) for day in days.split(",")] if every == Every.WEEK else [first.weekday()],
        "count": int(parts["COUNT"]) if "COUNT" in parts else None,
        "until": datetime.strptime(until[:8], "%Y%m%d").date() if until else None,  # noqa: DTZ007 - a wall date
    }


def in_words(rule: str, first: datetime) -> str:
    """The rule as people say it, in the active language: "every 2 weeks on Thursday, 10 times"."""
    parts, said = parts_of(rule), choices_of(rule, first)
    words = {"n": said["interval"], "day": WEEKDAYS[first.weekday()], "number": first.day}
    if said["every"] == Every.DAY:
        rhythm = ngettext("every day", "every %(n)d days", words["n"]) % words
    elif said["every"] == Every.WEEK:
        words["days"] = ", ".join(str(WEEKDAYS[day]) for day in said["weekdays"])
        rhythm = ngettext("every week on %(days)s", "every %(n)d weeks on %(days)s", words["n"]) % words
    elif said["every"] == Every.DAY_OF_MONTH:
        rhythm = ngettext("every month on day %(number)d", "every %(n)d months on day %(number)d", words["n"]) % words
    else:
        words["which"] = _ordinal(int(parts["BYDAY"][:-2]))
        rhythm = (
            ngettext("every month on the %(which)s %(day)s", "every %(n)d months on the %(which)s %(day)s", words["n"])
            % words
        )
    if said["count"] is not None:
        end = ngettext("%(n)d time", "%(n)d times", said["count"]) % {"n": said["count"]}
    elif said["until"] is not None:
        end = _("until %(date)s") % {"date": date_format(said["until"], "DATE_FORMAT")}
    else:
        return rhythm
    return _("%(rhythm)s, %(end)s") % {"rhythm": rhythm, "end": end}


def _ordinal(number: int) -> str:
    """Which weekday of a month."""
    return {
        1: pgettext("weekday of a month", "first"),
        2: pgettext("weekday of a month", "second"),
        3: pgettext("weekday of a month", "third"),
        4: pgettext("weekday of a month", "fourth"),
        5: pgettext("weekday of a month", "fifth"),
        LAST: pgettext("weekday of a month", "last"),
    }[number]


def wall_from(text: str) -> datetime:
    """The wall time that a `recurrence` says."""
    return datetime.fromisoformat(text)


def at(day: date, hour: time | None) -> datetime:
    """The wall time on that day; of a whole day its midnight."""
    return datetime.combine(day, hour or time.min)
