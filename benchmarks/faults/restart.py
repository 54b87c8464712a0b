"""Postgres restarted at once (`pg_ctl -m immediate restart`) under load, and away for some seconds."""

import time

from .machinery import Site
from .people import Load, Outcome

AWAY = 5  # seconds


def run() -> list[Outcome]:
    with Site() as site:
        with Load(site) as load:
            time.sleep(4)
            for _time in range(2):
                site.postgres.restart_at_once()
                time.sleep(2)
            site.postgres.stop()
            time.sleep(AWAY)
            site.postgres.start()
            load.fault_is_over()
            time.sleep(10)
        ended = f"the worker ended {site.worker.ends} times, the web server {site.web.ends}"
        outcome = load.outcome(f"Postgres restarted at once twice, and away for {AWAY} s", remarks=ended)
        site.wait_until_it_answers("/readyz", within=30)
        if site.web.ends:
            outcome.problems.append("the web server ended")
    return [outcome]


if __name__ == "__main__":
    from .__main__ import alone

    alone(__name__)
