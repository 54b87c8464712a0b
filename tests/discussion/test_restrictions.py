"""Places where less may be said: locked, slowed, looked at first. The database holds them, whoever writes and how.

The races, each with its control: tests/discussion/test_races.py has the tools.
"""

import re
import uuid
from datetime import timedelta
from html import unescape
from threading import Barrier, Event, Thread

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup.discussion import actions, drafts, restricting
from readinggroup.discussion.models import Comment, Restriction, RestrictionKind, State
from readinggroup.discussion.restriction_views import RestrictionForm
from readinggroup.groups.models import Membership

from .. import factories
from .test_races import SOON, at_once

LOCKED, SLOW, HELD_FIRST = RestrictionKind.LOCKED, RestrictionKind.SLOW, RestrictionKind.HELD_FIRST
WHY = "Let us sleep over it."
TEN_MINUTES = timedelta(minutes=10)


def page_of(house, number=4):
    paragraph = factories.version_of(house.reading, number).paragraph.public_id
    return reverse("discussion:paragraph", args=[house.group.slug, house.reading.slug, paragraph])


def post(client, house, body="One more word.", *, number=4, **headers):
    data = {"body": body, "key": uuid.uuid4()}
    return client.post(f"{page_of(house, number)}comment/", data, headers=headers)


def answer(client, comment, body="One more word.", **headers):
    address = reverse("discussion:answer_comment", args=[comment.public_id])
    return client.post(address, {"body": body, "key": uuid.uuid4()}, headers=headers)


def restrict(house, kind=LOCKED, *, number=None, thread=None, reason=WHY, **more):
    paragraph = factories.version_of(house.reading, number).paragraph if number else None
    place = {"reading": house.reading, "paragraph": paragraph, "thread": thread}
    return restricting.restrict(**place, kind=kind, by=house.moderator, reason=reason, **more)


def lift(house, kind=LOCKED, *, number=None, thread=None):
    paragraph = factories.version_of(house.reading, number).paragraph if number else None
    place = {"reading": house.reading, "paragraph": paragraph, "thread": thread}
    return restricting.lift_restriction(**place, kind=kind, by=house.moderator)


def seen_by(client, house, number=4):
    return unescape(client.get(page_of(house, number)).text)


# --- Locked -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_nobody_writes_at_a_locked_paragraph_and_the_words_come_back_with_the_reason(house, as_user, headers):
    restrict(house, number=4, until=timezone.now() + timedelta(days=3))
    for person in (house.member, house.moderator, house.owner):
        refused = post(as_user(person), house, "What I <meant>.", **headers)
        assert refused.status_code == 409
        assert WHY in refused.text
        assert "Locked until" in refused.text
        assert "What I &lt;meant&gt;." in refused.text
    assert not Comment.objects.exists()
    assert post(as_user(house.member), house, number=5).status_code == 302


def test_a_lock_of_a_thread_is_of_all_its_answers_and_of_nothing_else(house, as_user):
    root = factories.create_comment(house.reading, house.member)
    deep = factories.create_comment(house.reading, house.other, parent=root)
    elsewhere = factories.create_comment(house.reading, house.other)
    restrict(house, thread=deep)  # named by any of its comments
    for comment in (root, deep):
        refused = answer(as_user(house.owner), comment, "Kept words.")
        assert refused.status_code == 409
        assert "Kept words." in refused.text
        assert WHY in refused.text
    assert answer(as_user(house.owner), elsewhere).status_code == 302
    assert post(as_user(house.owner), house).status_code == 302


def test_a_lock_says_so_instead_of_the_box_to_everybody_who_reads(house, as_user):
    client = as_user(house.member)
    assert 'id="composer"' in seen_by(client, house)
    restrict(house, number=4)
    for person in (house.member, house.moderator, house.outsider, None):
        shown = seen_by(as_user(person), house)
        assert f"Locked: {WHY}" in shown
        assert 'id="composer"' not in shown
    assert "Locked" not in seen_by(client, house, 5)


def test_at_a_locked_thread_there_is_no_way_to_answer(house, as_user):
    root = factories.create_comment(house.reading, house.member)
    factories.create_comment(house.reading, house.member, parent=root)
    client = as_user(house.other)
    assert client.get(page_of(house)).text.count("/answer/") == 2
    restrict(house, thread=root)
    shown = seen_by(client, house)
    assert "/answer/" not in shown
    assert shown.count(f"Locked: {WHY}") == 1
    assert "/wordings/" not in shown
    assert 'name="set"' in shown  # marks stay


def test_a_draft_is_shown_where_it_can_no_longer_be_sent(house, as_user):
    root = factories.create_comment(house.reading, house.member)
    client = as_user(house.other)
    paragraph = factories.version_of(house.reading).paragraph
    for place, words in ((None, "A new thought."), (root, "A thought in answer.")):
        at = {"reading": house.reading, "paragraph": paragraph, "parent": place, "edited": None}
        drafts.save(place=at, body=words, quotes=[], sequence=0, by=house.other)
    restrict(house, number=4)
    assert "A new thought." in seen_by(client, house)
    opened = client.get(reverse("discussion:answer_comment", args=[root.public_id]))
    assert opened.status_code == 200
    assert "A thought in answer." in opened.text
    assert WHY in opened.text
    assert 'name="key"' not in opened.text
    assert "A new thought." not in as_user(house.member).get(page_of(house)).text


def test_own_words_can_be_edited_withdrawn_and_put_back_where_it_is_locked(house, as_user):
    mine = factories.create_comment(house.reading, house.member, "As I said.")
    restrict(house, number=4)
    restrict(house, thread=mine)
    client = as_user(house.member)
    edit = client.post(reverse("discussion:edit_comment", args=[mine.public_id]), {"body": "As I meant.", "wording": 1})
    assert edit.status_code == 302
    for act in ("withdraw_comment", "put_back_comment"):
        assert client.post(reverse(f"discussion:{act}", args=[mine.public_id])).status_code == 302
    mine.refresh_from_db()
    assert (mine.body, mine.state) == ("As I meant.", State.VISIBLE)
    marked = as_user(house.other).post(reverse("discussion:reactions", args=[mine.public_id]), {"set": "agree"})
    assert marked.status_code == 302


def test_a_lock_ends_by_itself_also_on_a_page_that_is_kept(house, as_user):
    lock = restrict(house, number=4, until=timezone.now() + timedelta(days=1))
    client = as_user(house.member)
    assert "Locked until" in seen_by(client, house)
    Restriction.objects.filter(pk=lock.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert "Locked until" not in seen_by(client, house)
    assert post(client, house).status_code == 302


def test_a_lock_that_is_lifted_or_replaced_is_seen_at_once(house, as_user):
    client = as_user(house.member)
    restrict(house, number=4)
    assert WHY in seen_by(client, house)
    restrict(house, number=4, reason="Another reason.")
    assert Restriction.objects.count() == 1
    shown = seen_by(client, house)
    assert WHY not in shown
    assert "Another reason." in shown
    assert lift(house, number=4)
    assert not lift(house, number=4)
    assert "Locked" not in seen_by(client, house)
    assert post(client, house).status_code == 302


def test_a_reason_is_shown_as_text(house, as_user):
    root = factories.create_comment(house.reading, house.member)
    restrict(house, number=4, reason="<script>alert(1)</script>")
    restrict(house, thread=root, reason="<script>alert(2)</script>")
    for shown in (as_user(None).get(page_of(house)).text, post(as_user(house.member), house).text):
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_a_whole_text_is_not_locked_and_a_place_is_named_once(house):
    root = factories.create_comment(house.reading, house.member)
    paragraph = factories.version_of(house.reading).paragraph
    common = {"reading": house.reading, "created_by": house.owner}
    for wrong in (
        {"kind": LOCKED},
        {"kind": LOCKED, "paragraph": paragraph, "thread": root},
        {"kind": SLOW, "paragraph": paragraph},
        {"kind": LOCKED, "paragraph": paragraph, "every": TEN_MINUTES},
        {"kind": "quiet", "paragraph": paragraph},
        {"kind": LOCKED, "paragraph": paragraph, "reason": "x" * 1_001},
    ):
        with pytest.raises((IntegrityError, DataError)), transaction.atomic():
            Restriction.objects.create(**common | wrong)
    assert not Restriction.objects.exists()


# --- Slow mode --------------------------------------------------------------------------------------------------------


def test_slow_mode_lets_each_person_write_once_in_a_while_and_says_when_again(house, as_user):
    restrict(house, SLOW, number=4, every=TEN_MINUTES)
    client = as_user(house.member)
    assert post(client, house).status_code == 302
    refused = post(client, house, "Another thought.")
    assert refused.status_code == 409
    assert "You can write again from" in refused.text
    assert "Another thought." in refused.text
    assert post(as_user(house.other), house).status_code == 302
    assert post(client, house, number=5).status_code == 302
    Comment.objects.filter(author=house.member).update(created_at=timezone.now() - TEN_MINUTES - timedelta(seconds=1))
    assert post(client, house, "Another thought.").status_code == 302


def test_slow_mode_does_not_slow_owners_and_moderators(house, as_user):
    restrict(house, SLOW, number=4, every=TEN_MINUTES)
    for person in (house.owner, house.moderator):
        client = as_user(person)
        assert [post(client, house, f"Thought {n}").status_code for n in range(3)] == [302] * 3


def test_slow_mode_of_a_thread_keeps_the_answer_in_its_box(house, as_user):
    root = factories.create_comment(house.reading, house.other)
    restrict(house, SLOW, thread=root, every=TEN_MINUTES)
    client = as_user(house.member)
    assert answer(client, root).status_code == 302
    refused = answer(client, root, "Wait for me.", **{"HX-Request": "true"})
    assert refused.status_code == 409
    assert re.search(rf'id="answer-{root.public_id}".*Wait for me\.', refused.text, re.DOTALL)
    assert post(client, house).status_code == 302  # a thread of their own


def test_one_form_sent_twice_in_slow_mode_is_one_comment_and_no_refusal(house, as_user):
    restrict(house, SLOW, number=4, every=TEN_MINUTES)
    client, data = as_user(house.member), {"body": "Once.", "key": uuid.uuid4()}
    answers = [client.post(f"{page_of(house)}comment/", data).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert Comment.objects.count() == 1


def test_slow_mode_and_looking_first_are_said_above_the_box(house, as_user):
    restrict(house, SLOW, number=4, every=timedelta(hours=1), reason="")
    restrict(house, HELD_FIRST, reason="New here.")
    for person in (house.member, None):
        shown = seen_by(as_user(person), house)
        assert "Slow mode, one comment a person in 1 hour." in shown
        assert "A moderator looks at each new comment here before others see it: New here." in shown
    assert 'id="composer"' in seen_by(as_user(house.member), house)


# --- Looked at first --------------------------------------------------------------------------------------------------


def test_where_a_moderator_looks_first(house, django_assert_num_queries):
    root = factories.create_comment(house.reading, house.member)
    here = {"reading": house.reading, "paragraph": root.paragraph_id, "thread": root.pk}
    elsewhere = here | {"paragraph": factories.version_of(house.reading, 5).paragraph_id, "thread": None}
    with django_assert_num_queries(1):
        assert not restricting.held_first_at(**here)
    restrict(house, HELD_FIRST, thread=root)
    assert restricting.held_first_at(**here)
    assert not restricting.held_first_at(**here | {"thread": None})
    restrict(house, HELD_FIRST, number=4)
    assert restricting.held_first_at(**here | {"thread": None})
    assert not restricting.held_first_at(**elsewhere)
    restrict(house, HELD_FIRST, until=timezone.now() + TEN_MINUTES)
    assert restricting.held_first_at(**elsewhere)
    Restriction.objects.update(until=timezone.now())
    assert not restricting.held_first_at(**here)


# --- What moderators do -----------------------------------------------------------------------------------------------


def addresses(house, comment):
    paragraph = [house.group.slug, house.reading.slug, comment.paragraph.public_id]
    return {
        SLOW: reverse("discussion:slow_thread", args=[comment.public_id]),
        HELD_FIRST: reverse("discussion:look_first_at_paragraph", args=paragraph),
        "whole": reverse("discussion:look_first_in_reading", args=paragraph[:2]),
    }


@pytest.mark.parametrize("what", [SLOW, HELD_FIRST, "whole"])
def test_a_moderator_switches_it_on_changes_it_and_off(house, as_user, what):
    comment = factories.create_comment(house.reading, house.member)
    address, client = addresses(house, comment)[what], as_user(house.moderator)
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": WHY, "every": "60", "days": ""}).status_code == 302
    assert client.post(address, {"reason": WHY, "every": "5", "days": "7"}).status_code == 302
    [row] = Restriction.objects.all()
    assert row.created_by == house.moderator
    assert row.until > timezone.now() + timedelta(days=6)
    assert row.every == (timedelta(minutes=5) if what == SLOW else None)
    assert row.thread == (comment if what == SLOW else None)
    assert WHY in client.get(address).text
    assert client.post(address, {"off": "1"}).status_code == 302
    assert not Restriction.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"reason": " "},
        {"reason": "a\x00b"},
        {"reason": "x" * 1_001},
        {"reason": "<b>kept</b>", "days": "1e9"},
        {"reason": "<b>kept</b>", "every": "-5"},
    ],
)
def test_what_cannot_be_set_is_said(house, as_user, data):
    comment = factories.create_comment(house.reading, house.member)
    refused = as_user(house.moderator).post(addresses(house, comment)[SLOW], {"every": "60", **data})
    assert refused.status_code == 422
    assert ("&lt;b&gt;kept" in refused.text) == ("kept" in data.get("reason", ""))
    assert not Restriction.objects.exists()


def test_the_ways_there_are_shown_to_moderators_alone(house, as_user):
    comment = factories.create_comment(house.reading, house.member)
    links = [address for what, address in addresses(house, comment).items() if what != "whole"]
    for person, count in ((house.moderator, 1), (house.owner, 1), (house.member, 0), (house.organizer, 0), (None, 0)):
        shown = as_user(person).get(page_of(house)).text
        assert [shown.count(f'"{link}"') for link in links] == [count] * 2


def test_there_is_nothing_to_choose_that_lasts_no_time():
    choices = dict(RestrictionForm().fields["days"].choices)
    assert "" in choices
    assert len(choices) > 1
    assert all(int(days) > 0 for days in choices if days)


# --- Queries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_restrictions_cost_a_kept_page_no_question(house, as_user, count, django_assert_num_queries):
    roots = [factories.create_comment(house.reading, house.other) for _ in range(3)]
    client = as_user(house.member)
    client.get(page_of(house))
    with CaptureQueriesContext(connection) as without:
        client.get(page_of(house))
    questions = len(without)
    for root in roots[:count]:
        restrict(house, thread=root)
    client.get(page_of(house))
    with django_assert_num_queries(questions):
        assert client.get(page_of(house)).text.count("Locked:") == count


# --- At the same moment -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nothing_is_said_after_a_lock_is_committed(house, as_user):
    """A crowd posts while a moderator locks: whoever was told 302 came before the lock, in the database's own order."""
    for number in (4, 5, 6):
        clients = [as_user(user) for user in (house.member, house.other, house.owner, house.organizer) * 2]
        crowd = [lambda client=client, n=number: post(client, house, number=n).status_code for client in clients]
        *statuses, _row = at_once(*crowd, lambda n=number: restrict(house, number=n))
        assert set(statuses) <= {302, 409}
        said = Comment.objects.filter(paragraph=factories.version_of(house.reading, number).paragraph)
        assert said.count() == statuses.count(302)
        assert post(clients[0], house, number=number).status_code == 409


def lock_while_posting(house, *, locks):
    """The statuses: a post that begins while a lock is being set, which is committed a moment later."""
    has_locked, refused = Event(), []

    def write():
        try:
            has_locked.wait(SOON)
            version = factories.version_of(house.reading)
            actions.post(reading=house.reading, version=version, body="Late.", key=uuid.uuid4(), by=house.member)
        except actions.AnswerRefused as refusal:
            refused.append(refusal.reason)
        finally:
            connection.close()

    writer = Thread(target=write)
    writer.start()
    with transaction.atomic():
        locks()
        has_locked.set()
        writer.join(1)  # without the counter held, it is done by now
    writer.join(SOON)
    return refused


@pytest.mark.django_db(transaction=True)
def test_who_writes_while_a_lock_is_set_waits_for_it_and_is_refused(house):
    refused = lock_while_posting(house, locks=lambda: restrict(house, number=4))
    assert refused == [actions.RESTRICTED]
    assert not Comment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_does_not_hold_the_counter_would_come_too_late(house):
    """The control: the row alone, without what makes writers wait."""
    paragraph = factories.version_of(house.reading).paragraph
    row = {"reading": house.reading, "paragraph": paragraph, "kind": LOCKED, "created_by": house.moderator}
    assert lock_while_posting(house, locks=lambda: Restriction.objects.create(**row)) == []
    assert Comment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_in_slow_mode_are_one_comment(house, as_user):
    root = factories.create_comment(house.reading, house.other, number=5)
    restrict(house, SLOW, number=4, every=TEN_MINUTES)
    restrict(house, SLOW, thread=root, every=TEN_MINUTES)
    for person in (house.member, house.organizer):
        clients = [as_user(person) for _ in range(8)]
        statuses = at_once(*(lambda client=client: post(client, house).status_code for client in clients))
        assert sorted(statuses) == [302] + [409] * 7
        statuses = at_once(*(lambda client=client: answer(client, root).status_code for client in clients))
        assert sorted(statuses) == [302] + [409] * 7


@pytest.mark.django_db(transaction=True)
def test_looking_first_would_let_several_tabs_through(house):
    """The control: asked before, not when it is written. It is asked without the membership, which posts hold."""
    looked = Barrier(4)

    def post_carelessly():
        is_first = not Comment.objects.filter(author=house.member).exists()
        looked.wait(SOON)
        if is_first:
            factories.create_comment(house.reading, house.member)

    at_once(*[post_carelessly] * 4)
    assert Comment.objects.count() > 1


@pytest.mark.django_db(transaction=True)
def test_locks_set_and_lifted_at_once_are_one_or_none_and_no_error(house):
    root = factories.create_comment(house.reading, house.member)
    acts = [lambda: restrict(house, thread=root), lambda: lift(house, thread=root)] * 4
    acts += [lambda: restrict(house, HELD_FIRST), lambda: lift(house, HELD_FIRST)] * 2
    for _ in range(3):
        at_once(*acts)
        assert Restriction.objects.filter(kind=LOCKED).count() <= 1
        assert Restriction.objects.filter(kind=HELD_FIRST).count() <= 1
    assert Membership.objects.filter(group=house.group).exists()
