"""Two organizers at the same moment, one form sent many times at once; beside each its control."""

from threading import Barrier

import pytest
from django.urls import reverse

from readinggroup.schedule import actions
from readinggroup.schedule.models import ReadingSession, SessionState

from ..discussion.test_races import SOON, at_once, sends
from .houses import draft_session, session_form

pytestmark = pytest.mark.django_db(transaction=True)

MANY, ROUNDS = 8, 3


def test_of_many_who_change_a_session_at_once_one_does_and_the_others_are_told(house, as_user):
    session = draft_session(house)
    address = reverse("schedule:change_session", args=[house.group.slug, session.public_id])
    clients = [as_user(person) for person in (house.organizer, house.owner) for _ in range(MANY // 2)]
    for _round in range(ROUNDS):
        session.refresh_from_db()
        forms = [session_form(title=f"Title {number}", version=session.version) for number in range(MANY)]
        answers = at_once(*(sends(client, address, **form) for client, form in zip(clients, forms, strict=True)))
        assert sorted(answer.status_code for answer in answers) == [302] + [409] * (MANY - 1)
        before, version = session.version, ReadingSession.objects.get().version
        assert version == before + 1


def test_without_the_version_the_last_would_overwrite_the_others(house):
    """The control: whoever reads the session and saves it with their own title."""
    session, read = draft_session(house), Barrier(MANY)

    def change_carelessly(number):
        mine = ReadingSession.objects.get(pk=session.pk)
        read.wait(SOON)
        mine.title, mine.version = f"Title {number}", mine.version + 1
        mine.save()
        return mine.version

    versions = at_once(*(lambda number=number: change_carelessly(number) for number in range(MANY)))
    assert set(versions) == {session.version + 1}  # all of them believe that theirs stands


def test_a_form_sent_many_times_at_once_makes_one_session(house, as_user):
    address = reverse("schedule:new_session", args=[house.group.slug])
    for number in range(ROUNDS):
        form = session_form(reading=house.reading.slug, key=f"{number:032x}", title=f"Once, {number}")
        answers = at_once(*(sends(as_user(house.organizer), address, **form) for _ in range(MANY)))
        assert len({answer.headers["Location"] for answer in answers}) == 1
    assert ReadingSession.objects.count() == ROUNDS


def test_of_cancelling_and_opening_at_once_one_happens(house, as_user):
    for _round in range(ROUNDS):
        session = actions.put_on_calendar(session=draft_session(house), by=house.organizer)
        page = [house.group.slug, session.public_id]
        cancelled, opened = at_once(
            sends(as_user(house.owner), reverse("schedule:cancel_session", args=page), reason="Ice."),
            sends(as_user(house.organizer), reverse("schedule:open_session", args=page), confirmed="1"),
        )
        session.refresh_from_db()
        happened = {SessionState.CANCELLED: [302, 409], SessionState.UNDER_WAY: [409, 302]}[session.state]
        assert [cancelled.status_code, opened.status_code] == happened
