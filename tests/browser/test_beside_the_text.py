"""The discussion opens beside the text: the address goes with it, Back closes it, the text stays to be read."""

import re

import pytest
from playwright.sync_api import expect

from readinggroup.discussion.threads import ROOTS_A_PAGE
from texts.models import Paragraph

from .. import factories
from .conftest import NARROW, WIDE
from .steps import (
    address_of,
    at,
    block,
    box,
    button_at,
    close_discussion,
    composer,
    discussion,
    hold_back,
    is_closed,
    is_in_window,
    long_reading,
    open_discussion,
    open_text,
    paragraph_address,
    said_at,
    scroll_of,
    shows_discussion_of,
    title,
    write,
)

pytestmark = pytest.mark.browser
windows = pytest.mark.parametrize("window", [NARROW, WIDE], ids=["narrow", "wide"])
A_DISCUSSION = re.compile(r"/p/[^/]+/$")


@windows
def test_the_address_goes_with_it_and_back_closes_it(house, page_for, window):
    reading = long_reading(house.group)
    page = page_for(house.member, window)
    open_text(page, reading)
    block(page, 30).evaluate("(e) => e.scrollIntoView({block: 'center'})")
    place = box(block(page, 30))["top"]

    open_discussion(page, 30)
    expect(page).to_have_url(at(paragraph_address(reading, 30)))
    expect(page).to_have_title(re.compile(r"^Paragraph 30 · |^30 · "))

    page.go_back()
    is_closed(page)
    expect(page).to_have_url(at(address_of(reading)))
    expect(page).to_have_title(re.compile(r"^The River"))
    expect(button_at(page, 30)).to_be_focused()
    is_in_window(block(page, 30))
    if window == WIDE:
        assert abs(box(block(page, 30))["top"] - place) < 2

    page.go_forward()
    shows_discussion_of(page, 30)
    expect(page).to_have_url(at(paragraph_address(reading, 30)))


def test_closing_it_does_what_back_does(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    length = page.evaluate("history.length")
    open_discussion(page, 4)
    close_discussion(page)
    is_closed(page)
    expect(page).to_have_url(at(address_of(house.reading)))
    expect(button_at(page, 4)).to_be_focused()
    open_discussion(page, 5)
    button_at(page, 5).click()
    is_closed(page)
    assert page.evaluate("history.length") == length + 1


@windows
def test_reload_gives_the_paragraph_as_a_page_and_back_the_text(house, page_for, window):
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 4)
    page.reload()
    expect(page.locator(".block")).to_have_count(1)
    shows_discussion_of(page, 4)
    page.go_back()
    expect(page).to_have_url(at(address_of(house.reading)))
    expect(page.locator(".block")).to_have_count(12)


def test_from_one_discussion_to_the_next_one_back_leads_to_the_text(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    discussion(page).get_by_role("link", name="Discussion of the next paragraph").click()
    shows_discussion_of(page, 5)
    expect(page).to_have_url(at(paragraph_address(house.reading, 5)))
    expect(block(page, 5)).to_have_attribute("aria-current", "true")
    expect(block(page, 4)).not_to_have_attribute("aria-current", "true")
    discussion(page).get_by_role("link", name="Discussion of the previous paragraph").click()
    shows_discussion_of(page, 4)
    open_discussion(page, 7)
    page.go_back()
    is_closed(page)
    expect(page).to_have_url(at(address_of(house.reading)))
    expect(button_at(page, 7)).to_be_focused()


@windows
def test_the_text_can_be_read_while_a_discussion_is_open(house, page_for, window):
    reading = long_reading(house.group)
    page = page_for(house.member, window)
    open_text(page, reading)
    for number in (1, 30, 60):
        button_at(page, number).scroll_into_view_if_needed()
        open_discussion(page, number)
        expect(title(page)).to_be_focused()
        words = box(block(page, number).locator("p"))
        panel = box(page.locator("#margin"))
        if window == WIDE:
            assert words["right"] <= panel["left"]
            assert words["top"] >= 0
            assert words["bottom"] <= window[1], "the text was moved away"
        else:
            assert words["top"] >= 0
            assert words["bottom"] <= panel["top"], "the panel lies on the paragraph it is about"
            assert panel["top"] >= window[1] / 4, "a part of the window is left to the text"
        page.go_back()
        is_closed(page)


@pytest.mark.parametrize("number", [4, 30, 59])
def test_opening_moves_nothing_where_there_is_room(house, page_for, number):
    page = page_for(house.member, WIDE)
    open_text(page, long_reading(house.group))
    block(page, number).evaluate("(e) => e.scrollIntoView({block: 'center'})")
    before = box(block(page, number))
    open_discussion(page, number)
    expect(title(page)).to_be_focused()
    assert box(block(page, number)) == before


def test_contents_and_rail_only_move_the_text_while_it_is_open(house, page_for):
    reading = long_reading(house.group)
    factories.create_comment(reading, house.other, "Here it rises.", number=50)
    # A public id may begin with a digit, which an id in a selector may not.
    Paragraph.objects.filter(pk=factories.version_of(reading, 50).paragraph_id).update(public_id="5beginsso5")
    page = page_for(house.member)
    open_text(page, reading)
    page.locator(".contents summary").click()
    open_discussion(page, 2)
    page.locator(".contents a").nth(2).click()
    is_in_window(block(page, 31))
    shows_discussion_of(page, 2)
    expect(page).to_have_url(at(paragraph_address(reading, 2)))
    page.locator(".rail a").first.click()
    is_in_window(block(page, 50))
    expect(page).to_have_url(at(paragraph_address(reading, 2)))
    page.go_back()
    is_closed(page)
    expect(page).to_have_url(at(address_of(reading)))


def test_contents_are_ordinary_links_while_it_is_closed(house, page_for):
    reading = long_reading(house.group)
    page = page_for(house.member)
    open_text(page, reading)
    page.locator(".contents summary").click()
    page.locator(".contents a").nth(2).click()
    expect(page).to_have_url(at("#section-3"))
    is_in_window(block(page, 31))
    assert scroll_of(page) > 0
    page.go_back()
    expect(page).to_have_url(at(address_of(reading)))


def test_the_button_counts_what_was_just_said(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    expect(said_at(page, 4)).to_have_text("0 comments")
    open_discussion(page, 4)
    write(page, "One.")
    expect(said_at(page, 4)).to_contain_text("1 comment")
    write(page, "Two.")
    expect(said_at(page, 4)).to_contain_text("2 comments")
    expect(title(page)).to_contain_text("2 comments")


def test_a_quick_hand_gets_the_discussion_that_it_asked_for_last(house, page_for):
    """Three steps before the first answer has come: the panel shows what the address says."""
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 3)
    expect(title(page)).to_be_focused()
    release = hold_back(page, A_DISCUSSION)
    for _ in range(4):
        page.keyboard.press("j")
    expect(page).to_have_url(at(paragraph_address(house.reading, 7)))
    release()
    shows_discussion_of(page, 7)
    expect(block(page, 7)).to_have_attribute("aria-current", "true")


def test_closed_before_the_answer_came_it_stays_closed(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    release = hold_back(page, A_DISCUSSION)
    button_at(page, 4).click()
    expect(page).to_have_url(at(paragraph_address(house.reading, 4)))
    page.go_back()
    expect(page).to_have_url(at(address_of(house.reading)))
    release()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    is_closed(page)
    open_discussion(page, 5)
    expect(composer(page)).to_be_visible()


def test_order_and_pages_change_in_the_panel(house, page_for):
    for number in range(ROOTS_A_PAGE + 2):
        factories.create_comment(house.reading, house.other, f"Remark {number:02}.")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    roots = discussion(page).locator(".thread > li > .comment > .words")
    expect(roots).to_have_count(ROOTS_A_PAGE)
    expect(roots.first).to_have_text("Remark 00.")
    discussion(page).get_by_role("link", name="Load more: 2 threads left").click()
    expect(roots).to_have_count(ROOTS_A_PAGE + 2)
    expect(discussion(page).locator(".comment").nth(ROOTS_A_PAGE)).to_be_focused()
    expect(discussion(page).get_by_role("link", name="Load more")).to_have_count(0)
    discussion(page).get_by_role("link", name="Newest first").click()
    expect(roots.first).to_have_text(f"Remark {ROOTS_A_PAGE + 1:02}.")
    page.go_back()
    is_closed(page)
    expect(page).to_have_url(at(address_of(house.reading)))


def test_a_discussion_that_does_not_arrive_is_said_not_to(house, page_for):
    page = page_for(house.member, expects=["net::ERR_"])
    open_text(page, house.reading)
    page.context.set_offline(True)
    button_at(page, 4).click()
    expect(page.locator("#margin").get_by_role("alert")).to_contain_text("could not be reached")
    page.context.set_offline(False)
    open_discussion(page, 5)
    expect(title(page)).to_be_focused()
    page.go_back()
    is_closed(page)
