"""Places at a session: never exceeded, a waiting list in its order, nobody thrown out."""

from datetime import date, time

import pytest
from django.db import IntegrityError, transaction

from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.models import Answer, Attendance


@pytest.fixture
def session(house):
    made = actions.create(
        reading=house.reading, by=house.organizer, title="The first ferry", date=date(2027, 5, 6), time=time(19),
        zone="Europe/Berlin", places=2,
    )  # fmt: skip
    return actions.put_on_calendar(session=made, by=house.organizer)


def test_a_waiting_list_moves_up_in_its_order(house, session):
    people = [house.member, house.other, house.organizer, house.moderator]
    answers = [actions.answer(session=session, by=person, answer=Answer.GOING) for person in people]
    assert [answer.waits_since is None for answer in answers] == [True, True, False, False]
    actions.answer(session=session, by=house.other, answer=Answer.NOT_GOING)
    third = Attendance.objects.get(user=house.organizer)
    assert third.waits_since is None
    assert third.promoted_at is not None
    assert Notice.objects.filter(recipient=house.organizer, kind="schedule/promoted").exists()
    session = actions.change(session=session, version=session.version, places=3, by=house.organizer)
    assert Attendance.objects.waiting().count() == 0
    actions.change(session=session, version=session.version, places=1, by=house.organizer)
    assert Attendance.objects.seated().count() == 3


def test_the_database_refuses_one_too_many(house, session):
    for person in (house.member, house.other):
        actions.answer(session=session, by=person, answer=Answer.GOING)
    with pytest.raises(IntegrityError, match="no more people than places"), transaction.atomic():
        Attendance.objects.create(session=session, user=house.owner, answer=Answer.GOING)


def test_more_guests_than_places_are_refused_and_the_own_place_stays(house, session):
    actions.answer(session=session, by=house.member, answer=Answer.GOING)
    with pytest.raises(actions.NoPlaceForGuests) as refusal:
        actions.answer(session=session, by=house.member, answer=Answer.GOING, guests=2)
    assert refusal.value.free == 1
    assert Attendance.objects.get(user=house.member).waits_since is None
