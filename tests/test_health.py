"""What a supervisor, a log, a Prometheus, a Sentry and the site's own people are told, and that it is true."""

import json
import logging
import sys
import urllib.request
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends import locmem
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from readinggroup import environment, health, metrics, site_state
from readinggroup.accounts.models import User
from readinggroup.lib import logs
from readinggroup.notifications.models import Delivery, Notice, RestoredCopy
from readinggroup.notifications.outgoing import MAILS, EmailBackend

from . import factories
from .moderation.decisions import hidden


@pytest.fixture
def well(db):
    factories.give_sign_of_worker()


def asked():
    answer = Client().get("/readyz")
    return answer, answer.json()


# --- Alive, ready -----------------------------------------------------------------------------------------------------


def test_alive_asks_nothing_of_the_database(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/healthz").content == b"ok"


def test_ready_when_all_is_well(well):
    answer, told = asked()
    assert answer.status_code == 200
    assert told == dict.fromkeys(["database", "disk", "migrations", "worker", "mail"], "ok")
    assert "no-store" in answer["Cache-Control"] or "no-cache" in answer["Cache-Control"]


def not_ready(name):
    answer, told = asked()
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert [question for question, word in told.items() if word != "ok"] == [name]
    return told[name]


def test_not_ready_without_a_worker_or_with_a_silent_one(db):
    assert not_ready("worker") == "none is running"
    factories.give_sign_of_worker(seconds_ago=200)
    assert not_ready("worker").startswith("silent for 20")
    factories.give_sign_of_worker(seconds_ago=2)
    assert asked()[0].status_code == 200


def test_not_ready_without_a_migration(well):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'notifications'")
    assert "notifications.0001_initial" in not_ready("migrations")


def test_not_ready_while_mail_stays_lying_about(house, well):
    hidden(house)
    long_ago = timezone.now() - timedelta(hours=2)
    Notice.objects.update(delivery=Delivery.DUE, mail_at=long_ago)
    assert not_ready("mail").startswith("the oldest has been due for 72")
    RestoredCopy.objects.create(backup_made_at=long_ago)
    assert asked()[0].status_code == 200, "in a restored copy it waits rightly"


def test_not_ready_when_the_disk_fills_up(well, settings, tmp_path):
    settings.DISK_FREE_MB = 10**9
    settings.BACKUP_DIR = tmp_path / "not" / "made" / "yet"
    assert "MB free at BACKUP_DIR" in not_ready("disk")


def test_not_ready_without_a_database(well, monkeypatch):
    def gone():
        raise OperationalError("the server closed the connection, password=hunter2")

    monkeypatch.setattr(health, "database", gone)
    assert not_ready("database") == "does not answer"


# --- Logs -------------------------------------------------------------------------------------------------------------


def line_of(caplog, logger):
    formatter, filtered = logs.JsonFormatter(), []
    for record in caplog.records:
        if record.name == logger:
            filtered.append(json.loads(formatter.format(record)))
    return filtered


@pytest.fixture
def json_logs(settings, caplog):
    settings.LOG_REQUESTS = True
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(logs.WithContext())
    return caplog


def test_each_request_is_a_line_with_an_id_and_without_its_address(house, json_logs):
    secret = reverse("groups:join", args=["a-secret-token-of-somebody"])
    Client().get(secret + "?q=words")
    (line,) = line_of(json_logs, "readinggroup.requests")
    assert (line["page"], line["method"], line["status"]) == ("groups:join", "GET", 404)
    assert len(line["request_id"]) == 16
    assert line["milliseconds"] > 0
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize("sent", ["0af7651916cd43dd8448eb211c80319c", "x", 'a" }\n{"level": "error"', "ü" * 20])
def test_only_a_trusted_proxy_says_the_id_and_only_a_plain_one(db, settings, json_logs, sent):
    plain = len(sent) == 32
    for header, trusted in ((None, False), (("HTTP_X_FORWARDED_PROTO", "https"), True)):
        json_logs.clear()
        settings.SECURE_PROXY_SSL_HEADER = header
        Client().get("/readyz", headers={"X-Request-ID": sent.replace("\n", " ")})
        (line,) = line_of(json_logs, "readinggroup.requests")
        assert (line["request_id"] == sent) is (trusted and plain)


def test_what_fails_says_its_id_in_log_and_answer(db, json_logs, monkeypatch):
    def fails(request):
        raise ValueError("a fault of ours")

    monkeypatch.setattr("readinggroup.views.TemplateResponse", lambda *args: fails(None))
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    failed = line_of(json_logs, "django.request")[0]
    assert failed["request_id"] == answer["X-Request-ID"]
    assert "a fault of ours" in failed["traceback"]
    assert logs.of_now.get() == {}, "the next one begins without it"


def test_a_task_of_the_worker_is_named_in_its_lines(json_logs):
    context = SimpleNamespace(job=SimpleNamespace(task_name="readinggroup.tasks.mail_digests", id=7))
    logs.with_task(lambda: logging.getLogger("readinggroup.x").info("said"), context, None)
    (line,) = line_of(json_logs, "readinggroup.x")
    assert (line["task"], line["job"], line["message"]) == ("readinggroup.tasks.mail_digests", 7, "said")


# --- Figures ----------------------------------------------------------------------------------------------------------


def test_prometheus_finds_pages_and_how_the_site_stands(house, well, settings):
    from prometheus_client import CollectorRegistry, generate_latest

    hidden(house)
    Client().get("/")
    Client().get("/no/such/page/of/ours/")
    Client().generic("HACKED", "/")
    words = generate_latest(metrics.registry()).decode()
    assert 'readinggroup_request_seconds_count{method="GET",page="home",status="2xx"}' in words
    assert 'method="other"' in words
    assert "no/such" not in words
    site = CollectorRegistry()
    site.register(metrics.Site())
    words = generate_latest(site).decode()
    for figure in ("ready", "jobs", "oldest_job_seconds", "notices", "oldest_due_mail_seconds", "disk_free_megabytes"):
        assert f"\nreadinggroup_{figure}" in words
    assert 'readinggroup_ready{question="worker"} 1.0' in words


def test_the_port_answers(monkeypatch, settings):
    monkeypatch.setattr(metrics.Site, "collect", lambda self: [])
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.METRICS_HOST = "127.0.0.1"
    served = []

    def start(*args):
        served.append(real(*args))

    real = metrics.start_http_server
    monkeypatch.setattr(metrics, "start_http_server", start)
    metrics._serve(port, of_worker=True)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert answer.status == 200
            words = answer.read().decode()
            assert "readinggroup_task_seconds" in words
            assert "readinggroup_mails" in words
            assert "readinggroup_request_seconds" not in words, "a worker answers no pages"
    finally:
        server, thread = served[0]
        server.shutdown()
        server.server_close()
        thread.join()


def test_how_long_the_oldest_job_waits(db):
    assert health.oldest_due_job() == 0
    with connection.cursor() as cursor:
        insert = (
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at)"
            " VALUES ('default', 'x', %s, now() + %s)"
        )
        cursor.execute(insert, ["todo", timedelta(hours=1)])  # not due
        cursor.execute(insert, ["failed", timedelta(hours=-2)])  # does not wait
        cursor.execute(insert, ["todo", None])
        assert health.oldest_due_job() < 60
        cursor.execute(insert, ["todo", timedelta(seconds=-90)])
        assert 89 < health.oldest_due_job() < 150


def test_mails_are_counted_as_the_relay_took_them(db, settings, monkeypatch):
    def counted():
        return {outcome: MAILS.labels(outcome)._value.get() for outcome in ("sent", "refused", "held back")}

    def sends():
        before = counted()
        with suppress(ConnectionError):
            EmailBackend().send_messages([EmailMessage("S", "W", "a@example.org", ["b@example.org"])])
        return {outcome: number - before[outcome] for outcome, number in counted().items() if number > before[outcome]}

    settings.OUTGOING_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert sends() == {"sent": 1}
    with monkeypatch.context() as patched:
        patched.setattr(locmem.EmailBackend, "send_messages", Mock(side_effect=ConnectionError))
        assert sends() == {"refused": 1}
    RestoredCopy.objects.create(backup_made_at=timezone.now())
    assert sends() == {"held back": 1}


# --- Sentry -----------------------------------------------------------------------------------------------------------


def test_sentry_is_told_without_words_of_people(monkeypatch):
    told = {}
    fake = SimpleNamespace(init=lambda dsn, **options: told.update(dsn=dsn, **options))
    monkeypatch.setitem(sys.modules, "sentry_sdk", fake)
    environment.tell_sentry("https://key@sentry.example.org/1")
    assert not told["send_default_pii"]
    assert (told["max_request_body_size"], told["include_local_variables"]) == ("never", False)
    event = {"request": {"url": "/join/token/"}, "breadcrumbs": ["SELECT"], "exception": 1}
    assert told["before_send"](event, {}) == {"exception": 1}


def test_sentry_without_its_package_is_a_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match="uv sync --extra sentry"):
        environment.tell_sentry("https://key@sentry.example.org/1")


# --- The page of the site's own people --------------------------------------------------------------------------------


def test_only_staff_see_how_the_site_stands(house, well, as_user, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(site_state, "MOST_TABLES", 1_000)  # which are the largest depends on the tests before
    hidden(house)
    Notice.objects.update(
        delivery=Delivery.FAILED, reason="SMTPRecipientsRefused: <mara@example.org> is not here", mailed_at=None
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status)"
            " VALUES ('default', 'readinggroup.tasks.x', 'failed')"
        )
    settings.BACKUP_DIR = tmp_path
    (tmp_path / "readinggroup-20261122T021100Z.tar").touch()
    page = reverse("site_state")
    for person in (None, house.owner, house.outsider):
        assert as_user(person).get(page).status_code == 404
    User.objects.filter(pk=house.outsider.pk).update(is_staff=True)
    metrics.SECONDS.labels("a:page", "GET", "2xx").observe(100_000)  # first among those of all tests of this process
    assert page in as_user(house.outsider).get(reverse("accounts:profile")).text
    assert page not in as_user(house.owner).get(reverse("accounts:profile")).text
    answer = as_user(house.outsider).get(page)
    assert answer.status_code == 200
    for shown in (
        "readinggroup.tasks.x: 1",
        "SMTPRecipientsRefused",
        "Nov. 22, 2026",
        "moderation_",
        "PostgreSQL",
        "a:page",
    ):
        assert shown in answer.text, shown
    assert "mara@example.org" not in answer.text


def test_it_costs_as_much_with_one_notice_as_with_three(house, well, as_user):
    User.objects.filter(pk=house.owner.pk).update(is_staff=True)
    client, needed = as_user(house.owner), []
    client.get("/")
    for _ in range(2):
        hidden(house)
        with CaptureQueriesContext(connection) as asked_for:
            assert client.get(reverse("site_state")).status_code == 200
        needed.append(len(asked_for))
    assert needed[0] == needed[1] < 25


def test_slow_pages_come_first(db):
    for seconds in [0.02] * 9 + [3]:
        metrics.SECONDS.labels("slow:page", "GET", "2xx").observe(seconds)
    row = next(row for row in metrics.slowest_pages(100) if row["page"] == "slow:page")
    assert (row["count"], row["slow"]) == (10, 25)
    assert 300 < row["mean"] < 330
    assert metrics.slow_tenth({"count": 1, "buckets": {float("inf"): 1}}) is None


def test_a_request_without_any_view_is_counted_too():
    middleware = metrics.MetricsMiddleware(lambda request: SimpleNamespace(status_code=400))
    middleware(RequestFactory().get("/"))
