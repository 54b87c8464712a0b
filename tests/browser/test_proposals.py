"""A text proposed without JavaScript, a hand raised on a phone without leaving the page, an organizer's answer."""

import pytest
from playwright.sync_api import expect

from readinggroup.proposals.models import Proposal

from ..proposals.steps import address, proposed
from .conftest import NARROW
from .steps import box_for_words, composer, send

pytestmark = pytest.mark.browser


def test_from_a_draft_without_javascript_to_an_answer(house, page_for):
    proposed(house, by=house.owner, title="The Ferries of Winters")
    member = page_for(house.member, javascript=False, expects=[422])
    member.goto("/")
    member.get_by_role("link", name="Harbour readers").first.click()
    member.get_by_role("link", name="Proposals").click()
    member.get_by_role("link", name="Propose a text").click()
    member.get_by_label("Title").fill("The Ferries of Winter")
    member.get_by_label("Length in words").fill("12000")
    member.get_by_role("button", name="Keep as a draft").click()
    expect(member.get_by_text("only those who propose it see it")).to_be_visible()
    member.get_by_role("link", name="Change it").click()
    member.get_by_label("Why it is worth reading").fill("It goes on.")
    member.get_by_role("button", name="Save").click()
    member.get_by_role("button", name="Propose it", exact=True).click()
    expect(member.get_by_text("very like it")).to_be_visible()
    member.get_by_role("button", name="Propose it all the same").click()
    expect(member.get_by_role("heading", name="0 hands raised")).to_be_visible()

    proposal = Proposal.objects.get(title="The Ferries of Winter")
    other = page_for(house.other, NARROW)
    other.goto(address("proposals", house))
    other.get_by_role("link", name="The Ferries of Winter", exact=True).click()
    other.get_by_role("button", name="Raise a hand").click()
    expect(other.get_by_role("heading", name="1 hand raised")).to_be_visible()
    expect(other.get_by_role("button", name="Take your hand back")).to_be_focused()
    other.get_by_role("link", name="Discussion: nobody").click()
    box_for_words(composer(other)).fill("I would read it in winter.")
    send(composer(other))
    expect(other.get_by_text("I would read it in winter.").first).to_be_visible()

    organizer = page_for(house.organizer)
    organizer.goto(address("proposal", house, proposal))
    expect(organizer.get_by_role("link", name="Discussion: 1 comment")).to_be_visible()
    organizer.get_by_role("link", name="Answer", exact=True).click()
    organizer.get_by_label("It comes onto the next ballot.").check()
    organizer.get_by_label("Reason, for all to read").fill("Two of us want it.")
    organizer.get_by_role("button", name="Answer", exact=True).click()
    expect(organizer.get_by_text("Two of us want it.")).to_be_visible()
    member.goto("/inbox/")
    expect(member.get_by_text("Two of us want it.").first).to_be_visible()


def test_what_is_like_it_is_said_while_one_writes_and_what_was_typed_stays(house, page_for):
    there = proposed(house, by=house.other)
    page = page_for(house.member)
    page.goto(address("propose", house))
    page.get_by_label("Why it is worth reading").fill("It is short.")
    page.get_by_label("Title").fill("the bridge")
    page.get_by_label("Author").fill("Ida Renner")
    page.get_by_label("Author").press("Tab")
    expect(page.locator("#alike").get_by_role("link", name=there.title)).to_be_visible()
    expect(page.get_by_label("Why it is worth reading")).to_have_value("It is short.")
    expect(page.get_by_label("Why it is worth reading")).to_be_focused()
