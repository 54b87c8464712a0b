"""A session from the first word to the end, in a browser: with scripts on a desk, without them on a phone."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.accounts.models import User
from readinggroup.schedule.models import ReadingSession, SessionState

from .conftest import NARROW, WIDE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("window", "javascript"), [(WIDE, True), (NARROW, False)])
def test_a_session_is_planned_chosen_announced_and_held(page_for, house, window, javascript):
    User.objects.filter(pk=house.member.pk).update(time_zone="Asia/Kathmandu")
    page = page_for(house.organizer, window, javascript=javascript, expects=[422])
    page.goto(reverse("group", args=[house.group.slug]))
    page.get_by_role("link", name="Plan a session").click()
    page.get_by_label("Title").fill("The first ferry")
    page.get_by_label("Date").fill("2027-03-28")
    page.get_by_label("Time:", exact=True).fill("02:30")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_label("Place:", exact=True).fill("The quay, third door")
    page.get_by_role("button", name="Save, and choose passages").click()
    page.get_by_role("button", name="Take 03:30").click()
    page.get_by_role("link", name="Choose passages in the text").click()
    for number in (4, 6):
        page.get_by_role("link", name=f"Paragraph {number} ").click()
    add = page.get_by_role("button", name="Add this passage")
    expect(add).to_be_in_viewport()
    if javascript:
        expect(add).to_be_focused()
        page.keyboard.press("Enter")
    else:
        add.click()
    expect(page.get_by_role("link", name="paragraphs 4–6")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Put it on the calendar").click()
    expect(page.get_by_text("third door")).to_be_visible()

    theirs = page_for(house.member, NARROW, javascript=javascript)
    theirs.goto(reverse("group", args=[house.group.slug]))
    theirs.get_by_role("link", name="The first ferry").click()
    expect(theirs.get_by_text("7:15 a.m.–8:45 a.m.")).to_be_visible()
    expect(theirs.get_by_text("3:30 a.m.–5 a.m., Europe/Berlin")).to_be_visible()
    expect(theirs.get_by_text("third door")).to_have_count(0)
    theirs.get_by_role("link", name="paragraphs 4–6").click()
    expect(theirs.get_by_role("link", name="Next session")).to_be_visible()

    page.get_by_role("button", name="Open the session").click()
    page.get_by_role("button", name="Yes, open it now").click()
    page.get_by_role("button", name="Close the session").click()
    expect(page.get_by_text("This session is over.")).to_be_visible()
    assert ReadingSession.objects.get().state == SessionState.HELD
