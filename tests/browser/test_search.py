"""Search and what somebody said, as seen in a browser: on a phone and on a desk, with JavaScript and without."""

import pytest
from playwright.sync_api import expect

from .. import factories
from .conftest import WINDOWS
from .test_accessibility import search as search_for_faults

pytestmark = pytest.mark.browser
WINDOWS = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture
def talked(house):
    """Twenty-five comments of two people that hold one word."""
    for number in range(25):
        factories.create_comment(
            house.reading,
            house.member if number % 5 else house.other,
            f"Herons, number {number}.",
            number=3 + number % 3,
        )
    return house


def look_for(page, words):
    page.get_by_role("searchbox").fill(words)
    page.get_by_role("button", name="Search").click()


@WINDOWS
@SCRIPTS
def test_from_the_group_to_a_hit_and_the_second_page(talked, page_for, window, javascript):
    page = page_for(talked.member, window, javascript=javascript)
    page.goto(f"/g/{talked.group.slug}/")
    look_for(page, "heron")
    hits = page.locator(".hits > li")
    expect(hits).to_have_count(20)
    expect(page.get_by_role("status")).to_contain_text("25 hits")
    expect(hits.first.locator("mark")).to_have_text("Herons")
    page.get_by_role("link", name="Next page").click()
    expect(hits).to_have_count(5)
    expect(page.get_by_role("searchbox")).to_have_value("heron")
    hits.first.locator("a.when").click()
    expect(page.locator("article.comment:target")).to_contain_text("Herons, number")


@WINDOWS
@SCRIPTS
def test_narrow_the_search_from_the_text(talked, page_for, window, javascript):
    page = page_for(None, window, javascript=javascript)
    page.goto(f"/g/{talked.group.slug}/read/{talked.reading.slug}/")
    page.get_by_role("link", name="Search").click()
    expect(page.get_by_label("Text")).to_have_value(talked.reading.slug)
    page.get_by_label("Said by").fill("Milo")
    page.get_by_label("Look in").select_option("comments")
    look_for(page, "heron")
    hits = page.locator(".hits > li")
    expect(hits).to_have_count(5)
    expect(page.locator("details > summary")).to_contain_text("3 choices made")
    for author in hits.locator(".author").all():
        expect(author).to_have_text("Milo")


def test_by_keyboard_alone(talked, page_for):
    page = page_for(talked.member)
    page.goto(f"/g/{talked.group.slug}/search/")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("heron")
    page.keyboard.press("Enter")
    expect(page.locator(".hits > li")).to_have_count(20)
    page.locator("details > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Said by")).to_be_visible()


@WINDOWS
def test_what_i_said_newest_and_oldest_first(talked, page_for, window):
    page = page_for(talked.other, window)
    page.goto("/me/")
    page.get_by_role("link", name="My contributions, in all my groups").click()
    words = page.locator("article.comment > .words")
    expect(words).to_have_count(5)
    expect(words.first).to_have_text("Herons, number 20.")
    page.get_by_label("Order").select_option("oldest")
    page.get_by_role("button", name="Show").click()
    expect(words.first).to_have_text("Herons, number 0.")


def test_a_saved_file_opens_without_the_site(talked, page_for, tmp_path):
    page = page_for(talked.member)
    page.goto(f"/g/{talked.group.slug}/read/{talked.reading.slug}/whole/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a file").click()
    file = tmp_path / "saved.html"
    download.value.save_as(file)
    assert download.value.suggested_filename.startswith(talked.reading.slug)
    context = page.context.browser.new_context(offline=True, viewport={"width": 390, "height": 844})
    alone = context.new_page()
    complaints = []
    alone.on("console", lambda message: complaints.append(message.text))
    alone.goto(file.as_uri())
    expect(alone.locator("article.comment > .words")).to_have_count(25)
    face = alone.evaluate("getComputedStyle(document.body).fontFamily")
    assert "Palatino" in face
    assert complaints == []
    context.close()


def test_pages_without_faults(talked, page_for):
    page = page_for(talked.member, expects=[422])
    group = f"/g/{talked.group.slug}"
    for address in (
        f"{group}/search/?q=heron", f"{group}/search/?q=nothing&by=Mara", f"{group}/search/?q=", "/me/contributions/",
        f"{group}/", f"{group}/members/{talked.member.public_id}/contributions/",
    ):  # fmt: skip
        page.goto(address)
        search_for_faults(page)
