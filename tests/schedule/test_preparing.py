"""What is to be read till a session, and how far one is in it: on its page, for each what is theirs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readinggroup.readings.actions import keep_place, settle_place
from readinggroup.readings.lengths import minutes_for, words_in
from readinggroup.schedule import actions
from readinggroup.schedule.models import Passage
from readinggroup.schedule.preparing import next_sessions, to_read, to_read_all

from .. import factories
from .coming import session_in


def page_of(session):
    return reverse("schedule:session", args=[session.reading.group.slug, session.public_id])


def at(reading, number):
    return factories.version_of(reading, number).paragraph


@pytest.mark.parametrize(
    ("words", "minutes"), [(0, 0), (1, 1), (200, 1), (201, 2), (2_000, 10), (2_100, 10), (2_500, 15), (7_000, 35)]
)
def test_minutes_are_said_as_people_say_them(words, minutes):
    assert minutes_for(words) == minutes


def test_the_words_of_the_paragraphs_are_those_of_the_text(house):
    assert sum(words_in(house.reading.edition.current_id).values()) == house.reading.edition.current.words


@pytest.mark.parametrize(
    ("passages", "ranges"),
    [
        ([(3, 6)], ((3, 6),)),
        ([(7, 8), (2, 3)], ((2, 3), (7, 8))),
        ([(2, 5), (4, 6), (7, 7)], ((2, 7),)),
        ([(6, 3)], ((3, 6),)),
    ],
)
def test_passages_are_told_in_the_order_of_the_text(house, passages, ranges):
    session = session_in(house, days=3)
    session.passages.all().delete()
    for position, (first, last) in enumerate(passages):
        ends = {"first": at(house.reading, first), "last": at(house.reading, last)}
        Passage.objects.create(session=session, position=position, **ends)
    assert to_read(session, house.member.pk).ranges == ranges


def test_a_session_about_no_paragraph_says_nothing(house, as_user):
    session = session_in(house, days=3)
    session.passages.all().delete()
    assert to_read(session, house.member.pk) is None
    page = as_user(house.member).get(page_of(session)).text
    assert 'id="to-read"' not in page
    assert 'id="where-we-are"' not in page


@pytest.mark.parametrize(
    ("place", "says", "goes_to"),
    [
        (None, "All of it is still before you.", 3),
        (2, "All of it is still before you.", 3),
        (4, "You have read up to 4; about 1 minute is still before you.", 4),
        (6, "You have read all of it.", 3),
        (8, "You have read all of it.", 3),
    ],
)
def test_each_reads_how_far_they_are(house, as_user, place, says, goes_to):
    session = session_in(house, days=3)
    if place:
        keep_place(reading=house.reading, user=house.member, paragraph=at(house.reading, place))
    page = as_user(house.member).get(page_of(session)).text
    assert "About 1 minute." in page
    assert says in page
    assert f"#{at(house.reading, goes_to).public_id}" in page
    assert to_read(session, house.member.pk).is_read == ("all of it." in says)


def test_a_visitor_reads_what_is_read_and_nothing_of_people(house, as_user):
    session = session_in(house, days=3)
    for who in (None, house.outsider):
        page = as_user(who).get(page_of(session)).text
        assert "About 1 minute." in page
        assert "before you" not in page
        assert 'id="where-we-are"' not in page


def test_how_far_the_group_is_is_told_in_numbers_from_three_on(house, as_user):
    session = session_in(house, days=3)
    settle_place(reading=house.reading, user=house.owner, paragraph=at(house.reading, 6).pk, shows_name=False)
    settle_place(reading=house.reading, user=house.other, paragraph=at(house.reading, 4).pk, shows_name=False)
    assert "Too few have begun" in as_user(house.member).get(page_of(session)).text
    settle_place(reading=house.reading, user=house.moderator, paragraph=at(house.reading, 1).pk, shows_name=False)
    settle_place(reading=house.reading, user=house.outsider, paragraph=at(house.reading, 6).pk, shows_name=True)
    page = as_user(house.member).get(page_of(session)).text
    assert "Of 5 members 1 has read all of it. 1 is in the middle." in page
    for name in ("Olga", "Milo", "Mona", "Otto"):
        assert name not in page


def test_the_page_asks_the_same_for_one_passage_and_three_and_for_one_place_and_many(house, as_user):
    def questions(session):
        client = as_user(house.member)
        client.get(page_of(session))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page_of(session)).status_code == 200
        return len(asked)

    session = session_in(house, days=3)
    few = questions(session)
    for position, number in enumerate((1, 8), start=1):
        paragraph = at(house.reading, number)
        Passage.objects.create(session=session, position=position, first=paragraph, last=paragraph)
    for number in range(3, 6):
        keep_place(
            reading=house.reading, user=factories.create_member(house.group), paragraph=at(house.reading, number)
        )
    assert questions(session) == few


def test_the_next_session_is_the_first_that_one_may_come_to(house):
    first, second = session_in(house, days=3), session_in(house, days=4)
    assert next_sessions([house.group.pk], house.member) == {house.group.pk: first}
    assert next_sessions([house.group.pk], house.outsider) == {}
    actions.answer(session=first, by=house.member, answer="not_going")
    assert next_sessions([house.group.pk], house.member) == {house.group.pk: second}
    to_read(second, house.member.pk)  # what is kept of the text
    with CaptureQueriesContext(connection) as asked:
        assert len(to_read_all(list(next_sessions([house.group.pk], house.member).values()), house.member.pk)) == 1
    assert len(asked) == 3


def test_the_front_page_says_how_long_it_takes_and_how_far_one_is(house, as_user):
    session_in(house, days=3)
    front = reverse("group", args=[house.group.slug])
    assert "About 1 minute." in as_user(None).get(front).text
    client = as_user(house.member)
    assert "All of it is still before you." in client.get(front).text
    keep_place(reading=house.reading, user=house.member, paragraph=at(house.reading, 4))
    page = client.get(front).text
    assert "You have read up to 4; about 1 minute is still before you." in page
    assert f"#{at(house.reading, 4).public_id}" in page
