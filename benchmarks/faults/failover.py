"""The primary lost (`kill -9` of all of it), and the replica promoted some seconds later (`pg_ctl promote`).

Two web servers behind Caddy, with DATABASE_URL naming both servers and `target_session_attrs=read-write`, REPLICA_URL the
replica. The primary waits for the replica at each commit (`synchronous_standby_names`): what is acknowledged is on both.
"""

import json
import signal
import time

from ..machines import Browser, Machines
from ..many_machines import Readers
from .people import PEOPLE, Load, Outcome

WITHOUT = 5  # seconds without a primary


def run() -> list[Outcome]:
    with Machines(logins=PEOPLE) as site:
        site.primary.change("synchronous_standby_names", "replica")
        site.until(lambda: site.primary.ask("SELECT sync_state FROM pg_stat_replication") == "sync", 20)
        with Load(site) as load, Readers(site) as visitors:
            time.sleep(4)
            site.primary.send(signal.SIGKILL)
            time.sleep(WITHOUT)
            site.replica.promote()
            site.postgres = site.replica
            load.fault_is_over()
            time.sleep(12)
        seen = f"{WITHOUT} s without a primary; visitors meanwhile: {visitors.said}"
        outcome = load.outcome("Primary lost, replica promoted", remarks=seen)
        if not visitors.all_well:
            outcome.problems.append("visitors could not go on reading")
        try:
            site.until(lambda: is_well(site), 30)
        except RuntimeError:
            outcome.problems.append(f"/readyz: {Browser(site.web_ports[0]).get('/readyz').body}")
        outcome.problems += [f"a web server ended {web.ends} times" for web in site.webs if web.ends]
    return [outcome]


def is_well(site) -> bool:
    """Database, worker and the rest, asked of both web servers; the replica is no replica any more."""
    answers = [json.loads(Browser(port).get("/readyz").body) for port in site.web_ports]
    return all(word == "ok" for answer in answers for name, word in answer.items() if name != "replica")


if __name__ == "__main__":
    from .__main__ import alone

    alone(__name__)
