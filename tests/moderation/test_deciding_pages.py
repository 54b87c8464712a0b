"""Deciding over HTTP: what it asks for, what it refuses, and that nothing that was typed is lost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions as discussion
from readinggroup.discussion.models import Comment, HeldFor, Restriction, State
from readinggroup.groups.models import Membership
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import claim, report
from readinggroup.moderation.models import Action, Case, Decision, LogEntry, Part
from readinggroup.notices import worded
from readinggroup.notifications.models import Notice

from .. import factories
from .steps import WORDS, case_of, decide, deciding, page_of, queue_of, seen

REASON = "This is the third time this week."


@pytest.fixture
def rule(house):
    rules = change_rules(group=house.group, rules=[("Be kind", "To each other."), ("No trade", "")], by=house.owner)
    return rules.rules.get(number=2)


@pytest.fixture
def comment(house, rule):
    comment = factories.create_comment(house.reading, house.member, "Buy my boats.")
    report(comment=comment, words=WORDS, by=house.other)
    return comment


@pytest.fixture
def case(comment):
    return case_of(comment)


def hiding(rule, **more):
    return {"action": "hide", "on": f"rule-{rule.pk}", "words": REASON} | more


def told(person):
    """What the person is told of the last decision that concerns them."""
    notice = Notice.objects.filter(recipient=person, kind="moderation/decided").latest("pk")
    return worded([notice])[notice.pk]


def test_from_the_case_to_the_notice(house, as_user, case, comment, rule):
    client = as_user(house.moderator)
    page = client.get(page_of(house, case)).text
    assert f'value="rule-{rule.pk}">2. No trade' in page
    assert f'name="seen" value="{seen(case)}"' in page
    answer = decide(client, house, case, **hiding(rule))
    assert answer["Location"] == queue_of(house)
    assert "That is decided." in client.get(answer["Location"]).text
    comment.refresh_from_db()
    assert (comment.state, comment.hidden_under) == (State.HIDDEN, rule)
    said = told(house.member)
    assert said.subject == "What you wrote in Harbour readers was hidden"
    for words in ("“Buy my boats.”", "The Ferry, paragraph 4", "2. No trade", REASON, "A moderator decided it",
                  "nothing in it was automatic", "you can appeal until"):  # fmt: skip
        assert words in said.body, words
    assert "Mona" not in said.body
    assert "Milo" not in said.body
    assert "It was decided" in client.get(page_of(house, case)).text


@pytest.mark.parametrize(
    "form",
    [
        {"action": "hide", "on": "", "words": REASON},
        {"action": "hide", "on": "none", "words": REASON},
        {"action": "hide", "on": "law", "words": "  "},
        {"action": "hide", "on": "rule-999999", "words": REASON},
        {"action": "approve", "words": REASON},
        {"action": "", "words": REASON},
        {"action": "leave", "person": "warn", "words": REASON},
        {"action": "leave", "place": "thread", "on": "none", "words": REASON},
        {"action": "leave", "person": "suspend", "person_days": "0", "on": "law", "words": REASON},
        {"action": "leave", "person": "remove", "on": "law", "words": REASON},  # only who hands out roles
        {"action": "move", "on": "law", "words": REASON},
        {"action": "move", "on": "law", "words": REASON, "to": "999"},
        {"action": "hide", "on": "law", "words": "x" * 3_001},
        {"action": "hide", "on": "law", "words": f"{REASON}\x00"},
        {"action": "hide", "on": "law", "words": "</textarea><script>alert(1)</script>" + "x" * 3_000},
    ],
)
def test_what_is_not_enough_is_said_and_what_was_typed_is_kept(house, as_user, case, comment, form):
    answer = decide(as_user(house.moderator), house, case, **form)
    assert answer.status_code == 422
    assert "errorlist" in answer.text
    assert "<script>alert" not in answer.text
    if form["words"] == REASON:
        assert f"{REASON}</textarea>" in answer.text
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE
    assert not Decision.objects.exists()


def test_a_reason_given_often_stands_before_ones_own_words(house, as_user, case, rule):
    often = house.group.reasons.create(title="Trade", words="We do not trade here.")
    client = as_user(house.moderator)
    assert 'data-fills="We do not trade here."' in client.get(page_of(house, case)).text
    decide(client, house, case, **hiding(rule, reason=often.pk))
    assert Decision.objects.get().words == f"We do not trade here.\n\n{REASON}"


def test_a_reason_of_another_group_is_refused(house, closed_house, as_user, case, rule):
    often = closed_house.group.reasons.create(title="Secret", words="Among us.")
    house.group.reasons.create(title="Trade", words="No trade.")
    answer = decide(as_user(house.moderator), house, case, **hiding(rule, reason=often.pk))
    assert answer.status_code == 422
    assert "Among us." not in answer.text


def test_a_comment_that_was_reworded_meanwhile_is_looked_at_again(house, as_user, case, comment, rule):
    was = seen(case)
    discussion.reword(comment=comment, body="Buy my oars.", wording=1, by=house.member)
    client = as_user(house.moderator)
    answer = client.post(deciding(house), {"seen": was} | hiding(rule))
    assert answer.status_code == 409
    assert "nothing was done" in answer.text
    assert "Buy my oars." in answer.text
    assert "<del>" in answer.text
    assert f"{REASON}</textarea>" in answer.text
    assert f'name="seen" value="{case.pk}:visible:2:0"' in answer.text
    assert not Decision.objects.exists()
    assert decide(client, house, case, **hiding(rule)).status_code == 302


def test_what_its_author_has_withdrawn_meanwhile_is_left_alone_and_the_words_are_kept(
    house, as_user, case, comment, rule
):
    was = seen(case)
    discussion.withdraw(comment=comment, by=house.member)
    answer = as_user(house.moderator).post(deciding(house), {"seen": was} | hiding(rule))
    assert answer.status_code == 409
    assert "Buy my boats." not in answer.text
    assert REASON in answer.text


def test_the_same_decision_twice_is_one_and_another_one_is_refused(house, as_user, case, rule):
    was = seen(case)
    client, owner = as_user(house.moderator), as_user(house.owner)
    for _ in range(2):
        assert client.post(deciding(house), {"seen": was} | hiding(rule)).status_code == 302
    answer = owner.post(deciding(house), {"seen": was, "action": "leave", "words": "Harmless, I think."})
    assert answer.status_code == 409
    assert "Harmless, I think." in answer.text
    assert "It was decided" in answer.text
    assert Decision.objects.count() == 1
    assert Notice.objects.filter(recipient=house.member, kind="moderation/decided").count() == 1


def test_what_somebody_else_is_looking_at_says_who_and_until_when(house, as_user, case, rule):
    claim(case=case, by=house.owner)
    answer = decide(as_user(house.moderator), house, case, **hiding(rule))
    assert answer.status_code == 409
    assert "Olga is looking at it until" in answer.text
    assert f"{REASON}</textarea>" in answer.text
    assert not Decision.objects.exists()


def test_whoever_moderates_no_more_decides_nothing(house, as_user, case, rule):
    client = as_user(house.moderator)
    Membership.objects.filter(user=house.moderator).update(
        suspended_until=Membership.FOR_GOOD, suspended_by=house.owner, suspended_for="x"
    )
    answer = decide(client, house, case, **hiding(rule))
    assert answer.status_code == 403
    assert REASON in answer.text
    assert not Decision.objects.exists()
    for who, status in ((None, 302), (house.outsider, 403), (house.member, 403), (house.organizer, 403)):
        assert decide(as_user(who), house, case, **hiding(rule)).status_code == status


@pytest.mark.parametrize(
    "seen", [[], ["x"], ["1"], ["1:visible:1:0", "1:visible:1:0"], ["9" * 30 + ":visible:1:0"], ["-1::0:0"]]
)
def test_what_no_form_of_ours_holds_is_not_there(house, as_user, case, seen):
    answer = as_user(house.moderator).post(deciding(house), {"seen": seen, "action": "leave"})
    assert answer.status_code == 404


def test_another_groups_case_is_not_there(house, closed_house, as_user):
    comment = factories.create_comment(closed_house.reading, closed_house.member, "Among us.")
    report(comment=comment, words=WORDS, by=closed_house.other)
    assert decide(as_user(house.moderator), house, case_of(comment), action="leave").status_code == 404


def test_several_in_one_decision(house, as_user, comment, rule):
    another = factories.create_comment(house.reading, house.other, "Buy my oars.")
    report(comment=another, words=WORDS, by=house.owner)
    cases = [case_of(comment), case_of(another)]
    client = as_user(house.moderator)
    page = client.get(deciding(house), {"case": [case.pk for case in cases]}).text
    assert "Buy my boats." in page
    assert "Buy my oars." in page
    assert 'value="move"' not in page
    assert decide(client, house, *cases, **hiding(rule))["Location"] == queue_of(house)
    assert set(Comment.objects.values_list("state", flat=True)) == {State.HIDDEN}
    assert Decision.objects.get().parts.count() == 2
    assert LogEntry.objects.count() == 1
    assert "Buy my oars" not in told(house.member).body


def test_of_several_one_that_was_decided_meanwhile_stops_all_and_is_left_out(house, as_user, comment, rule):
    another = factories.create_comment(house.reading, house.other, "Buy my oars.")
    report(comment=another, words=WORDS, by=house.owner)
    cases = [case_of(comment), case_of(another)]
    was = [seen(case) for case in cases]
    decide(as_user(house.owner), house, cases[0], action="leave")
    answer = as_user(house.moderator).post(deciding(house), {"seen": was} | hiding(rule))
    assert answer.status_code == 409
    assert f"{REASON}</textarea>" in answer.text
    assert answer.text.count('name="seen"') == 1
    assert "1 of them is left out" in answer.text
    assert not Comment.objects.filter(state=State.HIDDEN).exists()


def test_what_is_held_is_approved_and_its_author_told(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Look here.")
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.LINKS)
    client = as_user(house.moderator)
    page = client.get(page_of(house, case_of(comment))).text
    assert "It holds more links than is usual here." in page
    assert 'value="leave"' not in page
    decide(client, house, case_of(comment), action="approve")
    comment.refresh_from_db()
    assert comment.state == State.VISIBLE
    said = told(house.member)
    assert said.subject == "What you wrote in Harbour readers is shown now"
    assert "appeal" not in said.body


def test_a_thread_is_moved_by_the_number_of_the_paragraph(house, as_user, case, comment):
    client = as_user(house.moderator)
    page = client.get(page_of(house, case)).text
    assert 'name="to"' in page
    here = decide(client, house, case, action="move", on="law", words="There.", to=comment.version.number)
    assert here.status_code == 409
    decide(client, house, case, action="move", on="law", words="There.", to=2)
    comment.refresh_from_db()
    assert comment.version.number == 2


def test_an_answer_is_not_moved(house, as_user, comment):
    answer = factories.create_comment(house.reading, house.other, "I will.", parent=comment)
    report(comment=answer, words=WORDS, by=house.owner)
    client = as_user(house.moderator)
    assert 'value="move"' not in client.get(page_of(house, case_of(answer))).text
    assert decide(client, house, case_of(answer), action="move", on="law", words="x", to=2).status_code == 422


def test_the_author_is_suspended_and_the_thread_locked_in_the_same_decision(house, as_user, case, rule):
    client = as_user(house.moderator)
    more = {"person": "suspend", "person_days": 3, "place": "thread", "place_days": 7}
    assert decide(client, house, case, **hiding(rule, **more)).status_code == 302
    membership = house.group.memberships.get(user=house.member)
    assert timedelta(days=2) < membership.suspended_until - timezone.now() <= timedelta(days=3)
    assert Restriction.objects.get().until > timezone.now() + timedelta(days=6)
    assert [part.action for part in Part.objects.all()] == [Action.HIDE, Action.SUSPEND, Action.LOCK]
    said = told(house.member)
    assert said.subject == "You are suspended in Harbour readers"
    assert "Your comment is hidden" in said.body


def test_an_owner_is_not_suspended_and_the_page_does_not_offer_it(house, as_user, rule):
    comment = factories.create_comment(house.reading, house.owner, "Whatever I like.")
    report(comment=comment, words=WORDS, by=house.other)
    client = as_user(house.moderator)
    page = client.get(page_of(house, case_of(comment))).text
    assert 'value="warn"' in page
    assert 'value="suspend"' not in page
    answer = decide(client, house, case_of(comment), **hiding(rule, person="suspend"))
    assert answer.status_code == 409
    assert "who owns the group is not suspended" in answer.text
    assert f"{REASON}</textarea>" in answer.text
    assert not Decision.objects.exists()


def test_a_name_is_replaced_and_its_bearer_told(house, as_user, rule):
    member = house.group.memberships.get(user=house.member)
    report(member=member, words="A rude name.", by=house.other)
    case = Case.objects.get(member=member)
    client = as_user(house.moderator)
    page = client.get(page_of(house, case)).text
    assert "Mara" in page
    assert 'value="hide"' not in page
    assert 'name="place"' not in page
    assert "The name “Mara”" in client.get(queue_of(house)).text
    assert decide(client, house, case, action="rename", on=f"rule-{rule.pk}", words="Rude.").status_code == 302
    member.refresh_from_db()
    assert member.name_here.startswith("Reader ")
    assert told(house.member).subject == "Your name in Harbour readers was replaced"


def test_a_decision_that_does_more_than_the_one_that_stands_is_no_repetition(house, as_user, case, rule):
    was = seen(case)
    hide = {"seen": was} | hiding(rule)
    assert as_user(house.moderator).post(deciding(house), hide).status_code == 302
    assert as_user(house.owner).post(deciding(house), hide).status_code == 302
    for more in ({"person": "suspend", "person_days": 3}, {"place": "thread"}):
        answer = as_user(house.owner).post(deciding(house), hide | more)
        assert answer.status_code == 409
        assert "It was decided" in answer.text
    assert Decision.objects.count() == 1


def test_what_was_reworded_while_another_claimed_it_keeps_what_was_typed(house, as_user, case, comment, rule):
    was = seen(case)
    discussion.reword(comment=comment, body="Buy my oars.", wording=1, by=house.member)
    claim(case=case, by=house.owner)
    answer = as_user(house.moderator).post(deciding(house), {"seen": was} | hiding(rule))
    assert answer.status_code == 409
    assert "nothing was done" in answer.text
    assert f"{REASON}</textarea>" in answer.text


def test_a_name_that_was_changed_meanwhile_is_looked_at_again(house, as_user, rule):
    theirs = Membership.objects.get(user=house.member, group=house.group)
    Membership.objects.filter(pk=theirs.pk).update(name_here="Boat seller")
    report(member=theirs, words=WORDS, by=house.other)
    case = Case.objects.get(member=theirs)
    was = seen(case)
    Membership.objects.filter(pk=theirs.pk).update(name_here="Rower")
    answer = as_user(house.moderator).post(deciding(house), {"seen": was} | hiding(rule, action="rename"))
    assert answer.status_code == 409
    assert "<bdi>Rower</bdi>" in answer.text
    assert f"{REASON}</textarea>" in answer.text
    assert not Decision.objects.exists()
    assert decide(as_user(house.moderator), house, case, **hiding(rule, action="rename")).status_code == 302


def test_who_began_a_thread_that_is_locked_is_told_and_nobody_locks_their_own(house, as_user, rule):
    own = factories.create_comment(house.reading, house.moderator, "Shall we?")
    answer = factories.create_comment(house.reading, house.member, "Buy my boats.", parent=own)
    report(comment=answer, words=WORDS, by=house.other)
    form = hiding(rule, person="suspend", person_days=30, place="thread")
    case = case_of(answer)
    assert decide(as_user(house.moderator), house, case, **form).status_code == 409
    assert not Decision.objects.exists()
    assert decide(as_user(house.owner), house, case, **form).status_code == 302
    assert "nobody writes there until somebody unlocks it" in told(house.moderator).body
    assert "boats" not in told(house.moderator).body
    assert "nobody writes there" not in told(house.member).body
    decision = Decision.objects.get()
    page = as_user(house.moderator).get(reverse("moderation:decision", args=[decision.public_id])).text
    assert "boats" not in page
    assert reverse("moderation:appeal_against", args=[decision.public_id]) in page


def test_a_suspension_and_a_lock_each_say_their_own_day(house, as_user, case, rule):
    decide(as_user(house.moderator), house, case, **hiding(rule, person="suspend", person_days=30, place="thread"))
    said = told(house.member).body
    assert "you can read in" in said
    assert "nobody writes there until somebody unlocks it" in said
