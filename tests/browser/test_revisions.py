"""A text is corrected before a browser: a misprint, a split under a discussion with quotations, and back again."""

import pytest
from playwright.sync_api import expect

from .. import factories
from ..discussion.test_quoting import create_quoting
from ..revisions.steps import page as page_of
from .conftest import WINDOWS
from .steps import address_of, block, comment, open_discussion, said_at

pytestmark = pytest.mark.browser

SAID, QUOTING = "Whose sacks were they?", "Here they were lost."
MISPRINT, CORRECTED = "counted the sacks", "counted all the sacks"


def rehearse_and_publish(page, why):
    """From the rehearsal to the text that is read."""
    page.get_by_label("Why").fill(why)
    page.get_by_role("button", name="Publish this correction").click()
    expect(page.get_by_text("Published. This is what was changed")).to_be_visible()


def correct(page, house, number, change):
    """On the paragraph's page, by its own link: its words changed by `change`."""
    page.goto(address_of(house.reading))
    open_discussion(page, number)
    page.get_by_role("link", name="Correct this paragraph").click()
    words = page.get_by_label("Its words")
    words.fill(change(words.input_value()))
    page.get_by_role("button", name="Rehearse these words").click()
    expect(page.get_by_role("heading", name="Rehearsal of a correction")).to_be_visible()


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_a_text_is_corrected_split_and_brought_back_with_all_that_is_said(house, page_for, window):
    factories.create_comment(house.reading, house.member, SAID, number=3)
    create_quoting(house.reading, house.other, "whose they were", body=QUOTING, number=3)
    page = page_for(house.organizer, window)

    correct(page, house, 3, lambda words: words.replace(MISPRINT, CORRECTED))
    expect(page.get_by_text("1 discussion is touched.")).to_be_visible()
    expect(page.get_by_text("Its 2 comments stay, and say that the text has changed since.")).to_be_visible()
    rehearse_and_publish(page, "A word was missing.")
    page.goto(address_of(house.reading))
    expect(block(page, 3)).to_contain_text(CORRECTED)
    expect(page.get_by_role("link", name="what was changed")).to_be_visible()
    open_discussion(page, 3)
    comment(page, SAID).get_by_role("link", name="the text has changed since").click()
    expect(page.locator("ins")).to_contain_text("all")

    # The quotation goes to the second part with its words, the rest stays with the first.
    correct(page, house, 3, lambda words: words.replace(", and nobody", ".\n\nAnd nobody"))
    expect(page.get_by_role("heading", name="Split: paragraph 3 becomes 3–4")).to_be_visible()
    rehearse_and_publish(page, "Two thoughts.")
    page.goto(address_of(house.reading))
    expect(said_at(page, 3)).to_contain_text("1")
    expect(said_at(page, 4)).to_contain_text("1")
    open_discussion(page, 4)
    expect(comment(page, QUOTING)).to_contain_text("said of what was paragraph 3")

    page.goto(page_of(house, "undo"))
    page.get_by_label("Why").fill("It was one thought.")
    page.get_by_role("button", name="Undo revision 3").click()
    expect(page.get_by_text("Undone. The text reads as it did before.")).to_be_visible()
    page.goto(address_of(house.reading))
    expect(said_at(page, 3)).to_contain_text("2")
    open_discussion(page, 3)
    expect(comment(page, SAID)).to_be_visible()
    expect(comment(page, QUOTING)).to_be_visible()
