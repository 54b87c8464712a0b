"""Every migration goes up, down and up again to the same schema; and none makes pages wait behind it for long."""

import os
import subprocess
from contextlib import contextmanager
from difflib import unified_diff
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as DjangosMigrate
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from readinggroup.backups.programs import environment, program, server_version
from readinggroup.management.commands import migrate

from . import database
from .thoroughness import THOROUGH

OURS = {
    "texts", "accounts", "notifications", "groups", "readings", "discussion", "moderation", "schedule", "proposals",
}  # fmt: skip


@contextmanager
def migrated_database():
    """The site on a database of its own that has all tables."""
    own, name = connection.settings_dict["NAME"], f"migrations_{os.getpid()}"
    template = database.ensure_model()
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def schema() -> list[str]:
    """All that pg_dump tells of the schema. The order of columns is left out: an added one comes last."""
    command = [program("pg_dump", version=server_version()), "--schema-only", "--schema=public", "--no-owner"]
    connection.close()
    said = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True, timeout=60).stdout
    lines = [line.strip().rstrip(",") for line in said.splitlines()]
    return sorted(line for line in lines if line and not line.startswith(("--", "\\restrict", "\\unrestrict")))


def go_to(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)


def last_ones() -> list[tuple[str, str]]:
    """Our newest migrations: of each app that has more than its first; if none has, the first of one on which no
    other rests.
    """
    leaves = [leaf for leaf in MigrationExecutor(connection).loader.graph.leaf_nodes() if leaf[0] in OURS]
    return [leaf for leaf in leaves if not leaf[1].startswith("0001")] or [
        leaf for leaf in leaves if leaf[0] == "schedule"
    ]


def before(key):
    parents = [
        parent.key
        for parent in MigrationExecutor(connection).loader.graph.node_map[key].parents
        if parent.key[0] == key[0]
    ]
    return parents or [(key[0], None)]


@pytest.mark.django_db(transaction=True)
def test_up_down_and_up_again_is_the_same_schema():
    with migrated_database():
        made = schema()
        assert sum(line.startswith("CREATE TRIGGER") for line in made) > 30
        leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
        everything = [[(app, None) for app in sorted(OURS)]]
        downs = everything if THOROUGH else [before(key) for key in last_ones()]
        for down in downs:
            go_to(down)
            assert schema() != made, down
            go_to(leaves)
            again = schema()
            assert again == made, "\n".join(unified_diff(made, again, lineterm="", n=0))


@pytest.mark.django_db(transaction=True)
def test_a_migration_does_not_wait_for_a_lock_for_long(monkeypatch):
    """While it waits, whoever comes after it would wait, too: it gives up, tries again, and says what is in its way."""
    tried = []

    def locks(self, *args, **options):
        tried.append(1)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '20s'")  # should it wait after all
            cursor.execute("BEGIN; ALTER TABLE accounts_user ADD COLUMN one_more integer; ROLLBACK")

    def locks_or_is_refused(self, *args, **options):
        try:
            locks(self, *args, **options)
        finally:
            connection.close()

    monkeypatch.setattr(DjangosMigrate, "handle", locks_or_is_refused)
    monkeypatch.setattr(migrate, "PAUSES", [0, 0])
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", 0.1)
    params = connection.get_connection_params()
    reader = psycopg.connect(**{key: params[key] for key in ("host", "port", "user", "dbname")})
    with reader:
        reader.execute("SELECT count(*) FROM accounts_user")  # in a transaction that stays open
        connection.close()
        with pytest.raises(CommandError, match="too busy"):
            call_command("migrate", stdout=StringIO(), stderr=StringIO())
    assert len(tried) == 3
    call_command("migrate", stdout=StringIO(), stderr=StringIO())
    assert len(tried) == 4
