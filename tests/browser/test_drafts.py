"""The ten ways to lose what one is writing, and some more: nothing is lost, and nobody else is shown it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Error, expect

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment, Draft
from readinggroup.groups import actions as groups_actions

from .. import factories
from .conftest import NARROW, WINDOWS, sign_in
from .steps import (
    act_of,
    box_for_words,
    comment,
    composer,
    discussion,
    open_discussion,
    open_form,
    open_text,
    opened,
    paragraph_address,
    send,
    sign_in_by_password,
    until,
)

pytestmark = pytest.mark.browser
windows = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
WORDS = "A long time in the making"


def state(form):
    return form.locator(".kept")


def type_words(form, words=WORDS):
    """As a person types, so that the script hears every key."""
    box_for_words(form).click()
    box_for_words(form).press_sequentially(words)


def is_saved(form):
    expect(state(form)).to_have_text("Draft saved")


def on_the_device(page):
    return page.evaluate("Object.entries(localStorage).filter(([name]) => name.startsWith('draft:')).map(String)")


def write_and_wait(page, house, words=WORDS):
    page.goto(paragraph_address(house.reading, 4))
    type_words(composer(page), words)
    is_saved(composer(page))
    assert Draft.objects.get().body == words
    assert on_the_device(page) == []


# --- 1 to 10 --------------------------------------------------------------------------------------------------------


@windows
def test_1_reload(house, page_for, window):
    page = page_for(house.member, window)
    open_text(page, house.reading)
    open_discussion(page, 4)
    type_words(composer(page))
    page.reload()  # at once, before the two seconds are over
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    is_saved(composer(page))
    page.reload()
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    assert Draft.objects.get().body == WORDS
    assert on_the_device(page) == []


def test_1_reload_that_overtakes_the_saving(house, page_for):
    """The page was put together before the words were saved, and is shown after: it has them nevertheless."""
    page = page_for(house.member)
    address = paragraph_address(house.reading, 4)
    page.goto(address)
    type_words(composer(page))
    held = []
    page.route(f"**{address}", lambda route: held.append((route, route.fetch())))
    with page.expect_response("**/draft/"):
        page.evaluate("setTimeout(() => location.reload())")
    until(page, lambda: held)
    [(route, without_words)] = held
    assert WORDS not in without_words.text()
    assert Draft.objects.get().body == WORDS
    route.fulfill(response=without_words)
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    type_words(composer(page), ".")
    is_saved(composer(page))
    expect(composer(page).locator("[data-clash] *")).to_have_count(0)
    assert Draft.objects.count() == 1


def test_2_the_tab_crashes(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    type_words(composer(page))
    other = page.context.new_page()
    with pytest.raises(Error, match="crash"):
        page.goto("chrome://crash")
    page.close()
    other.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(other))).to_have_value(WORDS)
    is_saved(composer(other))
    assert Draft.objects.get().body == WORDS


def test_3_signing_out(house, page_for):
    """What was typed a moment ago is saved first, and then nothing is left on the device."""
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    type_words(composer(page))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert Draft.objects.get().body == WORDS
    assert on_the_device(page) == []
    sign_in(page.context, house.member, page.url)
    page.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(page))).to_have_value(WORDS)


def test_3_signing_out_while_the_server_cannot_save(house, page_for):
    """Then they stay on the device, for this person and nobody else."""
    page = page_for(house.member, expects=[503])
    page.goto(paragraph_address(house.reading, 4))
    page.route("**/draft/", lambda route: route.fulfill(status=503, body="Later."))
    type_words(composer(page))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    page.unroute("**/draft/")
    sign_in(page.context, house.other, page.url)
    page.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(page))).to_have_value("")
    page.wait_for_timeout(300)
    assert not Draft.objects.exists()
    page.context.clear_cookies(name="sessionid")
    sign_in(page.context, house.member, page.url)
    page.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    is_saved(composer(page))
    assert Draft.objects.get().author == house.member
    assert on_the_device(page) == []


def test_4_the_login_runs_out(house, page_for):
    """It stays on this device; signed in again, it stands in the box, and the server has it."""
    house.member.set_password("a long enough one")
    house.member.save()
    page = page_for(house.member, expects=[401])
    page.goto(paragraph_address(house.reading, 4))
    page.context.clear_cookies(name="sessionid")
    type_words(composer(page))
    expect(state(composer(page))).to_have_text("Kept on this device")
    send(composer(page))
    expect(page).to_have_url(re.compile("/accounts/login/"))
    sign_in_by_password(page, house.member, "a long enough one")
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    is_saved(composer(page))
    assert Draft.objects.get().body == WORDS


def test_5_a_refusal_403(house, page_for):
    """Suspended while one writes: sending is refused, saving is not."""
    page = page_for(house.member, expects=[403])
    page.goto(paragraph_address(house.reading, 4))
    type_words(composer(page), "A long time")
    groups_actions.suspend(
        membership=house.group.memberships.get(user=house.member),
        until=timezone.now() + timedelta(days=1),
        reason="Rest a while.",
        by=house.owner,
    )
    box_for_words(composer(page)).press_sequentially(" in the making")
    is_saved(composer(page))
    send(composer(page))
    expect(page.get_by_text("You cannot write here at present")).to_be_visible()
    page.goto(reverse("discussion:my_drafts"))
    expect(page.get_by_role("textbox", name="Your words")).to_have_value(WORDS)
    expect(page.get_by_text("You cannot write in this group at present")).to_be_visible()
    assert not Comment.objects.exists()


def test_6_two_tabs_409(house, page_for):
    """Both texts are shown, and one chooses."""
    page = page_for(house.member, expects=[409])
    page.goto(paragraph_address(house.reading, 4))
    other = page.context.new_page()
    other.goto(paragraph_address(house.reading, 4))
    type_words(composer(page), "In the first tab.")
    is_saved(composer(page))
    type_words(composer(other), "In the second tab.")
    clash = composer(other).locator("[data-clash]")
    expect(clash.get_by_role("alert")).to_contain_text("Nothing is overwritten")
    expect(clash.get_by_label("The other text")).to_have_value("In the first tab.")
    expect(box_for_words(composer(other))).to_have_value("In the second tab.")
    assert Draft.objects.get().body == "In the first tab."
    other.reload()  # before choosing
    expect(clash.get_by_label("The other text")).to_have_value("In the first tab.")
    expect(box_for_words(composer(other))).to_have_value("In the second tab.")
    other.get_by_role("button", name="Keep what I have here").click()
    is_saved(composer(other))
    assert Draft.objects.get().body == "In the second tab."
    type_words(composer(page), " And more.")
    page.get_by_role("button", name="Take the other text").click()
    expect(box_for_words(composer(page))).to_have_value("In the second tab.")
    expect(clash).to_be_empty()
    box_for_words(composer(page)).press_sequentially("!")
    is_saved(composer(page))
    expect(composer(page).locator("[data-clash]")).to_be_empty()
    send(composer(page))
    expect(comment(page, "In the second tab.")).to_be_visible()
    assert not Draft.objects.exists()


def test_7_the_server_is_away_503(house, page_for):
    page = page_for(house.member, expects=[503])
    page.goto(paragraph_address(house.reading, 4))
    page.route("**/draft/", lambda route: route.fulfill(status=503, body="Later."))
    type_words(composer(page))
    expect(state(composer(page))).to_have_text("Kept on this device")
    page.reload()
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    page.unroute("**/draft/")
    with page.expect_response("**/draft/"):
        page.goto("/")  # any page sends it
    page.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    is_saved(composer(page))
    assert Draft.objects.get().body == WORDS


def test_8_the_post_fails(house, page_for):
    page = page_for(house.member, expects=[500, 503])
    write_and_wait(page, house)
    for status in (500, 503):
        page.route("**/comment/", lambda route, *, status=status: route.fulfill(status=status, body="No."))
        send(composer(page))
        expect(composer(page).get_by_role("alert").filter(visible=True).first).to_be_visible()
        page.unroute("**/comment/")
        assert Draft.objects.get().body == WORDS
        page.reload()
        expect(box_for_words(composer(page))).to_have_value(WORDS)
    send(composer(page))
    expect(comment(page, WORDS)).to_be_visible()
    assert not Draft.objects.exists()
    assert on_the_device(page) == []
    page.reload()
    expect(box_for_words(composer(page))).to_have_value("")


def test_9_what_is_answered_is_taken_back(house, page_for):
    asked = factories.create_comment(house.reading, house.other, "Is it so?")
    page = page_for(house.member, expects=[403, 404, 409])
    page.goto(paragraph_address(house.reading, 4))
    type_words(open_form(page, "Is it so?", "Answer", "answer"))
    is_saved(opened(page, "answer"))
    actions.withdraw(comment=asked, by=house.other)
    page.goto(reverse("discussion:my_drafts"))
    expect(page.get_by_text("can no longer be answered")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your words")).to_have_value(WORDS)
    page.get_by_role("button", name="Make it a new comment").click()
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    send(composer(page))
    expect(comment(page, WORDS)).to_be_visible()
    assert not Draft.objects.exists()


def test_9_the_paragraph_is_taken_out_of_the_text(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 3))
    type_words(composer(page), "A long time")
    is_saved(composer(page))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # a published revision does not change
        cursor.execute("DELETE FROM texts_paragraphversion WHERE id = %s", [factories.version_of(house.reading, 3).pk])
        cursor.execute("SET session_replication_role = origin")
    box_for_words(composer(page)).press_sequentially(" in the making")
    with page.expect_response("**/draft/"):
        pass
    page.goto(reverse("discussion:my_drafts"))
    expect(page.get_by_text("no longer in the text")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your words")).to_have_value(WORDS)
    assert on_the_device(page) == []


def test_10_another_person_at_the_same_browser(house, page_for):
    page = page_for(house.member, expects=[401, 403, "net::ERR_"])
    page.goto(paragraph_address(house.reading, 4))
    page.context.set_offline(True)
    type_words(composer(page), "Mine alone.")
    page.context.clear_cookies(name="sessionid")
    sign_in(page.context, house.other, page.url)
    page.context.set_offline(False)
    other = page.context.new_page()
    other.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(other))).to_have_value("")
    type_words(composer(page), " Still.")  # the first one's tab is still there
    expect(state(composer(page))).to_have_text("Kept on this device")
    assert not Draft.objects.filter(author=house.other).exists()
    type_words(composer(other), "Milo's.")
    is_saved(composer(other))
    assert Draft.objects.get().body == "Milo's."
    other.context.clear_cookies(name="sessionid")
    sign_in(page.context, house.member, page.url)
    page.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(page))).to_have_value("Mine alone. Still.")
    is_saved(composer(page))
    assert Draft.objects.get(author=house.member).body == "Mine alone. Still."


# --- And more -------------------------------------------------------------------------------------------------------


def test_offline_it_is_kept_here_and_saved_when_the_line_is_back(house, page_for):
    page = page_for(house.member, expects=["net::ERR_"])
    page.goto(paragraph_address(house.reading, 4))
    page.context.set_offline(True)
    type_words(composer(page))
    expect(state(composer(page))).to_have_text("Kept on this device")
    page.context.set_offline(False)
    is_saved(composer(page))
    assert Draft.objects.get().body == WORDS
    assert on_the_device(page) == []


def test_on_another_device(house, page_for):
    write_and_wait(page_for(house.member), house)
    phone = page_for(house.member, NARROW)
    open_text(phone, house.reading)
    open_discussion(phone, 4)
    expect(box_for_words(composer(phone))).to_have_value(WORDS)
    send(composer(phone))
    expect(comment(phone, WORDS)).to_be_visible()
    assert not Draft.objects.exists()


def test_an_answer_begun_is_told_of_and_opens_with_its_words(house, page_for):
    factories.create_comment(house.reading, house.other, "Who counted?")
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    type_words(open_form(page, "Who counted?", "Answer", "answer"), "Nobody, it see")
    is_saved(opened(page, "answer"))
    page.reload()
    page.get_by_role("link", name="an answer to Milo").click()
    expect(box_for_words(opened(page, "answer"))).to_have_value("Nobody, it see")
    send(opened(page, "answer"))
    expect(comment(page, "Nobody, it see")).to_be_visible()
    assert not Draft.objects.exists()


def test_an_edit_begun_is_there_again(house, page_for):
    factories.create_comment(house.reading, house.member, "The ferry left.")
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    form = open_form(page, "The ferry left.", "Edit", "edit")
    box_for_words(form).fill("The ferry left early.")
    is_saved(form)
    page.reload()
    form = open_form(page, "The ferry left.", "Edit", "edit")
    expect(box_for_words(form)).to_have_value("The ferry left early.")
    send(form)
    expect(comment(page, "The ferry left early.")).to_be_visible()
    assert not Draft.objects.exists()


def test_sent_at_once_and_saved_at_once_is_a_comment_and_no_draft(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    for number in range(3):
        words = f"Sent while it was being saved {number}."
        box_for_words(composer(page)).fill(words)
        page.wait_for_timeout(1_950)
        page.keyboard.press("Control+Enter")
        expect(comment(page, words)).to_be_visible()
    page.wait_for_timeout(2_300)
    assert not Draft.objects.exists()
    assert on_the_device(page) == []
    page.reload()
    expect(box_for_words(composer(page))).to_have_value("")


def test_what_is_emptied_is_no_draft(house, page_for):
    page = page_for(house.member)
    write_and_wait(page, house)
    box_for_words(composer(page)).fill("")
    expect(state(composer(page))).to_have_text("")
    page.reload()
    expect(box_for_words(composer(page))).to_have_value("")
    assert not Draft.objects.exists()


def test_without_scripts_a_button_keeps_it(house, page_for):
    page = page_for(house.member, javascript=False)
    page.goto(paragraph_address(house.reading, 4))
    box_for_words(composer(page)).fill(WORDS)
    composer(page).get_by_role("button", name="Save draft").click()
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.goto("/me/")
    page.get_by_role("link", name="My drafts").click()
    page.get_by_role("link", name="A comment").click()
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    page.goto(reverse("discussion:my_drafts"))
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete this draft").click()
    expect(page.get_by_text("You have begun nothing.")).to_be_visible()


def test_where_it_will_never_be_taken_the_list_shows_what_this_device_has(house, page_for):
    page = page_for(house.member, expects=[403])
    page.goto(paragraph_address(house.reading, 4))
    house.group.memberships.filter(user=house.member).update(left_at=timezone.now())
    type_words(composer(page))
    expect(state(composer(page))).to_have_text("Kept on this device")
    page.goto(reverse("discussion:my_drafts"))
    here = page.locator("#on-this-device")
    expect(here.get_by_role("textbox", name="Your words")).to_have_value(WORDS)
    here.get_by_role("button", name="Delete this draft").click()
    expect(here).to_be_hidden()
    assert on_the_device(page) == []


def test_one_answers_something_else_meanwhile(house, page_for):
    """What complaint 16 tells of: a draft lost by answering another comment."""
    factories.create_comment(house.reading, house.other, "Who counted?")
    page = page_for(house.member)
    write_and_wait(page, house)
    form = open_form(page, "Who counted?", "Answer", "answer")
    type_words(form, "Nobody.")
    send(form)
    expect(comment(page, "Nobody.")).to_be_visible()
    expect(box_for_words(composer(page))).to_have_value(WORDS)
    assert act_of(comment(page, "Nobody."), "Edit").count() == 1
    expect(discussion(page)).to_be_visible()
    page.wait_for_timeout(2_300)
    assert Draft.objects.get().body == WORDS
