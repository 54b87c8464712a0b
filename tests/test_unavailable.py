"""The database in trouble: 503, when to try again, and a form that holds the words and can be sent again as it is."""

import errno
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from django import db
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from procrastinate.exceptions import ConnectorException

from readinggroup.discussion.models import Comment
from readinggroup.lib import unavailable
from readinggroup.lib.unavailable import AWAY, BUSY, ONLY_READS, trouble_of
from readinggroup.metrics import UNAVAILABLE

from . import factories

WORDS = 'words <script>worth</script> & "keeping"\n\n</textarea> twice'


def raised(error, cause=None):
    """The error as Django or the queue raises it, from that of the driver."""
    try:
        raise error from cause
    except Exception as caught:
        return caught


def of_state(name, django=db.OperationalError):
    return raised(django("no"), getattr(psycopg.errors, name)("no"))


KINDS = {
    "server gone": (raised(db.OperationalError("server closed the connection unexpectedly")), AWAY),
    "closed": (raised(db.InterfaceError("connection already closed")), AWAY),
    "shut down": (of_state("AdminShutdown"), AWAY),
    "crashed": (of_state("CrashShutdown"), AWAY),
    "starting": (of_state("CannotConnectNow"), AWAY),
    "too many connections": (of_state("TooManyConnections"), BUSY),
    "no memory": (of_state("OutOfMemory"), BUSY),
    "statement too long": (of_state("QueryCanceled"), BUSY),
    "lock too long": (of_state("LockNotAvailable"), BUSY),
    "transaction too long": (of_state("IdleInTransactionSessionTimeout", db.InternalError), BUSY),
    "deadlock": (of_state("DeadlockDetected"), BUSY),
    "disk full": (of_state("DiskFull"), ONLY_READS),
    "only reads": (of_state("ReadOnlySqlTransaction", db.InternalError), ONLY_READS),
    "not written": (of_state("IoError"), ONLY_READS),
    "no room for an upload": (OSError(errno.ENOSPC, "No space left on device"), ONLY_READS),
    "the driver's own": (psycopg.OperationalError("the connection is closed"), AWAY),
    "the queue's": (raised(ConnectorException(), psycopg.errors.DiskFull("no")), ONLY_READS),
}
OURS = {
    "a fault of ours": ValueError("no"),
    "a bad statement": of_state("UndefinedTable", db.ProgrammingError),
    "a constraint": of_state("UniqueViolation", db.IntegrityError),
    "a transaction gone wrong": of_state("InFailedSqlTransaction", db.InternalError),
    "data destroyed": of_state("DataCorrupted", db.InternalError),
    "no file": FileNotFoundError(errno.ENOENT, "no"),
}


@pytest.mark.parametrize(("error", "trouble"), KINDS.values(), ids=KINDS)
def test_what_passes_is_known_by_its_kind(error, trouble):
    assert trouble_of(error) == trouble


@pytest.mark.parametrize("error", OURS.values(), ids=OURS)
def test_what_is_our_fault_stays_one(error):
    assert trouble_of(error) is None


def test_an_error_that_comes_of_another():
    of_it = AttributeError("while it was looked after")
    of_it.__context__ = KINDS["server gone"][0]
    assert trouble_of(of_it) == AWAY
    of_it.__suppress_context__ = True  # "raise ... from None"
    assert trouble_of(of_it) is None
    ring = ValueError("a")
    ring.__cause__ = KeyError("b")
    ring.__cause__.__cause__ = ring
    assert trouble_of(ring) is None


def test_a_valkey_that_is_away_is_trouble_only_where_there_is_one(monkeypatch):
    class AwayError(Exception):
        """What its client raises: no OSError."""

    assert trouble_of(AwayError()) is None
    monkeypatch.setitem(sys.modules, "redis", SimpleNamespace(ConnectionError=AwayError, TimeoutError=TimeoutError))
    assert trouble_of(AwayError()) == AWAY
    assert trouble_of(ValueError("no")) is None


@pytest.fixture
def place(house):
    """Where a member says something."""
    paragraph = factories.version_of(house.reading).paragraph.public_id
    address = reverse("discussion:post_comment", args=[house.group.slug, house.reading.slug, paragraph])
    return SimpleNamespace(address=address, form={"key": str(uuid4()), "body": WORDS})


def fails_with(monkeypatch, error, where="readinggroup.discussion.actions.post"):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(where, fail)


def fields_of(page) -> dict:
    """What the form on the page would send."""
    found, open_field = {}, []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            attributes = dict(attributes)
            if tag == "input":
                found[attributes["name"]] = attributes["value"]
            elif tag == "textarea":
                open_field.append(attributes["name"])
                found[attributes["name"]] = ""

        def handle_data(self, data):
            if open_field:
                found[open_field[-1]] += data

        def handle_endtag(self, tag):
            if tag == "textarea" and open_field:
                name = open_field.pop()
                found[name] = found[name].removeprefix("\n")  # as a browser reads it

    Reader().feed(page)
    return found


@pytest.mark.parametrize("kind", ["server gone", "too many connections", "disk full", "only reads", "the queue's"])
def test_a_post_is_refused_with_its_form_which_can_be_sent_again(house, as_user, place, monkeypatch, kind):
    error, trouble = KINDS[kind]
    client = as_user(house.member, enforce_csrf_checks=True)
    client.get(reverse("readings:reading_page", args=[house.group.slug, house.reading.slug]))
    token = client.cookies["csrftoken"].value
    with monkeypatch.context() as patch:
        fails_with(patch, error)
        answer = client.post(place.address, {**place.form, "csrfmiddlewaretoken": token})
    assert (answer.status_code, answer["Retry-After"]) == (503, str(trouble.retry_after))
    assert "no-store" in answer["Cache-Control"]
    page = answer.text
    assert "<script>" not in page
    assert f'action="{place.address}"' in page
    kept = fields_of(page)
    assert (kept["key"], kept["body"]) == (place.form["key"], WORDS)
    for _time in range(2):
        assert client.post(place.address, kept).status_code == 302
    assert Comment.objects.filter(key=place.form["key"]).count() == 1


def test_htmx_gets_a_line_for_the_composer_which_still_has_the_words(house, as_user, place, monkeypatch):
    fails_with(monkeypatch, KINDS["disk full"][0])
    answer = as_user(house.member).post(place.address, place.form, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer.text.startswith('<p class="problems" role="alert" data-refusal>')
    assert "cannot save" in answer.text
    assert "HX-Request" in answer["Vary"]


def test_the_page_speaks_the_persons_language(house, as_user, place, monkeypatch):
    fails_with(monkeypatch, KINDS["server gone"][0])
    answer = as_user(house.member).post(place.address, place.form, headers={"Accept-Language": "de"})
    assert ('lang="de"' in answer.text, answer["Content-Language"]) == (True, "de")


@pytest.fixture
def without_database(monkeypatch):
    def leave(_wrapper, *args, **options):
        raise db.OperationalError("connection refused")

    def take_away():
        monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", leave)

    yield take_away
    monkeypatch.undo()


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("signed_in", [True, False])
def test_without_a_database(house, as_user, place, without_database, settings, signed_in, debug):
    """Whatever is asked for, also a page for an error, which asks who is there."""
    settings.DEBUG = debug
    client = as_user(house.member if signed_in else None)
    client.raise_request_exception = False
    reading = reverse("readings:reading_page", args=[house.group.slug, house.reading.slug])
    without_database()
    for path in ("/", reading):
        answer = client.get(path)
        assert (answer.status_code, answer.get("Retry-After")) == (503, "5")
        assert f'<a href="{path}">' in answer.text
    assert client.get("/nowhere/").status_code == (503 if signed_in else 404)
    from_here = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post(place.address, place.form, headers=from_here)
    assert (answer.status_code, fields_of(answer.text)["body"]) == (503, WORDS)
    assert client.post(place.address, place.form, headers={**from_here, "HX-Request": "true"}).status_code == 503


def test_a_login_that_cannot_be_saved(house, as_user, place, monkeypatch):
    """It happens on the way out, in a middleware, where nothing that looks after views sees it."""
    client = as_user(None)
    assert client.post(place.address, place.form).status_code == 302  # the words are kept with the login to come
    client.raise_request_exception = False
    fails_with(monkeypatch, KINDS["disk full"][0], "readinggroup.accounts.logins.SessionStore.save")
    answer = client.post(place.address, {**place.form, "key": str(uuid4())})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert fields_of(answer.text)["body"] == WORDS


def test_passwords_and_codes_are_not_shown(db, monkeypatch):
    fails_with(monkeypatch, KINDS["server gone"][0], "django.db.models.query.QuerySet.first")
    fails_with(monkeypatch, KINDS["server gone"][0], "allauth.account.forms.LoginForm.is_valid")
    form = {"login": "ada@example.org", "password": "correct horse battery", "name": "Ada"}
    answer = Client().post(reverse("account_login"), form)
    assert answer.status_code == 503
    assert "correct horse" not in answer.text
    assert "ada@example.org" not in answer.text


def test_a_strangers_form_is_not_made_ours(house, as_user, place, without_database):
    """The token is looked at after the person is: with the database away nobody knows yet who sent it."""
    client = as_user(house.member, enforce_csrf_checks=True)
    without_database()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        answer = client.post(place.address, place.form, headers=headers)
        assert answer.status_code == 503
        assert "<form" not in answer.text


def test_a_fault_of_ours_keeps_the_words_too(house, as_user, place, monkeypatch):
    fails_with(monkeypatch, ValueError("ours"))
    client = as_user(house.member)
    client.raise_request_exception = False
    answer = client.post(place.address, place.form)
    assert (answer.status_code, fields_of(answer.text)["body"]) == (500, WORDS)
    assert "ValueError" not in answer.text


def test_a_file_cannot_be_sent_again_but_words_can_be_copied(house, as_user, place, monkeypatch):
    fails_with(monkeypatch, KINDS["server gone"][0])
    form = {**place.form, "file": SimpleUploadedFile("a.txt", b"text")}
    page = as_user(house.member).post(place.address, form).text
    assert "<form" not in page
    assert "worth&lt;/script&gt;" in page


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_has_ended_is_left_before_a_page_needs_it():
    address = reverse("home")
    client = Client()
    assert client.get(address).status_code == 200
    connection.ensure_connection()
    number = connection.connection.info.backend_pid
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
    finally:
        other.close()
    assert client.get(address).status_code == 200
    assert connection.connection is None or connection.connection.info.backend_pid != number


def test_a_connection_at_rest_is_kept(db):
    connection.ensure_connection()
    kept = connection.connection
    unavailable.leave_broken_connections()
    assert connection.connection is kept


def test_it_is_counted(house, as_user, place, monkeypatch):
    before = UNAVAILABLE.labels("only_reads")._value.get()
    fails_with(monkeypatch, KINDS["disk full"][0])
    as_user(house.member).post(place.address, place.form)
    assert UNAVAILABLE.labels("only_reads")._value.get() == before + 1


def test_the_log_names_the_page_and_not_its_address(house, as_user, place, monkeypatch, caplog):
    fails_with(monkeypatch, raised(db.OperationalError("gone\nsecond line")))
    as_user(house.member).post(place.address, place.form)
    (said,) = [record.getMessage() for record in caplog.records if record.name == "readinggroup.lib.unavailable"]
    assert re.fullmatch(r"POST discussion:post_comment: gone \(away\)", said)
