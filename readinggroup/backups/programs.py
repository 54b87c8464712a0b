"""PostgreSQL's own programs, of the version that fits the server, told where the database is."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection

from readinggroup.lib.embedded_postgres import keeper

# What a connection calls it -> how the programs read it from their environment.
FROM_CONNECTION = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "service": "PGSERVICE", "passfile": "PGPASSFILE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}  # fmt: skip


def environment() -> dict[str, str]:
    """The environment in which a program finds the site's database; no password stands on a command line."""
    params = connection.get_connection_params()
    place = {name: str(params[key]) for key, name in FROM_CONNECTION.items() if params.get(key)}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "PGCLIENTENCODING": "UTF8", **place}


def server_version() -> int:
    """The major version of the server that the site uses."""
    connection.ensure_connection()
    return connection.pg_version // 10_000


def program(name: str, *, version: int) -> Path:
    """The program of this major version, else of the next newer one. CommandError where there is none."""
    found = {}
    for folder in folders():
        if (path := folder / name).is_file() and (its := version_of(path)) and its >= version:
            found.setdefault(its, path)
    if not found:
        raise CommandError(
            f"PostgreSQL's program {name} of version {version} or newer is missing."
            f" On Debian: apt-get install postgresql-client-{version}"
        )
    return found[min(found)]


def folders() -> list[Path]:
    """Where such programs may be: what the system's path names, Debian's place, the wheel's."""
    on_path = shutil.which("pg_dump")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    try:
        wheel = [keeper.binaries()]
    except keeper.ProblemError:
        wheel = []
    return [*debian, *([Path(on_path).parent] if on_path else []), *wheel]


@cache
def version_of(path: Path) -> int | None:
    """Its major version; None if it does not run."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else None


def last_line(errors: bytes) -> str:
    """What a program complained of, in a line."""
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(error|ERROR|FATAL):", line)] or lines[-1:]
    return telling[0][:500] if telling else "it ended without a word"
