"""A vote on a phone, by keys, and without scripts: filled in, changed, and its receipt read."""

import pytest
from playwright.sync_api import expect

from ..proposals import ballots
from .conftest import NARROW

pytestmark = pytest.mark.browser


def papers(ballot):
    return list(ballots.box_of(ballot).papers.values())


@pytest.mark.parametrize("javascript", [True, False])
def test_a_vote_on_a_phone(house, page_for, javascript):
    ballot = ballots.opened(house)
    page = page_for(house.member, NARROW, javascript=javascript)
    page.goto(f"/g/{house.group.slug}/")
    page.get_by_role("link", name=ballot.question).click()
    page.get_by_role("link", name="Vote", exact=True).click()
    page.get_by_label("The quay").check()
    page.get_by_label("A reason").fill("It is short.")
    page.get_by_role("button", name="Put it into the box").click()
    expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
    expect(page.locator("code").first).to_have_text(next(iter(ballots.box_of(ballot).papers)))
    page.get_by_role("link", name="Change your vote").click()
    expect(page.get_by_label("The quay")).to_be_checked()
    page.get_by_role("button", name="I abstain").click()
    expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
    assert papers(ballot) == [{"abstains": True, "reason": "It is short."}]


def test_options_are_put_in_order_by_keys(house, page_for):
    ballot = ballots.opened(house, method="ranking")
    page = page_for(house.member)
    page.goto(ballots.address("vote", ballot))
    for name in ("The lighthouse", "The ferry"):
        page.get_by_role("button", name=f"Up: {name}").press("Enter")
    up = page.get_by_role("button", name="Up: The ferry")
    up.press("Enter")
    expect(up).to_be_focused()
    expect(page.locator("[data-option] label")).to_have_text(["The ferry", "The lighthouse", "The quay"])
    page.get_by_role("button", name="Down: The lighthouse").press("Enter")  # out of the order
    expect(page.get_by_label("The lighthouse", exact=True)).to_have_value("")
    page.get_by_label("The quay", exact=True).fill("1")  # typed all the same, level with the first
    page.get_by_role("button", name="Put it into the box").press("Enter")
    expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
    assert papers(ballot) == [{"ranks": {"1": 1, "2": 1}}]


def test_without_scripts_the_numbers_are_typed(house, page_for):
    ballot = ballots.opened(house, method="ranking")
    page = page_for(house.member, NARROW, javascript=False)
    page.goto(ballots.address("vote", ballot))
    page.get_by_label("The lighthouse").fill("1")
    page.get_by_label("The quay").fill("2")
    page.get_by_role("button", name="Put it into the box").click()
    expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
    assert papers(ballot) == [{"ranks": {"2": 2, "3": 1}}]
