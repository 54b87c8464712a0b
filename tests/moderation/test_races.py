"""Two moderators, and their authors, at the same moment: one decision, and nobody's words are lost.

Beside each race stands its control: the same crowd without what guards the site, to show that the crowd is a crowd.
"""

import uuid
from itertools import combinations
from threading import Barrier, Event
from time import sleep

import pytest
from django.db import transaction
from django.utils import timezone

from readinggroup.discussion import actions as discussion
from readinggroup.discussion import moderating
from readinggroup.discussion.models import OPEN_STATES, Comment, CommentWording, HeldFor, State
from readinggroup.groups.models import Membership, Role
from readinggroup.groups.settling import change_rules
from readinggroup.moderation.actions import Seen, Stale, Verdict, decide, decide_about_member, report, reverse
from readinggroup.moderation.case_views import written
from readinggroup.moderation.models import Action, Case, Decision, Ground, LogEntry, Part
from readinggroup.notifications.models import Notice
from readinggroup.readings.models import ParagraphActivity

from .. import factories
from ..discussion.test_races import SOON, assert_counters_are_true, at_once, in_two_transactions
from ..thoroughness import thoroughly
from .steps import deciding

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = thoroughly(20, 4)
ROUNDS_OF_A_PAIR = thoroughly(20, 1)  # of 32 requests, for each of the six pairs
CROWD = 32
STATE_AFTER = {
    Action.APPROVE: State.VISIBLE,
    Action.LEAVE: State.VISIBLE,
    Action.HIDE: State.HIDDEN,
}
REFUSED = "refused"


@pytest.fixture
def rule(house):
    return change_rules(group=house.group, rules=[("Be kind", "")], by=house.owner).rules.get()


@pytest.fixture
def second(house):
    return factories.create_member(house.group, roles=[Role.MODERATOR])


def reported(house):
    comment = factories.create_comment(house.reading, house.member, f"Buy {uuid.uuid4()}.")
    report(comment=comment, words="It is trade.", by=house.other)
    return Case.objects.get(comment=comment)


def held_back(house):
    comment = factories.create_comment(house.reading, house.member, f"Held {uuid.uuid4()}.")
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.LINKS)
    return Case.objects.get(comment=comment)


def seen(case):
    comment = Comment.objects.get(pk=case.comment_id)
    return [Seen(case.pk, comment.state, comment.wording)]


def verdict(action, rule):
    if action in {Action.LEAVE, Action.APPROVE}:
        return Verdict(action=action)
    return Verdict(action=action, ground=Ground.RULE, rule=rule, words="Because.")


def decides(house, saw, verdict, by):
    """A decision to be tried later: its public id, or that it was refused."""

    def act():
        try:
            return decide(group=house.group, seen=saw, verdict=verdict, by=by).public_id
        except Stale:
            return REFUSED

    return act


def sends(client, house, saw, action, rule):
    """The same as the form of the case's page sends it: the status of the answer."""
    grounds = {} if action in {Action.LEAVE, Action.APPROVE} else {"on": f"rule-{rule.pk}", "words": "Because."}
    form = {"seen": [written(one) for one in saw], "action": action, **grounds}
    return lambda: client.post(deciding(house), form).status_code


PAIRS = [(reported, *pair) for pair in combinations([Action.LEAVE, Action.HIDE, Action.ASK], 2)] + [
    (held_back, *pair) for pair in combinations([Action.APPROVE, Action.HIDE, Action.ASK], 2)
]


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS)
def test_two_moderators_decide_otherwise_at_once_and_one_decision_stands(
    house, as_user, rule, second, kind, one, other
):
    """Each in sixteen windows: the decision and its repetitions are taken, the other one is told how it stands now."""
    windows = [(as_user(house.moderator), one) for _ in range(CROWD // 2)]
    windows += [(as_user(second), other) for _ in range(CROWD // 2)]
    for _round in range(ROUNDS_OF_A_PAIR):
        case = kind(house)
        saw, comment = seen(case), Comment.objects.get(pk=case.comment_id)
        statuses = at_once(*(sends(client, house, saw, action, rule) for client, action in windows))
        decision = Decision.objects.get(parts__case=case)
        part = decision.parts.get()
        assert part.action == (one if decision.by == house.moderator else other)
        answers = {action: {status for status, (_c, chosen) in zip(statuses, windows, strict=True) if chosen == action}
                   for action in (one, other)}  # fmt: skip
        assert answers == {part.action: {302}, (other if part.action == one else one): {409}}
        after = Comment.objects.get(pk=comment.pk)
        assert after.state == STATE_AFTER.get(part.action, comment.state)
        assert (after.body, after.wording) == (comment.body, comment.wording)
        assert LogEntry.objects.get(decision=decision.public_id).is_whole
        assert Notice.objects.filter(event=f"decision-{decision.public_id}").count() == 1
    numbers = list(LogEntry.objects.filter(group_key=house.group.pk).values_list("number", flat=True))
    assert numbers == list(range(1, ROUNDS_OF_A_PAIR + 1))
    assert_counters_are_true(house.reading)


def test_looking_first_would_decide_twice(house, rule, second):
    """The control: a moderator who looks whether the case is open, and then decides without holding it."""
    case = held_back(house)
    looked = Barrier(2)

    def decide_carelessly(action, by):
        is_open = Case.objects.open().filter(pk=case.pk).exists()
        looked.wait(SOON)
        if not is_open:
            return
        with transaction.atomic():
            comment = Comment.objects.get(pk=case.comment_id)
            made = Decision.objects.create(
                group=house.group, ground=Ground.NONE, by=by, decided_as="moderator", words="Because."
            )
            Part.objects.create(decision=made, position=0, action=action, case=case, comment=comment, wording=1)
            LogEntry.objects.create(group_key=house.group.pk, decision=made.public_id, facts="{}")
            Comment.objects.filter(pk=comment.pk).update(state=STATE_AFTER[action], held_for="")
            Case.objects.filter(pk=case.pk).update(closed_at=timezone.now())

    at_once(lambda: decide_carelessly(Action.APPROVE, house.moderator), lambda: decide_carelessly(Action.HIDE, second))
    assert Decision.objects.filter(parts__case=case).count() == 2


def test_hiding_and_the_authors_edit_at_once_lose_no_wording(house, rule):
    """Either the words that were seen are hidden and the edit is refused, or the edit stands and the decision is."""
    ways = set()
    for number in range(ROUNDS):
        case = reported(house)
        comment = Comment.objects.get(pk=case.comment_id)
        first = comment.body

        def edit(comment=comment, number=number):
            try:
                discussion.reword(comment=comment, body=f"Changed {number}.", wording=1, by=house.member)
            except discussion.AnswerRefused:
                return REFUSED
            return "edited"

        hides = decides(house, seen(case), verdict(Action.HIDE, rule), house.moderator)
        edited, *hidden = at_once(edit, *[hides] * 7)
        after = Comment.objects.get(pk=comment.pk)
        wordings = [*CommentWording.objects.filter(pgh_obj=comment).values_list("body", flat=True), after.body]
        if after.state == State.HELD:  # hidden, and then changed and handed in again
            ways.add("handed in")
            assert (edited, after.held_for) == ("edited", HeldFor.HANDED_IN)
            assert REFUSED not in hidden
            assert wordings == [first, f"Changed {number}."]
        elif after.state == State.HIDDEN:
            ways.add("hidden")
            assert (edited, wordings) == (REFUSED, [first])
        else:
            ways.add("edited")
            assert (after.state, edited, set(hidden)) == (State.VISIBLE, "edited", {REFUSED})
            assert wordings == [first, f"Changed {number}."]
    assert ways
    assert_counters_are_true(house.reading)


def test_approving_and_withdrawing_at_once_show_nothing_that_was_taken_back(house):
    for _round in range(ROUNDS):
        case = held_back(house)
        comment = Comment.objects.get(pk=case.comment_id)
        approves = decides(house, seen(case), Verdict(action=Action.APPROVE), house.moderator)
        at_once(*[approves] * 8, *[lambda c=comment: discussion.withdraw(comment=c, by=house.member)] * 8)
        after = Comment.objects.get(pk=comment.pk)
        assert after.state == State.WITHDRAWN
        assert after.withdrawn_from in OPEN_STATES
        # It was approved before it was taken back, or never: what is put back is what the moderator has decided.
        was_decided = Decision.objects.filter(parts__case=case).exists()
        assert (after.withdrawn_from == State.VISIBLE) == was_decided
    assert_counters_are_true(house.reading)


def test_without_holding_the_comment_a_hidden_one_would_be_seen_again(house, rule):
    """The control: a moderator who hides what was read before, while its author withdraws it."""
    case = reported(house)
    comment = Comment.objects.get(pk=case.comment_id)  # as it was a moment ago
    discussion.withdraw(comment=comment, by=house.member)
    with pytest.raises(Exception, match="comment_withdrawn_says_when"), transaction.atomic():
        moderating.hide(comment=comment, rule=rule)


def test_nothing_is_said_after_a_suspension_has_begun(house, rule):
    version = factories.version_of(house.reading)
    suspending = Verdict(action=Action.LEAVE, ground=Ground.RULE, rule=rule, words="Enough.", person=Action.SUSPEND)
    for _round in range(ROUNDS):
        member = Membership.objects.select_related("group").get(user=house.member, group=house.group)

        def post():
            try:
                said = discussion.post(
                    reading=house.reading, version=version, body="Still here.", key=uuid.uuid4(), by=house.member
                )
            except discussion.AnswerRefused:
                return None
            return said.pk

        def suspend(member=member):
            decide_about_member(member=member, verdict=suspending, by=house.moderator)
            return set(Comment.objects.filter(author=house.member).values_list("pk", flat=True))

        *posted, before = at_once(*[post] * 15, suspend)
        assert set(posted) - {None} <= before  # all that was said stood when the suspension was committed
        assert post() is None
        lifting = Verdict(action=Action.LEAVE, words="Over.", person=Action.LIFT)
        decide_about_member(member=member, verdict=lifting, by=house.moderator)


def test_who_posts_waits_for_who_suspends(house, rule):
    """In the order in which they would go wrong: the suspension is there but not committed when somebody posts."""
    member = Membership.objects.select_related("group").get(user=house.member, group=house.group)
    suspending = Verdict(action=Action.LEAVE, ground=Ground.RULE, rule=rule, words="Enough.", person=Action.SUSPEND)

    def post():
        try:
            factories.create_comment(house.reading, house.member, "A moment too late.")
        except discussion.AnswerRefused:
            return REFUSED
        return "said"

    _held, posted = in_two_transactions(
        lambda: decide_about_member(member=member, verdict=suspending, by=house.moderator), post
    )
    assert posted == REFUSED
    assert not Comment.objects.filter(body="A moment too late.").exists()


def test_who_reports_while_it_is_decided_is_heard_in_a_case_of_its_own(house):
    """The case that the report was about to join is closed while it waits: no error, and another case."""
    theirs = house.group.memberships.get(user=house.member)
    report(member=theirs, words="Rude.", by=house.other)
    first = Case.objects.get()

    is_held = Event()

    def decides():
        with transaction.atomic():
            Case.objects.select_for_update(no_key=True).get(pk=first.pk)
            is_held.set()
            sleep(0.3)  # in which the report finds the case open, and waits for it
            Case.objects.filter(pk=first.pk).update(closed_at=timezone.now())

    def reports():
        is_held.wait(SOON)
        return report(member=theirs, words="Rude.", by=house.organizer)

    assert at_once(decides, reports) == [None, True]
    assert Case.objects.open().get().reports.get().reporter == house.organizer


def test_what_is_hidden_at_this_moment_is_reported_no_more(house, rule):
    comment = factories.create_comment(house.reading, house.member, "Trade.")
    Comment.objects.filter(pk=comment.pk).update(state=State.HIDDEN)
    with pytest.raises(Stale):
        report(comment=comment, words="Trade.", by=house.other)
    assert not Case.objects.exists()


@pytest.mark.parametrize("act", ["decide", "reverse"])
def test_who_decides_about_several_paragraphs_waits_for_who_holds_them_in_their_order(house, rule, act):
    """As whoever marks all as seen holds them. In the order of the cases each would wait for the other: a deadlock."""
    comments = [factories.create_comment(house.reading, house.member, "Trade.", number=number) for number in (4, 5)]
    comments.sort(key=lambda comment: -comment.paragraph_id)
    for comment in comments:
        report(comment=comment, words="Trade.", by=house.other)
    saw = [seen(case)[0] for case in Case.objects.order_by("pk")]
    decides_now = decides(house, saw, verdict(Action.HIDE, rule), house.moderator)
    if act == "reverse":
        first = Decision.objects.get(public_id=decides_now())
        decides_now = lambda: reverse(decision=first, words="No.", by=house.owner).public_id  # noqa: E731
    is_held = Event()

    def sees_all():
        with transaction.atomic():
            for comment in reversed(comments):
                counters = ParagraphActivity.objects.select_for_update()
                counters.get(reading=house.reading, paragraph=comment.paragraph_id)
                is_held.set()
                sleep(0.5)  # in which the decision comes as far as it comes
        return "seen"

    def acts():
        is_held.wait(SOON)
        return decides_now()

    answers = at_once(sees_all, acts)
    assert answers == ["seen", Decision.objects.latest("pk").public_id]
    assert_counters_are_true(house.reading)
