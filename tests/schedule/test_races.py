"""Many at the same moment: the places are never exceeded, nobody is lost, and who came first has the place first.

Beside each race stands its control: the same crowd without what guards the site, to show that the crowd is a crowd.
"""

from datetime import timedelta
from random import Random
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone

from readinggroup.groups.models import Membership
from readinggroup.notifications.models import Notice
from readinggroup.schedule import actions
from readinggroup.schedule.actions.attending import free_places
from readinggroup.schedule.models import (
    Answer,
    Attendance,
    PollReply,
    ProposedTime,
    ReadingSession,
    SessionState,
    TimeAnswer,
)

from .. import factories
from ..discussion.test_races import SOON, at_once, in_two_transactions, sends
from ..thoroughness import thoroughly
from .sessions import a_day, address, asked_when, scheduled, times_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS, CROWD, PLACES = thoroughly(20, 4), 48, 10
THERE = 14  # who has answered before: all places are taken, and four wait
OVER_HTTP = 5  # every so manyth round asks the whole site; the others what decides, which takes a third of the time


@pytest.fixture
def crowd(house):
    """So many members, made in few statements."""
    people = [factories.create_user() for _ in range(CROWD + 5)]
    Membership.objects.bulk_create(Membership(group=house.group, user=person) for person in people)
    return people


def audit(session, answered):
    """What must hold at every moment when nobody is about anything.

    `answered` is what each has been told that they said, last.
    """
    rows = list(Attendance.objects.filter(session=session).order_by("answered_at"))
    seated = [row for row in rows if row.is_seated]
    waiting = list(Attendance.objects.filter(session=session).waiting())
    taken = sum(1 + row.guests for row in seated)
    assert taken <= PLACES
    # Nobody is lost: each has one answer, the one that they gave, and who would go has a place or waits for one.
    assert {row.user_id: (row.answer, row.guests) for row in rows} == answered
    assert len(seated) + len(waiting) == sum(row.answer == Answer.GOING for row in rows)
    # No place stays empty while somebody waits whom it would hold.
    session.refresh_from_db()
    assert not waiting or 1 + waiting[0].guests > free_places(session)
    # First come, first served: nobody has a place who came after somebody who waits.
    assert [row.answered_at for row in waiting] == sorted(row.answered_at for row in waiting)
    assert not waiting or all(row.answered_at < waiting[0].answered_at for row in seated)


def test_places_are_never_exceeded_whatever_a_crowd_does_at_once(house, crowd, as_user):
    """Some come, some bring guests, some who had a place give it back; and the places become fewer, and more."""
    random = Random(7)
    clients = {person.pk: as_user(person) for person in crowd}
    promoted = 0
    for number in range(ROUNDS):
        session = scheduled(house, places=PLACES, title=f"Session {number}")
        answered = {person.pk: ("going", 0) for person in come_before(session, crowd[:THERE])}
        said = {person: {"answer": "not_going"} for person in crowd[:7]}
        said |= {one: {"answer": "going", "guests": str(random.choice([0, 0, 0, 1]))} for one in crowd[THERE:]}
        if number % OVER_HTTP == 0:
            acts = [sends(clients[one.pk], address("attend", session), **words) for one, words in said.items()]
        else:
            acts = [answers(session, one, **words) for one, words in said.items()]
        random.shuffle(acts)
        fewer, more = changes_places(session, 8, house.organizer), changes_places(session, PLACES, house.owner)
        assert len(acts) + 2 == CROWD
        done = at_once(*acts, fewer, more)[:-2]
        assert {getattr(answer, "status_code", 302) for answer in done} == {302}
        answered |= {one.pk: (words["answer"], int(words.get("guests", 0))) for one, words in said.items()}
        audit(session, answered)
        actions.change(session=session, version=session.version, places=PLACES, by=house.owner)
        audit(session, answered)
        promoted += told_of_every_promotion(session)
    assert promoted > ROUNDS


def come_before(session, people):
    """They have answered one after the other, as far as there are places; the rest waits."""
    now = timezone.now()
    moments = [now + timedelta(microseconds=number) for number in range(len(people))]
    Attendance.objects.bulk_create(
        Attendance(session=session, user=person, answer=Answer.GOING, answered_at=moment,
                   waits_since=moment if number >= PLACES else None)
        for number, (person, moment) in enumerate(zip(people, moments, strict=True))
    )  # fmt: skip
    return people


def answers(session, person, answer, guests=0):
    """An answer to be given later."""
    return lambda: actions.answer(session=session, by=person, answer=answer, guests=int(guests))


def changes_places(session, places, by):
    """A change of the places, tried again as somebody would whose page was stale."""

    def act():
        while True:
            standing = ReadingSession.objects.get(pk=session.pk)
            try:
                return actions.change(session=standing, version=standing.version, places=places, by=by)
            except actions.StaleSession:
                continue

    return act


def told_of_every_promotion(session):
    """Whoever moved up is told so, in the transaction of the move; the answer is how many were."""
    told = Notice.objects.filter(kind="schedule/promoted", thread=f"session-{session.public_id}")
    moved = session.attendances.exclude(promoted_at=None)
    assert set(moved.values_list("user", flat=True)) <= set(told.values_list("recipient", flat=True))
    return moved.count()


def test_looking_first_would_exceed_the_places(house, crowd):
    """The control: the free places looked at, and a place taken a moment later, without the database's own guard."""
    session, looked = scheduled(house, places=PLACES), Barrier(len(crowd))

    def go_carelessly(person):
        is_free = free_places(session) > 0
        looked.wait(SOON)
        if is_free:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
                Attendance.objects.create(session=session, user=person, answer=Answer.GOING)

    at_once(*(lambda person=person: go_carelessly(person) for person in crowd))
    assert Attendance.objects.seated().count() > PLACES


def test_the_database_keeps_the_places_also_against_who_looks_first(house, crowd):
    """The same careless crowd, and the trigger alone."""
    session, looked, refused = scheduled(house, places=PLACES), Barrier(len(crowd)), []

    def go_carelessly(person):
        is_free = free_places(session) > 0
        looked.wait(SOON)
        try:
            if is_free:
                Attendance.objects.create(session=session, user=person, answer=Answer.GOING)
        except Exception as refusal:
            refused.append(str(refusal))

    at_once(*(lambda person=person: go_carelessly(person) for person in crowd))
    assert Attendance.objects.seated().count() == PLACES
    assert len(refused) == len(crowd) - PLACES
    assert all("no more people than places" in refusal for refusal in refused)


def test_one_who_answers_in_many_windows_has_one_answer(house, as_user):
    session = scheduled(house, places=1)
    clients = [as_user(house.member) for _ in range(16)]
    said = ["going", "maybe", "not_going", "going"] * 4
    answers = at_once(*(sends(client, address("attend", session), answer=one)
                        for client, one in zip(clients, said, strict=True)))  # fmt: skip
    assert {answer.status_code for answer in answers} == {302}
    assert Attendance.objects.count() == 1


def test_an_answer_and_the_cancelling_leave_nobody_promoted_to_what_does_not_take_place(house):
    session = scheduled(house, places=1)
    for person in (house.member, house.other):
        actions.answer(session=session, by=person, answer=Answer.GOING)

    def give_back():
        try:
            return actions.answer(session=session, by=house.member, answer=Answer.NOT_GOING)
        except actions.NotPossible:
            return None

    in_two_transactions(lambda: actions.cancel(session=session, reason="Storm.", by=house.organizer), give_back)
    assert not Notice.objects.filter(kind="schedule/promoted").exists()
    assert Attendance.objects.get(user=house.member).answer == Answer.GOING


# --- Date polls -------------------------------------------------------------------------------------------------------


def test_two_organizers_who_pick_at_once_pick_one_time(house, as_user):
    for number in range(5):
        session = asked_when(house, title=f"Session {number}")
        actions.answer_poll(session=session, answers=dict.fromkeys(times_of(session), "yes"), by=house.member)
        clients = [as_user(house.organizer), as_user(house.owner)] * 2
        times = [*times_of(session), times_of(session)[0]]
        answers = at_once(*(sends(client, address("pick_time", session, time))
                            for client, time in zip(clients, times, strict=True)))  # fmt: skip
        assert sorted(answer.status_code for answer in answers) == [302, 409, 409, 409]
        session.refresh_from_db()
        picked = ProposedTime.objects.get(poll__session=session, picked_at__isnull=False)
        assert (session.starts_at, session.state) == (picked.starts_at, SessionState.SCHEDULED)
        assert session.attendances.count() == 1


def test_an_answer_comes_before_the_picking_and_counts_or_is_refused(house, crowd):
    people = crowd[:16]
    session = asked_when(house)
    first = times_of(session)[0]

    def says(person):
        try:
            return actions.answer_poll(session=session, answers={first: "yes"}, by=person)
        except actions.PollIsOver:
            return None

    pick = lambda: actions.pick_time(session=session, time=first, by=house.organizer)  # noqa: E731 - one of the crowd
    acts = [lambda person=person: says(person) for person in people]
    answers = at_once(*acts[:8], pick, *acts[8:])
    taken = [answer.user_id for answer in answers if isinstance(answer, PollReply)]
    assert sorted(session.attendances.values_list("user", flat=True)) == sorted(taken)


def test_without_the_lock_an_answer_would_come_after_the_picking_and_be_lost(house):
    """The control: the state looked at, the time picked, and the answer written a moment later."""
    session = asked_when(house)
    first = times_of(session)[0]
    assert ReadingSession.objects.get(pk=session.pk).state == SessionState.POLL
    actions.pick_time(session=session, time=first, by=house.organizer)
    reply = PollReply.objects.create(poll=session.poll, user=house.member)
    TimeAnswer.objects.create(reply=reply, time_id=first, answer="yes")
    assert not session.attendances.filter(user=house.member).exists()


def test_one_time_proposed_many_times_at_once_is_one_and_a_poll_answered_in_many_windows_one_reply(house, as_user):
    session = asked_when(house)
    sent = {"date": a_day(13).isoformat(), "time": "18:00"}
    clients = [as_user(house.organizer) for _ in range(8)]
    answers = at_once(*(sends(client, address("propose_time", session), **sent) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [302] + [409] * 7
    first = times_of(session)[0]
    clients = [as_user(house.member) for _ in range(8)]
    said = [{f"time-{first}": "yes"}, {f"time-{first}": "no", "words": "Or not."}] * 4
    answers = at_once(*(sends(client, address("answer_poll", session), **one)
                        for client, one in zip(clients, said, strict=True)))  # fmt: skip
    assert {answer.status_code for answer in answers} == {302}
    reply = PollReply.objects.get()
    assert (reply.answers.get().answer, reply.words) in {("yes", ""), ("no", "Or not.")}


def test_a_suspension_comes_before_an_answer_or_after_it(house):
    """Whoever is suspended while they answer: the answer is there before, or refused."""
    session = scheduled(house)
    membership = house.group.memberships.get(user=house.member)

    def suspend():
        with transaction.atomic():
            standing = Membership.objects.select_for_update().get(pk=membership.pk)
            standing.suspended_until, standing.suspended_by = Membership.FOR_GOOD, house.owner
            standing.suspended_for = "Rest."
            standing.save()

    def go():
        with pytest.raises(actions.NotPossible):
            actions.answer(session=session, by=house.member, answer=Answer.GOING)

    in_two_transactions(suspend, go)
    assert not Attendance.objects.exists()
