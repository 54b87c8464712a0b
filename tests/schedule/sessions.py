"""Sessions as the tests of who comes and when need them: soon, with so many places, with a poll."""

from datetime import date, time, timedelta

from django.urls import reverse
from django.utils import timezone

from readinggroup.schedule import actions
from readinggroup.schedule.models import ReadingSession


def a_day(days=30) -> date:
    """A day to come, on which nobody puts clocks forward or back in the zones of these tests."""
    return timezone.localdate() + timedelta(days=days)


def draft(house, **details):
    standing = {"title": "The first ferry", "zone": "UTC", "time": time(19), "date": a_day(), "by": house.organizer}
    return actions.create(reading=house.reading, **standing | details)


def scheduled(house, **details):
    return actions.put_on_calendar(session=draft(house, **details), by=house.organizer)


def begun(session):
    """The session as if it had begun an hour ago."""
    now = timezone.now()
    hour = timedelta(hours=1)
    ReadingSession.objects.filter(pk=session.pk).update(starts_at=now - hour, ends_at=now + hour)
    return ReadingSession.objects.get(pk=session.pk)


def asked_when(house, *, days=(10, 11, 12), closes=5, **details):
    """A session with a poll about these days, which takes answers for so many days."""
    made = draft(house, **{"date": None, "time": None} | details)
    hour = None if details.get("all_day") else time(19)
    closes_at = timezone.now() + timedelta(days=closes)
    walls = [(a_day(day), hour, False) for day in days]
    return actions.open_poll(session=made, closes_at=closes_at, walls=walls, by=details.get("by", house.organizer))


def times_of(session) -> list:
    """The primary keys of the times that are proposed, in their order."""
    return list(session.poll.times.open().values_list("pk", flat=True))


def address(name, session, *more):
    return reverse(f"schedule:{name}", args=[session.reading.group.slug, session.public_id, *more])
