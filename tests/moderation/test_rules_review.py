"""Members ask the owners to look at the rules again; others support it; the owners answer for all to read."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.groups import actions
from readinggroup.groups.models import RulesReview, RulesReviewSupport, Visibility
from readinggroup.groups.settling import change_rules
from readinggroup.notifications.models import Notice

from .. import factories
from ..conftest import make_house

WORDS = "Brief is not always clear."


@pytest.fixture
def standing(house):
    return change_rules(group=house.group, rules=[("Be brief", ""), ("Be kind", "")], by=house.owner)


@pytest.fixture
def review(house, standing):
    rule = standing.rules.get(number=1)
    return actions.ask_for_review(group=house.group, rule_set=standing, rule=rule, words=WORDS, by=house.member)


def at(house, page, *more):
    return reverse(f"groups:{page}", args=[house.group.slug, *more])


def told(kind):
    return set(Notice.objects.filter(kind=kind).values_list("recipient", flat=True))


def test_a_member_asks_and_everybody_who_reads_sees_it(house, as_user, standing):
    client = as_user(house.member)
    rule = standing.rules.get(number=2)
    page = client.get(at(house, "ask_rules_review")).text
    assert "2. Be kind" in page
    answer = client.post(at(house, "ask_rules_review"), {"rule": rule.pk, "words": WORDS})
    review = RulesReview.objects.get()
    assert answer["Location"] == at(house, "rules_review", review.pk)
    assert (review.rule, review.rule_set, review.asked_by) == (rule, standing, house.member)
    assert told("groups/review_asked") == {house.owner.pk}
    assert "asks that the rules" in as_user(house.owner).get("/inbox/").text
    for who in (None, house.outsider, house.other):
        assert "2. Be kind</a>" in as_user(who).get(at(house, "rules")).text
        shown = as_user(who).get(at(house, "rules_review", review.pk)).text
        assert WORDS in shown
        assert ("Mara" in shown) == (who == house.other)  # who belongs is for who may see members
    assert "Reviews of the rules" not in as_user(None).get(at(house, "rules_version", 1)).text


def test_a_group_without_rules_can_be_asked_for_some(house, as_user):
    assert as_user(house.member).post(at(house, "ask_rules_review"), {"words": WORDS}).status_code == 302
    assert RulesReview.objects.get().rule_set is None
    assert "All rules" in as_user(None).get(at(house, "rules")).text


def test_one_that_is_open_a_person(house, as_user, review):
    again = as_user(house.member).post(at(house, "ask_rules_review"), {"words": "And another thing."})
    assert again.status_code == 409
    assert "And another thing." in again.text
    assert "still open" in again.text
    with pytest.raises(IntegrityError, match="rules_review_open_once"), transaction.atomic():
        RulesReview.objects.create(group=house.group, asked_by=house.member, words="x")
    assert as_user(house.other).post(at(house, "ask_rules_review"), {"words": WORDS}).status_code == 302
    actions.answer_review(review=review, answer="No.", by=house.owner)
    assert as_user(house.member).post(at(house, "ask_rules_review"), {"words": WORDS}).status_code == 302


@pytest.mark.parametrize("words", ["", "  \n", "x" * 3_001, "a\x00b", "<script>alert(1)</script>" + "x" * 3_000])
def test_what_cannot_be_sent_is_said_and_the_words_are_kept(house, as_user, standing, words):
    answer = as_user(house.member).post(at(house, "ask_rules_review"), {"words": words})
    assert answer.status_code == 422
    assert "errorlist" in answer.text
    assert "<script>alert" not in answer.text
    if words.startswith("x"):
        assert words in answer.text
    assert not RulesReview.objects.exists()


def test_a_rule_of_another_group_or_of_an_earlier_version_is_refused(house, closed_house, as_user, standing):
    there = change_rules(group=closed_house.group, rules=[("Secret rule", "")], by=closed_house.owner)
    newer = change_rules(group=house.group, rules=[("Be long", "")], by=house.owner, based_on=1)
    for rule in (there.rules.get(), standing.rules.first()):
        answer = as_user(house.member).post(at(house, "ask_rules_review"), {"rule": rule.pk, "words": WORDS})
        assert answer.status_code == 422
        assert "Secret rule" not in answer.text
    assert str(newer.rules.get()) in answer.text


def test_hostile_words_stay_words(house, as_user, standing):
    words = '"><img src=x onerror=alert(2)> {{ 7|add:7 }}'
    as_user(house.member).post(at(house, "ask_rules_review"), {"words": words})
    page = as_user(house.other).get(at(house, "rules_review", RulesReview.objects.get().pk)).text
    assert "<img" not in page
    assert "{{ 7|add:7 }}" in page


# --- Supporting --------------------------------------------------------------------------------------------------


def test_others_support_it_once_and_take_that_back(house, as_user, review):
    client, page = as_user(house.other), at(house, "rules_review", review.pk)
    for _twice in range(2):
        client.post(at(house, "support_rules_review", review.pk), {"act": "support"})
    assert RulesReviewSupport.objects.count() == 1
    shown = client.get(page).text
    assert "1 member supports it." in shown
    assert "Support it no more" in shown
    client.post(at(house, "support_rules_review", review.pk), {"act": "no_more"})
    assert not RulesReviewSupport.objects.exists()
    assert "supports it" not in client.get(page).text


def test_nobody_supports_what_they_asked_themselves(house, as_user, review):
    as_user(house.member).post(at(house, "support_rules_review", review.pk), {"act": "support"})
    assert not RulesReviewSupport.objects.exists()
    assert "Support it</button>" not in as_user(house.member).get(at(house, "rules_review", review.pk)).text


def test_who_was_suspended_at_this_moment_asks_and_supports_nothing(house, as_user, standing, review, monkeypatch):
    """The page was open before; the guard of the view is as it was then."""
    monkeypatch.setattr("readinggroup.groups.permissions.check", lambda *_args: None)
    theirs = house.group.memberships.get(user=house.other)
    actions.suspend(membership=theirs, until=theirs.FOR_GOOD, reason="Rest.", by=house.owner)
    client = as_user(house.other)
    answer = client.post(at(house, "ask_rules_review"), {"words": "Let me say one thing."})
    assert answer.status_code == 409
    assert "Let me say one thing." in answer.text
    client.post(at(house, "support_rules_review", review.pk), {"act": "support"})
    assert (RulesReview.objects.count(), RulesReviewSupport.objects.count()) == (1, 0)


# --- Taking it back ----------------------------------------------------------------------------------------------


def test_taken_back_it_is_nowhere_and_keeps_no_words(house, as_user, review):
    assert as_user(house.other).post(at(house, "take_rules_review_back", review.pk)).status_code == 404
    as_user(house.member).post(at(house, "take_rules_review_back", review.pk))
    review.refresh_from_db()
    assert (review.words, review.withdrawn_at is not None) == ("", True)
    for who in (None, house.member, house.owner):
        assert as_user(who).get(at(house, "rules_review", review.pk)).status_code == 404
        assert "Nobody has asked" in as_user(who).get(at(house, "rules")).text
    assert not actions.support_review(review=review, by=house.other)
    assert not actions.answer_review(review=review, answer="No.", by=house.owner)


# --- Answering ---------------------------------------------------------------------------------------------------


def test_the_owners_answer_for_all_and_who_asked_and_supported_is_told(house, as_user, review):
    actions.support_review(review=review, by=house.other)
    newer = change_rules(group=house.group, rules=[("Be clear", "")], by=house.owner, based_on=1)
    client = as_user(house.owner)
    assert "Version 2" in client.get(at(house, "answer_rules_review", review.pk)).text
    data = {"outcome": "changed", "changed_by": newer.pk, "answer": "You are right."}
    assert client.post(at(house, "answer_rules_review", review.pk), data).status_code == 302
    assert told("groups/review_answered") == {house.member.pk, house.other.pk}
    assert "You are right." in as_user(house.member).get("/inbox/").text
    shown = as_user(None).get(at(house, "rules_review", review.pk)).text
    assert "You are right." in shown
    assert "by version 2" in shown
    assert "Olga" not in shown
    assert "changed by version 2" in as_user(None).get(at(house, "rules_reviews")).text


def test_left_as_they_are_needs_its_reason_and_names_no_version(house, as_user, review):
    newer = change_rules(group=house.group, rules=[("Be clear", "")], by=house.owner, based_on=1)
    client, page = as_user(house.owner), at(house, "answer_rules_review", review.pk)
    assert client.post(page, {"outcome": "left", "answer": " "}).status_code == 422
    assert client.post(page, {"outcome": "changed", "answer": "Yes."}).status_code == 422
    assert client.post(page, {"outcome": "changed", "answer": "Yes.", "changed_by": "x"}).status_code == 422
    client.post(page, {"outcome": "left", "changed_by": newer.pk, "answer": "Brief it stays."})
    review.refresh_from_db()
    assert (review.changed_by, review.answer) == (None, "Brief it stays.")


@pytest.mark.parametrize("of", ["the same", "another group"])
def test_only_a_later_version_of_this_group_has_changed_it(house, closed_house, as_user, review, of):
    there = change_rules(group=closed_house.group, rules=[("Secret", "")], by=closed_house.owner)
    version = review.rule_set if of == "the same" else there
    data = {"outcome": "changed", "changed_by": version.pk, "answer": "Yes."}
    assert as_user(house.owner).post(at(house, "answer_rules_review", review.pk), data).status_code == 422


def test_of_two_answers_the_second_is_told_and_its_words_kept(house, as_user, review):
    actions.answer_review(review=review, answer="It stays.", by=house.owner)
    data = {"outcome": "left", "answer": "My long answer."}
    answer = as_user(house.owner).post(at(house, "answer_rules_review", review.pk), data)
    assert answer.status_code == 409
    assert "My long answer." in answer.text
    assert "It stays." in answer.text
    assert RulesReview.objects.get().answer == "It stays."


@pytest.mark.parametrize("who", ["member", "organizer", "moderator"])
def test_only_owners_answer(house, as_user, review, who):
    data = {"outcome": "left", "answer": "No."}
    assert as_user(getattr(house, who)).post(at(house, "answer_rules_review", review.pk), data).status_code == 403
    assert RulesReview.objects.get().answered_at is None


def test_another_groups_review_is_not_here(house, closed_house, as_user):
    theirs = actions.ask_for_review(group=closed_house.group, rule_set=None, words="Among us.", by=closed_house.member)
    client = as_user(house.owner)
    for page in ("rules_review", "answer_rules_review"):
        assert client.get(at(house, page, theirs.pk)).status_code == 404
    assert client.post(at(house, "support_rules_review", theirs.pk)).status_code == 404
    assert client.get(at(house, "rules_review", 10**30)).status_code == 404
    assert as_user(None).get(at(closed_house, "rules_review", theirs.pk)).status_code == 404


def test_that_rules_do_not_apply_backwards_is_said_where_they_are_changed(house, as_user, standing):
    assert "not for what was written before" in as_user(None).get(at(house, "rules_history")).text


def test_one_review_or_three_cost_the_same(house, as_user, review):
    client = as_user(house.owner)

    def queries():
        counts = []
        for page in ("rules", "rules_reviews"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(at(house, page)).status_code == 200
            counts.append(len(captured))
        return counts

    one = queries()
    for person in (house.other, house.organizer):
        asked = actions.ask_for_review(group=house.group, rule_set=review.rule_set, words=WORDS, by=person)
        actions.support_review(review=asked, by=house.member)
        actions.answer_review(review=asked, answer="No.", by=house.owner)
    assert queries() == one


# --- At once -----------------------------------------------------------------------------------------------------


def at_once(*acts):
    barrier = Barrier(len(acts))

    def run(act):
        try:
            connection.ensure_connection()
            barrier.wait(30)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_asked_answered_and_supported_at_once_each_is_one(as_user, _round):
    house = make_house(Visibility.PUBLIC)
    clients = [as_user(house.member) for _ in range(6)]
    page = at(house, "ask_rules_review")
    answers = at_once(*[lambda c=c: c.post(page, {"words": WORDS}) for c in clients])
    assert sorted(answer.status_code for answer in answers) == [302, 409, 409, 409, 409, 409]
    review = RulesReview.objects.get(group=house.group)
    people = [factories.create_member(house.group) for _ in range(3)]
    acts = [lambda p=p: actions.support_review(review=review, by=p) for p in people]
    acts += [lambda n=n: actions.answer_review(review=review, answer=f"{n}", by=house.owner) for n in range(3)]
    done = at_once(*acts)
    assert sum(done[3:]) == 1
    supported = {person.pk for person, did in zip(people, done[:3], strict=True) if did}
    assert set(review.supports.values_list("by", flat=True)) == supported
    assert told("groups/review_answered") == supported | {house.member.pk}


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_answer_several_times():
    """The control: without the row held, every owner sees it open and answers."""
    house = make_house(Visibility.PUBLIC)
    review = actions.ask_for_review(group=house.group, rule_set=None, words=WORDS, by=house.member)
    looked = Barrier(3)

    def answer_carelessly(number):
        is_open = RulesReview.objects.open().filter(pk=review.pk).exists()
        looked.wait(30)
        return is_open and RulesReview.objects.filter(pk=review.pk).update(
            answer=f"{number}", answered_by=house.owner, answered_at=timezone.now()
        )

    assert sum(at_once(*[lambda n=n: answer_carelessly(n) for n in range(3)])) == 3
