"""From a decision to its reversal, as people do it: with JavaScript and without."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readinggroup.discussion.models import State
from readinggroup.moderation.actions import agree, appeal, vote
from readinggroup.moderation.models import Juror

from .. import factories
from ..moderation.conftest import decided
from .conftest import WIDE, WINDOWS
from .steps import at, comment, paragraph_address

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_from_the_notice_to_the_appeal_to_the_reversal(house, page_for, javascript, window):
    said = factories.create_comment(house.reading, house.member, "Buy my boats.")
    decision = decided(house, [said])
    there = reverse("moderation:decision", args=[decision.public_id])

    # The author is told, reads why, asks which words, and appeals.
    mara = page_for(house.member, window, javascript=javascript)
    mara.goto("/inbox/")
    told = mara.locator(".cards > li").filter(has_text="was hidden")
    told.get_by_role("button", name="Go there").click()
    expect(mara).to_have_url(at(there))
    expect(mara.locator("blockquote")).to_contain_text("Buy my boats.")
    expect(mara.locator("main")).to_contain_text("1. No trade")
    mara.get_by_label("What you want to say").fill("Which words?")
    mara.get_by_role("button", name="Send to the moderators").click()
    expect(mara.locator("main")).to_contain_text("Which words?")
    mara.get_by_role("link", name="Appeal", exact=True).click()
    mara.get_by_label("Why the decision is wrong").fill("I asked who has one.")
    mara.get_by_role("button", name="Send the appeal").click()
    expect(mara.get_by_role("status")).to_contain_text("Your appeal is sent.")
    expect(mara.locator("main")).to_contain_text("An answer is due by")

    # Who has decided cannot; somebody else finds it in the queue, sees both sides, and reverses it.
    mona = page_for(house.moderator, window, javascript=javascript)
    mona.goto(reverse("moderation:queue", args=[house.group.slug]))
    mona.get_by_role("link", name="An appeal").click()
    expect(mona.locator("main")).to_contain_text("You cannot decide about this one")
    olga = page_for(house.owner, window, javascript=javascript)
    olga.goto(reverse("moderation:queue", args=[house.group.slug]))
    olga.get_by_role("link", name="An appeal").click()
    for side in ("Buy my boats.", "I asked who has one.", "Which words?"):
        expect(olga.locator("main")).to_contain_text(side)
    olga.get_by_label("The decision is reversed").check()
    olga.get_by_label(re.compile("Reason", re.IGNORECASE)).fill("It asks, it does not sell.")
    olga.get_by_role("button", name="Decide").click()
    expect(olga.get_by_role("heading", name="A decision is reversed")).to_be_visible()

    # The comment stands there again; author and reporter are told.
    said.refresh_from_db()
    assert said.state == State.VISIBLE
    mara.goto(paragraph_address(house.reading, 4))
    expect(comment(mara, "Buy my boats.")).to_be_visible()
    mara.goto(there)
    expect(mara.locator("main")).to_contain_text("This decision was reversed on")
    mara.get_by_role("link", name="Read why").click()
    expect(mara.locator("main")).to_contain_text("It asks, it does not sell.")
    milo = page_for(house.other, window, javascript=javascript)
    milo.goto("/inbox/")
    expect(milo.locator("main")).to_contain_text("was reversed")


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_drawn_by_lot_agreeing_and_the_last_vote(house, page_for, javascript):
    # Olga, who owns the group, has reported it, too: nobody else moderates.
    house.group.memberships.filter(user=house.owner).update(roles=["owner"])
    house.other = house.owner
    decision = decided(house, [factories.create_comment(house.reading, house.member, "Buy my boats.")])
    for _person in range(3):
        factories.create_member(house.group)
    made = appeal(decision=decision, words="I asked who has one.", by=house.member)
    *two, last = Juror.objects.filter(appeal=made).select_related("user")
    for juror in two:
        agree(juror=juror, by=juror.user)
        vote(juror=juror, vote="reverse", words="It asks.", by=juror.user)
    page = page_for(last.user, WIDE, javascript=javascript)
    page.goto("/inbox/")
    told = page.locator(".cards > li").filter(has_text="You were drawn")
    told.get_by_role("button", name="Go there").click()
    page.get_by_role("button", name="I agree to serve").click()
    expect(page.locator("main")).to_contain_text("I asked who has one.")
    expect(page.locator("main")).not_to_contain_text("It asks.")
    page.get_by_label("The decision stands").check()
    page.get_by_label(re.compile("Your reason")).fill("It sells.")
    page.get_by_role("button", name="Vote", exact=True).click()
    expect(page.locator("main")).to_contain_text("You have voted, and it is decided.")
    made.refresh_from_db()
    assert made.reversed is True
