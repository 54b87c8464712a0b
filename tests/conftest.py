"""What every test may ask for: the three kinds of people, a group, a reading."""

from types import SimpleNamespace

import pytest
from django.conf import settings as site_settings
from django.db import connection, transaction
from django.test import Client, TransactionTestCase

from readinggroup.discussion import holding
from readinggroup.groups.models import Role, Visibility
from readinggroup.lib.push_keys import new_private_key

from . import factories


def pytest_configure():
    """A database server of the tests' own, which does not wait for the disk: what a test wrote need not outlive it."""
    database = site_settings.DATABASES["default"]
    if database["ENGINE"] == "readinggroup.lib.embedded_postgres":
        database["DATA_DIR"] = site_settings.DATA_DIR / "tests-postgres"
        database["SERVER_OPTIONS"] = {"fsync": "off"}


def pytest_unconfigure():
    """Give the server up here: at the very end of a process, Python would complain of its lock as an open file."""
    if hasattr(connection, "release_server"):
        connection.release_server()


# People in tests say much in no time. What is tested of a flood brings the site's own number back.
FLOOD, holding.FLOOD = holding.FLOOD, 100_000

PUSH_KEY = new_private_key()  # the tests' own, whatever this machine keeps

# Rows that Django makes once for all models, and that no test changes.
MADE_ONCE = {"django_content_type", "auth_permission", "django_migrations"}


def empty_the_tables(case):
    """After a test that has committed: take away the rows, in those few tables that have some.

    Django's flush truncates all tables and makes the content types anew, which took longer than most of these tests.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in MADE_ONCE]
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables))  # noqa: S608
        with_rows = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers: append-only tables, too
        for name in with_rows:
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608


TransactionTestCase._fixture_teardown = empty_the_tables


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
    return make_house(Visibility.PUBLIC)


@pytest.fixture
def closed_house(db):
    """The same behind closed doors."""
    return make_house(Visibility.MEMBERS)


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
    client = Client(**options)
    if user is not None:
        client.force_login(user, backend="readinggroup.accounts.logins.QuickModelBackend")
    return client
