"""The box in which one writes: docked, minimised, with tools and names, by keys and by touch."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.discussion.models import Comment, Mention

from .. import factories
from .conftest import NARROW, WIDE
from .steps import (
    block,
    box,
    box_for_words,
    comment,
    composer,
    long_reading,
    open_discussion,
    open_form,
    open_text,
    paragraph_address,
    send,
)
from .test_accessibility import faults_of

pytestmark = pytest.mark.browser
windows = pytest.mark.parametrize("window", [NARROW, WIDE], ids=["narrow", "wide"])


# How far what has the focus reaches below the upper edge of the box, both measured at one moment.
BELOW = """(e) => e.getBoundingClientRect().bottom
    - document.getElementById("composer").getBoundingClientRect().top"""


def say_much(house, reading, number=30):
    for step in range(12):
        factories.create_comment(reading, house.other, f"The water stood {step} hands high that day.", number=number)


@windows
def test_it_docks_and_leaves_text_and_discussion_to_be_read(house, page_for, window):
    reading = long_reading(house.group)
    say_much(house, reading)
    page = page_for(house.member, window)
    open_text(page, reading)
    open_discussion(page, 30)
    expect(page.locator("html.docks")).to_be_attached()
    rest = box(composer(page))
    assert window[1] - 2 <= rest["bottom"] <= window[1] + 1
    assert rest["bottom"] - rest["top"] < 80, "one line while nobody writes"
    box_for_words(composer(page)).fill("line\n" * 60)
    docked = box(composer(page))
    assert window[1] - 2 <= docked["bottom"] <= window[1] + 1
    assert docked["bottom"] - docked["top"] <= window[1] * 0.4 + 1
    panel = page.locator("#margin")
    panel.evaluate("(e) => (e.scrollTop = e.scrollHeight)")
    last = comment(page, "The water stood 11 hands")
    assert box(last)["bottom"] <= box(composer(page))["top"] + 1, "the last comment can be read above the box"
    before = page.evaluate("scrollY")
    page.mouse.move(100, 60)
    page.mouse.wheel(0, 300)
    page.wait_for_function("(before) => scrollY > before", arg=before)


@windows
def test_on_a_page_of_its_own_it_covers_nothing_until_one_writes(house, page_for, window):
    """At rest it is the end of the discussion; a link brings it up where one is, and what one reads stays there."""
    reading = long_reading(house.group)
    say_much(house, reading)
    page = page_for(house.member, window)
    page.goto(paragraph_address(reading, 30))
    expect(page.locator("html.docks")).to_be_attached()
    first = comment(page, "The water stood 0 hands")
    first.scroll_into_view_if_needed()
    last = comment(page, "The water stood 11 hands")
    assert box(composer(page))["top"] >= box(last)["bottom"], "it stands after all that is said"
    before = page.evaluate("scrollY")
    page.get_by_role("link", name="Write a comment").click()
    expect(box_for_words(composer(page))).to_be_focused()
    assert abs(page.evaluate("scrollY") - before) <= 1
    assert window[1] - 2 <= box(composer(page))["bottom"] <= window[1] + 1
    box_for_words(composer(page)).fill("Thirteen.")
    box_for_words(composer(page)).blur()
    assert window[1] - 2 <= box(composer(page))["bottom"] <= window[1] + 1, "what is begun stays at hand"


@windows
def test_an_answer_docks_below_what_it_answers(house, page_for, window):
    reading = long_reading(house.group)
    say_much(house, reading)
    page = page_for(house.member, window)
    open_text(page, reading)
    open_discussion(page, 30)
    asked = comment(page, "The water stood 8 hands")
    form = open_form(page, "The water stood 8 hands", "Answer", "answer")
    expect(box_for_words(form)).to_be_focused()
    docked, words, panel = box(form), box(asked.locator(":scope > .words")), box(page.locator("#margin"))
    assert window[1] - 2 <= docked["bottom"] <= window[1] + 1
    assert panel["left"] - 1 <= docked["left"]
    assert docked["right"] <= panel["right"] + 1
    assert words["bottom"] <= docked["top"] + 1
    assert words["top"] >= panel["top"]
    expect(block(page, 30)).to_be_in_viewport()


@windows
@pytest.mark.parametrize("begun", ["", "line\n" * 30], ids=["empty", "begun"])
def test_it_covers_nothing_that_has_the_focus(house, page_for, window, begun):
    """WCAG 2.2, 2.4.11: neither on the way through the page with Tab nor in a form that a page opens at its comment."""
    reading = long_reading(house.group)
    say_much(house, reading)
    page = page_for(house.member, window)
    page.goto(paragraph_address(reading, 30))
    expect(page.locator("html.docks")).to_be_attached()
    box_for_words(composer(page)).fill(begun)
    page.locator("#discussion a").first.focus()
    for _step in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.evaluate("(e) => Boolean(e.closest('#composer') || !e.closest('#discussion'))"):
            break
        assert focused.evaluate(BELOW) <= 1, focused.evaluate("(e) => e.outerHTML")
    last = factories.create_comment(reading, house.member, "And who counted?", number=30)
    page.goto(reverse("discussion:question", args=[last.public_id]))
    expect(page.locator("html.docks")).to_be_attached()
    expect(page.locator("#discussion :focus")).to_be_visible()
    assert page.locator(":focus").evaluate(BELOW) <= 1


@windows
def test_minimised_it_says_what_is_begun_and_opens_with_its_words(house, page_for, window):
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 4)
    form = composer(page)
    box_for_words(form).fill("Half a thought that is not sent")
    form.get_by_role("button", name="Minimise").click()
    expect(box_for_words(form)).to_be_hidden()
    bar = form.get_by_role("button", name="Go on writing: Half a thought")
    expect(bar).to_have_attribute("aria-expanded", "false")
    size = box(form)
    assert size["bottom"] - size["top"] < 60
    bar.press("Enter")
    expect(box_for_words(form)).to_be_focused()
    expect(box_for_words(form)).to_have_value("Half a thought that is not sent")
    send(form)
    expect(comment(page, "Half a thought that is not sent")).to_be_visible()


def test_of_several_boxes_the_one_is_large_in_which_one_writes(house, page_for):
    factories.create_comment(house.reading, house.other, "Who counted?")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Begun.")
    form = open_form(page, "Who counted?", "Answer", "answer")
    box_for_words(form).fill("Nobody.")
    expect(box_for_words(composer(page))).to_be_hidden()
    send(form)
    expect(comment(page, "Nobody.")).to_be_visible()
    composer(page).get_by_role("button", name="Go on writing: Begun.").click()
    expect(box_for_words(composer(page))).to_have_value("Begun.")


def test_tools_by_keys_and_undone_by_keys(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    words = box_for_words(composer(page))
    words.fill("one two")
    for keys, typed in {
        "Control+b": "one **two**",
        "Control+i": "one *two*",
        "Control+e": "one `two`",
        "Control+k": "one [two](https://)",
        "Control+Shift+9": "> one two",
        "Control+Shift+8": "- one two",
    }.items():
        words.evaluate("(e) => e.setSelectionRange(4, 7)")
        page.keyboard.press(keys)
        expect(words).to_have_value(typed)
        page.keyboard.press("Control+z")
        expect(words).to_have_value("one two")
    words.evaluate("(e) => e.setSelectionRange(4, 7)")
    page.keyboard.press("Control+b")
    page.keyboard.press("Control+b")
    expect(words).to_have_value("one two")  # taken back where it is already


def test_the_bar_is_one_stop_and_the_arrows_go_along_it(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    words = box_for_words(composer(page))
    words.fill("one")
    bar = composer(page).get_by_role("toolbar", name="Formatting")
    bar.get_by_role("button", name="Strong").focus()
    page.keyboard.press("ArrowRight")
    expect(bar.get_by_role("button", name="Emphasis")).to_be_focused()
    page.keyboard.press("End")
    expect(bar.get_by_role("button", name="Code")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(bar.get_by_role("button", name="Strong")).to_be_focused()
    assert bar.locator("button[tabindex='0']").count() == 1
    words.evaluate("(e) => e.setSelectionRange(0, 3)")
    bar.get_by_role("button", name="Emphasis").click()
    expect(words).to_have_value("*one*")
    expect(words).to_be_focused()


@windows
def test_names_are_offered_after_the_sign(house, page_for, window):
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 4)
    words = box_for_words(composer(page))
    offers = composer(page).get_by_role("listbox")
    words.click()
    words.press_sequentially("What does @m")
    expect(offers.get_by_role("option")).to_have_text(["Milo", "Mona"])
    expect(words).to_have_attribute("aria-activedescendant", offers.get_by_role("option").first.get_attribute("id"))
    page.keyboard.press("ArrowDown")
    expect(offers.get_by_role("option", name="Mona")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(offers).to_be_hidden()
    expect(words).to_be_focused()
    words.press_sequentially("i")
    expect(offers.get_by_role("option")).to_have_text(["Milo"])
    page.keyboard.press("Enter")
    expect(words).to_have_value("What does @Milo ")
    words.press_sequentially("say, @Mon")
    offers.get_by_role("option", name="Mona").click()
    expect(words).to_have_value("What does @Milo say, @Mona ")
    expect(offers).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(comment(page, "What does @Milo say, @Mona")).to_be_visible()
    assert {mention.user for mention in Mention.objects.select_related("user")} == {house.other, house.moderator}


def test_enter_is_a_new_line_where_nobody_is_offered(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    words = box_for_words(composer(page))
    words.click()
    words.press_sequentially("me@example.org @zzz")
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")
    words.press_sequentially("b")
    expect(words).to_have_value("me@example.org @zzz\nb")
    assert not Comment.objects.exists()


@windows
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_in_each_state(house, page_for, window, scheme):
    factories.create_comment(house.reading, house.other, "Who counted?")
    page = page_for(house.member, window, scheme)
    open_text(page, house.reading)
    open_discussion(page, 4)
    words = box_for_words(composer(page))
    words.click()
    assert faults_of(page) == []
    words.press_sequentially("Half a thought @m")
    expect(composer(page).get_by_role("option")).to_have_count(2)
    assert faults_of(page) == []
    open_form(page, "Who counted?", "Answer", "answer")
    assert faults_of(page) == []
    page.goto("/me/drafts/")
    assert faults_of(page) == []
