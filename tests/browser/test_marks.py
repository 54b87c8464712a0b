"""Marks, questions, wordings and following before a browser: on a phone and a desktop, and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, Follow, Reaction
from readinggroup.discussion.questions import settle_question, standing_of
from readinggroup.discussion.reactions import mark

from .. import factories
from .conftest import WINDOWS
from .steps import act_of, address_of, comment, discussion, open_discussion, opened, paragraph_address, send
from .test_accessibility import faults_of, sideways

pytestmark = pytest.mark.browser

BOTH = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
SAID = "Whose sacks were they?"


@pytest.fixture
def said(house):
    return factories.create_comment(house.reading, house.member, SAID)


def button(page, words, name):
    return comment(page, words).locator(".marks").get_by_role("button", name=name)


def open_talk(page, house):
    page.goto(address_of(house.reading))
    open_discussion(page, 4)
    page.wait_for_load_state("networkidle")  # before marks.js is there, a click sends the form as a page


@BOTH
def test_a_mark_is_set_by_a_click_and_the_focus_stays(house, page_for, said, window):
    mark(comment=said, kind="agree", by=house.owner, is_set=True)
    page = page_for(house.other, window)
    open_talk(page, house)
    agree = button(page, SAID, re.compile("I agree"))
    expect(agree).to_have_attribute("aria-pressed", "false")
    agree.click()
    expect(agree).to_have_attribute("aria-pressed", "true")
    expect(agree).to_be_focused()
    expect(agree).to_have_accessible_name("I agree: 2")
    page.keyboard.press("Enter")
    expect(agree).to_have_attribute("aria-pressed", "false")
    expect(agree).to_be_focused()
    assert Reaction.objects.filter(by=house.other).count() == 0


@BOTH
def test_names_open_by_keyboard_and_stay_open_when_a_mark_is_set(house, page_for, said, window):
    mark(comment=said, kind="agree", by=house.owner, is_set=True)
    page = page_for(house.other, window)
    open_talk(page, house)
    who = comment(page, SAID).locator(".who")
    who.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(who).to_contain_text("I agree: Olga")
    button(page, SAID, "well found").click()
    expect(who).to_contain_text("well found: Milo")


def test_a_mark_that_does_not_arrive_says_so(house, page_for, said):
    page = page_for(house.other, expects=("ERR_INTERNET_DISCONNECTED",))
    open_talk(page, house)
    page.context.set_offline(True)
    button(page, SAID, "I agree").click()
    expect(comment(page, SAID).locator(".problems")).to_contain_text("The site could not be reached")
    page.context.set_offline(False)
    button(page, SAID, "I agree").click()
    expect(button(page, SAID, "I agree: 1")).to_have_attribute("aria-pressed", "true")
    expect(comment(page, SAID).locator(".acts .problems")).to_have_count(0)


@BOTH
def test_a_thread_becomes_a_question_and_is_answered_where_somebody_says_so(house, page_for, said, window):
    factories.create_comment(house.reading, house.other, "The miller's.", parent=said)
    page = page_for(house.member, window)
    open_talk(page, house)
    act_of(comment(page, SAID), "Mark as a question").click()
    send(opened(page, "question"))
    expect(comment(page, SAID).locator(":scope > header .asks")).to_have_text("open question")
    act_of(comment(page, "The miller's."), "This answers the question").click()
    send(opened(page, "question"))
    answered = comment(page, SAID).locator(":scope > header a.asks")
    expect(answered).to_have_text("answered")
    answered.click()
    expect(page).to_have_url(re.compile(rf"#c-{Comment.objects.get(body__startswith='The miller').public_id}$"))
    page.goto(f"{address_of(house.reading)}questions/?show=answered")
    page.get_by_role("link", name="where it is answered").click()
    expect(comment(page, "The miller's.")).to_be_in_viewport()


@BOTH
def test_edited_leads_to_what_was_changed(house, page_for, said, window):
    actions.reword(comment=said, body="Whose bells were they?", wording=1, by=house.member)
    page = page_for(house.member, window)
    open_talk(page, house)
    comment(page, "Whose bells").locator("a.edited").click()
    expect(page.locator("ins")).to_contain_text("bells")
    expect(page.locator("del")).to_contain_text("sacks")
    page.get_by_role("link", name="Take earlier wordings back").click()
    page.get_by_role("button", name="Take them back").click()
    expect(page.get_by_text("taken back: only you and moderators see it")).to_be_visible()
    page.get_by_role("button", name="Show all wordings again").click()
    expect(page.get_by_text("taken back: only you")).to_have_count(0)


@BOTH
def test_following_a_thread_and_a_paragraph_in_place(house, page_for, said, window):
    page = page_for(house.other, window)
    open_talk(page, house)
    act_of(comment(page, SAID), "Follow").click()
    form = comment(page, SAID).locator(".opened form")
    form.get_by_label("mute: tell me nothing").check()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("status")).to_have_text("That is settled.")
    discussion(page).get_by_role("link", name="Follow this paragraph").click()
    form = discussion(page).locator(":scope > .opened form")
    form.get_by_label("watch: tell me of everything").check()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("status")).to_have_text("That is settled.")
    assert sorted(Follow.objects.filter(user=house.other).values_list("level", flat=True)) == ["mute", "watch"]
    page.goto(f"{address_of(house.reading)}follow/")
    expect(page.locator("main")).to_contain_text(SAID)
    assert faults_of(page) == []


@BOTH
def test_the_same_without_javascript(house, page_for, said, window):
    mark(comment=said, kind="agree", by=house.owner, is_set=True)
    factories.create_comment(house.reading, house.other, "The miller's.", parent=said)
    page = page_for(house.organizer, window, javascript=False)
    page.goto(paragraph_address(house.reading, 4))
    button(page, SAID, "I agree: 1").click()
    expect(button(page, SAID, "I agree: 2")).to_have_attribute("aria-pressed", "true")
    comment(page, SAID).locator(":scope > .acts .who > summary").click()
    expect(comment(page, SAID).locator(":scope > .acts .who")).to_contain_text("Olga, Omar")
    button(page, SAID, "I agree: 2").click()
    expect(button(page, SAID, "I agree: 1")).to_have_attribute("aria-pressed", "false")
    act_of(comment(page, SAID), "Mark as a question").click()
    send(opened(page, "question"))
    expect(comment(page, SAID).locator(":scope > header .asks")).to_have_text("open question")
    act_of(comment(page, SAID), "Follow").click()
    page.get_by_label("mute: tell me nothing").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("That is settled.")
    assert Follow.objects.get(user=house.organizer).level == "mute"


@BOTH
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_stands_out(house, page_for, said, window, scheme):
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=said)
    actions.reword(comment=answer, body="The miller's, I think.", wording=1, by=house.other)
    settle_question(root=said, question="open", by=house.member, was=standing_of(said))
    for by in (house.other, house.owner, house.moderator):
        mark(comment=said, kind="agree", by=by, is_set=True)
    mark(comment=said, kind="question", by=house.owner, is_set=True)
    page = page_for(house.other, window, scheme)
    page.goto(paragraph_address(house.reading, 4))
    comment(page, SAID).locator(":scope > .acts .who > summary").click()
    comment(page, SAID).locator(":scope > .acts > .more > summary").click()
    button(page, SAID, "I disagree").focus()
    assert faults_of(page) == []
    assert sideways(page) == []
    for address in (f"/c/{answer.public_id}/wordings/", f"{address_of(house.reading)}questions/"):
        page.goto(address)
        assert faults_of(page) == []
        assert sideways(page) == []


@BOTH
def test_what_is_pressed_is_at_least_24_pixels_each_way(house, page_for, said, window):
    actions.reword(comment=said, body="Whose bells were they?", wording=1, by=house.member)
    mark(comment=said, kind="agree", by=house.owner, is_set=True)
    page = page_for(house.other, window)
    page.goto(paragraph_address(house.reading, 4))
    acts = comment(page, "Whose bells").locator(".marks button, summary, .acts > a, a.edited")
    sizes = acts.evaluate_all("all => all.map((e) => [e.textContent, e.offsetWidth, e.offsetHeight])")
    assert len(sizes) >= 8
    assert [size for size in sizes if min(size[1:]) < 24] == []
