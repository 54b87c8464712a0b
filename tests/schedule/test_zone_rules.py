"""The rules of a zone change: the wall time stays, the instant follows, calendars and people are told, once."""

import shutil
import zoneinfo
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tzdata
from django.utils import timezone

from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, ReadingSession, SessionState

from .test_series import FIRST, make

ZONE = "Africa/Casablanca"


@pytest.fixture
def rules_of(tmp_path):
    """From now on one zone has the clocks of another one, in this process: as when its country has decided so."""
    paths = zoneinfo.TZPATH

    def change(zone, other):
        there = tmp_path / zone
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(tzdata.__file__).parent / "zoneinfo" / other, there)
        zoneinfo.reset_tzpath([str(tmp_path), *paths])

    yield change
    zoneinfo.reset_tzpath(paths)
    ZoneInfo.clear_cache()


@pytest.fixture
def session(house):
    made = actions.create(
        reading=house.reading, by=house.organizer, title="Ferries", date=FIRST, time=time(19), zone=ZONE
    )
    return actions.put_on_calendar(session=made, by=house.organizer)


def test_the_wall_time_stays_and_the_instant_follows(house, session, rules_of):
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    before = ReadingSession.objects.get(pk=session.pk)
    rules_of(ZONE, "Asia/Kathmandu")
    assert actions.retake_instants() == 1
    assert actions.retake_instants() == 0
    now = ReadingSession.objects.get(pk=session.pk)
    assert now.wall == before.wall == datetime.combine(FIRST, time(19))
    assert now.starts_at.astimezone(ZoneInfo("Asia/Kathmandu")).replace(tzinfo=None) == now.wall
    assert now.ends_at - now.starts_at == before.ends_at - before.starts_at
    assert (now.sequence, now.version) == (before.sequence + 1, before.version + 1)
    told = Notice.objects.filter(kind="schedule/zone_rules")
    assert {notice.recipient for notice in told} == {house.owner, house.organizer, house.moderator, house.member}
    assert {(notice.facts["zone"], notice.facts["starts_at"]) for notice in told} == {(ZONE, now.starts_at.isoformat())}


def test_what_was_was_when_it_was(house, session, rules_of):
    past = timezone.now() - timedelta(days=3)
    ReadingSession.objects.filter(pk=session.pk).update(starts_at=past, ends_at=past + timedelta(hours=1))
    rules_of(ZONE, "Asia/Kathmandu")
    assert actions.retake_instants() == 0
    ReadingSession.objects.filter(pk=session.pk).update(
        starts_at=session.starts_at, ends_at=session.ends_at, state=SessionState.HELD
    )
    assert actions.retake_instants() == 0


def test_only_the_zone_whose_rules_changed_is_touched(house, session, rules_of):
    other = make(house, zone="Asia/Tokyo", count=2)
    whole_day = actions.create(
        reading=house.reading, by=house.organizer, title="A day", date=FIRST, all_day=True, zone=ZONE
    )
    rules_of(ZONE, "Asia/Kathmandu")
    assert actions.retake_instants() == 2
    whole_day.refresh_from_db()
    kathmandu = ZoneInfo("Asia/Kathmandu")
    assert whole_day.starts_at.astimezone(kathmandu).time() == time(0)
    assert whole_day.ends_at.astimezone(kathmandu).time() == time(0)
    assert all(one.version == 2 for one in other.sessions.all())


def test_a_time_that_has_gone_missing_is_moved_and_one_that_was_twice_is_there_once(house, rules_of):
    """Nobody can be asked at night: what the clocks jump over now begins as if they had not."""
    berlin = ZoneInfo("Europe/Berlin")
    fold = next(day for day in days_after(FIRST) if offset(berlin, day, 0) > offset(berlin, day, 4))
    gap = next(day for day in days_after(FIRST) if offset(berlin, day, 0) < offset(berlin, day, 4))
    about = {"reading": house.reading, "by": house.organizer, "zone": ZONE}
    there = actions.create(**about, title="Spring", date=gap, time=time(2, 30))
    twice = actions.create(**about, title="Autumn", date=fold, time=time(2, 30), second=False)
    rules_of(ZONE, "Europe/Berlin")
    actions.retake_instants()
    there.refresh_from_db()
    assert there.wall == datetime.combine(gap, time(2, 30))
    assert there.starts_at.astimezone(berlin).time() == time(3, 30)
    twice.refresh_from_db()
    assert twice.starts_at.astimezone(berlin) == datetime.combine(fold, time(2, 30), berlin)  # the first of two
    ReadingSession.objects.filter(pk=twice.pk).update(second=True)
    actions.retake_instants()
    twice.refresh_from_db()
    assert twice.starts_at.astimezone(berlin).fold == 1
    rules_of(ZONE, "Africa/Lagos")
    actions.retake_instants()
    twice.refresh_from_db()
    assert twice.starts_at.astimezone(ZoneInfo("Africa/Lagos")).replace(tzinfo=None) == twice.wall


def days_after(first):
    return [first + timedelta(days=number) for number in range(366)]


def offset(zone, day, hour):
    return datetime.combine(day, time(hour), zone).utcoffset()


def test_many_sessions_that_stay_cost_one_question(house, session, django_assert_num_queries):
    make(house, count=3)
    with django_assert_num_queries(1):
        assert actions.retake_instants() == 0
