"""What is new: seen by reading, told without moving anything, reached by one key."""

import re

import pytest
from playwright.sync_api import expect

from readinggroup.discussion.models import Comment
from readinggroup.discussion.threads import ROOTS_A_PAGE
from readinggroup.readings.models import Seen

from .. import factories
from .conftest import WINDOWS
from .steps import (
    address_of,
    answer,
    at,
    block,
    box,
    box_for_words,
    comment,
    composer,
    discussion,
    is_in_window,
    long_reading,
    open_discussion,
    open_text,
    paragraph_address,
    said_at,
    shows_discussion_of,
    title,
    write,
)

pytestmark = pytest.mark.browser
windows = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)


def unread(page):
    return page.locator("#unread")


def beat(page):
    """As when one comes back to the tab: the pulse asks at once."""
    with page.expect_response("**/pulse/**"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@windows
def test_what_was_in_view_is_read_and_the_last_says_so(house, page_for, window):
    factories.create_comment(house.reading, house.other, "First.")
    factories.create_comment(house.reading, house.other, "Elsewhere.", number=7)
    page = page_for(house.member, window)
    open_text(page, house.reading)
    expect(unread(page)).to_contain_text("2 unread comments in 2 paragraphs")
    expect(said_at(page, 4)).to_contain_text("1 unread")
    open_discussion(page, 4)
    expect(comment(page, "First.")).to_have_class(re.compile(r"\bnew\b"))
    expect(unread(page)).to_contain_text("1 unread comment in 1 paragraph")
    expect(said_at(page, 4)).not_to_contain_text("unread")
    page.keyboard.press("n")
    shows_discussion_of(page, 7)
    expect(comment(page, "Elsewhere.")).to_be_focused()
    expect(unread(page)).to_contain_text("You have read everything.")
    open_text(page, house.reading)
    expect(unread(page)).to_contain_text("You have read everything.")


@windows
def test_new_comments_are_told_and_come_when_asked_while_one_writes(house, page_for, window):
    reading = long_reading(house.group)
    factories.create_comment(reading, house.other, "There before.", number=30)
    page = page_for(house.member, window)
    open_text(page, reading)
    open_discussion(page, 30)
    expect(unread(page)).to_contain_text("You have read everything.")
    box_for_words(composer(page)).fill("I am in the middle of")
    page.wait_for_timeout(800)  # the text glides to its place
    before, height = box(block(page, 30))["top"], box(box_for_words(composer(page)))["top"]
    asked = Comment.objects.get(body="There before.")
    factories.create_comment(reading, house.owner, "A new answer.", number=30, parent=asked)
    factories.create_comment(reading, house.owner, "A new thread.", number=30)
    beat(page)
    pill = discussion(page).get_by_role("button", name="2 new")
    expect(pill).to_be_visible()
    expect(comment(page, "A new answer.")).to_have_count(0)
    assert abs(box(block(page, 30))["top"] - before) < 2
    assert abs(box(box_for_words(composer(page)))["top"] - height) < 60  # no more than the line of the pill
    box_for_words(composer(page)).press("End")
    page.keyboard.type(" a sentence")
    pill.click()
    expect(comment(page, "A new answer.")).to_be_visible()
    expect(comment(page, "A new thread.")).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value("I am in the middle of a sentence")
    expect(pill).to_have_count(0)
    assert abs(box(block(page, 30))["top"] - before) < 2


def test_an_open_answer_survives_what_comes_in(house, page_for):
    asked = factories.create_comment(house.reading, house.other, "Who counts?")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    comment(page, "Who counts?").get_by_role("link", name="Answer", exact=True).click()
    words = page.locator("form[id^=answer-] textarea")
    words.fill("Whoever is counted")
    factories.create_comment(house.reading, house.owner, "Everyone.", parent=asked)
    beat(page)
    discussion(page).get_by_role("button", name="1 new").click()
    expect(comment(page, "Everyone.")).to_be_visible()
    expect(words).to_have_value("Whoever is counted")


def test_nothing_is_asked_by_a_tab_that_nobody_looks_at(house, page_for):
    page = page_for(house.member)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/pulse/" in request.url else None)
    open_text(page, house.reading)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)
    assert asked == []
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    beat(page)
    assert len(asked) == 1


def test_two_who_answer_at_once_see_each_other(house, page_for):
    factories.create_comment(house.reading, house.owner, "Who counts?")
    mara, milo = page_for(house.member), page_for(house.other)
    for page in (mara, milo):
        open_text(page, house.reading)
        open_discussion(page, 4)
    answer(mara, "Who counts?", "Mara says so.")
    answer(milo, "Who counts?", "Milo says so.")
    expect(comment(milo, "Mara says so.")).to_be_visible()
    beat(mara)
    discussion(mara).get_by_role("button", name="1 new").click()
    expect(comment(mara, "Milo says so.")).to_be_visible()


@windows
def test_more_threads_are_loaded_below_and_a_long_one_goes_on_beside_them(house, page_for, window):
    deep = None
    for number in range(8):
        deep = factories.create_comment(house.reading, house.other, f"Deep {number}.", parent=deep)
    for number in range(ROOTS_A_PAGE + 3):
        factories.create_comment(house.reading, house.other, f"Thread {number:02}.")
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 4)
    discussion(page).get_by_role("link", name="Load more: 4 threads left").click()
    expect(comment(page, f"Thread {ROOTS_A_PAGE + 2:02}.")).to_be_visible()
    expect(comment(page, f"Thread {ROOTS_A_PAGE - 1:02}.")).to_be_focused()
    discussion(page).get_by_role("link", name="Continue this thread: 3 comments").click()
    expect(comment(page, "Deep 7.")).to_be_visible()
    expect(comment(page, "Thread 00.")).to_have_count(0)
    discussion(page).get_by_role("link", name="The whole discussion").click()
    expect(comment(page, "Deep 4.")).to_be_focused()
    page.goto(f"/c/{deep.public_id}/")
    expect(comment(page, "Deep 7.")).to_be_visible()
    is_in_window(comment(page, "Deep 7."))


def test_most_discussed_first(house, page_for):
    factories.create_comment(house.reading, house.other, "Passed over.")
    asked = factories.create_comment(house.reading, house.other, "Talked about.")
    factories.create_comment(house.reading, house.owner, "Yes.", parent=asked)
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    discussion(page).get_by_role("link", name="Most discussed first").click()
    first = discussion(page).locator(".thread > li > .comment > .words").first
    expect(first).to_have_text("Talked about.")


@windows
def test_without_javascript_there_are_buttons_for_the_same(house, page_for, window):
    factories.create_comment(house.reading, house.other, "First.")
    factories.create_comment(house.reading, house.other, "Second.")
    page = page_for(house.member, window, javascript=False)
    open_text(page, house.reading)
    unread(page).get_by_role("link", name="2 unread comments").click()
    expect(comment(page, "First.")).to_be_visible()
    discussion(page).get_by_role("button", name="Mark as read").click()
    expect(unread(page)).to_contain_text("You have read everything.")
    second = comment(page, "Second.")
    if second.locator("summary").count():
        second.locator("summary").first.click()
    second.get_by_role("button", name="Mark unread from here").click()
    expect(unread(page)).to_contain_text("1 unread comment")
    page.goto(address_of(house.reading))
    unread(page).get_by_role("button", name="Mark all read").click()
    expect(page).to_have_url(at(address_of(house.reading)))
    expect(unread(page)).to_contain_text("You have read everything.")
    assert Seen.objects.get(user=house.member).comments == 2


def test_marked_by_script_without_leaving_the_place(house, page_for):
    for words in ("First.", "Second."):
        factories.create_comment(house.reading, house.other, words)
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    expect(unread(page)).to_contain_text("You have read everything.")
    second = comment(page, "Second.")
    if second.locator("summary").count():
        second.locator("summary").first.click()
    second.get_by_role("button", name="Mark unread from here").click()
    expect(unread(page)).to_contain_text("1 unread comment")
    write(page, "Third.")
    expect(title(page)).to_contain_text("3 comments")
    assert Seen.objects.get(user=house.member).comments == 2
