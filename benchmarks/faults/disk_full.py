"""The database's disk full, and that of its write-ahead log: a tmpfs of their own, filled to the last byte.

Without the right to mount (root, CAP_SYS_ADMIN) this cannot be tried; it is said, and the exit is 2.
"""

import atexit
import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from .machinery import NotHereError, Postgres, Site
from .people import Load, Outcome

SIZE = "320m"
FULL = 10  # seconds


@contextlib.contextmanager
def small_disk() -> Iterator[Path]:
    """A tmpfs of SIZE, taken away afterwards in any case."""
    place = Path(tempfile.mkdtemp(prefix="faults-disk-", dir="/tmp"))
    place.chmod(0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        place.rmdir()
        raise NotHereError(f"a small disk cannot be mounted ({mounted.stderr.strip() or mounted.returncode})")

    def take_away():
        atexit.unregister(take_away)
        subprocess.run(["umount", "--lazy", place], check=False)
        place.rmdir()

    atexit.register(take_away)
    try:
        yield place
    finally:
        take_away()


def fill(disk: Path) -> Path:
    """A file that takes every byte that is left."""
    file = disk / "filler"
    with file.open("ab", buffering=0) as filler, contextlib.suppress(OSError):
        for piece in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    if filler.write(b"0" * piece) < piece:
                        break
    return file


def run() -> list[Outcome]:
    with small_disk() as disk:
        outcomes = [data_full(disk)]
    with small_disk() as disk:
        outcomes.append(log_full(disk))
    return outcomes


def data_full(disk: Path) -> Outcome:
    """Everything of the database on a disk that gets full: reads go on, posts are refused with their words."""
    # The log's files are made anew, not overwritten: their space is asked for, as on a disk that was full for long.
    with Site(data=disk / "data", wal_recycle="off", min_wal_size="32MB", max_wal_size="48MB") as site:
        with Load(site) as load:
            time.sleep(4)
            fill(disk)
            grow_till_refused(site.postgres)
            load.reads_must_go_on()
            time.sleep(FULL)
            (disk / "filler").unlink()
            load.fault_is_over()
            time.sleep(10)
        outcome = load.outcome(f"disk of the database full for {FULL} s")
        if not load.seen[503]:
            outcome.problems.append("nobody was refused: the fault was not made")
        if site.web.ends:
            outcome.problems.append("the web server ended")
    return outcome


def grow_till_refused(postgres: Postgres) -> None:
    """Use up what the tables' files still hold of free pages: until then a full disk is not felt."""
    with postgres.connect("postgres") as admin, contextlib.suppress(psycopg.Error):
        admin.execute("CREATE TABLE IF NOT EXISTS filler (words text)")
        for _ in range(200):
            admin.execute("INSERT INTO filler SELECT repeat(md5(random()::text), 60) FROM generate_series(1, 200)")


def log_full(disk: Path) -> Outcome:
    """Only `pg_wal` on a disk that gets full: Postgres stops itself; its keeper starts it when there is room."""
    with Site() as site:
        site.postgres.stop("fast")
        move_log(site.postgres, disk)
        site.postgres.start()
        site.wait_until_it_answers("/readyz", within=30)
        with Load(site) as load:
            time.sleep(4)
            fill(disk)
            force_new_segments(site.postgres)
            time.sleep(FULL)
            (disk / "filler").unlink()
            stopped = not site.postgres.is_running()
            if stopped:
                site.postgres.start()
            load.fault_is_over()
            time.sleep(10)
        what = "Postgres stopped itself and was started again" if stopped else "Postgres went on"
        outcome = load.outcome(f"disk of pg_wal full for {FULL} s", remarks=what)
        if not load.seen[503]:
            outcome.problems.append("nobody was refused: the fault was not made")
    return outcome


def move_log(postgres: Postgres, disk: Path) -> None:
    log, place = postgres.data / "pg_wal", disk / "pg_wal"
    subprocess.run(["cp", "-a", log, place], check=True)
    subprocess.run(["rm", "-r", log], check=True)
    log.symlink_to(place)
    if postgres.user:
        os.chown(log, postgres.user["user"], postgres.user["group"], follow_symlinks=False)


def force_new_segments(postgres: Postgres) -> None:
    """Fill one of the log's files after the other, till it needs one for which there is no room."""
    with contextlib.suppress(psycopg.Error), postgres.connect("postgres") as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS filler (words text)")
        for _ in range(50):
            admin.execute("INSERT INTO filler VALUES ('')")
            admin.execute("SELECT pg_switch_wal()")


if __name__ == "__main__":
    from .__main__ import alone

    alone(__name__)
