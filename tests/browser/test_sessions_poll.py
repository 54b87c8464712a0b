"""A session's time asked for, picked, and who comes: an organizer and two members in three zones, one on a phone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import formats
from playwright.sync_api import expect

from readinggroup.accounts.models import User
from readinggroup.schedule.models import Attendance, ReadingSession

from ..schedule import sessions
from .conftest import NARROW, WIDE

pytestmark = pytest.mark.browser

ZONES = {"organizer": "Europe/Berlin", "member": "Asia/Kathmandu", "other": "America/New_York"}


@pytest.fixture
def windows(house, page_for):
    """A window for each of the three."""

    def open_all(**options):
        for who, zone in ZONES.items():
            User.objects.filter(pk=getattr(house, who).pk).update(time_zone=zone)
        sizes = {"organizer": WIDE, "member": NARROW, "other": WIDE}
        return {who: page_for(getattr(house, who), sizes[who], **options) for who in ZONES}

    return open_all


def said_at(page, name):
    """The choices that belong to the time of that name."""
    return page.get_by_role("group", name=name)


def in_words(day, hour, zone):
    there = datetime.combine(day, hour, ZoneInfo("Europe/Berlin"))
    return formats.date_format(there.astimezone(ZoneInfo(zone)), "DATETIME_FORMAT")


@pytest.mark.parametrize("javascript", [True, False])
def test_from_when_can_you_to_who_comes(house, windows, javascript):
    session = sessions.draft(house, zone="Europe/Berlin", date=None, time=None, places=1)
    page = windows(javascript=javascript)
    organizer, member, other = page["organizer"], page["member"], page["other"]
    days = [sessions.a_day(20), sessions.a_day(21)]

    organizer.goto(sessions.address("open_poll", session))
    for number, day in enumerate(days, 1):
        row = organizer.get_by_role("group", name=f"Proposed time {number}")
        row.get_by_label("Day").fill(day.isoformat())
        row.get_by_label("Begins at").fill("19:00")
    organizer.get_by_label("Answers until").fill(sessions.a_day(9).isoformat())
    organizer.get_by_role("button", name="Ask the members").click()
    expect(organizer.get_by_role("heading", name="When can you?")).to_be_visible()

    hour = datetime.min.time().replace(hour=19)
    for window, zone, said in (
        (member, ZONES["member"], ["if need be", "yes"]),
        (other, ZONES["other"], ["no", "yes"]),
    ):
        window.goto(sessions.address("session", session))
        for day, answer in zip(days, said, strict=True):
            said_at(window, in_words(day, hour, zone)).get_by_label(answer, exact=True).check()
        window.get_by_label("A word to all").fill("Gladly.")
        window.get_by_role("button", name="Send my answers").click()
        expect(window.get_by_text("Your answers are kept.")).to_be_visible()

    organizer.reload()
    expect(organizer.get_by_text("most can")).to_be_visible()
    organizer.locator("#organize").get_by_role("link", name="Pick this time").nth(1).click()
    organizer.get_by_role("button", name="Pick this time").click()
    expect(organizer.get_by_role("heading", name="Who comes")).to_be_visible()
    assert ReadingSession.objects.get().date == days[1]

    other.goto(sessions.address("session", session))
    expect(other.get_by_text("You are number 1 on the waiting list")).to_be_visible()
    member.goto(sessions.address("session", session))
    form = member.locator("#attendance-form")
    expect(form.get_by_label("going", exact=True)).to_be_checked()
    form.get_by_label("not going").check()
    form.get_by_label("A word to the others").fill("The boat is late.")
    form.get_by_role("button", name="Change my answer").click()
    expect(member.get_by_text("Your answer is kept.")).to_be_visible()
    expect(member.get_by_text("The boat is late.")).to_be_visible()
    other.reload()
    expect(other.get_by_text("have a place now")).to_be_visible()
    assert Attendance.objects.get(user=house.other).is_seated
    if javascript:
        wide = member.evaluate("document.documentElement.scrollWidth")
        assert wide == NARROW[0]
