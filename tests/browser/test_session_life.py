"""The whole life of a session before three people in three zones: one plans it on a desk, one is on a phone, one has no
JavaScript. Each is told the right time by their own clock, from the first question to the mark at the paragraph."""

import re
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import formats
from playwright.sync_api import expect

from readinggroup import session_run
from readinggroup.accounts.models import User
from readinggroup.schedule.models import Attendance, ReadingSession, SessionState

from .. import factories
from ..schedule.sessions import a_day, address
from ..schedule.test_agenda import ask
from .conftest import NARROW, WIDE
from .steps import address_of

pytestmark = pytest.mark.browser

SOON = 30_000  # in a test a page asks every second
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = {"organizer": "Europe/Berlin", "member": "Asia/Kathmandu", "other": "America/Los_Angeles"}
AT_FIVE, AT_SIX_THIRTY = time(17), time(18, 30)  # in Berlin; a quarter to ten in Kathmandu, in the morning on the coast


def told(day, hour, zone, how="DATETIME_FORMAT"):
    """What the clock shows in a zone when it is so late in Berlin, in words."""
    return formats.date_format(datetime.combine(day, hour, BERLIN).astimezone(ZoneInfo(zone)), how)


@pytest.fixture
def three(house, page_for, monkeypatch):
    """The organizer on a desk, a member on a phone, another without JavaScript, each in their zone."""
    monkeypatch.setattr(session_run, "EVERY", 1)
    factories.create_comment(house.reading, house.moderator, "The sacks were theirs.", number=4)
    ask(house, house.moderator, "Whose list was it?", 5)
    for who, zone in ZONES.items():
        User.objects.filter(pk=getattr(house, who).pk).update(time_zone=zone)
    return (
        page_for(house.organizer, WIDE),
        page_for(house.member, NARROW),
        page_for(house.other, WIDE, javascript=False),
    )


def is_planned_and_asked(house, organizer, days) -> ReadingSession:
    """A draft about three paragraphs with one place, and the question on which of two days."""
    organizer.goto(reverse("group", args=[house.group.slug]))
    organizer.get_by_role("link", name="Plan a session").click()
    organizer.get_by_label("Title").fill("The first ferry")
    organizer.get_by_label("Passages, by").fill("4-6")
    organizer.get_by_label("Time zone").select_option("Europe/Berlin")
    organizer.get_by_label("Place:", exact=True).fill("The quay, third door")
    organizer.get_by_label("Places:", exact=True).fill("1")
    organizer.get_by_role("button", name="Keep as a draft").click()
    organizer.get_by_role("link", name="Ask when people can").click()
    for number, day in enumerate(days, 1):
        row = organizer.get_by_role("group", name=f"Proposed time {number}")
        row.get_by_label("Day").fill(day.isoformat())
        row.get_by_label("Begins at").fill(AT_FIVE.isoformat("minutes"))
    organizer.get_by_label("Answers until").fill(a_day(9).isoformat())
    organizer.get_by_role("button", name="Ask the members").click()
    expect(organizer.get_by_role("heading", name="When can you?")).to_be_visible()
    return ReadingSession.objects.get()


def answers(page, zone, days, said):
    """From the group's page, at the times that this clock shows."""
    page.get_by_role("link", name="The first ferry").first.click()
    for day, answer in zip(days, said, strict=True):
        at = page.get_by_role("group", name=told(day, AT_FIVE, zone))
        at.get_by_label(answer, exact=True).check()
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_text("Your answers are kept.")).to_be_visible()


def shows_when(page, zone, day):
    """Date, beginning and end by the reader's own clock, and beside it Berlin's."""
    line = page.locator("section[aria-labelledby=when]")
    for hour in (AT_FIVE, AT_SIX_THIRTY):
        expect(line.locator("time")).to_contain_text(told(day, hour, zone, "TIME_FORMAT"))
    expect(line.locator("time")).to_contain_text(told(day, AT_FIVE, zone, "DATE_FORMAT"))
    expect(line).to_contain_text(zone)
    if zone != ZONES["organizer"]:
        expect(line).to_contain_text("5 p.m.–6:30 p.m., Europe/Berlin")


def test_from_a_draft_to_the_mark_at_the_paragraph(house, three):
    organizer, member, other = three
    days = [a_day(20), a_day(21)]
    session = is_planned_and_asked(house, organizer, days)

    for page, zone, said in (
        (other, ZONES["other"], ["if need be", "yes"]),
        (member, ZONES["member"], ["no", "yes"]),
    ):
        page.goto(reverse("group", args=[house.group.slug]))
        answers(page, zone, days, said)
    organizer.reload()
    expect(organizer.get_by_text("most can")).to_be_visible()
    organizer.locator("#organize").get_by_role("link", name="Pick this time").nth(1).click()
    organizer.get_by_role("button", name="Pick this time").click()
    expect(organizer.get_by_role("heading", name="Who comes")).to_be_visible()
    for page, zone in zip(three, ZONES.values(), strict=True):
        page.goto(address("session", session))
        shows_when(page, zone, days[1])

    # One place: who answered first has it, and sees where; the other waits, and has it when it is given back.
    expect(other.get_by_text("third door")).to_be_visible()
    expect(member.get_by_text("You are number 1 on the waiting list")).to_be_visible()
    expect(member.get_by_text("third door")).to_have_count(0)
    form = other.locator("#attendance-form")
    form.get_by_label("not going").check()
    form.get_by_label("A word to the others").fill("The boat is late.")
    form.get_by_role("button", name="Change my answer").click()
    expect(other.get_by_text("Your answer is kept.")).to_be_visible()
    member.reload()
    expect(member.get_by_text("have a place now")).to_be_visible()
    expect(member.get_by_text("third door")).to_be_visible()
    assert Attendance.objects.get(user=house.member).is_seated

    organizer.get_by_role("link", name="Choose from what was said").click()
    organizer.get_by_role("button", name="Put on the agenda").click()
    organizer.get_by_role("link", name="Run the session").click()
    member.reload()
    member.get_by_role("link", name="Go through the agenda").click()
    organizer.get_by_role("button", name=re.compile("^Begin: paragraph 4")).click()
    expect(organizer.get_by_role("heading", name="Item 1 of 2")).to_be_visible()
    expect(member.get_by_role("heading", name="Item 1 of 2")).to_be_visible(timeout=SOON)
    expect(member.get_by_text("The sacks were theirs.")).to_be_visible()
    assert member.evaluate("document.documentElement.scrollWidth") == NARROW[0]
    box = member.locator("#taking textarea")
    expect(box).to_be_visible(timeout=SOON)
    box.fill("They spoke of the *sacks*.")
    member.locator("#taking").get_by_role("button", name="Save").click()
    expect(member.locator("#taking").get_by_text("Saved.")).to_be_visible()
    organizer.get_by_label("Decided").fill("We count them again.")
    organizer.get_by_role("button", name="Note the decision").click()
    other.goto(reverse("run_session", args=[house.group.slug, session.public_id]))
    expect(other.get_by_role("heading", name="Item 1 of 2")).to_be_visible()
    expect(other.get_by_text("The sacks were theirs.")).to_be_visible()

    organizer.get_by_role("button", name=re.compile("^Next: paragraph 5")).click()
    expect(member.get_by_role("heading", name="Item 2 of 2")).to_be_visible(timeout=SOON)
    organizer.get_by_role("button", name="End the session").click()
    expect(organizer.get_by_role("button", name="End the session")).to_have_count(0)
    organizer.get_by_role("link", name="All minutes").click()
    organizer.get_by_role("button", name="Publish the minutes").click()
    session.refresh_from_db()
    assert (session.state, session.date) == (SessionState.HELD, days[1])

    # Who could not come reads it on the session's page, and finds it at the paragraph.
    other.goto("/inbox/")
    other.get_by_role("button", name=re.compile("Minutes of The first ferry")).click()
    expect(other.locator("section[aria-labelledby=minutes] em")).to_have_text("sacks")
    for page in (other, member):
        page.goto(address_of(house.reading))
        expect(page.locator(".discussed")).to_have_count(1)
        expect(page.locator(".discussed")).to_contain_text("We count them again.")
        expect(page.locator(".discussed")).to_contain_text(formats.date_format(days[1], "DATE_FORMAT"))
