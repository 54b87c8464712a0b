"""Reading itself: the place where one stopped, notes, printing, and bringing a text."""

import json

import pytest
from django.conf import settings
from playwright.sync_api import expect

from readinggroup.lib.static_files import minified_sheet
from readinggroup.readings.models import Place, Reading

from .. import factories
from .conftest import NARROW, WIDE
from .steps import (
    NOT_A_TEXT,
    address_of,
    at,
    block,
    button_at,
    comment,
    discussion,
    is_in_window,
    long_reading,
    open_discussion,
    open_text,
    paragraph_address,
    paragraph_id,
    scroll_of,
    title,
)

pytestmark = pytest.mark.browser

# Every rule of a sheet as the browser has understood it. What it keeps as it was written (custom properties) is
# compared without blanks and zeros before a point.
RULES = r"""(sheet) => {
    const made = new CSSStyleSheet();
    made.replaceSync(sheet);
    const plain = (text) => text.replace(/\b0\./g, ".").replace(/\s*([,:/])\s*/g, "$1").replace(/\s+/g, " ");
    const rules = [];
    const walk = (list, depth) => {
        for (const rule of list) {
            const head = rule.selectorText ?? plain(rule.conditionText ?? rule.name ?? "");
            rules.push([depth, head, plain(rule.style?.cssText ?? "")].join(" "));
            walk(rule.cssRules ?? [], depth + 1);
        }
    };
    walk(made.cssRules, 0);
    return rules;
}"""
windows = pytest.mark.parametrize("window", [NARROW, WIDE], ids=["narrow", "wide"])


def test_the_page_has_its_styles_and_scripts(house, page_for):
    page = page_for(house.member)
    got = {}
    page.on("response", lambda response: got.update({response.url.rsplit("/", 1)[-1]: response.status}))
    open_text(page, house.reading)
    for name in ("discussion.js", "reading.js", "unread.js"):
        assert got[name] == 200
    assert page.evaluate("typeof readingGroup === 'object' && typeof htmx === 'undefined'")
    assert page.evaluate("getComputedStyle(document.querySelector('.talk')).position") == "absolute"
    assert len(got) <= 4  # the page with them; htmx, and what writing needs, come when somebody writes
    with page.expect_response("**/htmx-4.min.js") as htmx:
        open_discussion(page, 4)
    assert htmx.value.status == 200


def test_a_visitor_reads_discussions_without_what_writing_needs(house, page_for):
    factories.create_comment(house.reading, house.other, "Who counted?", number=4)
    page = page_for(None)
    got = []
    page.on("response", lambda response: got.append(response.url.rsplit("/", 1)[-1]))
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(comment(page, "Who counted?")).to_be_visible()
    assert not {"htmx-4.min.js", "composer.js", "site.css"} & set(got)


def test_it_is_set_the_same_by_the_sheets_in_fewer_bytes(house, page_for):
    """Chromium reads the same rules in both, in the same order."""
    page = page_for(None)
    open_text(page, house.reading)
    for name in ("site.css", "other-pages.css"):
        text = (settings.BASE_DIR / "static" / "css" / name).read_text(encoding="utf-8")
        full, less = (page.evaluate(RULES, sheet) for sheet in (text, minified_sheet(text)))
        assert len(full) > 50
        assert less == full


# --- The place ----------------------------------------------------------------------------------------------------


def read_to(page, number):
    """Scroll there and stop, as a reader does; what is kept of it is sent two seconds later."""
    block(page, number).evaluate("(e) => e.scrollIntoView({block: 'center'})")


@windows
def test_a_member_goes_on_where_they_stopped_on_any_device(house, page_for, window):
    reading = long_reading(house.group)
    page = page_for(house.member, window)
    open_text(page, reading)
    expect(page.locator(".resume")).to_have_count(0)
    with page.expect_response("**/place/") as kept:
        read_to(page, 30)
    assert kept.value.status == 204
    place = Place.objects.get(user=house.member)
    number = reading.edition.current.versions.get(paragraph=place.paragraph).number
    assert 24 <= number <= 30

    elsewhere = page_for(house.member)
    open_text(elsewhere, reading)
    elsewhere.get_by_role("link", name=f"Go on at paragraph {number}").click()
    is_in_window(block(elsewhere, number))
    other = page_for(house.other)
    open_text(other, reading)
    expect(other.locator(".resume")).to_have_count(0)


def test_a_visitors_place_stays_on_the_device(house, page_for):
    reading = long_reading(house.group)
    page = page_for(None)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    open_text(page, reading)
    expect(page.locator("#resume")).to_be_hidden()
    read_to(page, 30)
    kept = "(key) => localStorage.getItem(key)"
    page.wait_for_function(kept, arg=f"place:{reading.pk}")
    number = json.loads(page.evaluate(kept, f"place:{reading.pk}"))["number"].strip()
    assert 24 <= int(number) <= 30
    page.goto("/")
    open_text(page, reading)
    page.get_by_role("link", name=f"Go on at paragraph {number}").click()
    is_in_window(block(page, int(number)))
    assert set(sent) == {"GET"}


def test_without_javascript_the_place_is_kept_by_a_button(house, page_for):
    page = page_for(house.member, javascript=False)
    page.goto(paragraph_address(house.reading, 9))
    page.get_by_role("button", name="I stopped here").click()
    expect(page).to_have_url(at(f"#{paragraph_id(house.reading, 9)}"))
    expect(page.get_by_role("link", name="Go on at paragraph 9")).to_be_visible()


# --- Notes --------------------------------------------------------------------------------------------------------

NOTED = """# The Quay

The clerk kept a list.[^1] Nobody saw the list.[^2]

And the winter went on, as winters do.

[^1]: In *two* copies, one of them lost.
"""


@windows
@pytest.mark.parametrize("how", ["click", "Enter"])
def test_a_note_shows_in_its_place(house, page_for, window, how):
    reading = factories.create_reading(house.group, NOTED, filename="quay.md", title="The Quay")
    page = page_for(house.member, window)
    open_text(page, reading)
    mark = page.get_by_role("button", name="Note 1", exact=True)
    before = scroll_of(page)
    if how == "click":
        mark.click()
    else:
        mark.focus()
        page.keyboard.press("Enter")
    note = page.locator(".note:popover-open")
    expect(note).to_contain_text("In two copies, one of them lost.")
    expect(note).to_be_in_viewport(ratio=1)
    assert scroll_of(page) == before
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    expect(mark).to_be_focused()
    assert scroll_of(page) == before


@windows
def test_a_note_without_text_says_so(house, page_for, window):
    page = page_for(house.member, window)
    open_text(page, house.reading)
    page.get_by_role("button", name="Note 1", exact=True).click()
    expect(page.locator(".note:popover-open")).to_contain_text("The source has no text for this note.")


def test_a_note_while_a_discussion_is_open_closes_before_it(house, page_for):
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    page.get_by_role("button", name="Note 1", exact=True).click()
    expect(page.locator(".note:popover-open")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".note:popover-open")).to_have_count(0)
    expect(title(page)).to_be_visible()


def test_a_note_on_the_paragraphs_page(house, page_for):
    page = page_for(house.member)
    page.goto(paragraph_address(house.reading, 4))
    page.get_by_role("button", name="Note 1", exact=True).click()
    expect(page.locator(".note:popover-open")).to_be_visible()


# --- Print --------------------------------------------------------------------------------------------------------


def test_printed_the_page_is_the_text(house, page_for):
    factories.create_comment(house.reading, house.other, "Not on paper.")
    page = page_for(house.member)
    open_text(page, house.reading)
    open_discussion(page, 4)
    expect(comment(page, "Not on paper.")).to_be_visible()
    page.emulate_media(media="print")
    for hidden in (".masthead", ".foot", ".rail", "#discussion", ".contents", ".said >> nth=3"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("button:visible").filter(has_not_text="1").filter(has_not_text="2")).to_have_count(0)
    for number in (1, 4, 12):
        expect(block(page, number).locator("p, h2")).to_be_visible()
    expect(page.locator(".note").first).to_be_visible()


def test_the_text_with_its_discussion_is_one_document(house, page_for):
    asked = factories.create_comment(house.reading, house.other, "Whose were they?")
    factories.create_comment(house.reading, house.member, "The widow's.", parent=asked)
    page = page_for(None)
    open_text(page, house.reading)
    page.get_by_role("link", name="Print with the discussion").click()
    expect(page.locator(".block")).to_have_count(12)
    page.emulate_media(media="print")
    talk = page.get_by_role("region", name="Discussion of paragraph 4")
    expect(talk).to_contain_text("Whose were they?")
    expect(talk).to_contain_text("The widow's.")
    expect(page.locator(".masthead")).to_be_hidden()


# --- Bringing a text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_an_organizer_brings_a_text(house, page_for, javascript):
    page = page_for(house.organizer, NARROW, javascript=javascript)
    page.goto(f"/g/{house.group.slug}/")
    page.get_by_role("link", name="Bring a text").click()
    page.get_by_label("File").set_input_files(
        {"name": "quay.md", "mimeType": "text/markdown", "buffer": NOTED.encode()}
    )
    page.get_by_role("button", name="Look at it").click()

    expect(page.get_by_role("heading", name="Preview of a text")).to_be_visible()
    expect(page.get_by_label("Title:")).to_have_value("The Quay")
    expect(page.locator("table.blocks").first).to_contain_text("The clerk kept a list.")
    assert Reading.objects.filter(edition__title="The Quay").count() == 0
    page.get_by_label("Author").fill("Ida Renner")
    page.get_by_label("We read this now").check()
    page.get_by_role("button", name="Put it on the shelf").first.click()

    expect(page.get_by_role("status")).to_contain_text("“The Quay” is on the shelf.")
    brought = Reading.objects.get(edition__title="The Quay")
    expect(page).to_have_url(at(address_of(brought)))
    expect(page.locator(".text")).to_contain_text("And the winter went on")
    expect(page.locator(".front")).to_contain_text("Ida Renner")
    button_at(page, 2).click()
    expect(title(page)).to_contain_text("Paragraph 2")

    page.goto(f"/g/{house.group.slug}/texts/import/")
    page.get_by_label("File").set_input_files(
        {"name": "again.md", "mimeType": "text/markdown", "buffer": NOTED.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("status")).to_contain_text("on your shelf already")


def test_a_file_that_cannot_be_read_is_said_to_be(house, page_for):
    page = page_for(house.organizer, expects=[422])
    page.goto(f"/g/{house.group.slug}/texts/import/")
    page.get_by_label("File").set_input_files(NOT_A_TEXT)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_label("File")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".errorlist")).to_be_visible()
    expect(discussion(page)).to_have_count(0)
