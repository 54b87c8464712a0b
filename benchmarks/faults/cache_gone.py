"""The cache emptied again and again under load, then its table dropped: logins are limited by it, and nothing else."""

import time

from .machinery import Site
from .people import Load, Outcome, Person

WRONG = {"login": "person0@example.org", "password": "not the password"}


def run() -> list[Outcome]:
    with Site() as site:
        return [emptied(site), dropped(site)]


def emptied(site: Site) -> Outcome:
    with Load(site) as load, site.postgres.connect("postgres") as admin:
        statuses = []
        for number in range(24):
            admin.execute("TRUNCATE cache")
            if number % 3 == 0:
                statuses.append(sign_in(site))
            time.sleep(0.5)
        load.fault_is_over()
        limited = [sign_in(site) for _try in range(12)]
        time.sleep(2)
    remarks = f"then wrong login {limited.index(429) + 1} is refused" if 429 in limited else ""
    outcome = load.outcome("cache emptied 24 times", remarks=remarks)
    if set(statuses) - {200, 429}:
        outcome.problems.append(f"logins meanwhile: {statuses}")
    if 429 not in limited:
        outcome.problems.append(f"logins are not limited: {limited}")
    return outcome


def dropped(site: Site) -> Outcome:
    with Load(site) as load:
        time.sleep(2)
        with site.postgres.connect("postgres") as admin:
            admin.execute("DROP TABLE cache")
        load.reads_must_go_on()
        statuses = []
        for _try in range(6):
            statuses.append(sign_in(site))
            time.sleep(1)
        site.manage("createcachetable")
        load.fault_is_over()
        after = sign_in(site)
        time.sleep(2)
    outcome = load.outcome("table of the cache dropped", remarks="logins are refused (503) until it is made again")
    if set(statuses) != {503}:
        outcome.problems.append(f"logins meanwhile: {statuses}")
    if after != 200:
        outcome.problems.append(f"a login afterwards: {after}")
    if load.seen[503]:
        outcome.problems.append("posts were refused, which need no cache")
    return outcome


def sign_in(site: Site) -> int:
    """Somebody tries with a wrong password; 200 is the form again, 429 that it says to try later."""
    answer = Person(site, 0, signed_in=False).ask("POST", "/accounts/login/", WRONG)
    return 429 if "Too many failed login attempts" in answer.body else answer.status


if __name__ == "__main__":
    from .__main__ import alone

    alone(__name__)
