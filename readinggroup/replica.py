"""Signed-out reading and search from a streaming replica of Postgres, where REPLICA_URL names one.

A request is answered by one database as a whole: for its time the thread's connection "default" *is* the replica's, so
that no page is put together from two moments. That is done for visitors (no login cookie) who read one of the pages
named in READING; everybody else, and every write, asks the primary.

How old what is read may be is bounded, without clocks to compare and without writing: a thread of each process notes
twice a second which position the primary's log has reached. A replica that has replayed such a position knows all that
was acknowledged before the moment it was noted. One that knows of no moment within REPLICA_MAX_LAG seconds is left out.
Each connection is judged by itself, so that several replicas may stand behind one name. Who has just written, or signed
out, gets a cookie that lives a second longer than that bound, and asks the primary until it is gone: they see what
they did.

What cannot be had from the replica (it went away, it stopped a query because of what it replays, it was asked to
write) is asked of the primary, in the same request; so is a page that is not there, since it may have been made just
now. While there is no primary, a replica that had followed it to its end goes on showing pages to visitors.
"""

import logging
import math
import os
import select
import socket
import threading
import time
from contextlib import suppress
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.http import HttpResponse
from prometheus_client import Counter

logger = logging.getLogger(__name__)

REPLICA = "replica"  # its name among DATABASES
OK = "ok"
COOKIE = "asks_primary"  # of who has just written; its value says nothing
FAILURES = (Error, psycopg.Error)
NEVER = -math.inf
EVERY = 0.5  # seconds between two looks at the primary's position; at most a quarter of the bound
ANSWERS_WITHIN = 1  # seconds for a question that costs no work; a replica that takes longer hangs
PRIMARY_ANSWERS_WITHIN = 0.5  # shorter: that it is away must be known before what is known of the replica is too old
STALE_AFTER = 5  # seconds after which what a look found says nothing any more
REMEMBERED = 240  # positions: two minutes
# Which cluster it is, and which position it has reached. A replica has the identifier of its primary.
PRIMARYS_POSITION = "SELECT system_identifier, pg_current_wal_flush_lsn() FROM pg_control_system()"
REPLICAS_POSITION = "SELECT system_identifier, pg_last_wal_replay_lsn(), pg_is_in_recovery() FROM pg_control_system()"

# What visitors read, by the names of views. None of them writes; tests hold the list to the
# table of who gets what. Pages under private addresses and one-time links are not here: they carry somebody's right.
READING = frozenset(
    [
        "home",
        "group",
        "what_we_read",
        "readings:reading_page",
        "readings:paragraph_number",
        "side_by_side:beside",
        "discussion:paragraph",
        "discussion:whole",
        "discussion:pulse",
        "discussion:save_whole",
        "discussion:search",
        "discussion:comment",
        "discussion:wordings",
        "discussion:words_written_about",
        "discussion:questions",
        "revisions:history",
        "revisions:removed_paragraphs",
        "revisions:revision",
        "revisions:changes",
        "moderation:log",
        "moderation:log_entry",
        "moderation:log_numbers",
        "moderation:log_numbers_csv",
        "groups:rules",
        "groups:rules_version",
        "groups:rules_history",
        "groups:rules_reviews",
        "groups:rules_review",
        "groups:who_may",
        "feeds:comments",
        "feeds:news",
        "feeds:addresses",
        "schedule:sessions",
        "schedule:session",
        "schedule:series",
        "schedule:group_calendar",
        "schedule:session_calendar",
        "proposals:proposals",
        "proposals:proposal",
        "proposals:proposal_wordings",
        "proposals:ballots",
        "proposals:ballot",
        "proposals:result",
        "proposals:papers",
        "proposals:recount_script",
    ]
)

ANSWERED = Counter(
    "readinggroup_visitors_answered",
    "Pages of visitors that a replica may answer, by who did: the replica; the primary, since the replica was left out;"
    " the primary, asked again after the replica",
    ["by"],
)


class Router:
    """Migrations run on the primary. Rows from both are rows of one database."""

    def allow_relation(self, one, other, **hints):
        return True

    def allow_migrate(self, db, app_label, **hints):
        return False if db == REPLICA else None


# --- How far the replica follows --------------------------------------------------------------------------------------


def ask(database, query, within=ANSWERS_WITHIN) -> list[str | None]:
    """The one row that a server answers within so many seconds, as text. OperationalError if it does not.

    Past psycopg's own waiting, which would wait for as long as a server hangs.
    """
    database.ensure_connection()
    server = database.connection.pgconn
    server.send_query(query.encode())
    server.flush()
    until = time.monotonic() + within
    answer = None
    while True:
        while server.is_busy():
            waiting = select.poll()
            waiting.register(server.socket, select.POLLIN)
            if not waiting.poll(max(0, 1_000 * (until - time.monotonic()))):
                raise OperationalError("It does not answer.")
            server.consume_input()
        if (result := server.get_result()) is None:
            break
        answer = result
    if answer is None or answer.status != psycopg.pq.ExecStatus.TUPLES_OK or answer.ntuples != 1:
        raise OperationalError("It has no such answer.")
    values = (answer.get_value(0, column) for column in range(answer.nfields))
    return [value and value.decode() for value in values]


def bytes_of(position: str) -> int:
    """A position in the log, such as 16/B374D848, as a number of bytes."""
    high, low = position.split("/")
    return (int(high, 16) << 32) + int(low, 16)


class Watch:
    """What a process knows of primary and replica. Two threads look, requests read what they found.

    Moments are those of this process's monotonic clock. Costs a connection to each of the two for every process, and a
    question without work to each every half second. A thread for each: one that hangs hides nothing of the other.
    """

    def __init__(self):
        self.cluster = None  # the identifier of the primary's
        self.positions = ()  # (moment, position) of the primary, the newest first
        self.primary_seen_at = NEVER
        self.primary_answers = False
        self.replica_answers = False
        self.replica_seen_at = NEVER
        self.word = "not looked at yet"  # OK, or why the replica is left out
        self.asked = (
            WeakKeyDictionary()
        )  # connection of psycopg -> (when it was asked, as of when it is known to know all)
        self.in_use = {}  # thread -> the connection to the replica that answers its request
        self._threads, self._lock = [], threading.Lock()

    def start(self) -> None:
        """Look from now on. Called by requests: in the processes that answer them, after any fork."""
        if self._threads:
            return
        with self._lock:
            if not self._threads:
                looks = (self.look_at_primary, self.look_at_replica)
                self._threads = [threading.Thread(target=keep_doing, args=[look], daemon=True) for look in looks]
                for thread in self._threads:
                    thread.start()

    def look_at_primary(self) -> None:
        """Note which position it has reached."""
        moment = time.monotonic()  # before it is asked: its position holds all that was acknowledged until now
        try:
            cluster, position = ask(connections[DEFAULT_DB_ALIAS], PRIMARYS_POSITION, PRIMARY_ANSWERS_WITHIN)
        except FAILURES:
            connections[DEFAULT_DB_ALIAS].close()
            self.primary_answers = False
            return
        earlier = self.positions[: REMEMBERED - 1] if cluster == self.cluster else ()
        self.positions, self.cluster = ((moment, bytes_of(position)), *earlier), cluster
        self.primary_seen_at, self.primary_answers = moment, True

    def look_at_replica(self) -> None:
        """Ask whether it is there and follows; end what waits for one that is not."""
        database = connections[REPLICA]
        try:
            as_of = self.as_of(database)
            self.replica_seen_at, self.replica_answers = time.monotonic(), True
            word = OK if self.is_fresh(as_of) else f"has not followed for {settings.REPLICA_MAX_LAG} seconds"
        except FAILURES:
            database.close()
            self.replica_answers, word = False, "does not answer, or is no replica of this primary"
            self.cut()
        if word != self.word and OK in (word, self.word):
            logger.warning("The replica answers visitors" if word == OK else f"The replica is left out: it {word}")
        self.word = word

    def cut(self) -> None:
        """End what waits for a replica that hangs: those requests are then answered by the primary.

        Nothing else would: a server that is stopped keeps its connections, and no time limit of its own runs.
        """
        for connection in list(self.in_use.values()):
            with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as end:
                end.shutdown(socket.SHUT_RDWR)

    def as_of(self, database) -> float:
        """The last moment of which this connection's replica is known to know all; NEVER if there is none.

        OperationalError if it does not answer, or is no replica of our primary. One that was promoted is none, except
        while nobody else is seen to be the primary: then it holds all that there is.
        """
        cluster, replayed, recovers = ask(database, REPLICAS_POSITION)
        if cluster != self.cluster and self.cluster is not None:
            raise OperationalError("It belongs to another cluster.")
        if replayed is None or (recovers != "t" and self.primary_answers):
            raise OperationalError("It does not follow.")
        position = bytes_of(replayed)
        return next((moment for moment, passed in self.positions if passed <= position), NEVER)

    def is_fresh(self, as_of: float) -> bool:
        """Whether what is known at that moment is new enough: from now, or, without a primary, from when that ended."""
        newest = time.monotonic() if self.primary_answers else self.primary_seen_at
        return as_of != NEVER and newest - as_of <= settings.REPLICA_MAX_LAG

    def may_answer(self, database) -> bool:
        """Whether this connection's server may answer a request now. Asks it, where it was not asked lately."""
        if not self.replica_answers or time.monotonic() - self.replica_seen_at > STALE_AFTER:
            return False
        try:
            database.ensure_connection()
            asked_at, as_of = self.asked.get(database.connection, (NEVER, NEVER))
            if not self.is_fresh(as_of) and time.monotonic() - asked_at > EVERY / 2:
                as_of = self.as_of(database)
                self.asked[database.connection] = time.monotonic(), as_of
        except FAILURES:
            self.gone(database)
            return False
        return self.is_fresh(as_of)

    def gone(self, database) -> None:
        """The server has let a request down: nobody asks it until the next look finds it well."""
        database.close()
        self.replica_answers = False


def keep_doing(look):
    """The life of a thread that looks."""
    while True:
        try:
            look()
        except Exception:  # it must not end
            logger.exception("Primary and replica could not be looked at")
        time.sleep(min(EVERY, settings.REPLICA_MAX_LAG / 4))


watch = Watch()


def word() -> str | None:
    """How the replica stands, as this process sees it: OK, or why it is left out. None where no replica is named."""
    if REPLICA not in connections.settings:
        return None
    watch.start()
    return watch.word


# --- Requests ---------------------------------------------------------------------------------------------------------


class ReplicaMiddleware:
    """The innermost: what it decides about is the view and its template. Without REPLICA_URL it is not there."""

    def __init__(self, get_response):
        if REPLICA not in connections.settings:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request):
        watch.start()
        request.may_read_replica = is_visitors(request)
        request.asked_replica = None
        response = self.answer(request) if request.may_read_replica else self.get_response(request)
        if may_not_look_back(request):
            response.set_cookie(
                COOKIE, "1", max_age=math.ceil(settings.REPLICA_MAX_LAG) + 1,
                secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
            )  # fmt: skip
        return response

    def answer(self, request):
        """By the replica where that may be; by the primary where it may not, or where that gave no good answer."""
        primary, was_there = connections[DEFAULT_DB_ALIAS], set(vars(request))
        try:
            response = self.get_response(request)
        finally:
            connections[DEFAULT_DB_ALIAS] = primary
            watch.in_use.pop(threading.get_ident(), None)
        if request.asked_replica is None:
            return response
        good = request.asked_replica == OK and (response.status_code != 404 or not watch.primary_answers)
        if good:
            ANSWERED.labels("replica").inc()
            return response
        ANSWERED.labels("primary again").inc()
        for name in set(vars(request)) - was_there:  # what was found the first time
            delattr(request, name)
        request.may_read_replica = False
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if not request.may_read_replica or request.resolver_match.view_name not in READING:
            return
        database = connections[REPLICA]
        if watch.may_answer(database):
            request.asked_replica = OK
            watch.in_use[threading.get_ident()] = database.connection
            connections[DEFAULT_DB_ALIAS] = database
        else:
            ANSWERED.labels("primary").inc()

    def process_exception(self, request, exception):
        if request.asked_replica is None or not isinstance(exception, Error):
            return None
        if not request.may_read_replica:
            return None  # this was the primary
        database = connections[REPLICA]
        logger.info("The replica did not answer %s: %s", request.resolver_match.view_name, exception)
        if isinstance(exception, OperationalError) and database.connection is not None and database.connection.broken:
            watch.gone(database)
        request.asked_replica = "failed"
        return HttpResponse(status=503)  # seen by nobody: the primary is asked


def is_visitors(request) -> bool:
    """Whether a visitor asks to read, who has not just written. It asks no database."""
    cookies = request.COOKIES
    return request.method in {"GET", "HEAD"} and settings.SESSION_COOKIE_NAME not in cookies and COOKIE not in cookies


def may_not_look_back(request) -> bool:
    """Whether this request may have written, and the next one of this browser will be a visitor's.

    Nobody has signed in at its end: they have sent a form as a visitor, or this ended their login.
    """
    wrote = request.method not in {"GET", "HEAD", "OPTIONS"} or settings.SESSION_COOKIE_NAME in request.COOKIES
    return wrote and request.session.is_empty()
