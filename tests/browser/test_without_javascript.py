"""Everything that one can do, with JavaScript off."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.discussion import actions
from readinggroup.discussion.models import Comment
from readinggroup.discussion.threads import ROOTS_A_PAGE
from readinggroup.moderation.models import Report

from .. import factories
from .conftest import NARROW, WIDE
from .steps import (
    act_of,
    address_of,
    answer,
    at,
    box_for_words,
    close_discussion,
    code_in,
    comment,
    composer,
    discussion,
    edit,
    is_in_window,
    open_discussion,
    open_form,
    open_text,
    opened,
    paragraph_address,
    paragraph_id,
    put_back,
    send,
    shows_discussion_of,
    sign_in_by_password,
    withdraw,
    write,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(page_for):
    """A browser with JavaScript off."""
    return lambda user=None, window=WIDE, expects=(): page_for(user, window, javascript=False, expects=expects)


@pytest.mark.parametrize("window", [NARROW, WIDE], ids=["narrow", "wide"])
def test_from_the_text_to_the_discussion_and_back(house, plain, window):
    page = plain(house.member, window)
    page.goto("/")
    page.get_by_role("link", name="Harbour readers").first.click()
    page.get_by_role("link", name="The Ferry", exact=True).click()
    open_discussion(page, 4)
    discussion(page).get_by_role("link", name="Discussion of the next paragraph").click()
    shows_discussion_of(page, 5)
    close_discussion(page)
    expect(page).to_have_url(at(f"{address_of(house.reading)}#{paragraph_id(house.reading, 5)}"))
    is_in_window(page.locator(f"[id='{paragraph_id(house.reading, 5)}']"))


def test_write_preview_answer_edit_withdraw_put_back(house, plain):
    page = plain(house.member)
    page.goto(paragraph_address(house.reading, 4))
    box_for_words(composer(page)).fill("Some *weight*.")
    composer(page).get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview").locator("em")).to_have_text("weight")
    assert Comment.objects.count() == 0
    send(composer(page))
    expect(comment(page, "Some weight.")).to_be_visible()
    page.reload()
    assert Comment.objects.count() == 1
    answer(page, to="Some weight.", words="More of it.")
    edit(page, "More of it.", "Less of it.")
    withdraw(page, "Less of it.")
    put_back(page, "Less of it.")
    is_in_window(comment(page, "Less of it."))


def test_refused_words_are_in_the_box_with_the_reason(house, plain):
    page = plain(house.member, expects=[422])
    page.goto(paragraph_address(house.reading, 4))
    box_for_words(composer(page)).fill("   ")
    send(composer(page))
    expect(box_for_words(composer(page))).to_have_attribute("aria-invalid", "true")
    expect(composer(page).get_by_role("alert").filter(has_text="There is nothing to send yet")).to_be_visible()


def test_an_edit_in_two_windows_shows_both(house, plain):
    said = factories.create_comment(house.reading, house.member, "The ferry left.")
    page = plain(house.member, expects=[409])
    page.goto(paragraph_address(house.reading, 4))
    form = open_form(page, "The ferry left.", "Edit", "edit")
    actions.reword(comment=said, body="The ferry left early.", wording=1, by=house.member)
    box_for_words(form).fill("The ferry left late.")
    send(form)
    expect(opened(page, "edit").get_by_role("alert").first).to_contain_text("The ferry left early.")
    expect(box_for_words(opened(page, "edit"))).to_have_value("The ferry left late.")
    send(opened(page, "edit"))
    expect(comment(page, "The ferry left late.")).to_be_visible()


def test_what_was_answered_is_withdrawn_meanwhile(house, plain):
    asked = factories.create_comment(house.reading, house.other, "Is it so?")
    page = plain(house.member, expects=[409])
    page.goto(paragraph_address(house.reading, 4))
    form = open_form(page, "Is it so?", "Answer", "answer")
    actions.withdraw(comment=asked, by=house.other)
    box_for_words(form).fill("It is so.")
    send(form)
    expect(box_for_words(composer(page))).to_have_value("It is so.")
    send(composer(page))
    expect(comment(page, "It is so.")).to_be_visible()


def test_report(house, plain):
    factories.create_comment(house.reading, house.other, "Buy my boats.")
    page = plain(house.member)
    page.goto(paragraph_address(house.reading, 4))
    act_of(comment(page, "Buy my boats."), "Report").click()
    page.get_by_label("What is wrong with it").fill("It sells boats.")
    page.get_by_role("button", name="Send to the moderators").click()
    expect(page.get_by_role("status")).to_contain_text("The moderators will look at it")
    assert Report.objects.get().reporter == house.member
    mona = plain(house.moderator)
    mona.goto(f"/g/{house.group.slug}/")
    mona.get_by_role("link", name="What waits for moderators").click()
    mona.get_by_role("link", name="Buy my boats.").click()
    expect(mona.locator("main")).to_contain_text("It sells boats.")


def test_order_and_pages(house, plain):
    for number in range(ROOTS_A_PAGE + 2):
        factories.create_comment(house.reading, house.other, f"Remark {number:02}.")
    page = plain()
    page.goto(paragraph_address(house.reading, 4))
    roots = discussion(page).locator(".thread > li > .comment > .words")
    expect(roots.first).to_have_text("Remark 00.")
    expect(roots).to_have_count(ROOTS_A_PAGE)
    page.get_by_role("link", name="Load more: 2 threads left").click()
    expect(roots).to_have_count(2)
    page.get_by_role("link", name="Previous page").click()
    page.get_by_role("link", name="Newest first").click()
    expect(roots.first).to_have_text(f"Remark {ROOTS_A_PAGE + 1:02}.")
    page.get_by_role("link", name="Load more: 2 threads left").click()
    expect(roots.last).to_have_text("Remark 00.")
    page.get_by_role("link", name="Oldest first").click()
    expect(roots.first).to_have_text("Remark 00.")


def test_a_comment_far_back_is_found_by_its_link(house, plain):
    for number in range(ROOTS_A_PAGE):
        factories.create_comment(house.reading, house.other, f"Remark {number:02}.")
    last = factories.create_comment(house.reading, house.other, "The last remark.")
    page = plain()
    page.goto(f"/c/{last.public_id}/")
    expect(page).to_have_url(at(f"?page=2#c-{last.public_id}"))
    is_in_window(comment(page, "The last remark."))


def test_sign_in_by_a_code_from_the_mail_write_and_sign_out(house, plain, outbox):
    page = plain()
    open_text(page, house.reading)
    open_discussion(page, 4)
    page.get_by_role("link", name="Sign in to say something").click()
    page.get_by_role("link", name=re.compile("code", re.IGNORECASE)).or_(
        page.get_by_role("button", name=re.compile("code", re.IGNORECASE))
    ).first.click()
    page.get_by_label(re.compile("^E-?mail", re.IGNORECASE)).fill(house.member.email)
    page.locator("main button.send").first.click()
    page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(code_in(outbox()[-1]))
    page.locator("main button.send").first.click()
    expect(page).to_have_url(at(paragraph_address(house.reading, 4)))
    write(page, "Here at last.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    page.goto(paragraph_address(house.reading, 4))
    expect(composer(page)).to_have_count(0)


def test_signed_out_elsewhere_while_writing(house, plain):
    """The words wait on a page of their own and are sent from there; that page is none that only takes posts."""
    house.member.set_password("a long enough one")
    house.member.save()
    page = plain(house.member)
    page.goto(paragraph_address(house.reading, 4))
    box_for_words(composer(page)).fill("A long time in the making.")
    page.context.clear_cookies(name="sessionid")
    send(composer(page))
    sign_in_by_password(page, house.member, "a long enough one")
    expect(page).to_have_url(at(reverse("accounts:kept_words")))
    expect(page.get_by_label("Your words")).to_have_value("A long time in the making.")
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(re.compile(rf"{re.escape(paragraph_address(house.reading, 4))}#c-\w+$"))
    expect(page.get_by_role("article").filter(has_text="A long time in the making.")).to_be_visible()
