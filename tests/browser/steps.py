"""What people do on the pages, so that the tests read as sentences. All of it works with JavaScript and without."""

import re
import time

from playwright.sync_api import expect

from .. import factories

NOT_A_TEXT = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\0\1"}


def address_of(reading):
    return f"/g/{reading.group.slug}/read/{reading.slug}/"


def paragraph_id(reading, number):
    return factories.version_of(reading, number).paragraph.public_id


def paragraph_address(reading, number):
    return f"{address_of(reading)}p/{paragraph_id(reading, number)}/"


def until(page, is_so, seconds=20):
    """Wait until it is so: what a page has sent may arrive late where much else is done. The page goes on meanwhile."""
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "it did not happen"
        page.wait_for_timeout(50)


def at(path):
    """An address that ends so."""
    return re.compile(rf"{re.escape(path)}$")


def long_reading(group, paragraphs=60, *, section_every=15):
    """A reading long enough to be scrolled, in sections."""
    return factories.create_reading(
        group, factories.long_text(paragraphs, section_every=section_every), filename="river.txt", title="The River"
    )


# --- The text -----------------------------------------------------------------------------------------------------


def open_text(page, reading):
    page.goto(address_of(reading))
    expect(page.locator(".text")).to_be_visible()


def button_at(page, number):
    """The button at the paragraph, which opens its discussion."""
    return page.locator(".talk").filter(has=page.locator(".number", has_text=re.compile(rf"^Paragraph {number}$")))


def block(page, number):
    """The paragraph itself, in the text."""
    return page.locator(".block").filter(has=page.locator(".number", has_text=re.compile(rf"^Paragraph {number}$")))


def said_at(page, number):
    """What the button says of how much is said there."""
    return button_at(page, number).locator(".said")


def scroll_of(page):
    return page.evaluate("Math.round(scrollY)")


def box(locator):
    """Where it stands in the window."""
    return locator.evaluate(
        """(element) => {
            const {top, bottom, left, right} = element.getBoundingClientRect();
            return {top, bottom, left, right};
        }"""
    )


# --- The discussion -----------------------------------------------------------------------------------------------


def discussion(page):
    return page.locator("#discussion")


def title(page):
    return page.locator("#discussion-title")


def open_discussion(page, number):
    """Open the paragraph's discussion from the text: beside it, or as its page without JavaScript."""
    button_at(page, number).click()
    shows_discussion_of(page, number)


def shows_discussion_of(page, number):
    expect(title(page)).to_have_text(re.compile(rf"^Paragraph {number}\b"))


def close_discussion(page):
    discussion(page).get_by_role("link", name="Close", exact=True).click()


def is_closed(page):
    expect(discussion(page)).to_be_hidden()
    expect(page.locator(".desk")).not_to_have_class(re.compile(r"\bopen\b"))


def composer(page):
    """The box for a new comment."""
    return page.locator("form#composer")


def box_for_words(form):
    return form.locator("textarea[name=body]")


def send(form):
    form.page.wait_for_load_state()  # until its scripts have run, the box has not come to rest where it stays
    form.locator("button.send").click()


def write(page, words):
    box_for_words(composer(page)).fill(words)
    send(composer(page))
    expect(comment(page, words)).to_be_visible()


def comment(page, words):
    """The comment whose own words these are, not one above it."""
    said = page.locator(":scope > .words").filter(has_text=words)
    return discussion(page).locator("article.comment").filter(has=said)


def stubs(page):
    return discussion(page).locator(".stub")


def name_of(a_comment):
    """The comment's own name in addresses."""
    return a_comment.get_attribute("id").removeprefix("c-")


def act_of(a_comment, name):
    """One of the comment's own acts: Answer, Put back; or, of those that stand under More: Edit, Withdraw, Report, …"""
    expect(a_comment).to_be_visible()
    more = a_comment.locator(":scope > .acts > .more:not([open]) > summary")
    if name not in {"Answer", "Put back"} and more.count():
        more.click()
    return a_comment.locator(":scope > .acts").get_by_role("link", name=name, exact=True)


def opened(page, what):
    """The form that stands open at a comment."""
    return page.locator(f"form.composer[id^={what}-]")


def open_form(page, words, act, what):
    act_of(comment(page, words), act).click()
    expect(opened(page, what)).to_be_visible()
    return opened(page, what)


def answer(page, to, words):
    form = open_form(page, to, "Answer", "answer")
    box_for_words(form).fill(words)
    send(form)
    expect(comment(page, words)).to_be_visible()


def edit(page, words, new_words):
    form = open_form(page, words, "Edit", "edit")
    expect(box_for_words(form)).to_have_value(words)
    box_for_words(form).fill(new_words)
    send(form)
    expect(comment(page, new_words)).to_be_visible()
    expect(comment(page, words)).to_have_count(0)


def withdraw(page, words):
    send(open_form(page, words, "Withdraw", "withdraw"))
    expect(comment(page, words)).to_have_count(0)


def put_back(page, words):
    stub = discussion(page).locator("article.comment.withdrawn").filter(has=page.get_by_role("link", name="Put back"))
    act_of(stub, "Put back").click()
    send(opened(page, "put-back"))
    expect(comment(page, words)).to_be_visible()


def permalink(page, words):
    """The way back to the comment, which its time is a link to."""
    return comment(page, words).locator(":scope > header a.when").get_attribute("href")


def is_in_window(locator):
    expect(locator).to_be_in_viewport()


def sign_in_by_password(page, user, password):
    """Fill the login page in."""
    page.locator("input[name=login]").fill(user.email)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")


def code_in(mail):
    """The code that a mail asks to be typed."""
    return re.search(r"^([A-Z0-9]{3,5}-?[A-Z0-9]{3,5})\s*$", mail, re.MULTILINE)[1]


def hold_back(page, addresses):
    """Let requests to these addresses wait. The function that this returns lets them go, and waits for their end."""
    held, holding = [], True

    def meet(route):
        if holding:
            held.append(route)
        else:
            route.continue_()

    def release():
        nonlocal holding
        holding = False
        for route in held:
            route.continue_()
            route.request.response()  # None if the page did not want it any more

    page.route(addresses, meet)
    return release
