"""A session to which two thousand people come: pages name the first of them, and the others page by page."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from readinggroup.accounts.models import User
from readinggroup.groups.models import Membership
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, Attendance, PollReply, TimeAnswer
from readinggroup.schedule.shown_attendance import MOST_NAMED

from ..thoroughness import thoroughly
from .sessions import address, asked_when, begun, scheduled, times_of

MANY = thoroughly(2_000, 320)
LARGEST = 60_000  # bytes of a page, whoever comes


def crowd(house, number):
    """So many more members, "Reader 0001" and so on."""
    users = [User(email=f"r{one}@example.org", display_name=f"Reader {one:04}") for one in range(1, number + 1)]
    made = User.objects.bulk_create(users)
    Membership.objects.bulk_create([Membership(group=house.group, user=user) for user in made])
    return made


def come(session, people, answer=Answer.GOING, **more):
    now = timezone.now() + timedelta(hours=session.attendances.count())
    rows = [
        Attendance(session=session, user=user, answer=answer, answered_at=now + timedelta(seconds=place), **more)
        for place, user in enumerate(people)
    ]
    Attendance.objects.bulk_create(rows)


def names(text):
    return re.findall(r"Reader \d{4}", text)


def cost(client, page):
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(page)
    assert answer.status_code == 200
    return len(captured), answer.text


@pytest.mark.parametrize("name", ["session", "attend"])
def test_of_very_many_the_page_names_the_first_and_counts_all(house, as_user, name):
    session = scheduled(house)
    one, two, three, *people = crowd(house, MANY)
    client, page = as_user(house.member), address(name, session)
    come(session, [one], words="By boat.")
    before, text = cost(client, page)
    assert names(text) == ["Reader 0001"]
    come(session, [two, three], guests=1)
    come(session, people[: MANY // 2])
    come(session, people[MANY // 2 :], Answer.MAYBE)
    after, text = cost(client, page)
    going = 3 + MANY // 2
    assert after == before
    assert len(text.encode()) < LARGEST
    assert f"{going + 2} people go (2 guests among them)" in " ".join(text.split())
    assert f"{MANY - going} may come" in text
    assert names(text)[:MOST_NAMED] == [f"Reader {number:04}" for number in range(1, MOST_NAMED + 1)]
    assert len(names(text)) == 2 * MOST_NAMED
    assert address("people", session, "going") in text
    assert address("people", session, "not_going") not in text


def test_all_of_them_are_named_page_by_page_in_their_order(house, as_user):
    session = scheduled(house)
    people = crowd(house, 2 * MOST_NAMED + 1)
    come(session, people)
    page, client, found = address("people", session, "going"), as_user(house.member), []
    for number in (1, 2, 3):
        found += names(client.get(f"{page}?page={number}").text)
    assert found == [person.display_name for person in people]
    for wrong in ("?page=4", "?page=0", "?page=x"):
        assert client.get(page + wrong).status_code == 404
    assert client.get(address("people", session, "maybe")).status_code == 200
    assert client.get(address("people", session, "perhaps")).status_code == 404
    assert as_user(house.outsider).get(page).status_code == 403
    session = asked_when(house)
    assert client.get(address("people", session, "going")).status_code == 404  # nobody is asked yet


def test_who_waits_knows_their_number_however_long_the_line_is(house, as_user):
    session = scheduled(house, places=1)
    actions.answer(session=session, by=house.owner, answer=Answer.GOING)
    now = timezone.now()
    people = crowd(house, MOST_NAMED + 10)
    come(session, people, waits_since=now)
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    page = as_user(house.member).get(address("session", session)).text
    assert f"You are number {len(people) + 1} on the waiting list" in page
    assert "Mara" not in page[page.index('id="attendance"') : page.index("</details>", page.index("Wait, in"))]
    last = as_user(house.member).get(f"{address('people', session, 'waiting')}?page=2").text
    assert f'start="{MOST_NAMED + 1}"' in last
    assert "Mara" in last


def test_who_was_there_is_noted_page_by_page(house, as_user):
    session = scheduled(house)
    people = crowd(house, 2 * MOST_NAMED)
    come(session, people)
    session = begun(session)
    client, page = as_user(house.organizer), address("note_who_was_there", session)
    queries, text = cost(client, page)
    assert names(text) == [person.display_name for person in people[:MOST_NAMED]]
    assert len(text.encode()) < LARGEST
    Attendance.objects.filter(user__in=people[1:]).delete()
    assert cost(client, page)[0] == queries
    come(session, people[1:])
    fields = {}
    for person in people[MOST_NAMED:]:
        fields |= {f"person-{person.public_id}": "yes", f"initial-person-{person.public_id}": ""}
    Attendance.objects.filter(user=people[0]).delete()  # so everybody stands one further up than they were shown
    assert client.post(f"{page}?page=2", fields)["Location"] == address("session", session)
    there = Attendance.objects.filter(attended=True).values_list("user", flat=True)
    assert set(there) == {person.pk for person in people[MOST_NAMED:]}
    come(session, [people[0]])
    first = {f"person-{people[1].public_id}": "no", f"initial-person-{people[1].public_id}": ""}
    assert client.post(page, first)["Location"] == f"{page}?page=2"
    for wrong in ("person-\x00", "person-é", "initial-person-"):
        assert client.post(page, {wrong: "yes"}).status_code == 302


@pytest.mark.parametrize("name", ["session", "poll"])
def test_of_a_poll_that_very_many_answer_the_page_names_the_first(house, as_user, name):
    session = asked_when(house, days=(10, 11))
    first, _second = times = times_of(session)
    people = crowd(house, MANY)
    client = as_user(house.member)
    actions.answer_poll(session=session, answers={first: "yes"}, words="Gladly.", by=people[0])
    before, _text = cost(client, address(name, session))
    poll = session.poll
    rows = [PollReply(poll=poll, user=user, words=f"Word {user.display_name[-4:]}.") for user in people[1:]]
    replies = PollReply.objects.bulk_create(rows)
    said = [
        TimeAnswer(reply=reply, time_id=time, answer="yes" if time == first else "if_need_be")
        for reply in replies
        for time in times
    ]
    TimeAnswer.objects.bulk_create(said)
    after, text = cost(client, address(name, session))
    assert after == before
    assert len(text.encode()) < LARGEST
    assert f"{MANY} yes" in text
    assert f"{MANY - 1} if need be" in text
    assert f"{MANY} members have answered" in text
    assert names(text)[:MOST_NAMED] == [person.display_name for person in people[:MOST_NAMED]]
    assert address("who_can", session, first, "yes") in text
    assert f"Word {MOST_NAMED + 1:04}" not in text
    assert address("poll_words", session) in text
    pages = [client.get(f"{address('who_can', session, first, 'yes')}?page={number}").text for number in (1, 2)]
    assert names("".join(pages)) == [person.display_name for person in people[: 2 * MOST_NAMED]]
    assert f"Word {MOST_NAMED + 1:04}" in client.get(f"{address('poll_words', session)}?page=2").text
    assert client.get(address("who_can", session, first, "perhaps")).status_code == 404
    assert client.get(address("who_can", session, first, "no")).status_code == 200
    elsewhere = times_of(asked_when(house))[0]
    assert client.get(address("who_can", session, elsewhere, "yes")).status_code == 404


def test_the_reader_s_own_answers_are_in_the_form_though_very_many_answered_before(house, as_user):
    session = asked_when(house, days=(10,))
    (time,) = times_of(session)
    rows = [PollReply(poll=session.poll, user=user) for user in crowd(house, MOST_NAMED + 5)]
    replies = PollReply.objects.bulk_create(rows)
    TimeAnswer.objects.bulk_create([TimeAnswer(reply=reply, time_id=time, answer="no") for reply in replies])
    actions.answer_poll(session=session, answers={time: "if_need_be"}, by=house.member)
    page = as_user(house.member).get(address("session", session)).text
    assert re.search(r'value="if_need_be"[^>]*checked', page)
    assert "1 if need be" in page
