"""What every test may ask for: the three kinds of people, a group, a reading."""

import gc
from datetime import timedelta
from functools import cache, partial
from string import ascii_lowercase, digits
from types import SimpleNamespace

import pytest
from django.conf import settings as site_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.template import Template
from django.test import Client, TransactionTestCase
from django.test.utils import instrumented_test_render
from django.utils import timezone
from django.utils.crypto import get_random_string

from readinggroup.accounts.logins import SessionStore
from readinggroup.accounts.models import Login, User
from readinggroup.discussion import holding
from readinggroup.groups.models import Role, Visibility
from readinggroup.lib.prepared import forget_all
from readinggroup.lib.push_keys import new_private_key

from . import database, factories
from .houses_kept import kept


def pytest_configure():
    """A database server of the tests' own, which does not wait for the disk: what a test wrote need not outlive it."""
    database = site_settings.DATABASES["default"]
    if database["ENGINE"] == "readinggroup.lib.embedded_postgres":
        database["DATA_DIR"] = site_settings.DATA_DIR / "tests-postgres"
        database["SERVER_OPTIONS"] = {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "autovacuum": "off",  # what tests leave behind is swept away with the database
            "jit": "off",
            "max_connections": "300",  # a crowd in each process
        }
    # A server thread keeps its connection as long as the browser keeps its own; to open one costs more than most pages.
    database["CONN_MAX_AGE"] = 60


def pytest_collection_finish():
    """What was loaded so far stays to the end: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure():
    """Give the server up here: at the very end of a process, Python would complain of its lock as an open file."""
    if hasattr(connection, "release_server"):
        connection.release_server()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    """Each process copies the one database that has all tables."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = database.ensure_model()


# People in tests say much in no time. What is tested of a flood brings the site's own number back.
FLOOD, holding.FLOOD = holding.FLOOD, 100_000


@pytest.fixture
def rules_may_change():
    """For a test that takes a rule out: the questions that are written once are written anew, before and after it."""
    forget_all()
    yield
    forget_all()


PUSH_KEY = new_private_key()  # the tests' own, whatever this machine keeps

# Rows that Django makes once for all models, and that no test changes.
MADE_ONCE = {"django_content_type", "auth_permission", "django_migrations"}


@cache
def tables():
    with connection.cursor() as cursor:
        return [name for name in connection.introspection.table_names(cursor) if name not in MADE_ONCE]


def empty_the_tables(case):
    """After a test that has committed: take away the rows, in those few tables that have some.

    Django's flush truncates all tables and makes the content types anew, which took longer than most of these tests.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables()))  # noqa: S608
        with_rows = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers: append-only tables, too
        for name in with_rows:
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608


TransactionTestCase._fixture_teardown = empty_the_tables


RENDERED = Template._render


@pytest.fixture(scope="session", autouse=True)
def _templates_without_notes(django_test_environment):
    """Django notes for tests what each template was rendered with: a copy for each part of a page. Few look at it."""
    Template._render = RENDERED


@pytest.fixture
def contexts(monkeypatch):
    """For who looks at `answer.context`."""
    monkeypatch.setattr(Template, "_render", instrumented_test_render)


@pytest.fixture(autouse=True)
def _quick_and_local(settings, tmp_path):
    """Cheap passwords, mail in files of this test alone, plain static files."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MAIL_DIR = tmp_path / "mail"
    settings.ACCOUNT_RATE_LIMITS = False
    settings.LIMITS = {"write": "", "report": ""}
    settings.VAPID_PRIVATE_KEY = PUSH_KEY


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker):
    """The database for what is made once for all tests of a module. They ask for `db`, too: what they do is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def house(db):
    """A public group with one person of each role, a reading, an outsider."""
    return kept("house", partial(make_house, Visibility.PUBLIC))


@pytest.fixture
def closed_house(db):
    """The same behind closed doors."""
    return kept("closed house", partial(make_house, Visibility.MEMBERS))


def make_house(visibility):
    group = factories.create_group(visibility=visibility)
    return SimpleNamespace(
        group=group,
        reading=factories.create_reading(group),
        owner=factories.create_member(group, "Olga", roles=[Role.OWNER]),
        organizer=factories.create_member(group, "Omar", roles=[Role.ORGANIZER]),
        moderator=factories.create_member(group, "Mona", roles=[Role.MODERATOR]),
        member=factories.create_member(group, "Mara"),
        other=factories.create_member(group, "Milo"),
        outsider=factories.create_user("Otto"),
    )


@pytest.fixture
def as_user():
    """A browser that is signed in as this person; None is a visitor."""
    return signed_in_as


def signed_in_as(user, **options):
    """As `Client.force_login`, of which only the outcome is written: the login, and when it was. It has many steps."""
    client = Client(**options)
    if user is not None:
        store, user.last_login = SessionStore(), timezone.now()
        User.objects.filter(pk=user.pk).update(last_login=user.last_login)
        kept_in_it = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: "readinggroup.accounts.logins.QuickModelBackend",
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        login = Login.objects.create(
            session_key=get_random_string(32, ascii_lowercase + digits),
            session_data=store.encode(kept_in_it),
            expire_date=user.last_login + timedelta(seconds=store.get_session_cookie_age()),
            user=user,
        )
        client.cookies[site_settings.SESSION_COOKIE_NAME] = login.session_key
    return client
