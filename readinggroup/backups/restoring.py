"""The way back: the archive is read through and checked first, then the database is written in one transaction.

So what fails changes nothing. What comes out of it tells nobody of anything until its owner says that it is the site.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from . import archive
from .fingerprints import PLAIN_WRITING, TABLES, fingerprint_query
from .programs import environment, last_line, program, server_version

HOLDS = """
    SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = ANY ('{r,p,v,m,f,S}')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = pg_class.oid
                    AND d.deptype = 'e')
"""
EXTENSIONS = "SELECT count(*) FROM pg_extension WHERE extnamespace = 'public'::regnamespace"
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
EMPTY_IT = """
    DROP SCHEMA public CASCADE; CREATE SCHEMA public;
    ALTER SCHEMA public OWNER TO pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
OTHERS_LEAVE_WITHIN = 5  # seconds


def restore(path: Path, *, identities=(), replace=False) -> dict:
    """Write what the archive holds into the site's database; its manifest. CommandError if not, and nothing changed."""
    manifest, files = archive.check(path, identities)
    check_fits(manifest)
    check_database(replace=replace)
    version = server_version()
    connection.close()
    _write(path, identities, manifest, version=version, replace=replace)
    put_keys(files)
    return manifest


def check_fits(manifest) -> None:
    """Whether this site and this server can take it."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if unknown := set(manifest["migrations"]) - known:
        raise archive.BadArchiveError(
            f"The archive was made by a newer or another site: {min(unknown)} is not known here. Update this one first."
        )
    if manifest["postgres"] > server_version():
        raise archive.BadArchiveError(
            f"The archive was made by PostgreSQL {manifest['postgres']}, this server is {server_version()}."
            " Restore into the same or a newer one."
        )


def check_database(*, replace: bool) -> None:
    """Whether it may be written: empty, or given up by `replace` and used by nobody."""
    if not replace:
        if asked(HOLDS):
            raise CommandError("The database is not empty. --replace gives up what it holds.")
        return
    if asked(EXTENSIONS):
        raise CommandError("The schema “public” holds extensions: restore into an empty database instead.")
    give_up = time.monotonic() + OTHERS_LEAVE_WITHIN
    while others := asked(OTHERS):
        if time.monotonic() > give_up:
            raise CommandError(f"{others} others are connected to the database. Stop web and worker first.")
        time.sleep(0.2)


def asked(query) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _write(path, identities, manifest, *, version, replace):
    """pg_restore makes a script of the dump, psql runs it between our BEGIN and COMMIT: without that, nothing stays."""
    reads = max(version, manifest["pg_dump"])
    restoring = [program("pg_restore", version=reads), "--schema=public", "--no-owner", "--no-privileges", "--file=-"]
    running = [program("psql", version=reads), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as script_said:
        psql = subprocess.Popen(running, env=environment(), stdin=subprocess.PIPE, stderr=said)  # noqa: S603
        done = False
        try:
            psql.stdin.write(before(replace=replace))
            if _pass_on(restoring, archive.dump_of(path, identities), psql.stdin, script_said):
                psql.stdin.write(after(manifest))
                psql.stdin.close()
                done = psql.wait() == 0
        except BrokenPipeError:
            psql.wait()  # it has ended, and said why
        finally:
            psql.kill()
            psql.wait()
        if not done:
            said.seek(0)
            script_said.seek(0)
            words = last_line(said.read() or script_said.read())
            raise CommandError(f"The database could not be restored, and nothing was changed: {words}")


def _pass_on(restoring, pieces, target, said) -> bool:
    """Hand the dump to pg_restore, and the script that comes of it to `target`; whether all went well."""
    script = subprocess.Popen(restoring, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)  # noqa: S603

    def hand_over():
        # What is cut short pg_restore complains of, as of an archive that was changed since it was checked.
        with suppress(OSError, CommandError), script.stdin:
            for piece in pieces:
                script.stdin.write(piece)

    feeding = threading.Thread(target=hand_over)
    feeding.start()
    try:
        # Programs of 17 and newer also say so to servers that do not know it.
        target.write(script.stdout.read(2**16).replace(b"SET transaction_timeout = 0;\n", b""))
        shutil.copyfileobj(script.stdout, target, 2**20)
    finally:
        script.stdout.close()
        feeding.join()
        failed = script.wait()
    return failed == 0


def before(*, replace) -> bytes:
    """What is said to psql before the script."""
    words = ["BEGIN;", "SET LOCAL lock_timeout = '10s';", "SET LOCAL client_min_messages = warning;"]
    # Between our look and now somebody may have filled it.
    refuse = f"DO $$ BEGIN IF ({HOLDS}) > 0 THEN RAISE 'the database is not empty'; END IF; END $$;"
    words.append(EMPTY_IT if replace else refuse)
    return "\n".join([*words, ""]).encode()


def after(manifest) -> bytes:
    """What is said after it: every table is what it was, the copy is one, and only then COMMIT."""
    words = ["SET search_path = pg_catalog;", PLAIN_WRITING]
    for table, expected in manifest["fingerprints"].items():
        query = fingerprint_query(table)
        words.append(
            f"DO $fingerprint$ BEGIN IF ({query}) <> {quoted(expected)} THEN"
            f" RAISE EXCEPTION 'the table % is not what was saved', {quoted(table)}; END IF; END $fingerprint$;"
        )
    tables = f"SELECT array_agg(relname::text) FROM ({TABLES}) t"  # noqa: S608 - of our own
    expected = f"ARRAY[{', '.join(map(quoted, sorted(manifest['fingerprints'])))}]::text[]"
    words.append(
        f"DO $tables$ BEGIN IF NOT (({tables}) @> {expected} AND ({tables}) <@ {expected}) THEN"
        " RAISE EXCEPTION 'the tables are not those that were saved'; END IF; END $tables$;"
    )
    made_at = quoted(datetime.fromisoformat(manifest["made_at"]).isoformat())
    words += [
        "DELETE FROM public.notifications_restoredcopy;",
        f"INSERT INTO public.notifications_restoredcopy (id, backup_made_at) VALUES (1, {made_at});",  # noqa: S608
        "COMMIT;\n",
    ]
    return "\n".join(words).encode()


def quoted(text: str) -> str:
    """As a constant of SQL; what stands in an archive is not believed."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def put_keys(files: dict[str, bytes]) -> list[str]:
    """Put back the keys that this place has not; those it has are its own. The names of what was put."""
    put = []
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        try:
            number = os.open(settings.DATA_DIR / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(number, "wb") as file:
            file.write(content)
        put.append(name)
    return put
