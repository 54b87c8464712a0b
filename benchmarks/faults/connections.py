"""All connections used up: Postgres lets ten in, and somebody else takes them all for some seconds."""

import contextlib
import time

import psycopg

from .machinery import Site
from .people import Load, Outcome

TAKEN = 6  # seconds


def run() -> list[Outcome]:
    with Site(max_connections=10, superuser_reserved_connections=1) as site:
        with Load(site) as load:
            time.sleep(4)
            hog = []
            until = time.monotonic() + TAKEN
            site.postgres.connect("postgres").execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'readinggroup'"
            ).connection.close()
            while time.monotonic() < until:
                with contextlib.suppress(psycopg.OperationalError):
                    while True:
                        hog.append(site.postgres.connect())
                time.sleep(0.05)
            for connection in hog:
                connection.close()
            load.fault_is_over()
            time.sleep(10)
        outcome = load.outcome(f"connections used up for {TAKEN} s", remarks=f"10 in all, {len(hog)} taken by another")
        if not load.seen[503]:
            outcome.problems.append("nobody was refused: the fault was not made")
    return [outcome]


if __name__ == "__main__":
    from .__main__ import alone

    alone(__name__)
