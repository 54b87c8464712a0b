"""After signing out, Back shows nothing that was private; a login in another tab costs no words."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.discussion.models import Comment

from .. import factories
from .conftest import sign_in
from .steps import address_of, box_for_words, comment, composer, open_discussion, open_text, paragraph_address, send

pytestmark = pytest.mark.browser


def sign_out(page):
    page.locator("[data-signs-out] button").click()
    expect(page.locator(".masthead .account")).to_contain_text("Sign in")


def pages_of(house):
    yield "/me/"
    yield address_of(house.reading)  # of a public group; but it bears one's name
    yield reverse("group", args=[house.group.slug])
    yield paragraph_address(house.reading, 4)


@pytest.mark.parametrize("javascript", [True, False])
def test_row_37_after_signing_out_back_shows_nothing_private(closed_house, page_for, javascript):
    """Row 37: a private page was restored after logout."""
    factories.create_comment(closed_house.reading, closed_house.member, "Said among ourselves.")
    page = page_for(closed_house.member, javascript=javascript, expects=[404])
    for address in pages_of(closed_house):
        page.goto(address)
        expect(page.locator(".masthead")).to_contain_text("Mara")
    sign_out(page)
    for _ in range(4):
        page.go_back()
        expect(page.locator(".masthead")).not_to_contain_text("Mara")
        assert "Said among ourselves" not in page.content()
        assert "Mara" not in page.content()
    if javascript:
        assert page.evaluate("localStorage.length") == 0
        assert page.evaluate("sessionStorage.length") == 0


def test_row_37_of_a_public_group_back_shows_the_text_without_the_name(house, page_for):
    """Row 37: the text is everybody's, the name in its head is not."""
    page = page_for(house.member)
    for address in pages_of(house):
        page.goto(address)
    sign_out(page)
    for _ in range(4):
        page.go_back()
        expect(page.locator(".masthead")).to_contain_text("Sign in")
        assert "Mara" not in page.locator(".masthead").inner_text()


def test_a_page_out_of_the_browsers_memory_is_loaded_anew_when_the_person_is_another(house, page_for):
    """Browsers that keep pages whole for Back, whatever we say: the page itself looks who is there."""
    page = page_for(house.member)
    page.goto("/me/")
    expect(page.locator(".masthead")).to_contain_text("Mara")
    page.evaluate("window.isOld = true")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.evaluate("window.isOld")  # nobody has signed out: it stays as it was
    page.evaluate("sessionStorage.clear()")
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert not page.evaluate("window.isOld")


@pytest.mark.parametrize("javascript", [True, False])
def test_row_36_signed_in_anew_in_another_tab_while_writing(house, page_for, javascript):
    """Row 36: the form's token is no longer good; nothing is sent, the words come back, a click sends them."""
    house.member.set_password("a long enough one")
    house.member.save()
    page = page_for(house.member, javascript=javascript, expects=[403])
    page.goto(paragraph_address(house.reading, 4))
    box_for_words(composer(page)).fill("A long time in the making.")
    other = page.context.new_page()
    other.goto("/")
    sign_out(other)
    other.goto("/accounts/login/")
    other.locator("input[name=login]").fill(house.member.email)
    other.locator("input[name=password]").fill("a long enough one")
    other.locator("input[name=password]").press("Enter")
    expect(other.locator(".masthead")).to_contain_text("Mara")

    send(composer(page))
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Your words are here")
    form = page.locator("form.composer")
    expect(box_for_words(form)).to_have_value("A long time in the making.")
    assert not Comment.objects.exists()
    send(form)
    expect(comment(page, "A long time in the making.")).to_be_visible()
    assert Comment.objects.get().author == house.member
    page.goto(paragraph_address(house.reading, 4))
    expect(box_for_words(composer(page))).to_have_value("")


def test_the_same_beside_the_text(house, page_for):
    """In the panel; the text stays where it is."""
    page = page_for(house.member, expects=[403])
    open_text(page, house.reading)
    open_discussion(page, 4)
    box_for_words(composer(page)).fill("A long time in the making.")
    page.context.clear_cookies(name="csrftoken")
    page.context.clear_cookies(name="sessionid")
    sign_in(page.context, house.member, page.url)
    send(composer(page))
    expect(page.locator("#margin").get_by_role("alert").filter(visible=True)).to_contain_text("Your words are here")
    send(composer(page))
    expect(comment(page, "A long time in the making.")).to_be_visible()
    assert Comment.objects.get().body == "A long time in the making."


def test_the_login_ran_out_while_writing_without_scripts(house, page_for):
    """The words wait until one has signed in."""
    house.member.set_password("a long enough one")
    house.member.save()
    page = page_for(house.member, javascript=False)
    page.goto(paragraph_address(house.reading, 4))
    box_for_words(composer(page)).fill("A long time in the making.")
    page.context.clear_cookies(name="sessionid")
    send(composer(page))
    expect(page).to_have_url(re.compile("/accounts/login/"))
    page.locator("input[name=login]").fill(house.member.email)
    page.locator("input[name=password]").fill("a long enough one")
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What you had written")
    expect(box_for_words(page)).to_have_value("A long time in the making.")
    page.get_by_role("button", name="Send").click()
    expect(comment(page, "A long time in the making.")).to_be_visible()
