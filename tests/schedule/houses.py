"""Sessions that tests begin with."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from readinggroup.lib.wall_time import wall_of
from readinggroup.schedule import actions

from .. import factories


def draft_session(house, by=None, **details):
    """A draft about the ferry, on an evening of 2027 in Berlin, or on whichever is said."""
    made = {"title": "The first ferry", "date": date(2027, 5, 6), "time": time(19), "zone": "Europe/Berlin"}
    return actions.create(reading=house.reading, by=by or house.organizer, **made | details)


def scheduled_session(house, by=None, **details):
    """The same on the calendar."""
    return actions.put_on_calendar(session=draft_session(house, by, **details), by=by or house.organizer)


def session_in(house, ahead: timedelta, zone="UTC", **details):
    """One on the calendar that begins so far from now."""
    wall = wall_of(timezone.now() + ahead, ZoneInfo(zone)).replace(second=0, microsecond=0)
    return scheduled_session(house, date=wall.date(), time=wall.time(), zone=zone, **details)


def passages(house, *ranges):
    """Pairs of paragraphs by their numbers."""
    return [tuple(factories.version_of(house.reading, number).paragraph for number in ends) for ends in ranges]


def session_form(**changes):
    """A form as somebody would send it."""
    form = {
        "reading": "",
        "title": "The first ferry",
        "words": "Bring the list.",
        "passages": "4-6, 9",
        "date": "2027-05-06",
        "time": "19:00",
        "minutes": "90",
        "days": "1",
        "zone": "Europe/Berlin",
        "where": "The quay, third door",
        "link": "https://meet.example.org/quay",
        "places": "12",
        "key": "0" * 32,
    }
    return form | changes
