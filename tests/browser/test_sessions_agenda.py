"""A session that is run: one goes on and every page follows; minutes are written, and what came of it is marked."""

import re

import pytest
from playwright.sync_api import expect

from readinggroup import session_run
from readinggroup.schedule.models import MinutesEntry

from .. import factories
from ..schedule.agenda_steps import address, comes, create_session, ended, put_on_agenda
from ..schedule.test_agenda import ask
from .conftest import NARROW, WIDE
from .steps import address_of

pytestmark = pytest.mark.browser

SOON = 30_000  # in a test a page asks every second


@pytest.fixture
def session(house, monkeypatch):
    monkeypatch.setattr(session_run, "EVERY", 1)
    factories.create_comment(house.reading, house.other, "The sacks were theirs.", number=4)
    ask(house, house.moderator, "Whose list was it?", 5)
    session = create_session(house, facilitator=house.member, minute_taker=house.other)
    comes(session, house.moderator)
    return session


def heading(page, words):
    return page.get_by_role("heading", name=re.compile(words))


def test_one_goes_on_and_every_page_follows_and_no_words_are_lost(house, session, page_for):
    leader, writer = page_for(house.member, WIDE), page_for(house.other, NARROW, expects=[401, 403, 409])
    leader.goto(address("schedule:session", session))
    leader.get_by_role("link", name="Choose from what was said").click()
    leader.get_by_role("button", name="Put on the agenda").click()
    leader.get_by_role("link", name="Run the session").click()
    writer.goto(address("run_session", session))
    expect(heading(writer, "has not begun")).to_be_visible()

    leader.get_by_role("button", name="Begin: paragraph 4").click()
    expect(heading(leader, "Item 1 of 2")).to_be_visible()
    expect(leader.locator("#time-left")).to_have_text(re.compile(r"^\d+ min left$"))
    expect(heading(writer, "Item 1 of 2")).to_be_visible(timeout=SOON)
    expect(writer.get_by_text("The sacks were theirs.")).to_be_visible()

    # What one is writing stays, and stays about its item, when the others go on.
    box = writer.locator("#taking textarea")
    expect(box).to_be_visible(timeout=SOON)
    box.fill("They spoke of the sacks.")
    leader.get_by_role("button", name="Next: paragraph 5").click()
    expect(heading(writer, "Item 2 of 2")).to_be_visible(timeout=SOON)
    expect(box).to_have_value("They spoke of the sacks.")
    expect(heading(writer, "item 1, paragraph 4")).to_be_visible()

    # A login that is over, or a refusal, takes no words away.
    cookies = writer.context.cookies()
    writer.context.clear_cookies()
    writer.locator("#taking").get_by_role("button", name="Save").click()
    expect(writer.locator("#taking").get_by_role("alert")).to_be_visible()
    expect(box).to_have_value("They spoke of the sacks.")
    writer.context.add_cookies(cookies)

    # Somebody else has written about it meanwhile: both texts, and nothing is lost.
    entry = MinutesEntry.objects.create(
        session=session, item=session.agenda_items.first(), body="Theirs.", body_html="<p>Theirs.</p>",
        written_by=house.organizer,
    )  # fmt: skip
    writer.locator("#taking").get_by_role("button", name="Save").click()
    expect(writer.locator("#taking").get_by_role("alert")).to_contain_text("Theirs.")
    expect(box).to_have_value("They spoke of the sacks.")
    writer.locator("#taking").get_by_role("button", name="Save").click()
    expect(writer.locator("#taking").get_by_text("Saved.")).to_be_visible()
    entry.refresh_from_db()
    assert (entry.body, entry.version) == ("They spoke of the sacks.", 2)
    writer.locator("h2").first.click()  # away from the box: now the forms follow
    expect(heading(writer, "item 2, paragraph 5")).to_be_visible(timeout=SOON)


def test_the_whole_way_without_javascript(house, session, page_for):
    put_on_agenda(house, session, 4, 5)
    leader = page_for(house.organizer, NARROW, javascript=False)
    leader.goto(address("schedule:edit_agenda", session))
    leader.locator("input[name$=number]").fill("7")
    leader.get_by_label("What about").last.fill("The river")
    leader.get_by_role("button", name="Save the agenda").last.click()
    leader.get_by_role("button", name=re.compile(r"Up\s*: 3")).click()
    assert [item.words for item in session.agenda_items.all()] == ["", "The river", ""]
    leader.get_by_role("link", name="Run the session").click()
    leader.get_by_role("button", name="Begin: paragraph 4").click()
    leader.get_by_role("button", name="Next: paragraph 7").click()
    leader.locator("#taking textarea").fill("It *rose*.")
    leader.locator("#taking").get_by_role("button", name="Save").click()
    expect(heading(leader, "Item 2 of 3")).to_be_visible()
    leader.get_by_label("Decided").fill("We read the spring again.")
    leader.get_by_role("button", name="Note the decision").click()
    leader.get_by_role("button", name="Next: paragraph 5").click()
    leader.get_by_role("button", name="Answered here").click()
    expect(leader.get_by_text("A question was answered")).to_be_visible()
    leader.get_by_role("button", name="End the session").click()
    ended(session)
    leader.get_by_role("link", name="All minutes").click()
    leader.get_by_role("button", name="Publish the minutes").click()
    expect(leader.locator("section[aria-labelledby=minutes] em")).to_have_text("rose")

    reader = page_for(None, WIDE, javascript=False)
    reader.goto(address_of(house.reading))
    expect(reader.locator(".discussed")).to_have_count(2)
    expect(reader.get_by_text("We read the spring again.")).to_be_visible()
