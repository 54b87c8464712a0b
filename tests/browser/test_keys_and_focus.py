"""The keyboard: keys that go from paragraph to paragraph, and where the focus is after everything that one does."""

import re

import pytest
from playwright.sync_api import expect

from readinggroup.discussion.models import Comment

from .. import factories
from .conftest import NARROW, WIDE
from .steps import (
    address_of,
    at,
    block,
    box,
    box_for_words,
    button_at,
    comment,
    composer,
    discussion,
    is_closed,
    is_in_window,
    long_reading,
    open_discussion,
    open_form,
    open_text,
    opened,
    paragraph_address,
    put_back,
    send,
    shows_discussion_of,
    title,
    withdraw,
    write,
)

pytestmark = pytest.mark.browser


# --- Keys ---------------------------------------------------------------------------------------------------------


def test_j_and_k_go_from_paragraph_to_paragraph(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    page.keyboard.press("j")
    expect(button_at(page, 1)).to_be_focused()
    for number in (2, 3, 4):
        page.keyboard.press("j")
        expect(button_at(page, number)).to_be_focused()
    page.keyboard.press("k")
    expect(button_at(page, 3)).to_be_focused()
    is_in_window(block(page, 3))


def test_o_opens_and_closes_and_j_takes_the_discussion_along(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    for key in "jjo":
        page.keyboard.press(key)
    shows_discussion_of(page, 2)
    expect(title(page)).to_be_focused()
    page.keyboard.press("j")
    shows_discussion_of(page, 3)
    expect(page).to_have_url(at(paragraph_address(house.reading, 3)))
    page.keyboard.press("o")
    is_closed(page)
    expect(button_at(page, 3)).to_be_focused()
    page.keyboard.press("Enter")
    shows_discussion_of(page, 3)
    page.keyboard.press("Escape")
    is_closed(page)
    expect(page).to_have_url(at(address_of(house.reading)))


def test_r_writes_and_answers_the_comment_in_focus(house, page_for):
    said = factories.create_comment(house.reading, house.other, "Who counted?", number=1)
    page = page_for(house.member)
    open_text(page, house.reading)
    page.keyboard.press("j")
    page.keyboard.press("r")
    shows_discussion_of(page, 1)
    expect(box_for_words(composer(page))).to_be_focused()
    page.keyboard.press("Escape")
    expect(title(page)).to_be_visible()
    page.locator(f"#c-{said.public_id}").focus()
    page.keyboard.press("r")
    expect(box_for_words(opened(page, "answer"))).to_be_focused()


def test_keys_are_letters_while_one_types(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(title(page)).to_be_focused()
    box_for_words(composer(page)).press_sequentially("jokor?")
    expect(box_for_words(composer(page))).to_have_value("jokor?")
    shows_discussion_of(page, 4)
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Escape")  # leaves the box, and only then the discussion
    shows_discussion_of(page, 4)
    page.keyboard.press("Escape")
    is_closed(page)


def test_keys_with_ctrl_are_the_browsers(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    for key in ("Control+j", "Control+k", "Alt+j", "Meta+o"):
        page.keyboard.press(key)
    expect(page.locator(".block.current")).to_have_count(0)
    is_closed(page)


def test_the_question_mark_shows_the_keys(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(".block.current")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.locator("#keys")).to_be_hidden()


def test_keys_begin_where_one_reads(house, page_for):
    page = page_for(house.member)
    open_text(page, long_reading(house.group))
    block(page, 30).evaluate("(e) => e.scrollIntoView({block: 'start'})")
    page.keyboard.press("o")
    expect(title(page)).to_have_text(re.compile(r"^Paragraph (29|30|31)\b"))


# --- Focus --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [NARROW, WIDE], ids=["narrow", "wide"])
def test_after_sending_the_focus_is_on_the_new_comment_which_can_be_seen(house, page_for, window):
    for number in range(12):
        factories.create_comment(house.reading, house.other, f"Remark {number}.\n\nIn two paragraphs.")
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(title(page)).to_be_focused()
    write(page, "Mine comes last.")
    mine = comment(page, "Mine comes last.")
    expect(mine).to_be_focused()
    is_in_window(mine)
    assert box(mine)["top"] >= box(discussion(page).locator(":scope > header"))["bottom"] - 1
    open_form(page, "Remark 0.", "Answer", "answer")
    expect(box_for_words(opened(page, "answer"))).to_be_focused()
    box_for_words(opened(page, "answer")).fill("To the first.")
    send(opened(page, "answer"))
    answered = comment(page, "To the first.")
    expect(answered).to_be_focused()
    is_in_window(answered)
    assert box(answered)["top"] >= box(discussion(page).locator(":scope > header"))["bottom"] - 1


def test_refused_words_are_in_the_box_with_the_reason(house, page_for):
    page = page_for(house.member, expects=[422])
    open_text(page, house.reading)
    open_discussion(page, 4)
    box = box_for_words(composer(page))
    box.fill("   ")
    send(composer(page))
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_be_focused()
    expect(box).to_have_accessible_description(re.compile("There is nothing to send yet"))
    expect(composer(page).get_by_role("alert").filter(has_text="There is nothing to send yet")).to_be_visible()
    box.fill("Now there is.")
    send(composer(page))
    expect(comment(page, "Now there is.")).to_be_focused()
    expect(box).not_to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value("")


def test_a_preview_shows_the_words_and_sends_nothing(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Some *weight*.")
    composer(page).get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_be_focused()
    expect(preview.locator("em")).to_have_text("weight")
    expect(box_for_words(composer(page))).to_have_value("Some *weight*.")
    assert Comment.objects.count() == 0
    send(composer(page))
    expect(comment(page, "Some weight.")).to_be_focused()
    expect(preview).to_have_count(0)


def test_after_withdrawing_and_putting_back(house, page_for):
    factories.create_comment(house.reading, house.member, "Too soon.")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    act = open_form(page, "Too soon.", "Withdraw", "withdraw")
    expect(act.get_by_role("button", name="Withdraw it")).to_be_focused()
    send(act)
    expect(title(page)).to_be_focused()
    put_back(page, "Too soon.")
    expect(comment(page, "Too soon.")).to_be_focused()


def test_a_form_closes_by_its_own_link_and_leaves_no_second_one(house, page_for):
    factories.create_comment(house.reading, house.member, "First.")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    open_form(page, "First.", "Edit", "edit")
    open_form(page, "First.", "Answer", "answer")
    expect(page.locator("form.composer[id^=edit-]")).to_have_count(0)
    comment(page, "First.").locator(":scope > .acts").get_by_role("link", name="Answer").click()
    expect(page.locator("form.composer[id^=answer-]")).to_have_count(0)


def test_tab_leads_from_the_title_to_the_box_and_on_to_send(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(title(page)).to_be_focused()
    met = []
    for _ in range(7):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert met[-3:] == ["body", "Send", "preview"]
    assert "Close" in met[2]


def test_the_skip_link_leads_to_the_content(house, page_for):
    page = page_for(house.member)
    for path in ("/", address_of(house.reading), paragraph_address(house.reading, 4)):
        page.goto(path)
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_a_form_of_its_own_on_the_paragraphs_page(house, page_for):
    """The paragraph's page has the same forms, and the same focus, with no text around it."""
    page = page_for(house.member, expects=[422])
    page.goto(paragraph_address(house.reading, 4))
    write(page, "Said here.")
    expect(comment(page, "Said here.")).to_be_focused()
    expect(page).to_have_url(at(paragraph_address(house.reading, 4)))
    box_for_words(composer(page)).fill(" ")
    send(composer(page))
    expect(box_for_words(composer(page))).to_be_focused()
    withdraw(page, "Said here.")
    expect(title(page)).to_be_focused()
