"""Sessions that recur and the reading plan, as somebody who organizes sees them: made, divided, told."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.notifications.models import Notice
from readinggroup.schedule.models import ReadingSession, Series, SessionState

from .. import factories
from .conftest import NARROW

pytestmark = pytest.mark.browser


@pytest.fixture
def long_reading(house):
    return factories.create_reading(house.group, factories.long_text(24, section_every=7), filename="river.txt")


def test_a_series_is_made_on_a_phone_and_its_text_divided_by_dragging(house, long_reading, page_for):
    page = page_for(house.organizer, window=NARROW)
    page.goto(reverse("schedule:make_series", args=[house.group.slug]))
    page.get_by_label("Text").select_option(long_reading.slug)
    page.get_by_label("Title:", exact=True).fill("River nights")
    page.get_by_label("The first on").fill("2027-05-06")
    page.get_by_label("Time:", exact=True).fill("19:00")
    page.get_by_label("Number of sessions:", exact=True).fill("4")
    page.get_by_role("button", name="Show the dates").click()
    page.get_by_role("checkbox", name="Thursday, May 20").uncheck()
    page.get_by_role("button", name="Make these sessions").click()
    expect(page.get_by_role("heading", name="River nights")).to_be_visible()
    page.get_by_role("link", name="Divide the text").click()
    number, words = page.get_by_role("spinbutton", name="Last paragraph of part 1"), page.locator("[data-words]")
    before = [int(words.nth(part).text_content()) for part in range(3)]
    ended = int(number.input_value())
    slider = page.get_by_role("slider", name="Last paragraph of part 1")
    slider.focus()
    for _step in range(2):
        page.keyboard.press("ArrowRight")
    expect(number).to_have_value(str(ended + 2))
    after = [int(words.nth(part).text_content()) for part in range(3)]
    assert after[0] > before[0]
    assert sum(after) == sum(before)
    page.keyboard.press("End")  # against the other end, which is pushed along and keeps a paragraph for the last part
    assert page.locator("[data-first]").nth(2).text_content() == "24"
    for _step in range(14):
        page.keyboard.press("ArrowLeft")
    chosen = number.input_value()
    page.get_by_role("button", name="Give them to these sessions").click()
    expect(page.get_by_text("3 sessions have their passages.")).to_be_visible()
    page.get_by_role("button", name="Put them on the calendar").click()
    expect(page.get_by_text("the members are told")).to_be_visible()
    sessions = Series.objects.get().sessions.order_by("starts_at")
    assert {session.state for session in sessions} == {SessionState.SCHEDULED}
    assert [session.date.day for session in sessions] == [6, 13, 27]
    last = ReadingSession.objects.get(pk=sessions[0].pk).passages.get().last
    assert factories.version_of(long_reading, int(chosen)).paragraph == last
    assert Notice.objects.filter(recipient=house.member).count() == 1
