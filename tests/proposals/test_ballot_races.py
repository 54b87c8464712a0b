"""Many vote at the same moment and change their minds, and the ballot closes under their hands.

Beside each race stands its control: the same crowd without what guards the box, to show that the crowd is a crowd.
"""

from datetime import timedelta
from random import Random
from threading import Barrier, Event, Thread

import pytest
from django.db import connection
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.notifications.models import Notice
from readinggroup.proposals import actions
from readinggroup.proposals.actions.closing import close_ballot, close_due, remind_due
from readinggroup.proposals.models import Ballot, BallotBox, Elector, Option, receipt_of

from .. import factories
from ..discussion.test_races import SOON, at_once, in_two_transactions, sends
from ..thoroughness import thoroughly
from .ballots import address, announced, ballot_form, box_of, draft, let_time_pass, new_key, opened, without_triggers

pytestmark = pytest.mark.django_db(transaction=True)

CROWD, CHANGES = 64, thoroughly(6, 2)
TEN = [f"Option {number}" for number in range(1, 11)]


@pytest.fixture
def crowd(house):
    """So many members, made in few statements."""
    people = [factories.create_user() for _ in range(CROWD)]
    Membership.objects.bulk_create(Membership(group=house.group, user=person) for person in people)
    return people


def in_order(box) -> bool:
    """What must hold at every moment: one paper each, and each of an elector."""
    electors = {str(pk) for pk in Elector.objects.filter(ballot=box.ballot_id).values_list("user", flat=True)}
    return len(box.voted) == len(box.papers) and set(box.voted) <= electors


def looks_on(ballot, seen, stop):
    """Looks into the box again and again while the others vote."""
    try:
        while not stop.is_set():
            box = box_of(ballot)
            assert in_order(box)
            seen.append(len(box.papers))
    finally:
        connection.close()


def random_paper(random, method):
    if random.random() < 0.1:
        return {"abstains": True}
    numbers = random.sample(range(1, 11), random.randint(1, 10 if method != "choice" else 1))
    if method == "ranking":
        return {"ranks": {str(number): random.randint(1, 10) for number in numbers}}
    return {"named": sorted(numbers)}


@pytest.mark.parametrize("method", thoroughly(["approval", "ranking", "choice"], ["ranking"]))
def test_ten_options_and_sixty_four_voters_who_change_their_minds(house, crowd, method):
    ballot = opened(house, options=TEN, method=method)
    keys, last = {person.pk: new_key() for person in crowd}, {}
    seen, stop = [], Event()
    onlooker = Thread(target=looks_on, args=(ballot, seen, stop))
    onlooker.start()

    def votes_often(person):
        random = Random(person.pk)
        for _change in range(CHANGES):
            last[person.pk] = paper = random_paper(random, method)
            actions.vote(ballot=ballot, key=keys[person.pk], paper=paper, by=person)

    at_once(*(lambda person=person: votes_often(person) for person in crowd))
    stop.set()
    onlooker.join(SOON)
    box = box_of(ballot)
    assert in_order(box)
    assert {int(voter) for voter in box.voted} == {person.pk for person in crowd}
    # Each paper is the last one that its voter gave, and there is no other.
    assert box.papers == {receipt_of(keys[pk]): paper for pk, paper in last.items()}
    assert seen == sorted(seen)  # none was ever taken out
    assert len(set(seen)) > 3, "nobody looked while they voted"
    let_time_pass(ballot)
    assert close_due() == 1
    result = Ballot.objects.get(pk=ballot.pk).result
    assert result["papers"] == CROWD
    chosen = [{int(number) for number in paper.get("named", paper.get("ranks", []))} for paper in last.values()]
    assert result["tally"] == {str(number): sum(number in paper for paper in chosen) for number in range(1, 11)}


def test_over_http_a_crowd_has_one_vote_each_and_one_who_votes_in_many_windows_has_one(house, crowd, as_user):
    ballot = opened(house, options=TEN)
    some, [busy] = crowd[:9], crowd[9:10]
    key = new_key()
    acts = [sends(as_user(one), address("vote", ballot), secret_key=new_key(), named=["1"]) for one in some]
    acts += [sends(as_user(busy), address("vote", ballot), secret_key=key, named=[str(n)]) for n in range(1, 7)]
    answers = at_once(*acts)
    assert {answer.status_code for answer in answers} == {302}
    assert len(box_of(ballot).papers) == 10
    # In windows that each drew a key of their own, the first that arrives has voted; the others ask for its key.
    acts = [sends(as_user(crowd[11]), address("vote", ballot), secret_key=new_key(), named=["1"]) for _ in range(6)]
    assert sorted(answer.status_code for answer in at_once(*acts)) == [302] + [409] * 5
    assert in_order(box_of(ballot))


def test_without_the_lock_votes_would_be_lost(house, crowd):
    """The control: the box read, and written a moment later, without its lock and its trigger."""
    ballot, some = opened(house), crowd[:16]
    looked = Barrier(len(some))

    def votes_carelessly(person):
        box = box_of(ballot)
        looked.wait(SOON)
        box.voted[str(person.pk)], box.papers[new_key()[:16]] = 1, {"named": [1]}
        with without_triggers():
            BallotBox.objects.filter(pk=box.pk).update(voted=box.voted, papers=box.papers)

    at_once(*(lambda person=person: votes_carelessly(person) for person in some))
    assert len(box_of(ballot).papers) < len(some)


def test_the_database_loses_no_vote_also_against_who_does_not_lock(house, crowd):
    """The same careless crowd, and the trigger alone: whoever would take another's paper out is refused."""
    ballot, some = opened(house), crowd[:16]
    looked, refused = Barrier(len(some)), []

    def votes_carelessly(person):
        box = box_of(ballot)
        looked.wait(SOON)
        box.voted[str(person.pk)], box.papers[new_key()[:16]] = 1, {"named": [1]}
        try:
            box.save()
        except Exception as refusal:
            refused.append(str(refusal))

    at_once(*(lambda person=person: votes_carelessly(person) for person in some))
    box = box_of(ballot)
    assert in_order(box)
    assert len(box.papers) + len(refused) == len(some)
    assert refused
    assert not any("named" in words for words in refused)


# --- A vote that comes as the ballot closes ---------------------------------------------------------------------------


def closing_soon(ballot, ahead):
    """The ballot, frozen as it is, with its end so far from now."""
    with without_triggers():
        Ballot.objects.filter(pk=ballot.pk).update(
            opens_at=timezone.now() - timedelta(hours=2), closes_at=timezone.now() + ahead
        )
    return Ballot.objects.get(pk=ballot.pk)


def tries_to_vote(ballot, person):
    try:
        actions.vote(ballot=ballot, key=new_key(), paper={"named": [1]}, by=person)
    except actions.NoVotesNow:
        return 0
    return 1


def test_a_vote_that_comes_as_it_closes_counts_or_is_refused_and_never_both(house, crowd):
    for round_ in range(thoroughly(10, 3)):
        ballot, some = opened(house, question=f"Round {round_}?"), crowd[:24]
        closing_soon(ballot, timedelta(milliseconds=60))

        def closes(ballot=ballot):
            while not close_ballot(ballot.pk):
                pass

        acts = [lambda person=person, ballot=ballot: tries_to_vote(ballot, person) for person in some]
        *taken, _closed = at_once(*acts, closes)
        ballot.refresh_from_db()
        assert ballot.result["papers"] == sum(taken) == len(box_of(ballot).papers)
        assert ballot.result["tally"]["1"] == sum(taken)


def test_a_vote_waits_for_the_closing_and_is_refused(house):
    """In the worst order: the closing holds the box, the vote has begun and waits for it."""
    ballot = let_time_pass(opened(house))
    taken = []

    def vote():
        taken.append(tries_to_vote(ballot, house.member))

    in_two_transactions(lambda: close_ballot(ballot.pk), vote)
    assert taken == [0]
    ballot.refresh_from_db()
    assert ballot.result["papers"] == 0


def test_without_the_lock_a_vote_would_come_after_the_count(house):
    """The control: the state looked at, the ballot counted, and the paper written a moment later."""
    ballot = opened(house)
    assert ballot.takes_votes
    let_time_pass(ballot)
    close_ballot(ballot.pk)
    with without_triggers():
        BallotBox.objects.filter(ballot=ballot).update(
            voted={str(house.member.pk): 1}, papers={"0" * 16: {"named": [1]}}
        )
    ballot.refresh_from_db()
    assert ballot.result["papers"] == 0 < len(box_of(ballot).papers)


def test_a_ballot_is_closed_by_one_of_many_workers_and_told_once(house):
    ballot = let_time_pass(opened(house))
    assert sum(at_once(*[close_due] * 6)) >= 1
    assert Notice.objects.filter(kind="proposals/ballot_closed").count() == 5
    ballot.refresh_from_db()
    assert ballot.state == "closed"


def test_reminders_go_out_once_whoever_is_at_it(house):
    let_time_pass(opened(house), 23.5)
    assert sum(at_once(*[remind_due] * 6)) == 1
    assert Notice.objects.filter(kind="proposals/ballot_reminder").count() == 5


# --- Opening, voiding, changing ---------------------------------------------------------------------------------------


def test_opened_many_times_at_once_it_is_open_once(house, as_user):
    ballot = announced(house)
    clients = [as_user(house.organizer), as_user(house.owner)] * 4
    answers = at_once(*(sends(client, address("open_ballot", ballot)) for client in clients))
    assert {answer.status_code for answer in answers} == {302}
    assert BallotBox.objects.count() == 1
    assert Elector.objects.count() == 5


def test_a_change_comes_before_the_opening_or_is_refused(house, as_user):
    for round_ in range(4):
        ballot = draft(house, opens=1, question=f"Round {round_}?")
        actions.announce_ballot(ballot=ballot, by=house.organizer)
        changes = sends(
            as_user(house.organizer), address("change_ballot", ballot), **ballot_form(question="Otherwise?")
        )
        opens = sends(as_user(house.owner), address("open_ballot", ballot))
        change, _opened = at_once(changes, opens)
        ballot.refresh_from_db()
        assert change.status_code in {302, 409}
        assert ballot.state == "open"
        assert ballot.question == ("Otherwise?" if change.status_code == 302 else f"Round {round_}?")
        assert ballot.options.count() == (2 if change.status_code == 302 else 3)


def test_an_option_that_is_added_as_it_opens_is_there_before_or_refused(house):
    """Behind the site's back, too: the trigger waits for who opens it."""
    ballot = announced(house)
    refused = []

    def add():
        try:
            Option.objects.create(ballot=ballot, number=9, title="One more")
        except Exception as refusal:
            refused.append(str(refusal))

    in_two_transactions(lambda: actions.open_ballot(ballot=ballot, by=house.organizer), add)
    assert len(refused) == 1
    assert ballot.options.count() == 3


def test_voiding_and_voting_at_once_leave_no_error(house, crowd, as_user):
    ballot = opened(house)
    acts = [sends(as_user(one), address("vote", ballot), secret_key=new_key(), named=["1"]) for one in crowd[:8]]
    voids = [
        sends(as_user(who), address("void_ballot", ballot), reason="No.") for who in (house.organizer, house.owner)
    ]
    *answers, one, other = at_once(*acts, *voids)
    assert {answer.status_code for answer in answers} <= {302, 409}
    assert sorted([one.status_code, other.status_code]) == [302, 409]
    assert len(box_of(ballot).papers) == sum(answer.status_code == 302 for answer in answers)
    assert Notice.objects.filter(kind="proposals/ballot_void").values("recipient").distinct().count() >= 5


def test_a_suspension_comes_before_a_vote_or_after_it(house):
    ballot = opened(house)
    membership = house.group.memberships.get(user=house.member)

    def suspend():
        standing = Membership.objects.select_for_update().get(pk=membership.pk)
        standing.suspended_until, standing.suspended_by = Membership.FOR_GOOD, house.owner
        standing.suspended_for = "Rest."
        standing.save()

    def vote():
        with pytest.raises(actions.NoElector):
            actions.vote(ballot=ballot, key=new_key(), paper={"named": [1]}, by=house.member)

    in_two_transactions(suspend, vote)
    assert box_of(ballot).papers == {}
