"""From a report to what its author is told, in the browser: with scripts and without, on a narrow window too."""

import pytest
from playwright.sync_api import expect

from readinggroup.discussion.models import Comment, State
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import report
from readinggroup.moderation.models import Case

from .. import factories
from .conftest import NARROW, WIDE
from .steps import act_of, at, comment, is_in_window, paragraph_address, stubs, until

pytestmark = pytest.mark.browser

BOATS = "Buy my boats."


@pytest.fixture
def said(house):
    change_rules(group=house.group, rules=[("Be kind", ""), ("No trade", "Nothing is sold here.")], by=house.owner)
    house.group.reasons.create(title="Trade", words="We do not trade here.")
    return factories.create_comment(house.reading, house.member, BOATS)


def queue(house):
    return f"/g/{house.group.slug}/moderation/"


def reported(house, words=BOATS):
    another = factories.create_comment(house.reading, house.member, words)
    report(comment=another, words="Trade.", by=house.other)
    return Case.objects.get(comment=another)


def form(page):
    return page.locator("form#decide")


@pytest.mark.parametrize(
    ("javascript", "window"), [(True, WIDE), (True, NARROW), (False, WIDE)], ids=["wide", "narrow", "without scripts"]
)
def test_from_the_report_to_the_notice(house, said, page_for, javascript, window):
    reporter = page_for(house.other, window, javascript=javascript)
    reporter.goto(paragraph_address(house.reading, 4))
    act_of(comment(reporter, BOATS), "Report").click()
    reporter.get_by_label("2. No trade").check()
    reporter.get_by_label("what is wrong with it").fill("An advertisement.")
    reporter.get_by_role("button", name="Send to the moderators").click()
    expect(reporter.get_by_text("Thank you. The moderators will look at it.")).to_be_visible()

    moderator = page_for(house.moderator, window, javascript=javascript)
    moderator.goto(queue(house))
    expect(moderator.get_by_text("1 report")).to_be_visible()
    moderator.get_by_role("link", name=BOATS).click()
    expect(moderator.get_by_text("An advertisement.")).to_be_visible()
    if not javascript:
        moderator.get_by_role("button", name="I am looking at it").click()
    expect(moderator.get_by_text("You have it before you until")).to_be_visible()
    assert Case.objects.get().claimed_by == house.moderator

    form(moderator).get_by_label("Hide it").check()
    form(moderator).get_by_label("On what it rests").select_option("2. No trade")
    form(moderator).get_by_label("A reason that is given often").select_option("Trade")
    if javascript:
        expect(form(moderator).locator("textarea")).to_have_value("We do not trade here.")
    form(moderator).locator("button.send").click()
    expect(moderator.get_by_text("That is decided.")).to_be_visible()
    expect(moderator.get_by_text("Nothing waits.")).to_be_visible()

    author = page_for(house.member, window, javascript=javascript)
    author.goto("/inbox/")
    expect(author.get_by_text("What you wrote in Harbour readers was hidden").first).to_be_visible()
    expect(author.get_by_text("We do not trade here.").first).to_be_visible()
    other = page_for(house.organizer, window, javascript=javascript)
    other.goto(paragraph_address(house.reading, 4))
    expect(other.get_by_text(BOATS)).to_have_count(0)
    expect(stubs(other)).to_contain_text("Hidden by the moderators")
    expect(stubs(other)).to_contain_text("No trade")


def test_it_is_claimed_when_it_is_opened_and_let_go_on_every_way_out(house, said, page_for):
    first, second = reported(house, "Boats."), reported(house, "Oars.")
    page = page_for(house.moderator)

    def claimed():
        return set(Case.objects.filter(claimed_until__isnull=False).values_list("pk", flat=True))

    def wait_until(cases):
        until(page, lambda: claimed() == cases)

    page.goto(f"{queue(house)}cases/{first.pk}/")
    expect(page.get_by_text("You have it before you until")).to_be_visible()
    page.keyboard.press("j")
    page.wait_for_url(at(f"cases/{second.pk}/"))
    expect(page.get_by_text("You have it before you until")).to_be_visible()
    wait_until({second.pk})
    page.keyboard.press("k")
    page.wait_for_url(at(f"cases/{first.pk}/"))
    expect(page.get_by_text("You have it before you until")).to_be_visible()
    wait_until({first.pk})
    page.goto(queue(house))
    wait_until(set())
    page.goto(f"{queue(house)}cases/{first.pk}/")
    page.get_by_role("button", name="Let it go").click()
    page.wait_for_url(at(queue(house)))
    wait_until(set())
    page.goto(f"{queue(house)}cases/{first.pk}/")
    expect(page.get_by_text("You have it before you until")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True).first).to_be_visible()
    assert claimed() == set()  # at once: it was let go before


def test_who_goes_before_the_claim_is_answered_leaves_none_behind(house, said, page_for):
    """On a slow line: the case is let go after it was asked for, not before."""
    first, second = reported(house, "Boats."), reported(house, "Oars.")
    page = page_for(house.moderator)
    cases = Case.objects.filter(claimed_until__isnull=False)

    def slowly(route):
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/claim/", slowly)
    page.goto(f"{queue(house)}cases/{first.pk}/")
    page.keyboard.press("j")
    page.wait_for_url(at(f"cases/{second.pk}/"))
    assert not cases.filter(pk=first.pk).exists()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True).first).to_be_visible()
    assert not cases.exists()


def test_the_keys_lead_to_the_form_and_are_told(house, said, page_for):
    case = reported(house)
    page = page_for(house.moderator)
    page.goto(f"{queue(house)}cases/{case.pk}/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("decide: to the form")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(form(page).get_by_label("Leave it as it is")).to_be_focused()
    is_in_window(form(page).get_by_label("Leave it as it is"))


def test_two_look_at_one_and_the_second_sees_who(house, said, page_for):
    case = reported(house)
    first, second = page_for(house.moderator), page_for(house.owner, expects=[409])
    first.goto(f"{queue(house)}cases/{case.pk}/")
    expect(first.get_by_text("You have it before you until")).to_be_visible()
    second.goto(f"{queue(house)}cases/{case.pk}/")
    expect(second.get_by_text("Mona is looking at it until")).to_be_visible()
    form(second).get_by_label("Leave it as it is").check()
    form(second).locator("textarea").fill("Harmless.")
    form(second).locator("button.send").click()
    expect(second.get_by_role("alert")).to_contain_text("Mona is looking at it until")
    expect(form(second).locator("textarea")).to_have_value("Harmless.")


def test_several_are_decided_at_once(house, said, page_for):
    for words in ("Boats.", "Oars."):
        reported(house, words)
    page = page_for(house.moderator, javascript=False)
    page.goto(queue(house))
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Decide about those that are ticked").click()
    form(page).get_by_label("Hide it").check()
    form(page).get_by_label("On what it rests").select_option("It is unlawful")
    form(page).locator("textarea").fill("Twice the same.")
    form(page).locator("button.send").click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    assert Comment.objects.filter(state=State.HIDDEN).count() == 2
