"""A ballot's life: made, announced, opened, voided, closed; and nothing of it changes once it is open."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from readinggroup.groups.models import Group, Membership
from readinggroup.notifications.models import Notice
from readinggroup.proposals import actions
from readinggroup.proposals.actions import closing
from readinggroup.proposals.actions.balloting import open_due
from readinggroup.proposals.actions.closing import close_due, remind_due
from readinggroup.proposals.models import Ballot, BallotBox, Elector, Option, Proposal, ProposalEvent
from readinggroup.proposals.tasks import mind_ballots

from .. import factories
from .ballots import announced, box_of, closed, create_proposal, draft, let_time_pass, opened, votes


def states(*proposals):
    return [Proposal.objects.get(pk=one.pk).state for one in proposals]


def told(kind):
    return set(Notice.objects.filter(kind=f"proposals/{kind}").values_list("recipient__display_name", flat=True))


ALL = {"Olga", "Omar", "Mona", "Mara", "Milo"}


def test_from_draft_to_result(house):
    ferry, quay = create_proposal(house, "Ferries"), create_proposal(house, "Quays")
    ballot = draft(house, proposals=[ferry, quay], options=[], opens=1)
    assert states(ferry, quay) == ["open", "open"]
    actions.announce_ballot(ballot=ballot, by=house.organizer)
    assert states(ferry, quay) == ["next_ballot", "next_ballot"]
    assert told("ballot_announced") == ALL - {"Omar"}
    let_time_pass(ballot, 2)
    assert open_due() == 1
    ballot.refresh_from_db()
    assert (ballot.state, states(ferry, quay)) == ("open", ["on_ballot", "on_ballot"])
    assert told("ballot_opened") == ALL
    votes(ballot, house.member, {"named": [2]})
    votes(ballot, house.other, {"named": [1, 2]})
    ballot = closed(ballot)
    assert (ballot.result["outcome"], ballot.result["winners"]) == ("chosen", [2])
    assert states(ferry, quay) == ["open", "accepted"]
    assert told("ballot_closed") == ALL
    events = {event.proposal_id: event.reason for event in ProposalEvent.objects.filter(state__in=["open", "accepted"])}
    assert events == {
        ferry.pk: f"Place 2 of 2 in the ballot “{ballot.question}”.",
        quay.pk: f"Chosen in the ballot “{ballot.question}”.",
    }
    assert close_due() == 0


def test_nothing_is_chosen_without_a_quorum_and_proposals_are_back(house):
    ferry, quay = create_proposal(house, "Ferries"), create_proposal(house, "Quays")
    ballot = opened(house, proposals=[ferry, quay], options=[], quorum=50)
    votes(ballot, house.member, {"named": [2]})
    votes(ballot, house.other, {"abstains": True})
    ballot = closed(ballot)
    assert (ballot.result["outcome"], ballot.result["winners"]) == ("no_quorum", [])
    assert states(ferry, quay) == ["open", "open"]


def test_whoever_abstains_counts_for_the_quorum(house):
    ballot = opened(house, quorum=40)
    votes(ballot, house.member, {"named": [2]})
    votes(ballot, house.other, {"abstains": True})
    assert closed(ballot).result["winners"] == [2]


def test_several_can_be_chosen(house):
    ballot = opened(house, seats=2)
    votes(ballot, house.member, {"named": [3]})
    votes(ballot, house.other, {"named": [3, 1]})
    assert closed(ballot).result["winners"] == [3, 1]


def test_nobody_votes(house):
    assert closed(opened(house)).result["outcome"] == "no_vote"


def test_electors_are_the_members_at_the_opening(house):
    Membership.objects.filter(user=house.other).update(
        suspended_until=Membership.FOR_GOOD, suspended_by=house.owner, suspended_for="Rest."
    )
    ballot = opened(house)
    late = factories.create_member(house.group, "Lena")
    names = set(ballot.electors.values_list("user__display_name", flat=True))
    assert names == ALL - {"Milo"}  # who is suspended past the end could not vote
    with pytest.raises(actions.NoElector):
        votes(ballot, late, {"named": [1]})
    house.group.memberships.filter(user=house.member).update(left_at=timezone.now())
    with pytest.raises(actions.NoElector):
        votes(ballot, house.member, {"named": [1]})


def test_supporters_and_titles_are_those_of_the_opening(house):
    ferry, quay = create_proposal(house, "Ferries", author="Ida Renner"), create_proposal(house, "Quays")
    ballot = announced(house, proposals=[ferry, quay], options=[])
    Proposal.objects.filter(pk=ferry.pk).update(supporters=7, title="Ferries in winter")
    actions.open_ballot(ballot=ballot, by=house.organizer)
    Proposal.objects.filter(pk=ferry.pk).update(supporters=9)
    option = Option.objects.get(ballot=ballot, number=1)
    assert (option.title, option.author, option.supporters) == ("Ferries in winter", "Ida Renner", 7)
    assert option.proposed_at == ferry.proposed_at


def test_a_proposal_that_was_withdrawn_falls_away_and_too_few_are_no_ballot(house):
    three = [create_proposal(house, title) for title in ("Ferries", "Quays", "Lights")]
    ballot = announced(house, proposals=three, options=[])
    Proposal.objects.filter(pk=three[0].pk).update(state="withdrawn")
    let_time_pass(ballot, 2)
    other = announced(house, proposals=three[:2], options=[], opens=1)
    let_time_pass(other, 2)
    assert open_due() == 1  # the first takes the second's last one along
    ballot.refresh_from_db()
    assert list(ballot.options.values_list("number", "title")) == [(2, "Quays"), (3, "Lights")]
    other.refresh_from_db()
    assert (other.state, states(*three)) == ("void", ["withdrawn", "on_ballot", "on_ballot"])
    assert "could not be opened" in other.void_reason


def test_a_ballot_whose_time_passed_while_the_worker_was_away_is_void(house):
    ballot = announced(house)
    let_time_pass(ballot, 30)
    assert open_due() == 0
    ballot.refresh_from_db()
    assert ballot.state == "void"


def test_void_puts_proposals_back_and_is_told_with_its_reason(house):
    ferry, quay = create_proposal(house, "Ferries"), create_proposal(house, "Quays")
    ballot = opened(house, proposals=[ferry, quay], options=[])
    votes(ballot, house.member, {"named": [2]})
    actions.void_ballot(ballot=ballot, reason="The title was wrong.", by=house.owner)
    assert states(ferry, quay) == ["open", "open"]
    notice = Notice.objects.filter(kind="proposals/ballot_void").first()
    assert notice.facts["reason"] == "The title was wrong."
    for act in (
        lambda: votes(ballot, house.other, {"named": [1]}),
        lambda: actions.void_ballot(ballot=ballot, reason="Again.", by=house.owner),
        lambda: actions.open_ballot(ballot=ballot, by=house.owner),
    ):
        with pytest.raises((actions.NoVotesNow, actions.BallotNotPossible)):
            act()


def test_a_ballot_whose_time_is_over_is_void_no_more(house):
    """Whoever does not like what is in sight cannot end it between its last moment and the count."""
    ballot = let_time_pass(opened(house))
    with pytest.raises(actions.BallotNotPossible):
        actions.void_ballot(ballot=ballot, reason="I do not like it.", by=house.organizer)


def test_a_draft_can_be_thrown_away_and_what_was_announced_cannot(house):
    actions.discard_ballot(ballot=draft(house), by=house.organizer)
    assert not Ballot.objects.exists()
    ballot = announced(house)
    with pytest.raises(actions.BallotNotPossible):
        actions.discard_ballot(ballot=ballot, by=house.organizer)


def test_announced_twice_is_told_once_and_opened_twice_is_open_once(house):
    ballot = draft(house, opens=1)
    for _twice in range(2):
        actions.announce_ballot(ballot=ballot, by=house.organizer)
    for _twice in range(2):
        actions.open_ballot(ballot=ballot, by=house.organizer)
    assert Notice.objects.filter(kind="proposals/ballot_announced").count() == 4
    assert BallotBox.objects.count() == 1


def test_an_announced_ballot_can_be_changed_and_its_proposals_follow(house):
    ferry, quay, light = (create_proposal(house, title) for title in ("Ferries", "Quays", "Lights"))
    ballot = announced(house, proposals=[ferry, quay], options=[])
    change = {"proposals": [quay, light], "others": [], "by": house.organizer, "question": "Which?"}
    with pytest.raises(actions.StaleBallot):
        actions.change_ballot(ballot=ballot, version=2, **change)
    actions.change_ballot(ballot=ballot, version=1, **change)
    assert states(ferry, quay, light) == ["open", "next_ballot", "next_ballot"]


def test_a_group_in_the_archive_opens_nothing_and_still_counts(house):
    waits, runs = announced(house), opened(house)
    votes(runs, house.member, {"named": [1]})
    Group.objects.filter(pk=house.group.pk).update(archived_at=timezone.now())
    with pytest.raises(actions.NoElector):
        votes(runs, house.other, {"named": [1]})
    let_time_pass(waits, 2)
    assert open_due() == 0
    assert closed(runs).result["winners"] == [1]


def test_a_ballot_that_cannot_be_counted_stops_no_other_and_its_papers_are_not_logged(house, monkeypatch, caplog):
    broken, other = opened(house, question="Broken?"), opened(house)
    votes(broken, house.member, {"named": [1], "reason": "A murmuration."})
    settle = closing.settle_proposals

    def fails(ballot, options):
        if ballot.pk == broken.pk:
            raise ValueError(box_of(ballot).papers)
        settle(ballot, options)

    with monkeypatch.context() as patched:
        patched.setattr(closing, "settle_proposals", fails)
        for ballot in (broken, other):
            let_time_pass(ballot)
        assert close_due() == 1
    assert set(Ballot.objects.values_list("question", "state")) == {("Broken?", "open"), (other.question, "closed")}
    assert "ValueError" in caplog.text
    assert "murmuration" not in caplog.text
    assert close_due() == 1  # a minute later


# --- Frozen -----------------------------------------------------------------------------------------------------------

LATER = timedelta(days=1)


def refused_by_the_database(act, constraint):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        act()
    assert refusal.value.__cause__.diag.constraint_name == constraint
    return True


@pytest.mark.parametrize(
    "change",
    [
        {"question": "Which?"},
        {"words": "Otherwise."},
        {"method": "choice"},
        {"is_secret": False},
        {"quorum": 1},
        {"seats": 2},
        {"opens_at": timezone.now() - LATER},
        {"closes_at": timezone.now() + 9 * LATER},
        {"opened_at": timezone.now() - LATER},
        {"announced_at": timezone.now() - LATER},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_that_was_declared_changes_once_it_is_open(house, change):
    ballot = opened(house)
    rows = Ballot.objects.filter(pk=ballot.pk)
    assert refused_by_the_database(lambda: rows.update(**change), "ballot_is_frozen")


def test_options_electors_and_box_are_frozen(house):
    ballot = opened(house)
    for act in (
        lambda: ballot.options.update(title="Otherwise"),
        lambda: ballot.options.filter(number=1).delete(),
        lambda: Option.objects.create(ballot=ballot, number=9, title="One more"),
        lambda: Elector.objects.create(ballot=ballot, user=house.outsider),
        lambda: ballot.electors.filter(user=house.other).delete(),
        lambda: box_of(ballot).delete(),
    ):
        assert refused_by_the_database(act, "ballot_is_frozen")
    assert refused_by_the_database(lambda: Ballot.objects.filter(pk=ballot.pk)._raw_delete("default"), "ballot_stays")


@pytest.mark.parametrize("state", ["draft", "announced"])
def test_a_ballot_does_not_go_back(house, state):
    ballot = opened(house)
    change = {"state": state, "opened_at": None, "announced_at": None}
    assert refused_by_the_database(lambda: Ballot.objects.filter(pk=ballot.pk).update(**change), "ballot_goes_on")


def test_a_ballot_closes_in_time_and_its_result_stays(house):
    ballot = opened(house)
    rows = Ballot.objects.filter(pk=ballot.pk)
    early = {"state": "closed", "closed_at": timezone.now(), "result": {}}
    assert refused_by_the_database(lambda: rows.update(**early), "ballot_closes_in_time")
    assert refused_by_the_database(lambda: rows.update(result={}), "ballot_result_is_of_a_closed_one")
    closed(ballot)
    for change in ({"result": {"winners": [1]}}, {"result": None}, {"closed_at": timezone.now() + LATER}):
        assert refused_by_the_database(lambda change=change: rows.update(**change), "ballot_result_stays")
    over = {"state": "void", "closed_at": None, "voided_at": timezone.now(), "void_reason": "No.", "result": None}
    assert refused_by_the_database(lambda: rows.update(**over), "ballot_goes_on")


def test_before_its_opening_it_can_be_changed(house):
    """The control: the same changes pass while it is announced."""
    ballot = announced(house)
    assert Ballot.objects.filter(pk=ballot.pk).update(question="Which?", is_secret=False, quorum=5) == 1
    assert ballot.options.update(title="Otherwise") == 3


# --- The box ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "paper",
    [
        {},
        {"named": []},
        {"named": [1, 1]},
        {"named": [9]},
        {"named": ["1"]},
        {"named": [1], "abstains": True},
        {"abstains": False},
        {"ranks": {"1": 1}},
        {"named": [1], "voter": 7},
        {"named": [1], "reason": ""},
        {"named": [1], "reason": "x" * 1_001},
        {"named": [1], "by": 1},
    ],
    ids=str,
)
def test_what_is_no_paper_does_not_get_into_the_box(house, paper):
    ballot = opened(house)
    box = box_of(ballot)
    box.voted, box.papers = {str(house.member.pk): 1}, {"0" * 16: paper}
    assert refused_by_the_database(box.save, "box_secret_is_secret" if "by" in paper else "box_paper_is_one")


@pytest.mark.parametrize("ranks", [{}, {"1": 0}, {"1": 1.5}, {"9": 1}, {"1": "1"}, [1, 2]], ids=str)
def test_ranks_are_whole_numbers_of_options(house, ranks):
    box = box_of(opened(house, method="ranking"))
    box.voted, box.papers = {str(house.member.pk): 1}, {"0" * 16: {"ranks": ranks}}
    assert refused_by_the_database(box.save, "box_paper_is_one")


def test_one_choice_is_one(house):
    box = box_of(opened(house, method="choice"))
    box.voted, box.papers = {str(house.member.pk): 1}, {"0" * 16: {"named": [1, 2]}}
    assert refused_by_the_database(box.save, "box_paper_is_one")


def test_the_database_keeps_one_paper_each(house):
    ballot = opened(house)
    votes(ballot, house.member, {"named": [1]})
    mine, [[receipt, paper]] = {str(house.member.pk): 1}, box_of(ballot).papers.items()
    two = {**mine, str(house.other.pk): 1}
    three = {**two, str(house.owner.pk): 1}
    outsider = {**mine, str(house.outsider.pk): 1}
    carries = {**mine, str(house.other.pk): {"named": [1]}}
    one = {"named": [2]}
    for voted, papers, constraint in (
        ({}, {}, "box_one_paper_each"),  # taken out
        (two, {receipt: paper}, "box_one_paper_each"),  # voted without a paper
        (mine, {receipt: paper, "1" * 16: one}, "box_one_paper_each"),  # a paper of nobody
        (mine, {"1" * 16: one}, "box_one_paper_each"),  # another in its place
        (three, {receipt: paper, "1" * 16: one, "2" * 16: one}, "box_one_paper_each"),  # two at once
        (two, {receipt: one, "1" * 16: one}, "box_one_paper_each"),  # one's own, and another's changed
        (outsider, {receipt: paper, "1" * 16: one}, "box_only_electors"),
        (carries, {receipt: paper, "1" * 16: one}, "box_only_electors"),  # nothing is kept beside the voter
        (two, {receipt: paper, "Mara": one}, "box_paper_is_one"),  # a receipt says nothing
    ):
        box = box_of(ballot)
        box.voted, box.papers = voted, papers
        assert refused_by_the_database(box.save, constraint)


def test_the_box_takes_nothing_after_the_end_whoever_writes_to_it(house):
    ballot = let_time_pass(opened(house))
    box = box_of(ballot)
    box.voted, box.papers = {str(house.member.pk): 1}, {"0" * 16: {"named": [1]}}
    assert refused_by_the_database(box.save, "ballot_takes_votes")


def test_a_box_is_empty_at_the_beginning(house):
    ballot = announced(house)
    full = {"ballot": ballot, "voted": {str(house.member.pk): 1}, "papers": {"0" * 16: {"named": [1]}}}
    assert refused_by_the_database(lambda: BallotBox.objects.create(**full), "box_begins_empty")
    assert refused_by_the_database(
        lambda: BallotBox.objects.create(ballot=opened(house), voted={}, papers={}), "box_begins_empty"
    )


def test_in_an_open_ballot_nobody_takes_another_ones_name(house):
    ballot = opened(house, is_secret=False)
    votes(ballot, house.member, {"named": [1]})
    [[receipt, paper]] = box_of(ballot).papers.items()
    assert paper == {"named": [1], "by": house.member.pk}
    mine, theirs = {str(house.member.pk): 1}, {str(house.member.pk): 1, str(house.other.pk): 1}
    for voted, papers in (
        (mine, {receipt: {"named": [1], "by": house.other.pk}}),
        (mine, {receipt: {"named": [1]}}),
        (theirs, {receipt: paper, "1" * 16: {"named": [1], "by": house.member.pk}}),
    ):
        box = box_of(ballot)
        box.voted, box.papers = voted, papers
        assert refused_by_the_database(box.save, "box_secret_is_secret")


# --- Reminding --------------------------------------------------------------------------------------------------------


def test_those_who_have_not_voted_are_reminded_once_and_nobody_else(house):
    ballot = opened(house, closes=48)
    Membership.objects.filter(user=house.moderator).update(left_at=timezone.now())
    factories.create_member(house.group, "Lena")  # came later
    votes(ballot, house.member, {"named": [1]})
    assert remind_due() == 0
    let_time_pass(ballot, 37)
    mind_ballots(timestamp=0)
    mind_ballots(timestamp=0)
    assert told("ballot_reminder") == {"Olga", "Omar", "Milo"}
    assert Notice.objects.filter(kind="proposals/ballot_reminder").count() == 3


def test_of_a_short_ballot_one_is_reminded_when_a_quarter_is_left(house):
    ballot = opened(house, closes=8)
    let_time_pass(ballot, 5)
    assert remind_due() == 0
    let_time_pass(ballot, 1.5)
    assert remind_due() == 1


def test_whoever_may_not_hold_ballots_any_more_holds_none(house):
    ballot = draft(house)
    house.group.memberships.filter(user=house.organizer).update(roles=[])
    for act in (actions.announce_ballot, actions.discard_ballot, actions.open_ballot):
        with pytest.raises(actions.BallotNotPossible):
            act(ballot=ballot, by=house.organizer)
    with pytest.raises(actions.BallotNotPossible):
        draft(house)
