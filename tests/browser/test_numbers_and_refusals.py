"""After an act: every number on the page is true, nothing moves; and a refusal is said where the act was done."""

import pytest
from playwright.sync_api import expect

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, State

from .. import factories
from .conftest import NARROW, WINDOWS
from .steps import (
    act_of,
    address_of,
    answer,
    block,
    box,
    box_for_words,
    comment,
    composer,
    discussion,
    is_in_window,
    long_reading,
    open_discussion,
    open_form,
    open_text,
    paragraph_address,
    paragraph_id,
    put_back,
    said_at,
    scroll_of,
    send,
    shows_discussion_of,
    title,
    withdraw,
    write,
)

pytestmark = pytest.mark.browser
windows = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)


def bars(page):
    return page.locator(".rail a")


def in_all(page):
    return page.locator("#said-in-all")


# --- Numbers ------------------------------------------------------------------------------------------------------


@windows
def test_every_number_follows_what_was_just_said_and_taken_back(house, page_for, window):
    reading = long_reading(house.group)
    page = page_for(house.member, window)
    open_text(page, reading)
    page.locator(".contents summary").click()
    expect(in_all(page)).to_have_text("0 comments")
    open_discussion(page, 30)
    write(page, "One.")
    expect(in_all(page)).to_have_text("1 comment")
    expect(page.locator(".contents .tally")).to_have_text("1 comment")
    expect(bars(page)).to_have_count(1)
    answer(page, to="One.", words="Two.")
    expect(in_all(page)).to_have_text("2 comments")
    expect(bars(page)).to_have_accessible_name("Paragraph 30: 2 comments")
    withdraw(page, "Two.")
    expect(in_all(page)).to_have_text("1 comment")
    expect(page.locator(".contents .tally")).to_have_text("1 comment")
    put_back(page, "Two.")
    expect(in_all(page)).to_have_text("2 comments")
    expect(said_at(page, 30)).to_contain_text("2 comments")
    page.locator(".rail a").click()
    is_in_window(block(page, 30))


@windows
def test_neither_the_text_nor_the_focus_moves_when_the_numbers_come(house, page_for, window):
    reading = long_reading(house.group)
    factories.create_comment(reading, house.other, "First.", number=5)
    page = page_for(house.member, window)
    open_text(page, reading)
    page.locator(".contents summary").click()
    block(page, 30).evaluate("(e) => e.scrollIntoView({block: 'center'})")
    open_discussion(page, 30)
    expect(title(page)).to_be_focused()
    before, scroll = box(block(page, 30)), scroll_of(page)
    here = page.locator(".rail .here").get_attribute("x")
    write(page, "One.")
    expect(in_all(page)).to_have_text("2 comments")
    expect(comment(page, "One.")).to_be_focused()
    assert box(block(page, 30))["left"] == before["left"]
    assert abs(box(block(page, 30))["top"] - before["top"]) < 2
    assert abs(scroll_of(page) - scroll) < 40, "a line that came above was taken account of"
    assert abs(float(page.locator(".rail .here").get_attribute("x")) - float(here)) < 1


def test_in_a_text_read_by_section_links_still_lead_to_other_sections(house, page_for, settings):
    settings.READ_WHOLE_UP_TO_WORDS = 50
    reading = long_reading(house.group)
    factories.create_comment(reading, house.other, "Far off.", number=50)
    page = page_for(house.member)
    open_text(page, reading)
    open_discussion(page, 2)
    write(page, "One.")
    expect(bars(page)).to_have_count(2)
    bars(page).last.click()
    expect(page).to_have_url(f"{page.url.split('/g/')[0]}{address_of(reading)}?section=4#{paragraph_id(reading, 50)}")
    is_in_window(block(page, 50))


def test_on_the_paragraphs_own_page_a_post_needs_none_of_it(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    write(page, "One.")
    expect(title(page)).to_contain_text("1 comment")
    assert page.locator("hx-partial, template[hx]").count() == 0


# --- Refusals -----------------------------------------------------------------------------------------------------


def alert_in(form):
    return form.get_by_role("alert").filter(visible=True)


@pytest.mark.parametrize(
    ("act", "status"), [("post", 400), ("post", 403), ("post", 500), ("edit", 404), ("edit", 503), ("withdraw", 500)]
)
def test_the_discussion_stays_and_what_is_wrong_is_said_at_the_form(house, page_for, act, status):
    factories.create_comment(house.reading, house.other, "Theirs.")
    factories.create_comment(house.reading, house.member, "Mine.")
    page = page_for(house.member, expects=[status])
    open_text(page, house.reading)
    open_discussion(page, 4)
    form = composer(page) if act == "post" else open_form(page, "Mine.", act.capitalize(), act)
    if act != "withdraw":
        box_for_words(form).fill("Other words.")

    def refuse(route):
        part = '<p class="problems" role="alert" data-refusal>Not now, and this is why.</p>'
        route.fulfill(status=status, body=part, content_type="text/html")

    page.route("**/c*/**", lambda route: refuse(route) if route.request.method == "POST" else route.fallback())
    page.route("**/comment/", refuse)
    send(form)
    expect(alert_in(form)).to_have_text("Not now, and this is why.")
    expect(comment(page, "Theirs.")).to_be_visible()
    expect(title(page)).to_contain_text("Paragraph 4")
    if act != "withdraw":
        expect(box_for_words(form)).to_have_value("Other words.")
    page.unroute_all()
    expect(form.locator("button.send")).to_be_enabled()
    send(form)
    expect(comment(page, "Mine.")).to_have_count(1 if act == "post" else 0)
    expect(discussion(page).get_by_role("alert").filter(visible=True)).to_have_count(0)


def test_removed_from_the_group_while_writing(house, page_for):
    """The server's own 403, whole way through."""
    page = page_for(house.member, expects=[403])
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Words of mine.")
    house.group.memberships.filter(user=house.member).update(left_at="2026-01-01T00:00:00Z")
    send(composer(page))
    expect(alert_in(composer(page))).to_contain_text("You may not do this here")
    expect(box_for_words(composer(page))).to_have_value("Words of mine.")
    assert not Comment.objects.exists()


def test_hidden_while_it_was_answered(house, page_for):
    asked = factories.create_comment(house.reading, house.other, "Is it so?")
    page = page_for(house.member, expects=[404])
    open_text(page, house.reading)
    open_discussion(page, 4)
    form = open_form(page, "Is it so?", "Answer", "answer")
    Comment.objects.filter(pk=asked.pk).update(state=State.HELD)
    box_for_words(form).fill("It is so.")
    send(form)
    expect(alert_in(form)).to_contain_text("not here any more")
    expect(box_for_words(form)).to_have_value("It is so.")


@pytest.mark.parametrize("act", ["withdraw", "put-back"])
def test_a_form_without_words_says_it_too_when_there_is_no_network(house, page_for, act):
    said = factories.create_comment(house.reading, house.member, "Mine.")
    if act == "put-back":
        actions.withdraw(comment=said, by=house.member)
    page = page_for(house.member, expects=["net::ERR_", "Failed to fetch"])
    open_text(page, house.reading)
    open_discussion(page, 4)
    act_of(discussion(page).locator("article.comment"), act.capitalize().replace("-", " ")).click()
    form = page.locator(f"form.composer[id^={act}-]")
    expect(form).to_be_visible()
    page.context.set_offline(True)
    send(form)
    expect(alert_in(form)).to_contain_text("could not be reached")
    page.context.set_offline(False)
    send(form)
    expect(comment(page, "Mine.")).to_have_count(0 if act == "withdraw" else 1)


def test_a_form_that_cannot_be_opened_says_why_at_its_comment_and_can_be_tried_again(house, page_for):
    factories.create_comment(house.reading, house.other, "Is it so?")
    page = page_for(house.member, expects=["net::ERR_", "Failed to fetch"])
    open_text(page, house.reading)
    open_discussion(page, 4)
    page.context.set_offline(True)
    act_of(comment(page, "Is it so?"), "Answer").click()
    expect(alert_in(comment(page, "Is it so?"))).to_contain_text("could not be reached")
    page.context.set_offline(False)
    open_form(page, "Is it so?", "Answer", "answer")
    expect(alert_in(comment(page, "Is it so?"))).to_have_count(0)


def test_a_discussion_that_is_refused_says_why(house, page_for):
    page = page_for(house.member, expects=[404])
    open_text(page, house.reading)
    part = '<p class="problems" role="alert" data-refusal>Gone, and this is why.</p>'
    page.route("**/p/*/", lambda route: route.fulfill(status=404, body=part, content_type="text/html"))
    page.locator(".talk").nth(3).click()
    expect(page.locator("#margin").get_by_role("alert")).to_have_text("Gone, and this is why.")


def test_a_login_that_has_expired_leads_to_the_login_when_a_form_is_opened(house, page_for):
    factories.create_comment(house.reading, house.other, "Is it so?")
    page = page_for(house.member, expects=[401])
    open_text(page, house.reading)
    open_discussion(page, 4)
    page.context.clear_cookies(name="sessionid")
    act_of(comment(page, "Is it so?"), "Answer").click()
    page.wait_for_url("**/accounts/login/**")


# --- The rail under a finger --------------------------------------------------------------------------------------


def tap(page, share, *, down=0.5):
    rail = box(page.locator(".rail svg"))
    page.mouse.click(
        rail["left"] + share * (rail["right"] - rail["left"]), rail["top"] + down * (rail["bottom"] - rail["top"])
    )


@windows
def test_a_tap_beside_a_bar_counts_for_the_nearest(house, page_for, window):
    reading = long_reading(house.group)
    for number in (10, 50):
        factories.create_comment(reading, house.other, "Here.", number=number)
    page = page_for(house.member, window)
    open_text(page, reading)
    tap(page, 0.95)
    is_in_window(block(page, 50))
    assert page.url.endswith(f"#{paragraph_id(reading, 50)}")
    tap(page, 0.02, down=-0.1)
    is_in_window(block(page, 10))
    assert page.url.endswith(f"#{paragraph_id(reading, 10)}")
    page.go_back()
    is_in_window(block(page, 50))


@windows
def test_while_a_discussion_is_open_a_tap_only_moves_the_text(house, page_for, window):
    reading = long_reading(house.group)
    factories.create_comment(reading, house.other, "Here.", number=50)
    page = page_for(house.member, window)
    open_text(page, reading)
    open_discussion(page, 2)
    tap(page, 0.3)
    is_in_window(block(page, 50))
    shows_discussion_of(page, 2)
    assert page.url.endswith(paragraph_address(reading, 2))


def test_where_nothing_is_said_a_tap_does_nothing(house, page_for):
    page = page_for(None, NARROW)
    open_text(page, long_reading(house.group))
    tap(page, 0.5)
    assert page.url.endswith("/")
    assert scroll_of(page) == 0
