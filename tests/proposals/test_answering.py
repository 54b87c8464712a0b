"""Hands, organizers' answers, and what fades."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from readinggroup.groups.models import Group
from readinggroup.notifications.models import Notice
from readinggroup.proposals import actions
from readinggroup.proposals.models import ProposalEvent, ProposalState, Support
from readinggroup.tasks import fade_proposals

from .. import factories
from .steps import address, answered, proposed, standing
from .test_changing import told

HTMX = {"HX-Request": "true"}

# --- Hands ------------------------------------------------------------------------------------------------------------


def test_a_hand_is_raised_once_and_taken_back(house, as_user):
    proposal, client = proposed(house), as_user(house.other)
    for _ in range(2):
        assert client.post(address("support_proposal", house, proposal), {"act": "support"}).status_code == 302
        assert standing(proposal).supporters == Support.objects.count() == 1
    page = client.get(address("proposal", house, proposal)).text
    assert "1 hand raised" in page
    assert "Take your hand back" in page
    assert "Milo" in page
    assert "Milo" not in as_user(None).get(address("proposal", house, proposal)).text  # a number for visitors
    for _ in range(2):
        client.post(address("support_proposal", house, proposal), {"act": "no_more"})
        assert standing(proposal).supporters == Support.objects.count() == 0


def test_with_htmx_the_part_comes_back_and_says_why_not(house, as_user):
    proposal, client = proposed(house), as_user(house.other)
    page = address("support_proposal", house, proposal)
    part = client.post(page, {"act": "support"}, headers=HTMX)
    assert part.text.strip().startswith('<section class="stack" id="support"')
    assert "1 hand raised" in part.text
    answered(house, proposal, "declined")
    refused = client.post(page, {"act": "no_more"}, headers=HTMX)
    assert refused.status_code == 409
    assert "only while it is on the list" in refused.text
    assert "<html" not in refused.text
    assert standing(proposal).supporters == 1


def test_nobody_raises_a_hand_for_their_own(house, as_user):
    proposal = proposed(house)
    answer = as_user(house.member).post(address("support_proposal", house, proposal))
    assert answer.status_code == 409
    assert "You propose it yourself" in answer.text
    assert standing(proposal).supporters == 0


def test_the_database_counts_hands_whoever_writes_there(house):
    one, two = proposed(house), proposed(house, title="A Field")
    people = [factories.create_member(house.group) for _ in range(3)]
    Support.objects.bulk_create(Support(proposal=each, user=who) for each in (one, two) for who in people)
    assert (standing(one).supporters, standing(two).supporters) == (3, 3)
    Support.objects.filter(user=people[0]).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM proposals_support WHERE user_id = %s AND proposal_id = %s", [people[1].pk, one.pk])
    assert (standing(one).supporters, standing(two).supporters) == (1, 2)


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_published_with_its_reason_and_told_to_who_proposes_or_supports(house, as_user):
    proposal, organizer = proposed(house), as_user(house.organizer)
    actions.support(proposal=proposal, by=house.other)
    actions.ask_to_propose_with(proposal=proposal, user=house.owner, by=house.member)
    actions.answer_co_proposing(proposal=proposal, agree=True, by=house.owner)
    Notice.objects.all().delete()
    page = address("answer_proposal", house, proposal)
    seen = re.search(r'name="seen" value="(\d+)"', organizer.get(page).text)[1]
    form = {"state": "next_ballot", "reason": "Five of you want it.", "seen": seen}
    assert organizer.post(page, form).status_code == 302
    assert standing(proposal).state == "next_ballot"
    words = as_user(None).get(address("proposal", house, proposal)).text
    assert "on the next ballot" in words
    assert "Five of you want it." in words
    for who in (house.member, house.other, house.owner):
        assert told(who) == ["answered"]
        assert "Five of you want it." in as_user(who).get("/inbox/").text
    assert told(house.organizer) == told(house.moderator) == []


@pytest.mark.parametrize("state", ["next_ballot", "accepted", "later", "declined"])
def test_each_answer_is_told_in_its_own_words(house, as_user, state):
    proposal = proposed(house, title="Ice & Salt")
    answered(house, proposal, state, "Because.")
    inbox = as_user(house.member).get("/inbox/").text
    assert "Ice &amp; Salt" in inbox
    said = {"next_ballot": "next ballot", "accepted": "will be read", "later": "stays on the list"}
    assert said.get(state, "will not be read") in inbox
    page = as_user(None).get(address("proposal", house, proposal)).text
    assert str(ProposalState(state).label) in page


def test_an_answer_without_a_reason_or_to_nothing_is_none(house, as_user):
    proposal, organizer = proposed(house), as_user(house.organizer)
    seen = proposal.events.last().pk
    good = {"state": "later", "reason": "Later.", "seen": seen}
    for bad in ({"reason": ""}, {"reason": " \n"}, {"reason": "x" * 2_001}, {"state": ""}, {"state": "open"},
                {"state": "on_ballot"}, {"reason": "a\x00b"}, {"seen": ""}, {"seen": "x"},
                {"seen": "9" * 40}):  # fmt: skip
        answer = organizer.post(address("answer_proposal", house, proposal), good | bad)
        assert answer.status_code == 422, bad
    assert standing(proposal).state == "open"
    assert proposal.events.count() == 1


def test_of_two_organizers_the_second_sees_what_the_first_has_said(house, as_user):
    proposal = proposed(house)
    page = address("answer_proposal", house, proposal)
    form = {"state": "declined", "reason": "Too long for us.", "seen": proposal.events.last().pk}
    answered(house, proposal, "later", "In autumn.", by=house.owner)
    stale = as_user(house.organizer).post(page, form)
    assert stale.status_code == 409
    assert "In autumn." in stale.text
    assert "Too long for us." in stale.text
    assert standing(proposal).state == "later"
    seen = re.search(r'name="seen" value="(\d+)"', stale.text)[1]
    assert as_user(house.organizer).post(page, form | {"seen": seen}).status_code == 302
    assert standing(proposal).state == "declined"


def test_what_a_ballot_has_nobody_answers(house, as_user):
    proposal = proposed(house)
    for state in ("on_ballot", "accepted", "withdrawn"):
        type(proposal).objects.filter(pk=proposal.pk).update(state=state)
        answer = as_user(house.organizer).post(
            address("answer_proposal", house, proposal),
            {"state": "later", "reason": "x", "seen": proposal.events.last().pk},
        )
        assert answer.status_code == 409
        assert standing(proposal).state == state
        with pytest.raises(actions.NotPossible):
            answered(house, proposal, "later")


def test_what_was_declined_is_answered_anew_and_does_not_come_beside_the_same(house):
    proposal = proposed(house)
    answered(house, proposal, "declined")
    there = proposed(house, by=house.other)
    with pytest.raises(actions.StandsAlready):
        answered(house, proposal, "next_ballot")
    actions.withdraw(proposal=there, by=house.other)
    assert answered(house, proposal, "next_ballot").state == "next_ballot"
    states = list(ProposalEvent.objects.filter(proposal=proposal).values_list("state", flat=True))
    assert states == ["open", "declined", "next_ballot"]


# --- Fading -----------------------------------------------------------------------------------------------------------


def long_ago(proposal, days):
    """As if all of it had been so long ago."""
    then = timezone.now() - timedelta(days=days)
    type(proposal).objects.filter(pk=proposal.pk).update(proposed_at=then)
    proposal.events.update(at=then)
    proposal.support.update(created_at=then)


def test_what_nobody_asks_for_fades_and_any_member_brings_it_back(house, as_user):
    quiet, wanted, promised = (proposed(house, title=title) for title in ("Winter", "Summer", "A Field"))
    answered(house, promised, "next_ballot")
    for proposal in (quiet, wanted, promised):
        long_ago(proposal, 181)
    actions.support(proposal=wanted, by=house.other)
    Notice.objects.all().delete()
    fade_proposals(timestamp=0)
    fade_proposals(timestamp=0)
    assert [standing(one).state for one in (quiet, wanted, promised)] == ["faded", "open", "next_ballot"]
    assert told(house.member) == ["faded"]
    assert "180 days" in as_user(house.member).get("/inbox/").text
    assert "Winter" not in as_user(None).get(address("proposals", house)).text
    other = as_user(house.other)
    assert "Put it on the list again" in other.get(address("proposal", house, quiet)).text
    assert other.post(address("bring_proposal_back", house, quiet)).status_code == 302
    assert standing(quiet).state == "open"
    assert told(house.member) == ["faded", "brought_back"]
    assert actions.fade_proposals() == 0


def test_a_group_says_how_long_that_is_and_a_closed_one_loses_nothing(house):
    proposal = proposed(house)
    long_ago(proposal, 40)
    for settled in ({"proposals_fade_after": 0}, {"proposals_fade_after": 41},
                    {"proposals_fade_after": 30, "archived_at": timezone.now()}):  # fmt: skip
        Group.objects.filter(pk=house.group.pk).update(**settled)
        assert actions.fade_proposals() == 0
    Group.objects.filter(pk=house.group.pk).update(archived_at=None)
    assert actions.fade_proposals() == 1
    assert standing(proposal).state == "faded"


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_owners_settle_what_holds_and_it_stands_in_the_log(house, as_user):
    owner, page = as_user(house.owner), address("settle_proposals", house)
    assert owner.post(page, {"most_proposals": 3, "proposals_fade_after": 90}).status_code == 302
    house.group.refresh_from_db()
    assert (house.group.most_proposals, house.group.proposals_fade_after) == (3, 90)
    assert list(house.group.changes.order_by("pk").values_list("kind", "before", "after")) == [
        ("proposals", "5", "3"),
        ("fading", "180", "90"),
    ]
    assert "90" in owner.get(page).text
    for bad in ({"most_proposals": 0}, {"most_proposals": 51}, {"most_proposals": "x"}, {"proposals_fade_after": -1},
                {"proposals_fade_after": 9_999}, {"proposals_fade_after": "9" * 40},
                {"proposals_fade_after": ""}):  # fmt: skip
        assert owner.post(page, {"most_proposals": 3, "proposals_fade_after": 90} | bad).status_code == 422
    owner.post(page, {"most_proposals": 3, "proposals_fade_after": 90})
    assert house.group.changes.count() == 2
