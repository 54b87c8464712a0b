"""Sessions so long from now, and a clock that can be set."""

from datetime import UTC, timedelta

import pytest
from django.utils import timezone

from readinggroup.schedule import actions

from .. import factories


def draft_in(house, *, first=3, last=6, title="The first ferry", reading=None, zone="UTC", **away):
    """A session that begins so long from now, about paragraphs `first` to `last`; the wall time is taken from UTC."""
    reading = reading or house.reading
    begins = (timezone.now() + timedelta(**away)).astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0)
    ends = tuple(factories.version_of(reading, number).paragraph for number in (first, last))
    return actions.create(
        reading=reading, by=house.organizer, title=title, date=begins.date(), time=begins.time(), zone=zone,
        passages=[ends],
    )  # fmt: skip


def session_in(house, **about):
    """The same on the calendar."""
    return actions.put_on_calendar(session=draft_in(house, **about), by=house.organizer)


def moved(session, by, **delta):
    """The session at another time."""
    wall = session.wall + timedelta(**delta)
    return actions.change(session=session, version=session.version, date=wall.date(), time=wall.time(), by=by)


@pytest.fixture
def clock(monkeypatch):
    """`clock(moment)` sets what the site believes that the time is."""
    real = timezone.now

    def set_to(moment):
        monkeypatch.setattr(timezone, "now", (lambda: moment) if moment else real)

    return set_to
