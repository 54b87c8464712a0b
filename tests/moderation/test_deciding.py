"""What moderators decide: what it does, what it asks for, and whom it tells."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readinggroup.discussion.models import Comment, HeldFor, State
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import NotYours, Seen, Stale, Verdict, decide, report
from readinggroup.moderation.models import Action, Case, Decision, Ground, LogEntry, Outcome, Report
from readinggroup.notifications.models import Notice

from .. import factories

WORDS = "Three times the same advertisement."


@pytest.fixture
def rule(house):
    rules = change_rules(group=house.group, rules=[("Be kind", "To each other."), ("No trade", "")], by=house.owner)
    return rules.rules.get(number=2)


@pytest.fixture
def comment(house):
    return factories.create_comment(house.reading, house.member, "Buy my boats.")


@pytest.fixture
def case(house, comment):
    report(comment=comment, words="It is trade.", by=house.other)
    return Case.objects.get()


def seen(case):
    comment = Comment.objects.get(pk=case.comment_id)
    return [Seen(case.pk, comment.state, comment.wording)]


def hiding(rule, **more):
    return Verdict(action=Action.HIDE, ground=Ground.RULE, rule=rule, words=WORDS, **more)


def test_a_comment_is_hidden_and_everything_follows_in_one(house, case, comment, rule):
    decision = decide(group=house.group, seen=seen(case), verdict=hiding(rule), by=house.moderator)
    comment.refresh_from_db()
    case.refresh_from_db()
    assert (comment.state, comment.hidden_under) == (State.HIDDEN, rule)
    assert case.closed_at is not None
    entry = LogEntry.objects.get(decision=decision.public_id)
    assert entry.is_whole
    facts = json.loads(entry.facts)
    assert facts["parts"] == [{"action": "hide", "reading": "The Ferry", "paragraph": 4, "until": None}]
    assert facts["rule"] == {"set": 1, "number": 2, "title": "No trade"}
    assert facts["words"] == WORDS
    assert Report.objects.get().outcome == Outcome.UPHELD
    told = {(notice.recipient, notice.kind) for notice in Notice.objects.filter(kind__startswith="moderation/")}
    assert (house.member, "moderation/decided") in told
    assert (house.other, "moderation/report_answered") in told


def test_the_same_decision_again_is_the_first_one(house, case, rule):
    saw = seen(case)
    first = decide(group=house.group, seen=saw, verdict=hiding(rule), by=house.moderator)
    again = decide(group=house.group, seen=saw, verdict=hiding(rule), by=house.owner)
    assert again == first
    with pytest.raises(Stale):
        decide(group=house.group, seen=saw, verdict=Verdict(action=Action.LEAVE), by=house.owner)
    assert Decision.objects.count() == 1


def test_nobody_decides_on_what_is_their_own(house, rule):
    own = factories.create_comment(house.reading, house.moderator, "My own words.")
    report(comment=own, words="Hm.", by=house.other)
    case = Case.objects.get()
    with pytest.raises(NotYours):
        decide(group=house.group, seen=seen(case), verdict=hiding(rule), by=house.moderator)
    with pytest.raises(NotYours):
        decide(group=house.group, seen=seen(case), verdict=hiding(rule), by=house.organizer)
    decide(group=house.group, seen=seen(case), verdict=hiding(rule), by=house.owner)


def test_what_is_held_has_a_case_by_the_database(house, comment):
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.LINKS)
    case = Case.objects.get(comment=comment)
    decide(group=house.group, seen=seen(case), verdict=Verdict(action=Action.APPROVE), by=house.moderator)
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE


@pytest.mark.parametrize(("action", "writes"), [(Action.LEAVE, 0), (Action.HIDE, 1)])
def test_more_cases_cost_what_is_written_of_each_and_nothing_more(house, rule, action, writes):
    counts = []
    for cases in (1, 3):
        comments = [factories.create_comment(house.reading, house.member, f"Boat {n}, {cases}.") for n in range(cases)]
        for comment in comments:
            report(comment=comment, words="It is trade.", by=house.other)
        saw = [one for case in Case.objects.open().order_by("pk") for one in seen(case)]
        verdict = hiding(rule) if action == Action.HIDE else Verdict(action=action)
        with CaptureQueriesContext(connection) as captured:
            decide(group=house.group, seen=saw, verdict=verdict, by=house.moderator)
        counts.append(len(captured))
    assert counts[1] - counts[0] == 2 * writes
