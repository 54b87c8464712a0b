"""The side of those who use the embedded server: ask for it, hold it, let it go."""

import contextlib
import fcntl
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from django.core.management.base import CommandError
from django.db import OperationalError
from django.utils.translation import gettext as _

from . import keeper

PATIENCE = 60  # seconds until a caller hears that the server still is starting (a recovery may take longer)
_held: dict[Path, IO[str]] = {}  # the lock that says "this process uses the server", open as long as the process lives
_one_at_a_time = threading.Lock()


class EmbeddedPostgresError(OperationalError, CommandError):
    """The embedded server cannot be used. For code a database error; for a command one line instead of a traceback."""


def ensure_running(data_dir: Path, options: dict[str, str]) -> str:
    """Start the server of `data_dir` unless it runs, and return the folder of its socket. Cheap when it runs."""
    data_dir = Path(data_dir).resolve()
    with _one_at_a_time:
        try:
            _hold(data_dir)
            return _wait_for(data_dir, options)
        except (OSError, keeper.ProblemError) as error:
            _let_go(data_dir)
            problem = keeper.problem_of(error) if isinstance(error, OSError) else error
            raise _explained(data_dir, problem) from error


def release(data_dir: Path, patience: float = 20) -> None:
    """Give the server up. If nobody else uses it, return when it has stopped (or after `patience` seconds)."""
    data_dir = Path(data_dir).resolve()
    if not _let_go(data_dir):
        return
    noticed = time.monotonic() + 0.5  # by then the keeper would have begun to stop
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up and _is_kept(data_dir):
        if _announced(data_dir) and time.monotonic() > noticed:
            return
        time.sleep(0.02)


def _hold(data_dir: Path) -> None:
    if data_dir in _held:
        return
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    users = keeper.lock_file(data_dir, "users.lock")
    give_up = time.monotonic() + PATIENCE
    while not keeper.try_lock(users, fcntl.LOCK_SH):  # a server that is about to stop stops first
        if time.monotonic() > give_up:
            users.close()
            raise keeper.ProblemError("stopping")
        time.sleep(0.02)
    _held[data_dir] = users


def _let_go(data_dir: Path) -> bool:
    users = _held.pop(data_dir, None)
    if users:
        users.close()
    return users is not None


def _wait_for(data_dir: Path, options: dict[str, str]) -> str:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if not _is_kept(data_dir):
            _start_keeper(data_dir, options)
        elif folder := _announced(data_dir):
            return folder
        else:
            time.sleep(0.02)
    raise keeper.ProblemError("starting")


def _is_kept(data_dir: Path) -> bool:
    """Whether a keeper lives."""
    with keeper.lock_file(data_dir, "server.lock") as lock:
        return not keeper.try_lock(lock, fcntl.LOCK_SH)


def _announced(data_dir: Path) -> str:
    """The socket's folder, once connections are taken."""
    written = (data_dir / "server.lock").read_text(encoding="utf-8")
    return written[:-1] if written.endswith("\n") else ""


def _start_keeper(data_dir: Path, options: dict[str, str]) -> None:
    """Start a keeper and wait for its word. Of two that start at once, one finds the other there and leaves."""
    # -P: the keeper's own folder must not be a place to import from.
    command = [sys.executable, "-P", keeper.__file__, str(data_dir), json.dumps(options)]
    with subprocess.Popen(  # noqa: S603 -- our own program
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        # Ends when the keeper has spoken. It may take long (recovery), but then there is nothing to do but wait.
        said = process.stdout.read()
    words = json.loads(said) if said else {"problem": "failed", "detail": _("its keeper ended without a word")}
    if words.get("problem") == "busy":
        time.sleep(0.02)
    elif "problem" in words:
        raise keeper.ProblemError(words["problem"], words["detail"])


def _explained(data_dir: Path, problem: keeper.ProblemError) -> EmbeddedPostgresError:
    sentences = {
        "disk_full": _("There is not enough space left on the disk for the database in %(place)s."),
        "permission": _("The database in %(place)s may not be read and written by this user: %(detail)s."),
        "version": _("The database in %(place)s was made by PostgreSQL %(detail)s, but PostgreSQL %(ours)s is here."),
        "in_use": _("The database in %(place)s is in use by another PostgreSQL server: %(detail)s."),
        "no_user": _("PostgreSQL does not run as root, and the system user %(detail)s could not be added."),
        "starting": _("The database in %(place)s still is starting. Try again in a moment; see %(place)s/log."),
        "stopping": _("The database in %(place)s still is stopping. Try again in a moment; see %(place)s/log."),
        "failed": _("The database in %(place)s did not start: %(detail)s"),
    }
    words = {"place": data_dir, "detail": problem.detail.rstrip("."), "ours": keeper.VERSION}
    return EmbeddedPostgresError(sentences[problem.code] % words)


def psql() -> str:
    """The path of the server's own `psql`."""
    with contextlib.suppress(keeper.ProblemError):
        return str(keeper.binaries() / "psql")
    return "psql"
