"""What people want to be told of a reading, a paragraph, a thread; writing follows; the nearest choice counts."""

import re
from html import unescape
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.discussion import actions
from readinggroup.discussion.following import choose
from readinggroup.discussion.models import Comment, Follow, Level, State
from readinggroup.discussion.telling import watchers_of
from readinggroup.groups.actions import leave
from readinggroup.groups.models import Membership

from .. import factories
from .test_comments import HTMX, post
from .test_races import at_once


@pytest.fixture
def said(house):
    return factories.create_comment(house.reading, house.member, "Whose sacks were they?")


def of_thread(comment):
    return reverse("discussion:follow_thread", args=[comment.public_id])


def of_reading(house):
    return reverse("discussion:follow_reading", args=[house.group.slug, house.reading.slug])


def of_paragraph(house, number=4):
    paragraph = factories.version_of(house.reading, number).paragraph.public_id
    return reverse("discussion:follow_paragraph", args=[house.group.slug, house.reading.slug, paragraph])


def chosen_on(page):
    """What the form says that is chosen: the value of the one that is checked."""
    [radio] = re.findall(r"<input[^>]*\bchecked\b[^>]*>", page)
    return re.search(r'value="([^"]*)"', radio)[1]


# --- Choosing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["thread", "paragraph", "reading"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_one_chooses_and_takes_it_back(house, as_user, said, place, headers):
    address = {"thread": of_thread(said), "paragraph": of_paragraph(house), "reading": of_reading(house)}[place]
    client = as_user(house.other)
    assert chosen_on(client.get(address).text) == ""
    for level in (*Level.values, Level.WATCH):
        answer = client.post(address, {"level": level}, headers=headers)
        assert answer.status_code == (200 if headers else 302)
        assert Follow.objects.get(user=house.other).level == level
        assert chosen_on(client.get(address).text) == level
    if headers:
        assert answer.text.startswith("<form")
        assert "That is settled." in answer.text
    client.post(address, {"level": ""}, headers=headers)
    assert not Follow.objects.filter(user=house.other).exists()


def test_one_follows_the_thread_whichever_of_its_comments_one_began_at(house, as_user, said):
    answer = factories.create_comment(house.reading, house.moderator, "The miller's.", parent=said)
    as_user(house.other).post(of_thread(answer), {"level": "mute"})
    assert Follow.objects.get(user=house.other).thread == said


@pytest.mark.parametrize("level", ["loud", "watch\x00", "x" * 4_000])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_level_that_there_is_not_is_refused_in_words(house, as_user, said, level, headers):
    answer = as_user(house.other).post(of_thread(said), {"level": level}, headers=headers)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert not Follow.objects.filter(user=house.other).exists()


def test_only_members_follow_and_suspended_ones_do(house, as_user, said):
    for address in (of_thread(said), of_paragraph(house), of_reading(house)):
        assert as_user(None).get(address)["Location"].startswith("/accounts/login/")
        assert as_user(house.outsider).post(address, {"level": "watch"}).status_code == 403
    Membership.objects.filter(user=house.other).update(
        suspended_until=Membership.FOR_GOOD, suspended_by=house.owner, suspended_for="Too loud."
    )
    assert as_user(house.other).post(of_reading(house), {"level": "mute"}).status_code == 302
    assert [follow.user for follow in Follow.objects.filter(by_writing=False)] == [house.other]


@pytest.mark.django_db(transaction=True)
def test_choosing_in_many_tabs_at_once_is_one_choice(house, as_user, said):
    clients = [as_user(house.other) for _ in range(12)]
    answers = at_once(
        *(
            lambda client=client, level=level: client.post(of_thread(said), {"level": level})
            for client, level in zip(clients, Level.values * 4, strict=True)
        )
    )
    assert [answer.status_code for answer in answers] == [302] * 12
    assert Follow.objects.filter(user=house.other).count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_deciding_there_would_be_refusals(house):
    """The control: rows that are simply added."""

    def add():
        try:
            with transaction.atomic():
                Follow.objects.create(user=house.other, reading=house.reading, level=Level.WATCH)
        except IntegrityError:
            return "refused"
        return "added"

    assert sorted(at_once(*[add] * 8)) == ["added"] + ["refused"] * 7


# --- Writing follows --------------------------------------------------------------------------------------------------


def test_writing_follows_the_thread(house, as_user, said):
    assert Follow.objects.get(user=house.member).thread == said
    answer = factories.create_comment(house.reading, house.other, "The miller's.", parent=said)
    factories.create_comment(house.reading, house.other, "Surely.", parent=answer)
    follow = Follow.objects.get(user=house.other)
    assert (follow.thread, follow.level, follow.by_writing) == (said, Level.WATCH, True)
    post(as_user(house.owner), house.reading, "By the form.")
    assert Follow.objects.get(user=house.owner).thread == Comment.objects.get(body="By the form.")


def test_writing_does_not_undo_a_choice(house, said):
    choose(by=house.other, reading=house.reading, level="mute", paragraph_id=said.paragraph_id, thread_id=said.pk)
    factories.create_comment(house.reading, house.other, "The miller's.", parent=said)
    follow = Follow.objects.get(user=house.other)
    assert (follow.level, follow.by_writing) == (Level.MUTE, False)


def test_a_choice_takes_the_place_of_having_written(house, as_user, said):
    as_user(house.member).post(of_thread(said), {"level": "normal"})
    follow = Follow.objects.get(user=house.member)
    assert (follow.level, follow.by_writing) == (Level.NORMAL, False)


def test_what_was_not_posted_is_not_followed(house, said):
    actions.withdraw(comment=said, by=house.member)
    with pytest.raises(actions.AnswerRefused):
        factories.create_comment(house.reading, house.other, "Too late.", parent=said)
    assert not Follow.objects.filter(user=house.other).exists()


# --- Who is to be told ------------------------------------------------------------------------------------------------

LEVELS = [None, *Level.values]


def plain(thread, paragraph, reading, has_written):
    """The rule in a line: the nearest choice, else having written, else nothing said."""
    choice = next((level for level in (thread, paragraph, reading) if level), None)
    return choice or (Level.WATCH if has_written else None)


def test_the_nearest_choice_counts_then_having_written(house, said):
    """Every combination of choices, against the plain rule; each person has another one."""
    elsewhere = factories.create_comment(house.reading, house.member, "Another thread.")
    other_paragraph = factories.create_comment(house.reading, house.member, "Elsewhere.", number=5)
    wanted = {}
    for thread, paragraph, reading, has_written in product(LEVELS, LEVELS, LEVELS, (False, True)):
        person = factories.create_member(house.group)
        if has_written:
            factories.create_comment(house.reading, person, "Mine too.", parent=said)
        at = {"by": person, "reading": house.reading}
        choose(**at, level=reading)
        choose(**at, level=paragraph, paragraph_id=said.paragraph_id)
        if thread:
            choose(**at, level=thread, paragraph_id=said.paragraph_id, thread_id=said.pk)
        # What is chosen for other places does not count here.
        choose(**at, level="mute", paragraph_id=elsewhere.paragraph_id, thread_id=elsewhere.pk)
        choose(**at, level="mute", paragraph_id=other_paragraph.paragraph_id)
        wanted[person.pk] = plain(thread, paragraph, reading, has_written)
    told = watchers_of(said)
    assert {person: told.get(person) for person in wanted} == wanted
    assert told == {person: level for person, level in wanted.items() if level} | {house.member.pk: Level.WATCH}
    answer = factories.create_comment(house.reading, house.member, "Below.", parent=said)
    assert watchers_of(answer) == told


def test_whoever_left_is_not_told_and_is_again_when_they_are_back(house, said):
    for user in (house.other, house.organizer):
        choose(by=user, reading=house.reading, level="watch")
    leave(membership=house.group.memberships.get(user=house.other), by=house.other)
    assert set(watchers_of(said)) == {house.member.pk, house.organizer.pk}
    assert Follow.objects.filter(user=house.other).count() == 1
    house.group.memberships.filter(user=house.other).update(left_at=None)
    assert set(watchers_of(said)) == {house.member.pk, house.organizer.pk, house.other.pk}


def test_who_only_reads_a_public_group_is_not_told(house, said):
    Follow.objects.create(user=house.outsider, reading=house.reading, level=Level.WATCH)
    assert set(watchers_of(said)) == {house.member.pk}


@pytest.mark.parametrize("state", [State.HELD, State.HIDDEN, State.WITHDRAWN])
def test_nobody_is_told_of_what_not_everybody_may_read(house, said, state):
    choose(by=house.other, reading=house.reading, level="watch")
    assert watchers_of(said)
    said.state = state
    assert watchers_of(said) == {}


def test_one_follower_or_many_are_one_question(house, said, django_assert_num_queries):
    for user in (house.other, house.organizer, house.owner):
        choose(by=user, reading=house.reading, level="watch")
    with django_assert_num_queries(1):
        assert len(watchers_of(said)) == 4


# --- The page of all that one follows ---------------------------------------------------------------------------------


def words_on(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_all_that_one_follows_in_a_reading_stands_on_one_page(house, as_user, said):
    fifth = factories.create_comment(house.reading, house.organizer, "About the fifth.", number=5)
    client = as_user(house.other)
    client.post(of_thread(fifth), {"level": "mute"})
    client.post(of_paragraph(house), {"level": "watch"})
    factories.create_comment(house.reading, house.other, "The miller's.", parent=said)
    told = words_on(client.get(of_reading(house)))
    assert told.index("Paragraph 4") < told.index("Whose sacks were they?") < told.index("About the fifth.")
    assert "by writing there" in told
    for address in (of_thread(said), of_thread(fifth), of_paragraph(house)):
        assert f'href="{address}"' in client.get(of_reading(house)).text
    assert "Whose sacks" not in as_user(house.organizer).get(of_reading(house)).text


def test_words_that_one_may_not_read_are_not_told_there(house, as_user, said):
    client = as_user(house.other)
    client.post(of_thread(said), {"level": "watch"})
    for state in (State.HIDDEN, State.HELD):
        Comment.objects.filter(pk=said.pk).update(state=state)
        page = client.get(of_reading(house)).text
        assert "Whose sacks" not in page
        assert "a thread" in page


def test_the_reading_page_leads_there_for_members(house, as_user):
    page = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    assert f'href="{of_reading(house)}"' in as_user(house.other).get(page).text
    assert of_reading(house) not in as_user(None).get(page).text


def test_one_thing_followed_or_three_cost_the_same_queries(house, as_user, said):
    client = as_user(house.other)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(of_reading(house)).status_code == 200
        return len(captured)

    client.post(of_thread(said), {"level": "watch"})
    queries()
    one = queries()
    client.post(of_paragraph(house, 5), {"level": "mute"})
    factories.create_comment(house.reading, house.other, "Mine.", number=6)
    assert queries() == one
