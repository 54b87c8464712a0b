"""Sessions in the feed of a group's news: what stands in it for whom."""

from datetime import datetime, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.readings.actions import keep_for_members
from readinggroup.schedule import actions
from readinggroup.schedule.models import Minutes, ReadingSession

from ..feeds.test_feeds import open_feed, private_feed, read, told
from .houses import series_of
from .test_calendars import LINK, WHERE, create_session


def of_everyone(house):
    return read(open_feed(house, "news"))


def of_member(house):
    return read(private_feed(house, house.member, "news"))


def words(feed):
    return "".join(filter(None, told(feed, "content")))


def test_a_session_is_news_with_its_time_in_the_groups_zone_and_what_is_read(house):
    house.group.time_zone = "Asia/Kathmandu"
    house.group.save(update_fields=["time_zone"])
    session = create_session(house, passages=[(1, 2)])
    for feed in (of_everyone(house), of_member(house)):
        title = next(title for title in told(feed) if session.title in title)
        assert title.endswith("(Asia/Kathmandu)")
        assert "paragraphs 1–2" in words(feed)
        assert WHERE not in words(feed)
        assert LINK not in words(feed)


def test_of_a_cancelled_session_it_says_so_and_why_to_members_alone(house):
    session = create_session(house)
    actions.cancel(session=session, reason="The ferry sleeps.", by=house.organizer)
    for feed, knows in ((of_everyone(house), False), (of_member(house), True)):
        assert any("(cancelled)" in title for title in told(feed))
        assert ("The ferry sleeps." in words(feed)) == knows


def test_drafts_are_no_news_and_sessions_about_a_text_for_members_are_theirs(house):
    create_session(house, title="Not yet", scheduled=False)
    create_session(house, title="Among us")
    keep_for_members(reading=house.reading, keep=True, by=house.owner)
    for feed, knows in ((of_everyone(house), False), (of_member(house), True)):
        titles = "".join(told(feed))
        assert "Not yet" not in titles
        assert ("Among us" in titles) == knows


def test_published_minutes_are_news_for_members(house):
    session = create_session(house)
    Minutes.objects.create(session=session)
    assert f"Minutes: {session.title}" not in told(of_member(house))
    Minutes.objects.update(published_at=timezone.now(), published_by=house.owner)
    assert f"Minutes: {session.title}" in told(of_member(house))
    assert f"Minutes: {session.title}" not in told(of_everyone(house))


def test_a_series_does_not_push_the_other_news_out(house):
    first = timezone.now().replace(tzinfo=None, microsecond=0) + timedelta(days=3)
    series = series_of(house, first=datetime(first.year, first.month, first.day, 19), count=4)  # noqa: DTZ001 - a wall time
    for session in series.sessions.all():
        actions.put_on_calendar(session=session, by=house.organizer)
    titles = told(of_everyone(house))
    assert sum("Ferry nights" in title for title in titles) == 2
    ReadingSession.objects.filter(series=series).update(series=None, recurrence="")
    assert sum("Ferry nights" in title for title in told(of_everyone(house))) == 4


def test_one_session_and_three_cost_as_many_questions(house):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            Minutes.objects.create(
                session=create_session(house), published_at=timezone.now(), published_by=house.organizer
            )
        for _ in range(2):  # the first fetch notes that the address is used
            with CaptureQueriesContext(connection) as asked:
                Client().get(private_feed(house, house.member, "news"))
        counts.append(len(asked))
    assert counts[0] == counts[1]
