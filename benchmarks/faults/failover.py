"""The primary lost, and the replica promoted some seconds later (`pg_ctl promote`).

Two web servers behind Caddy; DATABASE_URL names both servers, with `target_session_attrs=read-write`, REPLICA_URL the
replica. The primary waits for it at each commit (`synchronous_standby_names`): what is acknowledged is on both.
"""

import json
import signal
import sys
import time

from ..machines import Browser, Machines
from ..many_machines import Readers
from ..results import write_section
from .__main__ import HEAD, row, status_of
from .people import PEOPLE, Load, Outcome

WITHOUT = 5  # seconds without a primary


def run() -> list[Outcome]:
    outcomes = [lost("Primary killed, replica promoted", lambda primary: primary.send(signal.SIGKILL))]
    name = "Primary's machine vanishes (its packets are dropped), replica promoted"
    try:
        return [*outcomes, lost(name, lambda primary: primary.vanish())]
    except PermissionError as why:
        return [*outcomes, Outcome(name, skipped=str(why))]


def lost(name, lose) -> Outcome:
    with Machines(logins=PEOPLE) as site:
        site.primary.change("synchronous_standby_names", "replica")
        site.until(lambda: site.primary.ask("SELECT sync_state FROM pg_stat_replication") == "sync", 20)
        with Load(site) as load, Readers(site) as visitors:
            time.sleep(4)
            lose(site.primary)
            time.sleep(WITHOUT)
            site.replica.promote()
            site.postgres = site.replica
            load.fault_is_over()
            time.sleep(15)
        seen = f"{WITHOUT} s without a primary; visitors: {visitors.said}"
        outcome = load.outcome(name, remarks=seen)
        if not visitors.all_well:
            outcome.problems.append("visitors could not go on reading")
        try:
            site.until(lambda: is_well(site), 40)
        except RuntimeError:
            outcome.problems.append(f"/readyz: {Browser(site.web_ports[0]).get('/readyz').body}")
        outcome.problems += [f"a web server ended {web.ends} times" for web in site.webs if web.ends]
    return outcome


def is_well(site) -> bool:
    """Database, worker and the rest, asked of both web servers; the replica is no replica any more."""
    answers = [json.loads(Browser(port).get("/readyz").body) for port in site.web_ports]
    return all(word == "ok" for answer in answers for name, word in answer.items() if name != "replica")


def main() -> int:
    outcomes = run()
    rows = [row(outcome) for outcome in outcomes]
    for line in (*rows, *(problem for outcome in outcomes for problem in outcome.problems)):
        print(line)
    write_section("Failover", "uv run python -m benchmarks.faults.failover", [HEAD, *rows])
    return status_of(outcomes)


if __name__ == "__main__":
    sys.exit(main())
