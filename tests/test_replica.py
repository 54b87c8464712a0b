"""Who reads from a replica, and when nobody does: by visitors' pages only, never behind the bound, never in the way.

Here the replica is a second way into the same database, which notes what is asked there. `benchmarks/many_machines.py`
tries all of it with servers of its own.
"""

import copy
import logging
import re
import threading
import time

import psycopg
import pytest
from django.conf import settings as site_settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import InternalError, OperationalError, connection, connections
from django.http import Http404
from django.test import Client
from django.urls import reverse

from readinggroup import health, replica

from . import factories
from .test_permission_matrix import MATRIX

PRIMARY_ONLY = {
    "healthz": "asks nothing",
    "readyz": "asks how the primary is",
    "accounts:sign_in_by_link": "a link that holds once",
    "accounts:take_back_address": "a link that holds once",
    "groups:join": "a link that may hold once",
    "notifications:unsubscribe": "under a private address",
    "notifications:push_worker": "asks nothing",
    "my_data:privacy": "asks nothing",
    "feeds:private_comments": "under a private address",
    "feeds:private_news": "under a private address",
    "schedule:private_group_calendar": "under a private address",
    "schedule:private_calendar": "under a private address",
}


def test_every_page_of_visitors_is_said_to_be_read_from_a_replica_or_not():
    theirs = {name for (name, method), row in MATRIX.items() if method == "GET" and row.startswith(".")}
    assert theirs == replica.READING | set(PRIMARY_ONLY)
    assert not replica.READING & set(PRIMARY_ONLY)


# --- Requests ---------------------------------------------------------------------------------------------------------


class Followed(replica.Watch):
    """A watch without threads, of a replica that has replayed up to `replayed`."""

    replayed = 0x100
    recovers = "t"
    answers = True

    def __init__(self):
        super().__init__()
        self.cluster, self.primary_answers, self.replica_answers = "7", True, True
        self.at_primary(0x100)

    def start(self):
        pass

    def at_primary(self, position, seconds_ago=0):
        """The primary was at this position then. Nobody else has looked since."""
        moment = time.monotonic() - seconds_ago
        self.positions = ((moment, position), *self.positions)
        self.primary_seen_at, self.replica_seen_at = moment, time.monotonic()

    def behind(self):
        """The primary has gone on, long enough ago, and the replica has not."""
        self.positions, self.asked = (), type(self.asked)()
        self.at_primary(0x200, seconds_ago=1)


@pytest.fixture
def watch(db, monkeypatch, settings):
    """A replica is named, and follows; `watch.noted` is what was asked of it. `watch.fails` is raised there instead."""
    made = Followed()
    made.noted, made.fails = [], None

    def note(execute, sql, *args):
        made.noted.append(sql)
        if made.fails:
            raise made.fails
        return execute(sql, *args)

    def ask(database, query):
        if not made.answers:
            raise OperationalError("connection refused")
        return ["7", f"0/{made.replayed:X}", made.recovers]

    second = copy.copy(connections["default"])
    second.alias, second.execute_wrappers, second.close = "replica", [note], lambda: None
    settings.DATABASE_ROUTERS = ["readinggroup.replica.Router"]
    monkeypatch.setattr(replica, "watch", made)
    monkeypatch.setattr(replica, "ask", ask)
    monkeypatch.setattr(replica, "EVERY", 0)
    monkeypatch.setitem(connections.settings, "replica", connections.settings["default"])
    connections["replica"] = second
    yield made
    assert connections["default"] is not second
    del connections["replica"]


def page_of(house):
    return reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])


def test_a_visitor_reads_all_of_a_page_from_the_replica(house, watch):
    asked_of_primary = []

    def note(execute, sql, *args):
        asked_of_primary.append(sql)
        return execute(sql, *args)

    for address in ("/", page_of(house), reverse("discussion:search", args=[house.group.slug]) + "?q=rope"):
        watch.noted.clear()
        with connection.execute_wrapper(note):
            answer = Client().get(address)
        assert answer.status_code == 200
        assert watch.noted
        assert asked_of_primary == []
        assert replica.COOKIE not in answer.cookies


def test_who_has_signed_in_reads_from_the_primary(house, watch, as_user):
    assert as_user(house.member).get(page_of(house)).status_code == 200
    assert watch.noted == []


@pytest.mark.parametrize("address", ["/readyz", "/accounts/login/", "/no/such/page/", "/privacy/"])
def test_other_pages_come_from_the_primary(watch, address):
    Client().get(address)
    assert watch.noted == []


def test_what_is_sent_goes_to_the_primary(house, watch):
    client = Client()
    for method in ("post", "put", "delete", "options"):
        getattr(client, method)(page_of(house))
    assert watch.noted == []


def test_who_signs_out_sees_what_they_did(house, watch, as_user, settings):
    client = as_user(house.member)
    settings.REPLICA_MAX_LAG = 5
    cookie = client.post(reverse("account_logout")).cookies[replica.COOKIE]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (6, True, "Lax")
    client.get(page_of(house))
    assert watch.noted == []
    for ended in (replica.COOKIE, settings.SESSION_COOKIE_NAME):  # the one after six seconds, by the browser
        client.cookies.pop(ended, None)
    client.get(page_of(house))
    assert watch.noted


def test_who_sends_a_form_as_a_visitor_sees_what_they_did(watch):
    client = Client()
    client.post(reverse("account_signup"), {"email": "new@example.org", "display_name": ""})
    assert client.cookies[replica.COOKIE].value
    client.get("/")
    assert watch.noted == []


def test_whose_login_is_over_may_have_written_a_moment_ago(house, watch, as_user):
    client = as_user(house.member)
    client.cookies[site_settings.SESSION_COOKIE_NAME] = "of-a-login-that-was-ended"
    answer = client.get(page_of(house))
    assert answer.cookies[replica.COOKIE].value
    assert watch.noted == []


# --- Left out, and in again -------------------------------------------------------------------------------------------


def test_a_replica_that_lags_is_left_out_until_it_has_caught_up(house, watch):
    watch.behind()
    assert Client().get(page_of(house)).status_code == 200
    assert watch.noted == [], "what it knows may be older than the bound"
    watch.at_primary(0x200)
    watch.replayed = 0x200
    Client().get(page_of(house))
    assert watch.noted


def test_what_is_known_of_it_grows_old(house, watch, settings):
    """Nobody has looked for three seconds (the thread hangs): what was fresh then may not be now."""
    Client().get("/")
    assert watch.noted
    watch.noted.clear()
    late = time.monotonic() - 3
    watch.positions, watch.asked = ((late, 0x100),), type(watch.asked)()
    Client().get("/")
    assert watch.noted == []
    settings.REPLICA_MAX_LAG = 10
    Client().get("/")
    assert watch.noted
    watch.noted.clear()
    watch.replica_seen_at = time.monotonic() - replica.STALE_AFTER - 1
    Client().get("/")
    assert watch.noted == []


def test_a_dead_replica_costs_an_answer_nothing_but_time(house, watch):
    watch.answers = False
    assert Client().get(page_of(house)).status_code == 200
    assert not watch.replica_answers, "no other request asks it before somebody has looked"
    watch.look_at_replica()
    assert watch.word.startswith("does not answer")
    watch.answers = True
    watch.look_at_replica()
    assert watch.word == replica.OK
    Client().get(page_of(house))
    assert watch.noted


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("canceling statement due to conflict with recovery"),
        OperationalError("server closed the connection unexpectedly"),
        InternalError("cannot execute INSERT in a read-only transaction"),
        Http404("made a moment ago"),
    ],
)
def test_what_it_cannot_answer_the_primary_does(house, watch, failure, caplog):
    watch.fails = failure
    answer = Client().get(page_of(house))
    assert watch.noted
    assert answer.status_code == 200
    assert house.reading.edition.title in answer.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_what_is_not_there_is_not_there(house, watch):
    assert Client().get("/g/no-such-group/").status_code == 404
    assert watch.noted


def test_a_broken_connection_is_not_asked_again_before_somebody_has_looked(house, watch, monkeypatch):
    watch.fails = OperationalError("server closed the connection unexpectedly")
    monkeypatch.setattr(connections["replica"], "connection", Broken(connection.connection))
    assert Client().get("/").status_code == 200
    assert not watch.replica_answers


class Broken:
    """A connection that ends during the request."""

    broken = True

    def __init__(self, real):
        self.real = real

    def __getattr__(self, name):
        return getattr(self.real, name)


def test_without_a_primary_visitors_go_on_reading(house, watch):
    """As long as the replica had followed to the end; a page that is not there then is not asked for elsewhere."""
    hour = 3_600
    watch.positions = ()
    watch.at_primary(0x100, seconds_ago=hour)
    watch.primary_answers = False
    assert Client().get(page_of(house)).status_code == 200
    assert watch.noted
    watch.noted.clear()
    asked = len(watch.noted)
    assert Client().get("/g/no-such-group/").status_code == 404
    assert len(watch.noted) > asked
    watch.positions, watch.asked = (), type(watch.asked)()
    watch.at_primary(0x50, seconds_ago=hour + 10)
    watch.at_primary(0x200, seconds_ago=hour)
    watch.noted.clear()
    Client().get(page_of(house))
    assert watch.noted == [], "it had not followed when the primary went away"


def test_one_that_was_promoted_answers_till_it_is_found_as_the_primary(house, watch):
    watch.recovers = "f"
    watch.primary_answers = False
    Client().get(page_of(house))
    assert watch.noted
    watch.noted.clear()
    watch.primary_answers, watch.asked = True, type(watch.asked)()
    assert Client().get(page_of(house)).status_code == 200
    assert watch.noted == []
    watch.look_at_replica()
    assert watch.word.startswith("does not answer, or is no replica")


def test_never_a_write_even_where_it_was_promoted(house, watch):
    """The pages are read in transactions that may not write; nothing of them needs to (see the matrix, too)."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
    assert Client().get(page_of(house)).status_code == 200


def test_ready_says_how_it_stands_and_does_not_hang_on_it(db, watch, monkeypatch):
    factories.give_sign_of_worker()
    watch.word = "has not followed for 2 seconds"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["replica"]) == (200, watch.word)
    watch.word = replica.OK
    assert health.answers()["replica"] == "ok"


def test_without_a_replica_there_is_nothing():
    with pytest.raises(MiddlewareNotUsed):
        replica.ReplicaMiddleware(lambda request: None)
    assert replica.word() is None
    assert not hasattr(site_settings, "DATABASE_ROUTERS") or "replica" not in str(site_settings.DATABASE_ROUTERS)


# --- The watch itself -------------------------------------------------------------------------------------------------


@pytest.fixture
def own_connection(db):
    """A connection of its own to the tests' server."""
    database = connection.copy()
    database.ensure_connection()
    its = database.connection.info.backend_pid
    yield database
    database.close()
    with connection.cursor() as cursor:  # it may still be asleep
        cursor.execute("SELECT pg_terminate_backend(%s)", [its])


def test_positions_are_numbers():
    assert replica.bytes_of("16/B374D848") == 0x16B374D848


def test_a_real_server_says_where_it_stands_and_that_it_is_no_replica(own_connection):
    cluster, position = replica.ask(own_connection, replica.PRIMARYS_POSITION)
    assert cluster.isdecimal()
    assert re.fullmatch(r"[0-9A-F]+/[0-9A-F]+", position)
    assert replica.ask(own_connection, replica.REPLICAS_POSITION) == [cluster, None, "f"]
    with pytest.raises(OperationalError):
        replica.Watch().as_of(own_connection)


def test_a_server_that_hangs_is_not_waited_for(own_connection):
    with pytest.raises(OperationalError, match="does not answer"):
        replica.ask(own_connection, "SELECT pg_sleep(30)", 0.05)


def test_who_waits_for_a_replica_that_hangs_is_let_go(own_connection):
    waited = []

    def wait():
        try:
            own_connection.connection.execute("SELECT pg_sleep(60)")
        except psycopg.OperationalError as error:
            waited.append(error)

    watch, thread = replica.Watch(), threading.Thread(target=wait)
    thread.start()
    watch.in_use[thread.ident] = own_connection.connection
    while not waited and thread.is_alive():
        watch.cut()  # until it has begun to wait
        thread.join(0.05)
    assert len(waited) == 1


def test_the_threads_look_and_tell_of_changes(own_connection, monkeypatch, caplog):
    """A look at our own server: as a primary it answers, as a replica it does not, and that is said once."""
    monkeypatch.setitem(connections.settings, "replica", connections.settings["default"])
    connections["replica"] = own_connection
    try:
        watch = replica.Watch()
        watch.word = replica.OK
        watch.look_at_primary()
        assert watch.primary_answers
        assert watch.positions[0][0] <= time.monotonic()
        for _ in range(2):
            watch.look_at_replica()
        assert not watch.replica_answers
        assert [record.message for record in caplog.records] == [f"The replica is left out: it {watch.word}"]
    finally:
        del connections["replica"]


def test_another_cluster_is_no_replica_whatever_its_position(watch):
    watch.cluster = "8"
    watch.look_at_replica()
    assert watch.word.startswith("does not answer, or is no replica")
