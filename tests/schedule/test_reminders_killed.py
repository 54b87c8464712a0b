"""The worker killed while it reminds: nobody is forgotten, and nobody is told twice but under the same Message-ID."""

import signal
from collections import Counter

import pytest
from django.db import connection, transaction
from django.utils import timezone

from readinggroup.notifications.models import Delivery, Notice
from readinggroup.schedule import actions
from readinggroup.schedule.models import ReadingSession, Reminder, SessionState
from readinggroup.tasks import remind_of_sessions

from ..conftest import make_house
from ..notifications.test_relay import SOON, finish, wait_until, waits_for_a_lock, worker
from .coming import draft_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("relay")]


@pytest.fixture
def due():
    """A house of five members, whose reminder of tomorrow's session is due; nothing else waits in the queues."""
    house = make_house("public")
    session = draft_in(house, days=1, minutes=5)
    ReadingSession.objects.filter(pk=session.pk).update(state=SessionState.SCHEDULED)
    Reminder.objects.filter(before="day").update(due_at=timezone.now())
    remind_of_sessions.defer(timestamp=0)
    return {membership.user.email for membership in house.group.memberships.select_related("user")}


@pytest.mark.parametrize(("point", "doubles"), [("before telling", 0), ("before 250", 1)])
def test_killed(relay, settings, due, point, doubles):
    relay.trouble = point
    if point == "before telling":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE notifications_notice IN ACCESS EXCLUSIVE MODE")
            running = worker(relay.port)
            wait_until(lambda: waits_for_a_lock(cursor))
            running.kill()
            running.wait(SOON)
    else:
        running = worker(relay.port)
        assert relay.reached.wait(SOON)
        running.kill()
        running.wait(SOON)
    assert running.returncode == -signal.SIGKILL
    running.stdout.close()
    told = Notice.objects.count()
    assert told == (0 if point == "before telling" else 5), "all of them are told, or nobody is"
    assert actions.remind_due() == 5 - told
    finish(relay, settings)
    times = Counter(address for address, _name in relay.taken)
    assert set(times) == due
    assert sum(times.values()) - len(due) == doubles
    assert len(set(relay.taken)) == len(due), "a double has the Message-ID of the first"
    assert set(Notice.objects.values_list("delivery", flat=True)) == {Delivery.SENT}
    assert Reminder.objects.get(before="day").people == 5
