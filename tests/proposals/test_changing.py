"""Changing what a proposal says, with others, until it stands on a ballot; taking it back, and bringing it back."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Level
from readinggroup.groups.actions import leave
from readinggroup.notifications.models import Notice
from readinggroup.proposals import actions
from readinggroup.proposals.models import CoProposer, Proposal
from readinggroup.readings.models import Reading, ReadingState

from .. import factories
from .steps import WHY, address, answered, proposed, said, standing, typed


def told(user) -> list:
    """Which notices of proposals this person has."""
    mine = Notice.objects.filter(recipient=user, kind__startswith="proposals/").order_by("pk")
    return [kind.removeprefix("proposals/") for kind in mine.values_list("kind", flat=True)]


def change(client, house, proposal, **more):
    return client.post(address("change_proposal", house, proposal), typed(**more))


# --- Words and wordings -----------------------------------------------------------------------------------------------


def test_every_wording_stays_to_be_read_with_who_changed_it_and_what(house, as_user):
    proposal, client = proposed(house), as_user(house.member)
    assert change(client, house, proposal, wording=1, why="It asks who counted the boats.").status_code == 302
    assert change(client, house, proposal, wording=2, why="It asks who counted the boats.", year="").status_code == 302
    page = as_user(None).get(address("proposal_wordings", house, proposal)).text
    assert page.index("As it stands") < page.index("Wording 2") < page.index("Wording 1")
    assert re.search(r"sacks\.\s*</del>", page)
    assert re.search(r"boats\.\s*</ins>", page)
    assert re.search(r"1911\s*</del>", page)
    assert standing(proposal).wording == 3
    assert "3 wordings" in client.get(address("proposal", house, proposal)).text


def test_the_same_words_again_are_no_wording(house, as_user):
    proposal = proposed(house)
    assert change(as_user(house.member), house, proposal, wording=1).status_code == 302
    assert standing(proposal).wording == 1
    assert not proposal.wordings.exists()


def test_what_was_changed_elsewhere_meanwhile_is_shown_beside_what_was_typed(house, as_user):
    proposal, client = proposed(house), as_user(house.member)
    change(client, house, proposal, wording=1, why="Theirs.")
    stale = change(client, house, proposal, wording=1, why="Mine.", rights="None")
    assert stale.status_code == 409
    assert "Theirs." in stale.text
    assert "Mine." in stale.text
    assert 'name="wording" value="2"' in stale.text
    assert standing(proposal).why == "Theirs."
    assert change(client, house, proposal, wording=2, why="Mine.").status_code == 302
    assert standing(proposal).why == "Mine."


def test_it_cannot_become_what_stands_there_already(house, as_user):
    there, proposal = proposed(house, by=house.other), proposed(house, title="A Field")
    answer = change(as_user(house.member), house, proposal, wording=1, title="the bridge")
    assert answer.status_code == 409
    assert address("proposal", house, there) in answer.text
    assert standing(proposal).title == "A Field"


def test_who_does_not_propose_it_changes_nothing_of_it(house, as_user):
    proposal = proposed(house)
    for who in (house.other, house.organizer, house.owner):
        for name in ("change_proposal", "withdraw_proposal", "discard_proposal", "publish_proposal", "propose_with"):
            assert as_user(who).post(address(name, house, proposal), typed(wording=1)).status_code == 404
    assert standing(proposal).why == WHY


def test_what_stands_on_a_ballot_is_frozen_also_for_the_database(house, as_user):
    proposal, client = proposed(house), as_user(house.member)
    Proposal.objects.filter(pk=proposal.pk).update(state="on_ballot")
    for name in ("change_proposal", "withdraw_proposal", "publish_proposal", "bring_proposal_back"):
        answer = client.post(address(name, house, proposal), typed(wording=1, why="Another."))
        assert answer.status_code == 409, name
    assert as_user(house.other).post(address("support_proposal", house, proposal)).status_code == 409
    with pytest.raises(IntegrityError, match="not reworded"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(why="Another.")
    Proposal.objects.filter(pk=proposal.pk).update(state="open")  # what a ballot does with it is free


# --- The talk ---------------------------------------------------------------------------------------------------------


def test_what_is_said_about_a_proposal_is_said_at_its_words_and_stays_there_when_they_change(house, as_user):
    proposal = proposed(house, why="First line.\n\nSecond & <last> line.")
    paragraph = factories.version_of(proposal.talk, 1).paragraph.public_id
    talk = reverse("discussion:paragraph", args=[house.group.slug, proposal.public_id, paragraph])
    assert talk in as_user(None).get(address("proposal", house, proposal)).text
    comment = factories.create_comment(proposal.talk, house.other, "What a bridge.", number=1)
    change(as_user(house.member), house, proposal, wording=1, title="The Long Bridge", why="Only one line.")
    page = as_user(house.other).get(talk).text
    for words in ("What a bridge.", "Only one line.", "The Long Bridge", f"/g/{house.group.slug}/"):
        assert words in page
    assert "Paragraph 1" not in page
    version = Reading.objects.get(pk=proposal.talk_id).edition.current.versions.get()
    assert (version.paragraph_id, version.text) == (comment.paragraph_id, "Only one line.")
    assert "Discussion: 1 comment" in as_user(None).get(address("proposal", house, proposal)).text
    search = reverse("discussion:search", args=[house.group.slug])
    assert "What a bridge." in as_user(house.other).get(f"{search}?q=bridge").text.replace("<mark>", "").replace(
        "</mark>", ""
    )
    feed = as_user(None).get(reverse("feeds:comments", args=[house.group.slug])).text
    assert "What a bridge." in feed


def test_who_proposes_it_is_told_of_what_is_said_about_it_unless_they_wish_not(house):
    proposal = proposed(house)
    actions.ask_to_propose_with(proposal=proposal, user=house.owner, by=house.member)
    actions.answer_co_proposing(proposal=proposal, agree=True, by=house.owner)
    factories.create_comment(proposal.talk, house.other, "What a bridge.", number=1)
    kinds = {"kind__startswith": "discussion/"}
    assert {notice.recipient for notice in Notice.objects.filter(**kinds)} == {house.member, house.owner}
    choose(by=house.owner, reading=proposal.talk, level=Level.MUTE)
    actions.answer_co_proposing(proposal=proposal, agree=False, by=house.owner)
    Notice.objects.all().delete()
    factories.create_comment(proposal.talk, house.other, "And what a river.", number=1)
    assert {notice.recipient for notice in Notice.objects.filter(**kinds)} == {house.member}


def test_the_talk_stands_on_no_shelf_and_is_no_text(house, as_user):
    proposal = proposed(house)
    group, slug = house.group.slug, proposal.public_id
    there = address("proposal", house, proposal)
    assert as_user(None).get(f"/g/{group}/read/{slug}/")["Location"] == there
    assert as_user(None).get(f"/g/{group}/read/{slug}/1/", follow=True).redirect_chain[-1][0].startswith(there)
    organizer = as_user(house.organizer)
    for page in (f"/g/{group}/", f"/g/{group}/sessions/new/", f"/g/{group}/series/new/", f"/g/{group}/sessions/"):
        assert "The Bridge" not in organizer.get(page).text, page
    assert "New on the shelf: The Bridge" not in organizer.get(reverse("feeds:news", args=[group])).text
    assert "Proposed: The Bridge" in organizer.get(reverse("feeds:news", args=[group])).text
    for name in ("readings:settle_reading", "schedule:plan"):
        assert organizer.get(reverse(name, args=[group, slug])).status_code == 404
        assert organizer.post(reverse(name, args=[group, slug]), {"state": "current"}).status_code == 404
    settle = reverse("readings:settle_reading", args=[group, house.reading.slug])
    assert organizer.post(settle, {"state": "proposed"}).status_code == 422
    assert Reading.objects.get(pk=proposal.talk_id).state == ReadingState.PROPOSED


def test_the_page_of_a_proposal_asks_as_much_with_many_hands_and_events(house, as_user):
    proposal, counts = proposed(house), []
    client = as_user(house.owner)
    for people in (1, 3):
        for _ in range(people):
            actions.support(proposal=proposal, by=factories.create_member(house.group))
            answered(house, proposal, "later")
        client.get(address("proposal", house, proposal))
        with CaptureQueriesContext(connection) as asked:
            client.get(address("proposal", house, proposal))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 14


# --- Together ---------------------------------------------------------------------------------------------------------


def test_a_member_who_agrees_proposes_it_too_and_may_change_it(house, as_user):
    proposal, member, other = proposed(house), as_user(house.member), as_user(house.other)
    actions.support(proposal=proposal, by=house.other)
    asked = member.post(address("propose_with", house, proposal), {"member": house.other.public_id}, follow=True)
    assert "Milo is asked" in asked.text
    assert told(house.other) == ["asked_to_propose"]
    assert change(other, house, proposal, wording=1).status_code == 404  # not yet
    assert "asks you to propose this, too" in other.get(address("proposal", house, proposal)).text
    other.post(address("answer_propose_with", house, proposal), {"answer": "agree"})
    assert told(house.member) == ["agreed_to_propose"]
    assert standing(proposal).supporters == 0  # who proposes it raises no hand for it
    assert other.post(address("support_proposal", house, proposal)).status_code == 409
    assert change(other, house, proposal, wording=1, why="It is short.").status_code == 302
    assert "Milo" in as_user(None).get(address("proposal_wordings", house, proposal)).text
    other.post(address("answer_propose_with", house, proposal), {"answer": "decline"})
    assert change(other, house, proposal, wording=2).status_code == 404


def test_a_draft_is_shown_to_who_is_asked_and_no_more_to_who_declines(house, as_user):
    draft, other = proposed(house, publish=False), as_user(house.other)
    as_user(house.member).post(address("propose_with", house, draft), {"member": house.other.public_id})
    assert other.get(address("proposal", house, draft)).status_code == 200
    assert other.get(address("proposal_text", house, draft)).status_code == 404
    assert other.post(address("discard_proposal", house, draft)).status_code == 404
    other.post(address("answer_propose_with", house, draft), {"answer": "agree"})
    assert "The Bridge" in other.get(address("proposals", house)).text
    assert other.post(address("discard_proposal", house, draft)).status_code == 404  # its proposer alone
    as_user(house.member).post(address("propose_with", house, draft), {"without": house.other.public_id})
    assert other.get(address("proposal", house, draft)).status_code == 404
    assert other.post(address("answer_propose_with", house, draft), {"answer": "agree"}).status_code == 404


def test_only_members_are_asked_and_at_most_so_many(house, as_user, monkeypatch):
    proposal, client = proposed(house), as_user(house.member)
    page = address("propose_with", house, proposal)
    for nobody in (house.outsider.public_id, house.member.public_id, "zzzzzzzzzz", "", "a\x00b"):
        assert client.post(page, {"member": nobody}).status_code == 422
    assert client.post(page, {"without": house.other.public_id}).status_code == 404
    monkeypatch.setattr(CoProposer, "MOST", 1)
    assert client.post(page, {"member": house.other.public_id}).status_code == 302
    assert client.post(page, {"member": house.owner.public_id}).status_code == 409
    assert proposal.co_proposers.count() == 1


def test_who_leaves_the_group_is_no_co_proposer_and_takes_the_hand_down(house):
    proposal, decided = proposed(house), proposed(house, title="A Field")
    friend = factories.create_member(house.group)
    for one in (proposal, decided):
        actions.support(proposal=one, by=friend)
    actions.ask_to_propose_with(proposal=proposal, user=house.other, by=house.member)
    answered(house, decided, "accepted")
    for who in (friend, house.other):
        leave(membership=house.group.memberships.get(user=who), by=who)
    assert (standing(proposal).supporters, proposal.co_proposers.count()) == (0, 0)
    assert standing(decided).supporters == 1  # what was decided keeps its number


# --- Taking it back ---------------------------------------------------------------------------------------------------


def test_it_is_withdrawn_after_asking_with_a_word_and_who_supports_it_is_told(house, as_user):
    proposal, client = proposed(house), as_user(house.member)
    actions.support(proposal=proposal, by=house.other)
    assert "leaves the list" in client.get(address("withdraw_proposal", house, proposal)).text
    too_long = client.post(address("withdraw_proposal", house, proposal), {"reason": "x" * 2_001})
    assert too_long.status_code == 422
    client.post(address("withdraw_proposal", house, proposal), {"reason": "I have read it: no."})
    assert standing(proposal).state == "withdrawn"
    assert told(house.other) == ["withdrawn"]
    assert "I have read it: no." in as_user(None).get(address("proposal", house, proposal)).text
    assert "The Bridge" not in as_user(None).get(address("proposals", house)).text
    assert as_user(house.other).post(address("bring_proposal_back", house, proposal)).status_code == 409
    assert client.post(address("bring_proposal_back", house, proposal)).status_code == 302
    assert standing(proposal).state == "open"
    assert told(house.other) == ["withdrawn", "brought_back"]


def test_it_does_not_come_back_beside_the_same(house, as_user):
    proposal = proposed(house)
    actions.withdraw(proposal=proposal, by=house.member)
    there = proposed(house, by=house.other)
    answer = as_user(house.member).post(address("bring_proposal_back", house, proposal))
    assert answer.status_code == 409
    assert address("proposal", house, there) in answer.text
    assert standing(proposal).state == "withdrawn"


def test_a_group_that_is_closed_and_a_person_who_is_suspended_propose_nothing(house):
    proposal = proposed(house)
    theirs = house.group.memberships.filter(user=house.member)
    theirs.update(suspended_until="9999-01-01T00:00Z", suspended_by=house.owner, suspended_for="Rest.")
    for act in (
        lambda: proposed(house, title="A Field"),
        lambda: actions.withdraw(proposal=proposal, by=house.member),
        lambda: actions.reword(proposal=proposal, wording=1, by=house.member, **said(why="x")),
        lambda: actions.support(proposal=proposal, by=house.member),
    ):
        with pytest.raises(actions.NotPossible):
            act()
    assert standing(proposal).why == WHY
