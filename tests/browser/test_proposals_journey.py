"""From a proposal to the reading that comes of it: five people, one on a phone, one without JavaScript."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.proposals.actions.closing import close_due
from readinggroup.proposals.models import Ballot, Proposal
from readinggroup.readings.models import Reading
from readinggroup.schedule.models import ReadingSession
from readinggroup.tasks import put_chosen_on_shelf

from ..proposals.ballots import let_time_pass
from .conftest import NARROW, WIDE

pytestmark = pytest.mark.browser

WEIR, LOCK, FERRY = "The Weir and Its Keepers", "The Lock", "The Second Ferry"
TEXT = b"The Weir\n\nby Ida Renner\n\nThe weir was built of oak.\n\nIt held for a year.\n\nThen came the ice.\n"


@pytest.fixture
def people(house, page_for):
    """Mara proposes; Milo has a phone; Mona no scripts; Omar organizes; Olga owns the group."""
    return {
        "Mara": page_for(house.member, WIDE),
        "Milo": page_for(house.other, NARROW),
        "Mona": page_for(house.moderator, WIDE, javascript=False),
        "Omar": page_for(house.organizer, WIDE),
        "Olga": page_for(house.owner, WIDE),
    }


def propose(page, house, title, *, why, file=None):
    page.goto(reverse("group", args=[house.group.slug]))
    page.get_by_role("link", name="Proposals", exact=True).click()
    page.get_by_role("link", name="Propose a text").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Author").fill("Ida Renner")
    page.get_by_label("Why it is worth reading").fill(why)
    if file:
        page.get_by_label("The text itself").set_input_files(
            {"name": "weir.txt", "mimeType": "text/plain", "buffer": file}
        )
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def vote(page, house, ranks=None, reason=""):
    """From the group's front page to the receipt; the answer is what stands there."""
    page.goto(reverse("group", args=[house.group.slug]))
    page.get_by_role("link", name="What do we read from January?").first.click()
    page.get_by_role("main").get_by_role("link", name="Vote", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What do we read from January?")
    page.wait_for_load_state()  # the script that puts the options in order may do so under a hand that types
    for title, rank in (ranks or {}).items():
        page.get_by_role("spinbutton", name=title).fill(str(rank))
    if reason:
        page.locator("[name=reason]").fill(reason)
    page.get_by_role("button", name="Put it into the box" if ranks else "I abstain").click()
    expect(page.get_by_text("Your vote is in the box.")).to_be_visible()
    return page.locator("dd code").first.inner_text()


def test_from_a_proposal_to_the_reading(house, people):
    mara, milo, mona, omar, olga = people.values()

    propose(mara, house, WEIR, why="It is about a river.", file=TEXT)
    propose(milo, house, LOCK, why="It is short.")
    propose(mona, house, FERRY, why="We know the first one.")
    for page, title in ((milo, WEIR), (mona, LOCK)):
        page.goto(reverse("proposals:proposals", args=[house.group.slug]))
        page.get_by_role("link", name=title).click()
        page.get_by_role("button", name="Raise a hand").click()
        expect(page.get_by_role("heading", name="1 hand raised")).to_be_visible()

    omar.goto(reverse("proposals:new_ballot", args=[house.group.slug]))
    omar.get_by_label("Question").fill("What do we read from January?")
    for title in (WEIR, LOCK, FERRY):
        omar.get_by_label(title).check()
    omar.get_by_label("ranking").check()
    omar.get_by_label("Quorum").fill("50")
    omar.get_by_role("button", name="Keep").first.click()
    omar.get_by_role("button", name="Announce it").click()
    omar.get_by_role("button", name="Open it now").click()
    expect(omar.get_by_text("0 of 5 have voted")).to_be_visible()

    receipts = {
        "Mara": vote(mara, house, {WEIR: 1, LOCK: 2}),
        "Milo": vote(milo, house, {LOCK: 1, WEIR: 2, FERRY: 3}),
        "Mona": vote(mona, house, {WEIR: 1}, reason="I have walked there."),
        "Omar": vote(omar, house, {LOCK: 1}),
        "Olga": vote(olga, house),
    }
    ballot = Ballot.objects.get()
    page_of_result = reverse("proposals:result", args=[house.group.slug, ballot.public_id])
    omar.goto(reverse("proposals:vote", args=[house.group.slug, ballot.public_id]))
    omar.get_by_role("spinbutton", name=WEIR).fill("1")
    omar.get_by_role("spinbutton", name=LOCK).fill("2")
    omar.get_by_role("button", name="Change my vote").click()
    expect(omar.get_by_text("Your vote is in the box.")).to_be_visible()

    let_time_pass(ballot, hours=24 * 9)
    assert close_due() == 1
    put_chosen_on_shelf(timestamp=0)
    milo.goto(reverse("proposals:ballot", args=[house.group.slug, ballot.public_id]))
    milo.get_by_role("link", name="The result").click()
    expect(milo.get_by_text(f"Chosen: {WEIR}")).to_be_visible()
    assert milo.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    for name, vote_of in (("Milo", "2 > 1 > 3"), ("Omar", "1 > 2"), ("Olga", "abstains"), ("Mona", "1")):
        paper = milo.locator(f"#paper-{receipts[name]}")
        expect(paper.locator("td")).to_contain_text(vote_of)
    expect(milo.locator(f"#paper-{receipts['Mona']}")).to_contain_text("I have walked there.")
    expect(milo.get_by_text("place 2 · proposed · 1 hand raised")).to_be_visible()

    mona.goto(reverse("group", args=[house.group.slug]))
    mona.get_by_role("link", name="What we read", exact=True).click()
    expect(mona.get_by_role("link", name=WEIR)).to_be_visible()
    mona.get_by_role("link", name="The ballot that chose it").click()
    expect(mona.get_by_role("heading", name="How it was counted")).to_be_visible()

    omar.goto(page_of_result)
    omar.get_by_role("link", name="Say when it begins").click()
    omar.get_by_label("The reading begins on").fill("2099-01-12")
    omar.get_by_role("button", name="Save").click()
    omar.goto(page_of_result)
    expect(omar.get_by_text("begins on")).to_be_visible()
    omar.get_by_role("link", name="Plan its sessions").click()
    omar.get_by_label("Into how many sessions").fill("2")
    omar.get_by_role("button", name="Divide it evenly").click()
    omar.get_by_role("button", name="Make the sessions").click()
    expect(omar.get_by_role("heading", name="Sessions")).to_be_visible()

    proposal = Proposal.objects.get(title=WEIR)
    reading = Reading.objects.get(came_of_proposals=proposal)
    assert ReadingSession.objects.filter(reading=reading).count() == 2
    mara.goto(reverse("proposals:proposal", args=[house.group.slug, proposal.public_id]))
    mara.get_by_role("link", name="The text is on the shelf.").click()
    expect(mara.get_by_text("The weir was built of oak.")).to_be_visible()
