"""The worker killed at every point, and a relay that refuses, hangs, or breaks off: nothing is lost, nothing doubled.

The one window that no order of steps can close: the relay has taken a mail, and the worker is killed before it could
note that. Then it is sent again, under the same Message-ID, by which mail programs know it as the same mail.
"""

import asyncio
import email
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from threading import Event
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as site_settings
from django.db import connection, transaction
from django.utils import timezone

from readinggroup.notifications.actions import tell
from readinggroup.notifications.models import Category, Delivery, MailSettings, Notice
from readinggroup.tasks import mail_due_notices

from .. import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("relay")]
PEOPLE = 6
AT = 3  # the mail at which it happens
SOON = 30


class Relay:
    """A mail relay that does at the third mail as it is told, once; then it behaves."""

    def __init__(self):
        self.taken = []  # (address, Message-ID), as the relay has stored them
        self.trouble = ""
        self.reached, self.go_on = Event(), Event()
        self.asked = 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - as aiosmtpd calls it
        self.asked += 1
        if self.asked == AT:
            if self.trouble == "before data":
                await self.wait()
            if self.trouble[:3].isdigit():
                return self.said()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as aiosmtpd calls it
        if self.asked == AT and self.trouble == "half":
            self.trouble = ""
            server.transport.abort()
            return "451 gone"
        if self.asked == AT and self.trouble == "before storing":
            await self.wait()
            if server.transport is None or server.transport.is_closing():
                return "451 nobody waits for it"
        message = email.message_from_bytes(envelope.content)
        self.taken.append((envelope.rcpt_tos[0], message["Message-ID"]))
        if self.asked == AT and self.trouble in {"before 250", "after 250"}:
            await self.wait()
        return "250 OK"

    def said(self):
        said, self.trouble = self.trouble, ""
        return said

    async def wait(self):
        """Until the worker is killed: whoever waits here is cut off with the connection."""
        self.trouble = ""
        self.reached.set()
        while not self.go_on.is_set():
            await asyncio.sleep(0.01)


@pytest.fixture
def relay():
    handler = Relay()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    handler.port = port
    yield handler
    handler.go_on.set()
    controller.stop()


def worker(relay_port, timeout=3):
    """A worker on the database of this test, as a process of its own: it does what is in the queue, and ends."""
    database = connection.get_connection_params()
    place = f"postgres://{database['user']}@{quote(str(database['host']), safe='')}:{database['port']}"
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"} | {
        "DATABASE_URL": f"{place}/{connection.settings_dict['NAME']}",
        "EMAIL_URL": f"smtp://127.0.0.1:{relay_port}",
        "EMAIL_TIMEOUT": str(timeout),
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, str(site_settings.BASE_DIR / "manage.py"), "procrastinate", "worker", "--one-shot"]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def tell_six():
    people = [factories.create_user() for _ in range(PEOPLE)]
    facts = {"group": "G", "accepted": True}
    with transaction.atomic():
        kind = "groups/join_request_answered"
        tell(recipients=people, kind=kind, category=Category.DECISION, event="one", facts=facts)
    return {person.email for person in people}


def finish(relay, settings):
    """A while later: what is to be tried again is due, and is tried again."""
    relay.trouble, relay.asked = "", AT + 1
    relay.go_on.set()
    Notice.objects.filter(delivery=Delivery.DUE).update(mail_at=timezone.now())
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", relay.port
    settings.EMAIL_HOST = "127.0.0.1"
    mail_due_notices()


def assert_ledger_is_true(people, relay, doubles):
    times = Counter(address for address, _name in relay.taken)
    assert set(times) == people, "nothing is lost"
    assert sum(times.values()) - len(people) == doubles
    assert len(set(relay.taken)) == len(people), "a double has the Message-ID of the first"
    assert dict(Counter(Notice.objects.values_list("delivery", flat=True))) == {Delivery.SENT: len(people)}


@pytest.mark.parametrize(
    ("point", "doubles"),
    [("before taking", 0), ("before data", 0), ("before storing", 0), ("before 250", 1), ("after 250", 1)],
)
def test_killed(relay, settings, point, doubles):
    people = tell_six()
    relay.trouble = point
    if point == "before taking":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE notifications_notice IN ACCESS EXCLUSIVE MODE")
            running = worker(relay.port)
            wait_until(lambda: waits_for_a_lock(cursor))
            running.kill()
            running.wait(SOON)
    elif point == "after 250":
        running = kill_before_it_is_noted(relay)
    else:
        running = worker(relay.port)
        assert relay.reached.wait(SOON)
        running.kill()
        running.wait(SOON)
    assert running.returncode == -signal.SIGKILL
    running.stdout.close()
    finish(relay, settings)
    assert_ledger_is_true(people, relay, doubles)


def kill_before_it_is_noted(relay):
    """The third mail is acknowledged, and the worker is killed before it can note that."""
    running = worker(relay.port, timeout=SOON)
    assert relay.reached.wait(SOON)
    running.send_signal(signal.SIGSTOP)
    relay.go_on.set()
    time.sleep(0.3)
    running.kill()
    running.wait(SOON)
    return running


def waits_for_a_lock(cursor):
    cursor.execute("SELECT pg_stat_clear_snapshot()")
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return cursor.fetchone()[0]


def wait_until(is_so):
    give_up = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.002)


def test_asked_to_stop_it_finishes_the_mail_and_nothing_is_doubled(relay, settings):
    people = tell_six()
    relay.trouble = "before storing"
    running = worker(relay.port, timeout=20)
    assert relay.reached.wait(SOON)
    running.terminate()
    time.sleep(0.3)
    relay.go_on.set()
    out, _none = running.communicate(timeout=SOON)
    assert "Traceback" not in out
    finish(relay, settings)
    assert_ledger_is_true(people, relay, 0)


@pytest.mark.parametrize("trouble", ["421 too busy", "450 later", "half"])
def test_a_relay_that_refuses_or_breaks_off_once(relay, settings, trouble):
    people = tell_six()
    relay.trouble = trouble
    running = worker(relay.port)
    out, _none = running.communicate(timeout=SOON)
    assert running.returncode == 0, out
    assert len(relay.taken) == PEOPLE - 1, "the others are not held up"
    waits = Notice.objects.get(delivery=Delivery.DUE)
    assert waits.reason
    assert waits.recipient.email not in out
    finish(relay, settings)
    assert_ledger_is_true(people, relay, 0)


def test_an_address_that_is_none_is_given_up_and_holds_up_nobody(relay, settings):
    """It counts as a mail that came back; the ledger says so."""
    people = tell_six()
    relay.trouble = "550 nobody here"
    running = worker(relay.port)
    out, _none = running.communicate(timeout=SOON)
    assert running.returncode == 0, out
    finish(relay, settings)
    [failed] = Notice.objects.filter(delivery=Delivery.FAILED)
    assert failed.reason == "came back: 5.1.1"
    assert {address for address, _name in relay.taken} == people - {failed.recipient.email}
    assert MailSettings.objects.get(user=failed.recipient).bounces == 1
    assert failed.recipient.email not in out


def test_a_relay_that_answers_nothing(relay, settings):
    """It holds up the worker for as long as the settings say; then everything is tried again."""
    people = tell_six()
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        running = worker(silent.getsockname()[1], timeout=1)
        out, _none = running.communicate(timeout=SOON)
    assert running.returncode == 0, out
    assert Notice.objects.filter(delivery=Delivery.DUE).exclude(reason="").count() == PEOPLE
    finish(relay, settings)
    assert_ledger_is_true(people, relay, 0)
