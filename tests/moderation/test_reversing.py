"""A reversal undoes what still stands, and nothing else; it is told, entered in the log, and counts in the record."""

import json
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse as address_of
from django.utils import timezone

from readinggroup.discussion import moderating
from readinggroup.discussion.models import Comment, HeldFor, Restriction, State
from readinggroup.groups.actions import elect_moderators, hand_out_roles, leave
from readinggroup.groups.models import CameBy, ChangeKind, Group, GroupChange, Membership, Role, Term
from readinggroup.moderation.actions import (
    ForOwners,
    Impossible,
    NotYours,
    Verdict,
    appeal,
    decide,
    decide_about_member,
    decide_about_place,
    report,
    reverse,
)
from readinggroup.moderation.models import Action, Appeal, As, Case, Decision, Ground, LogEntry, Part, Report
from readinggroup.my_data.deletion import forget_name
from readinggroup.notifications.models import Notice

from .. import factories
from ..discussion.test_races import at_once
from . import steps
from .conftest import another_moderator, decided, rule_of, seen

WHY = "It was read too quickly."


def actions_of(decision):
    return [part.action for part in decision.parts.all()]


def page_of(decision, name="reverse_decision"):
    return address_of(f"moderation:{name}", args=[decision.public_id])


def about_member(house, member, person, *, by=None, until=None):
    verdict = Verdict(
        action=None, ground=Ground.RULE, rule=rule_of(house), words="Too loud.", person=person, person_until=until
    )
    membership = house.group.memberships.get(user=member)
    return decide_about_member(member=membership, verdict=verdict, by=by or house.moderator)


def test_a_moderator_takes_their_own_decision_back_with_a_reason(house, as_user, case_of_mara):
    client, address = as_user(house.moderator), page_of(case_of_mara.decision)
    assert address in client.get(page_of(case_of_mara.decision, "decision")).text
    assert "boats</em>" in client.get(address).text
    assert client.post(address, {"words": " "}).status_code == 422
    answer = client.post(address, {"words": WHY})
    made = Decision.objects.get(reverses=case_of_mara.decision)
    assert answer["Location"] == page_of(made, "decision")
    case_of_mara.comment.refresh_from_db()
    assert case_of_mara.comment.state == State.VISIBLE
    assert (actions_of(made), made.by, made.decided_as, made.words) == (["show"], house.moderator, As.MODERATOR, WHY)
    entry = LogEntry.objects.get(decision=made.public_id)
    assert (entry.is_whole, json.loads(entry.facts)["reverses"]) == (True, case_of_mara.decision.public_id)
    assert Report.objects.get().outcome == "not_upheld"
    told = set(Notice.objects.filter(created_at__gte=made.decided_at).values_list("recipient__display_name", "kind"))
    assert {("Mara", "moderation/decided"), ("Milo", "moderation/reversed")} <= told
    assert "Buy my" in as_user(None).get(f"/c/{case_of_mara.comment.public_id}/", follow=True).text
    # Sent again it is the same one.
    assert client.post(address, {"words": WHY})["Location"] == page_of(made, "decision")
    assert Decision.objects.count() == 2


def test_who_comes_second_is_told_so_and_keeps_their_words(house, as_user, case_of_mara):
    address = page_of(case_of_mara.decision)
    as_user(house.moderator).post(address, {"words": WHY})
    made = Decision.objects.get(reverses=case_of_mara.decision)
    for who, words in ((house.owner, "For another reason."), (house.owner, WHY), (house.moderator, "Once more.")):
        answer = as_user(who).post(address, {"words": words})
        assert answer.status_code == 409
        assert f">\n{words}</textarea>" in answer.text
        for said in ("reversed meanwhile", f"<p>{WHY}</p>", page_of(made, "decision")):
            assert said in answer.text, said
        assert '<button class="send">' not in answer.text
    assert as_user(house.owner).get(address)["Location"] == page_of(case_of_mara.decision, "decision")
    assert (Decision.objects.count(), Decision.objects.get(reverses=case_of_mara.decision).words) == (2, WHY)


def test_reversing_is_offered_to_whoever_may_and_the_others_are_told_why_not(house, as_user):
    decision = about_member(house, house.member, Action.REMOVE, by=house.owner)
    address, page = page_of(decision), page_of(decision, "decision")
    assert address not in as_user(house.moderator).get(page).text
    assert as_user(house.moderator).get(address)["Location"] == page
    answer = as_user(house.moderator).post(address, {"words": WHY})
    assert (answer.status_code, "Only an owner can take somebody in again" in answer.text) == (409, True)
    with pytest.raises(ForOwners):
        reverse(decision=decision, words=WHY, by=house.moderator)
    assert address in as_user(house.owner).get(page).text
    assert as_user(house.owner).get(address).status_code == 200
    # Of another decision, whom it concerns is refused in other words.
    own = about_member(house, house.moderator, Action.WARN, by=house.owner)
    with pytest.raises(NotYours) as refusal:
        reverse(decision=own, words=WHY, by=house.moderator)
    assert refusal.type is NotYours


@pytest.mark.parametrize(("who", "status"), [(None, 302), ("member", 404), ("other", 404), ("outsider", 404)])
def test_others_reverse_nothing(house, as_user, case_of_mara, who, status):
    for method in ("get", "post"):
        client = as_user(who and getattr(house, who))
        assert getattr(client, method)(page_of(case_of_mara.decision), {"words": WHY}).status_code == status
    assert Decision.objects.count() == 1


def test_nobody_reverses_what_concerns_themselves(house, as_user):
    decision = decided(house, [factories.create_comment(house.reading, house.moderator, "Buy.")], by=house.owner)
    assert as_user(house.moderator).post(page_of(decision), {"words": WHY}).status_code == 404
    with pytest.raises(NotYours):
        reverse(decision=decision, words=WHY, by=house.moderator)


def test_what_restricts_nobody_is_not_reversed(house, as_user):
    comment = factories.create_comment(house.reading, house.member, "Harmless.")
    left = decided(house, [comment], action=Action.LEAVE, ground=Ground.NONE, rule=None, words="")
    answer = as_user(house.owner).post(page_of(left), {"words": WHY})
    assert (answer.status_code, WHY in answer.text) == (409, True)
    with pytest.raises(Impossible):
        reverse(decision=left, words=WHY, by=house.owner)


def test_what_was_held_before_becomes_visible(house):
    comment = factories.create_comment(house.reading, house.member, "Links.")
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.LINKS)
    decision = decided(house, [comment])
    made = reverse(decision=decision, words=WHY, by=house.owner)
    comment.refresh_from_db()
    assert (comment.state, comment.held_for, actions_of(made)) == (State.VISIBLE, "", ["show"])


def test_what_was_handed_in_since_stays_held_with_its_case(house, case_of_mara):
    Comment.objects.filter(pk=case_of_mara.comment.pk).update(
        state=State.HELD, held_for=HeldFor.HANDED_IN, hidden_under=None, body="x", body_html="<p>x</p>", wording=2
    )
    made = reverse(decision=case_of_mara.decision, words=WHY, by=house.owner)
    case_of_mara.comment.refresh_from_db()
    assert (case_of_mara.comment.state, actions_of(made)) == (State.HELD, ["strike"])
    assert Case.objects.open().filter(comment=case_of_mara.comment).exists()


def test_what_its_author_has_withdrawn_stays_withdrawn(house, case_of_mara):
    Comment.objects.filter(pk=case_of_mara.comment.pk).update(
        state=State.WITHDRAWN, withdrawn_from=State.HELD, withdrawn_at=timezone.now(), hidden_under=None
    )
    made = reverse(decision=case_of_mara.decision, words=WHY, by=house.owner)
    case_of_mara.comment.refresh_from_db()
    assert (case_of_mara.comment.state, actions_of(made)) == (State.WITHDRAWN, ["strike"])


def test_a_later_hiding_stands_and_so_do_its_reports(house, case_of_mara):
    comment = case_of_mara.comment
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.HANDED_IN, hidden_under=None)
    report(comment=comment, words="Again.", by=house.organizer)
    cases = Case.objects.open().filter(comment=comment)
    verdict = Verdict(action=Action.HIDE, ground=Ground.RULE, rule=rule_of(house), words="Still trade.")
    decide(group=house.group, seen=[seen(case) for case in cases], verdict=verdict, by=house.moderator)
    made = reverse(decision=case_of_mara.decision, words=WHY, by=house.owner)
    comment.refresh_from_db()
    assert (comment.state, actions_of(made)) == (State.HIDDEN, ["strike"])
    assert Report.objects.get(reporter=house.organizer).outcome == "upheld"
    assert Report.objects.get(reporter=house.other).outcome == "not_upheld"


def test_a_thread_goes_back_with_its_answers(house):
    root = factories.create_comment(house.reading, house.member, "Wrong place.")
    answer = factories.create_comment(house.reading, house.other, "Indeed.", parent=root)
    report(comment=root, words="Elsewhere.", by=house.organizer)
    decision = decided(house, [root], action=Action.MOVE, to=factories.version_of(house.reading, 5))
    root.refresh_from_db()
    assert root.paragraph == factories.version_of(house.reading, 5).paragraph
    made = reverse(decision=decision, words=WHY, by=house.owner)
    for comment in (root, answer):
        comment.refresh_from_db()
        assert comment.paragraph == factories.version_of(house.reading, 4).paragraph
    assert actions_of(made) == ["move_back"]


@pytest.mark.parametrize("place", ["thread", "paragraph"])
def test_a_lock_is_opened_if_it_is_this_one(house, place):
    comment = factories.create_comment(house.reading, house.member, "Loud.")
    decision = decided(house, [comment], place=place)
    assert Restriction.objects.count() == 1
    made = reverse(decision=decision, words=WHY, by=house.owner)
    assert (Restriction.objects.count(), actions_of(made)) == (0, ["show", "unlock"])


def test_a_thread_is_moved_and_the_paragraph_locked_to_which_it_goes_and_both_are_undone(house, as_user):
    root = factories.create_comment(house.reading, house.member, "Wrong place.")
    report(comment=root, words="Elsewhere.", by=house.other)
    client, case = as_user(house.moderator), Case.objects.get()
    assert "the paragraph is the one to which it goes" in client.get(steps.page_of(house, case)).text
    rule = rule_of(house)
    form = {"action": "move", "to": 5, "on": f"rule-{rule.pk}", "words": "It is about the song.", "place": "paragraph"}
    assert steps.decide(client, house, case, **form).status_code == 302
    here, there = (factories.version_of(house.reading, number).paragraph for number in (4, 5))
    assert Restriction.objects.get().paragraph == there
    decision = Decision.objects.get()
    assert "The Ferry</bdi>, paragraph 5" in client.get(page_of(decision, "decision")).text
    made = reverse(decision=decision, words=WHY, by=house.owner)
    root.refresh_from_db()
    assert (root.paragraph, Restriction.objects.count(), actions_of(made)) == (here, 0, ["move_back", "unlock"])
    assert [part["paragraph"] for part in json.loads(LogEntry.objects.get(decision=made.public_id).facts)["parts"]] == [
        4,
        5,
    ]


def test_the_paragraph_of_a_lock_is_the_one_of_then_wherever_the_comment_went(house):
    root = factories.create_comment(house.reading, house.member, "Loud.")
    decision = decided(house, [root], action=Action.ASK, place="paragraph")
    with transaction.atomic():
        moderating.move_thread(comment=root, version=factories.version_of(house.reading, 5))
    made = reverse(decision=decision, words=WHY, by=house.owner)
    assert (Restriction.objects.count(), actions_of(made)) == (0, ["strike", "unlock"])


def locked(house, place, *, days=None, words="Too loud.", thread=None):
    verdict = Verdict(
        action=Action.LOCK, ground=Ground.RULE, rule=rule_of(house), words=words, place=place,
        place_until=days and timezone.now() + timedelta(days=days),
    )  # fmt: skip
    where = {"thread": thread} if thread else {"version": factories.version_of(house.reading)}
    return decide_about_place(reading=house.reading, **where, verdict=verdict, by=house.moderator)


@pytest.mark.parametrize("place", ["thread", "paragraph"])
def test_a_lock_that_another_replaced_stands_again_when_that_is_reversed(house, place):
    """Whatever set the second one: a decision about the place, or about a comment there."""
    root = factories.create_comment(house.reading, house.member, "Loud.")
    thread = root if place == "thread" else None
    first = locked(house, place, words="Enough.", thread=thread)
    for second in (
        lambda: locked(house, place, days=3, words="Three days.", thread=thread),
        lambda: decided(house, [root], action=Action.ASK, place=place, place_until=timezone.now() + timedelta(days=1)),
    ):
        decision = second()
        part = decision.parts.get(action=Action.LOCK)
        assert (part.before["reason"], part.before["until"]) == ("Enough.", "")
        assert Restriction.objects.get().until is not None
        made = reverse(decision=decision, words=WHY, by=house.owner)
        assert actions_of(made)[-1] == "strike"
        lock = Restriction.objects.get()
        assert (lock.reason, lock.until, lock.created_by) == ("Enough.", None, house.moderator)
    assert actions_of(reverse(decision=first, words=WHY, by=house.owner)) == ["unlock"]
    assert not Restriction.objects.exists()


def test_a_lock_that_was_reversed_itself_or_opened_does_not_come_back(house):
    first = locked(house, "paragraph", words="First.")
    second = locked(house, "paragraph", words="Second.")
    reverse(decision=first, words=WHY, by=house.owner)
    assert Restriction.objects.get().reason == "Second."
    assert actions_of(reverse(decision=second, words=WHY, by=house.owner)) == ["unlock"]
    locked(house, "paragraph", words="Third.")
    opening = Verdict(action=Action.UNLOCK, place="paragraph", words="Quiet again.")
    version = factories.version_of(house.reading)
    decide_about_place(reading=house.reading, version=version, verdict=opening, by=house.moderator)
    fourth = locked(house, "paragraph", words="Fourth.")
    assert actions_of(reverse(decision=fourth, words=WHY, by=house.owner)) == ["unlock"]
    assert not Restriction.objects.exists()


def test_another_lock_there_stays(house):
    comment = factories.create_comment(house.reading, house.member, "Loud.")
    decision = decided(house, [comment], place="thread")
    Restriction.objects.update(reason="Another.")
    made = reverse(decision=decision, words=WHY, by=house.owner)
    assert (Restriction.objects.count(), actions_of(made)) == (1, ["show", "strike"])


def test_a_request_to_change_is_taken_back_and_its_case_closed(house):
    comment = factories.create_comment(house.reading, house.member, "Rude.")
    decision = decided(house, [comment], action=Action.ASK)
    made = reverse(decision=decision, words=WHY, by=house.owner)
    assert (actions_of(made), Case.objects.open().exists()) == (["strike"], False)


def test_of_what_is_held_a_request_taken_back_leaves_it_to_be_looked_at(house):
    comment = factories.create_comment(house.reading, house.member, "Links.")
    Comment.objects.filter(pk=comment.pk).update(state=State.HELD, held_for=HeldFor.LINKS)
    reverse(decision=decided(house, [comment], action=Action.ASK), words=WHY, by=house.owner)
    assert Case.objects.waiting().get().comment == comment


def test_a_warning_is_taken_off_the_record(house):
    made = reverse(decision=about_member(house, house.member, Action.WARN), words=WHY, by=house.owner)
    assert actions_of(made) == ["strike"]


def test_a_suspension_is_lifted_if_it_is_this_one(house):
    until = timezone.now() + timedelta(days=3)
    first = about_member(house, house.member, Action.SUSPEND, until=until)
    second = about_member(house, house.member, Action.SUSPEND)
    theirs = house.group.memberships.get(user=house.member)
    assert theirs.suspended_until == Membership.FOR_GOOD
    # The later one is reversed: the earlier one still has three days to go.
    assert actions_of(reverse(decision=second, words=WHY, by=house.owner)) == ["lift"]
    theirs.refresh_from_db()
    assert theirs.suspended_until == until
    assert actions_of(reverse(decision=first, words=WHY, by=house.owner)) == ["lift"]
    theirs.refresh_from_db()
    assert theirs.suspended_until is None


def test_reversing_an_earlier_suspension_leaves_the_later_one(house):
    first = about_member(house, house.member, Action.SUSPEND, until=timezone.now() + timedelta(days=3))
    about_member(house, house.member, Action.SUSPEND)
    assert actions_of(reverse(decision=first, words=WHY, by=house.owner)) == ["strike"]
    assert house.group.memberships.get(user=house.member).is_suspended


def test_who_was_removed_comes_back_with_the_roles_of_before_but_not_as_owner(house):
    second = factories.create_member(house.group, "Otis", roles=[Role.OWNER])
    membership = house.group.memberships.get(user=second)
    hand_out_roles(membership=membership, roles=[Role.OWNER, Role.ORGANIZER], by=house.owner)
    decision = about_member(house, second, Action.REMOVE, by=house.owner, until=timezone.now() + timedelta(days=9))
    membership.refresh_from_db()
    assert not membership.is_member
    with pytest.raises(NotYours):  # without an appeal, only an owner takes in again who was removed
        reverse(decision=decision, words=WHY, by=house.moderator)
    assert actions_of(reverse(decision=decision, words=WHY, by=house.owner)) == ["readmit"]
    membership.refresh_from_db()
    assert (membership.is_member, membership.roles, membership.suspended_until) == (True, [Role.ORGANIZER], None)


@pytest.mark.parametrize("taken", [False, True])
def test_who_moderated_comes_back_for_what_is_left_of_the_term(house, taken):
    until = timezone.now() + timedelta(days=20)
    elect_moderators(group=house.group, people=[house.member], until=until, by=house.organizer)
    decision = about_member(house, house.member, Action.REMOVE, by=house.owner)
    if taken:  # their name, meanwhile
        Membership.objects.filter(user=house.member).update(name_here="Reader AAAAAA", under_pseudonym=True)
        Membership.objects.filter(user=house.other).update(name_here="Mara")
    assert actions_of(reverse(decision=decision, words=WHY, by=house.owner)) == ["readmit"]
    term = Term.objects.open().get(membership__user=house.member)
    assert (term.until, term.by, term.came_by) == (until, house.organizer, CameBy.ELECTED)
    assert house.group.memberships.get(user=house.member).roles == [Role.MODERATOR]
    log = GroupChange.objects.filter(person=house.member).order_by("pk").values_list("kind", flat=True)
    assert list(log) == [ChangeKind.MODERATES, ChangeKind.MODERATED, ChangeKind.MODERATES]


def test_whose_term_is_over_meanwhile_comes_back_as_a_member(house):
    until = timezone.now() + timedelta(days=20)
    elect_moderators(group=house.group, people=[house.member], until=until, by=house.owner)
    decision = about_member(house, house.member, Action.REMOVE, by=house.owner)
    long_ago = timezone.now() - timedelta(days=9)
    Term.objects.filter(membership__user=house.member).update(
        began_at=long_ago - timedelta(days=1), until=long_ago, ended_at=long_ago
    )
    assert actions_of(reverse(decision=decision, words=WHY, by=house.owner)) == ["readmit"]
    assert house.group.memberships.get(user=house.member).roles == []


def test_who_left_by_themselves_is_not_taken_in(house):
    decision = about_member(house, house.member, Action.REMOVE, by=house.owner)
    Membership.objects.filter(user=house.member).update(removed_by=None, removed_for="")
    assert actions_of(reverse(decision=decision, words=WHY, by=house.owner)) == ["strike"]
    assert not house.group.memberships.get(user=house.member).is_member


def renamed(house):
    Membership.objects.filter(user=house.member).update(name_here="Boat seller")
    membership = house.group.memberships.get(user=house.member)
    report(member=membership, words="A trade name.", by=house.other)
    verdict = Verdict(action=Action.RENAME, ground=Ground.RULE, rule=rule_of(house), words="A trade name.")
    return decide(group=house.group, seen=[seen(Case.objects.get())], verdict=verdict, by=house.moderator)


def test_a_name_is_given_back_if_it_is_still_free(house):
    decision = renamed(house)
    assert house.group.memberships.get(user=house.member).name.startswith("Reader ")
    assert actions_of(reverse(decision=decision, words=WHY, by=house.owner)) == ["name_back"]
    assert house.group.memberships.get(user=house.member).name == "Boat seller"


def test_a_name_that_somebody_else_bears_now_is_not(house):
    decision = renamed(house)
    Membership.objects.filter(user=house.organizer).update(name_here="Boat seller")
    assert actions_of(reverse(decision=decision, words=WHY, by=house.owner)) == ["strike"]


def test_a_name_that_was_replaced_goes_with_its_account(house):
    """Nothing of a decision can be changed: so the former name stands at the case, which can."""
    renamed(house)
    assert Case.objects.get().former_name == "Boat seller"
    assert "Boat seller" not in str(list(Part.objects.values_list("before", flat=True)))
    forget_name(house.member, "Reader ABCDEF")
    assert Case.objects.get().former_name == ""


def test_an_appeal_that_waits_is_answered_by_it(house, appealed):
    reverse(decision=appealed.decision, words=WHY, by=house.moderator)
    appealed.appeal.refresh_from_db()
    assert (appealed.appeal.reversed, Case.objects.open().exists()) == (True, False)


def test_of_several_concerned_all_are_told_and_all_is_undone(house):
    nora = factories.create_member(house.group, "Nora")
    comments = [factories.create_comment(house.reading, who, "Trade.") for who in (house.member, nora)]
    decision = decided(house, comments)
    for who in (house.member, nora):
        appeal(decision=decision, words="No.", by=who)
    made = reverse(decision=decision, words=WHY, by=house.owner)
    assert actions_of(made) == ["show", "show"]
    assert set(Appeal.objects.values_list("reversed", flat=True)) == {True}
    event = f"decision-{made.public_id}"
    assert set(Notice.objects.filter(event=event).values_list("recipient", flat=True)) == {house.member.pk, nora.pk}


def test_it_is_all_or_nothing(house, case_of_mara, monkeypatch):
    def fail(**_):
        raise RuntimeError

    monkeypatch.setattr("readinggroup.moderation.actions.reversing.tell", fail)
    with pytest.raises(RuntimeError):
        reverse(decision=case_of_mara.decision, words=WHY, by=house.owner)
    case_of_mara.comment.refresh_from_db()
    assert (case_of_mara.comment.state, Decision.objects.count(), LogEntry.objects.count()) == (State.HIDDEN, 1, 1)


def test_the_database_lets_a_decision_be_reversed_once(house, case_of_mara):
    made = reverse(decision=case_of_mara.decision, words=WHY, by=house.owner)
    with pytest.raises(IntegrityError, match="reverses"), transaction.atomic():
        Decision.objects.create(
            group=house.group, ground="none", words="x", by=house.owner, decided_as="owner",
            reverses=case_of_mara.decision,
        )  # fmt: skip
    assert made.parts.count() == Part.objects.filter(decision=made).count()


def test_who_left_is_shown_again_where_they_said_it(house, case_of_mara):
    leave(membership=house.group.memberships.get(user=house.member), by=house.member)
    assert actions_of(reverse(decision=case_of_mara.decision, words=WHY, by=house.owner)) == ["show"]


def test_a_closed_group_reverses_nothing(house, as_user, case_of_mara):
    Group.objects.update(archived_at=timezone.now())
    assert as_user(house.moderator).post(page_of(case_of_mara.decision), {"words": WHY}).status_code == 404
    assert Decision.objects.count() == 1


# --- At the same moment ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_one_reversal_and_nobody_sees_an_error(house, as_user):
    people = [who for who in (house.moderator, house.owner, another_moderator(house)) for _ in range(3)]
    clients = [as_user(who) for who in people]
    for number in range(4):
        decision = decided(house, [factories.create_comment(house.reading, house.member, f"Buy {number}.")])
        sent = [lambda client=client, d=decision: client.post(page_of(d), {"words": WHY}) for client in clients]
        answers = at_once(*sent)
        made = Decision.objects.get(reverses=decision)
        for who, answer in zip(people, answers, strict=True):
            told = answer.headers.get("Location", answer.status_code)
            assert told == (page_of(made, "decision") if who == made.by else 409)
    assert LogEntry.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_be_an_error_for_most(house):
    """The control: without what is held, each would look, find none, and all but one be refused by the database."""
    decision = decided(house, [factories.create_comment(house.reading, house.member, "Buy.")])
    looked, errors = Barrier(4), []

    def reverse_carelessly():
        is_new = not Decision.objects.filter(reverses=decision).exists()
        looked.wait(30)
        made = Decision(
            group=house.group, ground="none", words="x", by=house.owner, decided_as="owner", reverses=decision
        )
        try:
            with transaction.atomic():
                if is_new:
                    made.save()
                    LogEntry.objects.create(group_key=house.group.pk, decision=made.public_id, facts="{}")
        except IntegrityError as error:
            errors.append(error)

    at_once(*[reverse_carelessly] * 4)
    assert len(errors) == 3


@pytest.mark.django_db(transaction=True)
def test_a_reversal_and_an_edit_of_its_author_lose_no_wording(house, as_user):
    for number in range(4):
        comment = factories.create_comment(house.reading, house.member, f"Rude {number}.")
        decision = decided(house, [comment], action=Action.ASK)
        edit = address_of("discussion:edit_comment", args=[comment.public_id])
        at_once(
            lambda edit=edit, number=number: as_user(house.member).post(
                edit, {"body": f"Kind {number}.", "wording": 1}
            ),
            lambda decision=decision: as_user(house.owner).post(page_of(decision), {"words": WHY}),
        )
        comment.refresh_from_db()
        assert (comment.body, comment.wording, comment.wordings.count()) == (f"Kind {number}.", 2, 1)
        assert Decision.objects.filter(reverses=decision).count() == 1


@pytest.mark.parametrize("bar", [None, timedelta(days=1), timedelta(days=9)])
def test_who_was_suspended_before_being_removed_comes_back_suspended(house, bar):
    until = timezone.now() + timedelta(days=3)
    about_member(house, house.member, Action.SUSPEND, until=until)
    removal = about_member(house, house.member, Action.REMOVE, by=house.owner, until=bar and timezone.now() + bar)
    assert actions_of(reverse(decision=removal, words=WHY, by=house.owner)) == ["readmit"]
    theirs = house.group.memberships.get(user=house.member)
    assert (theirs.is_member, theirs.suspended_until, theirs.suspended_by) == (True, until, house.moderator)


def test_a_suspension_that_was_lifted_after_the_removal_does_not_come_back(house):
    about_member(house, house.member, Action.SUSPEND, until=timezone.now() + timedelta(days=3))
    removal = about_member(house, house.member, Action.REMOVE, by=house.owner)
    about_member(house, house.member, Action.LIFT)
    assert actions_of(reverse(decision=removal, words=WHY, by=house.owner)) == ["readmit"]
    theirs = house.group.memberships.get(user=house.member)
    assert (theirs.is_member, theirs.is_suspended) == (True, False)


def test_of_three_suspensions_the_first_counts_again_whichever_order_they_are_reversed_in(house):
    until = timezone.now() + timedelta(days=3)
    about_member(house, house.member, Action.SUSPEND, until=until)
    for days in (5, 7):
        later = about_member(house, house.member, Action.SUSPEND, until=timezone.now() + timedelta(days=days))
        reverse(decision=later, words=WHY, by=house.owner)
        assert house.group.memberships.get(user=house.member).suspended_until == until
