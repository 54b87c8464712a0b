"""The reading page says what the group reads next: as the sessions stand, on each one's own clock, at no cost."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.accounts.models import User
from readinggroup.readings.models import Ahead
from readinggroup.schedule import actions
from readinggroup.schedule.models import Passage, ReadingSession

from .. import factories
from .houses import draft_session, passages, scheduled_session, session_in


@pytest.fixture
def text(house, as_user):
    """The reading page, as this person gets it."""

    def page(person=None):
        answer = as_user(person).get(reverse("readings:reading_page", args=[house.group.slug, house.reading.slug]))
        assert answer.status_code == 200
        return answer.text

    return page


def test_what_is_ahead_is_said_as_long_as_it_is_ahead(house, text):
    session = draft_session(house, passages=passages(house, (4, 5)))
    assert "Next session" not in text()
    session = actions.put_on_calendar(session=session, by=house.organizer)
    assert ">paragraphs 4–5</a>" in text()
    assert text().count("for the next session") == 1
    session = actions.change(
        session=session, version=session.version, passages=passages(house, (5, 9)), by=house.organizer
    )
    assert ">paragraphs 5–9</a>" in text()
    sooner = session_in(house, timedelta(days=1), passages=passages(house, (1, 2)))
    assert ">paragraphs 1–2</a>" in text()
    actions.cancel(session=sooner, reason="Ice.", by=house.organizer)
    assert ">paragraphs 5–9</a>" in text()
    Passage.objects.filter(session=session).delete()
    assert "Next session" in text()
    assert ">paragraphs" not in text()
    ReadingSession.objects.all().delete()
    assert "Next session" not in text()
    assert not Ahead.objects.exists()


def test_a_comment_leaves_the_mark_in_the_contents(house, as_user):
    scheduled_session(house, passages=passages(house, (4, 5)))
    paragraph = factories.version_of(house.reading, 4).paragraph.public_id
    answer = as_user(house.member).post(
        reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph]),
        {"body": "I read this twice.", "key": uuid.uuid4(), "shown": ""},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 200
    assert "for the next session" in answer.text


def test_what_is_over_is_ahead_no_more(house, text):
    session_in(house, timedelta(hours=-2), length=timedelta(hours=1))
    assert "Next session" not in text()


def test_each_reads_the_time_on_their_own_clock(house, text):
    scheduled_session(house)
    User.objects.filter(pk=house.member.pk).update(time_zone="America/New_York")
    assert "May 6, 2027, 1 p.m. (America/New_York)" in text(house.member)
    assert "May 6, 2027, 7 p.m. (Europe/Berlin)" in text(house.other)
    assert "May 6, 2027, 7 p.m. (Europe/Berlin)" in text()


def test_a_bulk_change_is_seen(house, text):
    """Whoever writes the rows: also a task that takes the instants anew, or somebody in psql."""
    session = scheduled_session(house)
    ReadingSession.objects.filter(pk=session.pk).update(zone="Asia/Kathmandu")
    assert "May 6, 2027, 10:45 p.m. (Asia/Kathmandu)" in text()


def test_the_page_asks_no_more_than_before(house, as_user):
    page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])

    def asked(person):
        client = as_user(person)
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        return len(captured)

    before = asked(None), asked(house.member)
    for _number in range(3):
        scheduled_session(house, passages=passages(house, (4, 5), (9, 9)))
    assert (asked(None), asked(house.member)) == before
