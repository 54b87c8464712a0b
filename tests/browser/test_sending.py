"""Nothing that was typed is lost, and nothing is sent twice."""

import re

import pytest
from playwright.sync_api import expect

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment

from .. import factories
from .conftest import sign_in
from .steps import (
    answer,
    at,
    box_for_words,
    close_discussion,
    comment,
    composer,
    discussion,
    hold_back,
    is_closed,
    open_discussion,
    open_form,
    open_text,
    opened,
    paragraph_address,
    send,
    shows_discussion_of,
    sign_in_by_password,
    write,
)

pytestmark = pytest.mark.browser


def bodies():
    return list(Comment.objects.order_by("pk").values_list("body", flat=True))


# --- Twice --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_a_double_click_on_send_is_one_comment(house, page_for, javascript):
    page = page_for(house.member, javascript=javascript)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Only once.")
    composer(page).locator("button.send").dblclick()
    expect(comment(page, "Only once.")).to_be_visible()
    write(page, "And another.")
    assert bodies() == ["Only once.", "And another."]


def test_ctrl_enter_twice_is_one_comment(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("By keys.")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    expect(comment(page, "By keys.")).to_be_visible()
    write(page, "And another.")
    assert bodies() == ["By keys.", "And another."]


def test_ctrl_enter_sends_an_answer_too(house, page_for):
    factories.create_comment(house.reading, house.other, "Who?")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(open_form(page, "Who?", "Answer", "answer")).fill("She.")
    page.keyboard.press("Control+Enter")
    expect(comment(page, "She.")).to_be_focused()
    assert bodies() == ["Who?", "She."]


# --- Not sent yet -------------------------------------------------------------------------------------------------


def test_words_are_kept_before_the_script_is_there_that_saves_them(house, page_for):
    page = page_for(house.member)
    held = []
    page.route("**/composer*.js", lambda route: held.append(route))
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Half a thou")
    close_discussion(page)
    is_closed(page)
    assert len(held) == 1
    held[0].continue_()
    open_discussion(page, 4)
    expect(box_for_words(composer(page))).to_have_value("Half a thou")
    expect(composer(page).locator(".kept")).to_have_text("Draft saved")


def test_words_outlive_the_panel_and_stay_with_their_paragraph(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Half a thou")
    close_discussion(page)
    is_closed(page)
    open_discussion(page, 5)
    expect(box_for_words(composer(page))).to_have_value("")
    open_discussion(page, 4)
    expect(box_for_words(composer(page))).to_have_value("Half a thou")
    page.reload()
    expect(box_for_words(composer(page))).to_have_value("Half a thou")
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(box_for_words(composer(page))).to_have_value("Half a thou")
    box_for_words(composer(page)).fill("Half a thought.")
    send(composer(page))
    expect(comment(page, "Half a thought.")).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value("")
    open_discussion(page, 5)
    open_discussion(page, 4)
    expect(box_for_words(composer(page))).to_have_value("")
    page.reload()
    expect(box_for_words(composer(page))).to_have_value("")


def test_blanks_sent_while_they_are_saved_are_refused_in_words(house, page_for):
    """What is typed before the box has its script is saved when that comes; who sends meanwhile waits for it."""
    page = page_for(house.member, expects=[422])
    let_the_script_come = hold_back(page, "**/composer*.js")
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("  ")
    end_of_saving = hold_back(page, "**/draft/")
    with page.expect_request("**/draft/"):
        let_the_script_come()
    send(composer(page))
    end_of_saving()
    expect(box_for_words(composer(page))).to_have_attribute("aria-invalid", "true")


def test_words_outlive_that_another_comment_is_sent_or_withdrawn(house, page_for):
    factories.create_comment(house.reading, house.other, "Who counted?")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Begun, not sent.")
    answer(page, to="Who counted?", words="Nobody did.")
    expect(box_for_words(composer(page))).to_have_value("Begun, not sent.")


def test_an_answer_begun_is_there_when_its_form_is_opened_again(house, page_for):
    factories.create_comment(house.reading, house.other, "Who counted?")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(open_form(page, "Who counted?", "Answer", "answer")).fill("Nobody, it see")
    open_discussion(page, 5)
    open_discussion(page, 4)
    form = open_form(page, "Who counted?", "Answer", "answer")
    expect(box_for_words(form)).to_have_value("Nobody, it see")
    send(form)
    expect(comment(page, "Nobody, it see")).to_be_visible()
    expect(box_for_words(open_form(page, "Who counted?", "Answer", "answer"))).to_have_value("")


def test_somebody_else_in_the_same_tab_does_not_see_them(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("For nobody's eyes yet.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert page.evaluate("Object.values(sessionStorage).join()") == ""
    sign_in(page.context, house.other, page.url)
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(box_for_words(composer(page))).to_have_value("")


def test_nor_do_they_when_the_login_changed_without_signing_out(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    box_for_words(composer(page)).fill("Mine alone.")
    page.context.clear_cookies()
    sign_in(page.context, house.other, page.url)
    page.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(page))).to_have_value("")


# --- Trouble on the way -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["offline", "cut off"])
def test_the_site_cannot_be_reached_for_a_moment(house, page_for, trouble):
    page = page_for(house.member, expects=["net::ERR_", "Failed to fetch"])
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("Into the tunnel.")
    if trouble == "offline":
        page.context.set_offline(True)
    else:
        page.route("**/comment/", lambda route: route.abort())
    send(composer(page))
    message = composer(page).get_by_role("alert").filter(has_text="could not be reached")
    expect(message).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value("Into the tunnel.")
    page.context.set_offline(False)
    page.unroute("**/comment/")
    expect(composer(page).locator("button.send")).to_be_enabled()
    send(composer(page))
    expect(comment(page, "Into the tunnel.")).to_be_visible()
    expect(message).to_be_hidden()
    assert bodies() == ["Into the tunnel."]


def test_the_answer_was_lost_on_the_way_back(house, page_for):
    """The comment is there, the writer does not know: sending again is no second comment."""
    page = page_for(house.member, expects=["net::ERR_", "Failed to fetch"])
    open_text(page, house.reading)
    open_discussion(page, 4)

    def deliver_and_lose(route):
        route.fetch()
        route.abort()

    page.route("**/comment/", deliver_and_lose)
    box_for_words(composer(page)).fill("Did you hear me?")
    send(composer(page))
    expect(composer(page).get_by_role("alert").filter(has_text="could not be reached")).to_be_visible()
    assert bodies() == ["Did you hear me?"]
    page.unroute("**/comment/")
    send(composer(page))
    expect(comment(page, "Did you hear me?")).to_be_visible()
    assert bodies() == ["Did you hear me?"]


def test_the_server_fails_and_the_words_are_kept(house, page_for):
    page = page_for(house.member, expects=[503])
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("At a bad moment.")
    page.route("**/comment/", lambda route: route.fulfill(status=503, body="<p>Later.</p>", content_type="text/html"))
    send(composer(page))
    expect(page.get_by_role("alert").filter(visible=True).first).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value("At a bad moment.")
    page.unroute("**/comment/")
    send(composer(page))
    expect(comment(page, "At a bad moment.")).to_be_visible()
    assert bodies() == ["At a bad moment."]


def test_signed_out_elsewhere_while_writing(house, page_for):
    """The login page comes as a page, not inside the panel; after it one is back, and so are the words."""
    house.member.set_password("a long enough one")
    house.member.save()
    page = page_for(house.member, expects=[401, 403])
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("A long time in the making.")
    page.context.clear_cookies(name="sessionid")
    send(composer(page))
    expect(page).to_have_url(re.compile("/accounts/login/"))
    sign_in_by_password(page, house.member, "a long enough one")
    expect(page).to_have_url(at(paragraph_address(house.reading, 4)))
    expect(box_for_words(composer(page))).to_have_value("A long time in the making.")
    assert Comment.objects.count() == 0


def test_signed_in_anew_elsewhere_while_writing(house, page_for):
    """The form's token is no longer good: the words stay where they are, and something is said."""
    page = page_for(house.member, expects=[403])
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("A long time in the making.")
    page.context.clear_cookies(name="csrftoken")
    with page.expect_response("**/comment/"):
        send(composer(page))
    expect(page.locator("#margin").get_by_role("alert").filter(visible=True).first).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value("A long time in the making.")


def test_two_edits_at_once_show_both(house, page_for):
    said = factories.create_comment(house.reading, house.member, "The ferry left.")
    page = page_for(house.member, expects=[409])
    other = page.context.new_page()
    for window in (page, other):
        open_text(window, house.reading)
        open_discussion(window, 4)
        open_form(window, "The ferry left.", "Edit", "edit")
    box_for_words(opened(other, "edit")).fill("The ferry left early.")
    send(opened(other, "edit"))
    expect(comment(other, "The ferry left early.")).to_be_visible()

    box_for_words(opened(page, "edit")).fill("The ferry left late.")
    send(opened(page, "edit"))
    form = opened(page, "edit")
    expect(form.get_by_role("alert").filter(has_text="elsewhere")).to_contain_text("The ferry left early.")
    expect(box_for_words(form)).to_have_value("The ferry left late.")
    expect(box_for_words(form)).to_be_focused()
    said.refresh_from_db()
    assert said.body == "The ferry left early."
    send(form)
    expect(comment(page, "The ferry left late.")).to_be_visible()
    said.refresh_from_db()
    assert said.body == "The ferry left late."
    assert said.wordings.count() == 2


def test_what_was_answered_is_withdrawn_meanwhile(house, page_for):
    asked = factories.create_comment(house.reading, house.other, "Is it so?")
    page = page_for(house.member, expects=[409])
    open_text(page, house.reading)
    open_discussion(page, 4)
    form = open_form(page, "Is it so?", "Answer", "answer")
    actions.withdraw(comment=asked, by=house.other)
    box_for_words(form).fill("It is so.")
    send(form)
    expect(discussion(page).get_by_role("alert").filter(has_text="taken back while you wrote")).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value("It is so.")
    send(composer(page))
    expect(comment(page, "It is so.")).to_be_visible()
    shows_discussion_of(page, 4)
    expect(page).to_have_url(at(paragraph_address(house.reading, 4)))
    assert Comment.objects.get(body="It is so.").parent is None
