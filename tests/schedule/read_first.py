"""A session whose passages are read first, for the tests of what lies under its veil."""

from datetime import time, timedelta

from django.utils import timezone

from readinggroup.readings.models import Veil
from readinggroup.schedule import actions
from readinggroup.schedule.models import ReadingSession

from .. import factories


def a_session(house, *, first=4, last=5, days=3, reading=None, **details):
    """A draft about these paragraphs, to be read first."""
    reading = reading or house.reading
    passages = [(factories.version_of(reading, first).paragraph, factories.version_of(reading, last).paragraph)]
    day = (timezone.now() + timedelta(days=days)).date()
    named = {"title": "The first ferry", "date": day, "time": time(19), "zone": "Europe/Berlin", "read_first": True}
    return actions.create(reading=reading, by=house.organizer, passages=passages, **named | details)


def read_first(house, **details):
    """The same on the calendar: the veil is drawn."""
    return actions.put_on_calendar(session=a_session(house, **details), by=house.organizer)


def let_time_come(session):
    """As if the session were to have begun a moment ago, and nobody had opened it."""
    past = timezone.now() - timedelta(seconds=1)
    Veil.objects.filter(pk=session.veil_id).update(until=past)
    ReadingSession.objects.filter(pk=session.pk).update(starts_at=past)
