"""One database with all tables, made once for each state of the migrations; each process of the tests copies it.

Migrating took every process some seventeen seconds, at every run.
"""

import hashlib
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).parent.parent
PREFIX = "tests_as_of_"
LOCK = 2_026_11_23  # an advisory lock: of several processes one makes it, and the others wait


def ensure_model() -> str:
    """The name of a database that is migrated as far as the code is. Others, of earlier states, are dropped."""
    name = PREFIX + fingerprint()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        there = {row[0] for row in cursor.fetchall()}
        for old in there - {name}:
            cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(old)} WITH (FORCE)")
        if name not in there:
            make(f"{name}_")
            # Its name says that it is whole: what was killed while it was made has another.
            old, new = map(connection.ops.quote_name, (f"{name}_", name))
            cursor.execute(f"ALTER DATABASE {old} RENAME TO {new}")
    return name


def make(name):
    own = connection.settings_dict["NAME"]
    test = connection.settings_dict["TEST"]
    test["NAME"], its_name = name, test["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    connection.close()
    test["NAME"] = its_name
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = own


def fingerprint() -> str:
    """Of what decides the tables: the migrations, and the packages that bring their own."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("**/migrations/*.py"), ROOT / "pyproject.toml", Path(__file__)]):
        if ".venv" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
