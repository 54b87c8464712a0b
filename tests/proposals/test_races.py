"""Many at the same moment: hands are counted, nobody has more than they may, and no text stands there twice.

Beside the races stand their controls: the same crowd without what guards the site.
"""

import uuid
from threading import Barrier

import pytest
from django.db.models import F

from readinggroup.groups.actions import take_in
from readinggroup.groups.models import Group
from readinggroup.proposals import actions
from readinggroup.proposals.actions import proposing
from readinggroup.proposals.models import Proposal, Support

from .. import factories
from ..discussion.test_races import SOON, at_once, sends
from .steps import address, answered, proposed, said, standing, typed

pytestmark = pytest.mark.django_db(transaction=True)


def test_hands_raised_and_taken_back_at_once_are_counted(house, as_user):
    proposal = proposed(house)
    people = [factories.create_member(house.group) for _ in range(8)]
    page = address("support_proposal", house, proposal)

    def changes_their_mind(client, times):
        def act():
            return [
                client.post(page, {"act": ("no_more", "support")[(times - n) % 2]}).status_code for n in range(times)
            ]

        return act

    answers = at_once(*(changes_their_mind(as_user(who), 3 + n % 2) for n, who in enumerate(people)))
    assert {status for each in answers for status in each} == {302}
    assert standing(proposal).supporters == Support.objects.filter(proposal=proposal).count() == 8


def test_counting_by_hand_would_lose_some(house):
    """The control: whoever reads the number and writes it one higher."""
    proposal, read = proposed(house), Barrier(6)

    def raise_carelessly():
        number = standing(proposal).supporters
        read.wait(SOON)
        Proposal.objects.filter(pk=proposal.pk).update(supporters=number + 1)

    at_once(*[raise_carelessly] * 6)
    assert standing(proposal).supporters < 6
    Proposal.objects.filter(pk=proposal.pk).update(supporters=F("supporters") * 0)


def test_the_same_text_proposed_by_many_at_once_stands_there_once(house, as_user):
    people = [factories.create_member(house.group) for _ in range(6)]
    page, form = address("propose", house), typed(all_the_same="1")
    answers = at_once(*(sends(as_user(who), page, **form) for who in people))
    assert sorted(answer.status_code for answer in answers) == [302, 409, 409, 409, 409, 409]
    there = address("proposal", house, Proposal.objects.get())
    assert all(there in answer.text for answer in answers if answer.status_code == 409)


def test_looking_first_would_let_it_stand_there_twice(house):
    """The control: the same without the constraint's column, by who looks whether it stands there already."""
    people, looked = [factories.create_member(house.group) for _ in range(4)], Barrier(4)

    def propose_carelessly(who):
        is_new = not Proposal.objects.filter(group=house.group, title="The Bridge").exists()
        looked.wait(SOON)
        if is_new:
            proposed(house, by=who, translator=str(who.pk))  # another fingerprint: the database sees no harm

    at_once(*(lambda who=who: propose_carelessly(who) for who in people))
    assert Proposal.objects.filter(title="The Bridge").count() > 1


def test_one_form_sent_many_times_at_once_is_one_proposal(house, as_user):
    form, clients = typed(), [as_user(house.member) for _ in range(6)]
    answers = at_once(*(sends(client, address("propose", house), **form) for client in clients))
    assert len({answer["Location"] for answer in answers}) == 1
    assert Proposal.objects.count() == 1


def test_nobody_gets_past_the_limit_by_sending_at_once(house):
    Group.objects.filter(pk=house.group.pk).update(most_proposals=2)
    house.group.refresh_from_db()

    def propose(number):
        try:
            return proposed(house, title=f"Winter {number * 7919}").pk
        except actions.TooManyProposals:
            return None

    made = at_once(*(lambda number=number: propose(number) for number in range(6)))
    assert len([pk for pk in made if pk]) == Proposal.objects.count() == 2


def test_counting_without_holding_the_membership_would_let_them_past(house, monkeypatch):
    """The control: whether they may is asked, and nothing is held."""
    Group.objects.filter(pk=house.group.pk).update(most_proposals=1)
    house.group.refresh_from_db()
    counted, check = Barrier(4), proposing.check_limit

    def check_and_wait(*asked, **more):
        check(*asked, **more)
        counted.wait(SOON)

    monkeypatch.setattr(proposing, "may_still", lambda user, verb, *, group: True)
    monkeypatch.setattr(proposing, "check_limit", check_and_wait)
    at_once(*(lambda number=number: proposed(house, title=f"Winter {number * 7919}") for number in range(4)))
    assert Proposal.objects.count() > 1


def test_a_hand_comes_before_the_decision_or_is_refused(house, as_user):
    people = [factories.create_member(house.group) for _ in range(6)]
    proposal = proposed(house)
    page = address("support_proposal", house, proposal)
    acts = [sends(as_user(who), page, act="support") for who in people]
    *answers, _answer = at_once(*acts, lambda: answered(house, proposal, "accepted"))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {302, 409}
    assert standing(proposal).supporters == statuses.count(302) == Support.objects.count()


def test_of_two_who_change_it_at_once_one_is_shown_what_the_other_wrote(house):
    proposal = proposed(house)
    actions.ask_to_propose_with(proposal=proposal, user=house.other, by=house.member)
    actions.answer_co_proposing(proposal=proposal, agree=True, by=house.other)

    def change(who):
        try:
            actions.reword(proposal=proposal, wording=1, by=who, **said(why=f"By {who.pk}."))
        except actions.StaleProposal:
            return "stale"
        return "saved"

    assert sorted(at_once(*(lambda who=who: change(who) for who in (house.member, house.other)))) == [
        "saved",
        "stale",
    ]
    assert standing(proposal).wording == 2
    assert proposal.wordings.count() == 1


def test_a_key_of_one_person_is_no_key_in_another_group(house, closed_house):
    key, person = uuid.uuid4(), house.member
    actions.propose(group=house.group, by=person, key=key, **said())
    take_in(group=closed_house.group, user=person, name_here="Marta")
    with pytest.raises(actions.NotPossible):
        actions.propose(group=closed_house.group, by=person, key=key, **said())
    assert Proposal.objects.count() == 1
