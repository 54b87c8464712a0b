"""`uv run python -m benchmarks.many_machines`: two web servers behind Caddy, a worker, a primary and a replica.

Says of each promise of docs/operations.md, “More than one machine”, what was seen. The exit is 1 where one was broken.
"""

import contextlib
import platform
import shutil
import signal
import sys
import threading
import time
import uuid

from .machines import HOST, Browser, Machines, Process, free_port
from .results import write_section

ROUNDS = 200  # of writing, signing out, reading
BOUND = 2  # seconds, REPLICA_MAX_LAG
PACE = 0.02  # seconds between two requests of a reader


class Readers:
    """Visitors who read one after the other, each as a new browser. What they got, and how long it took."""

    def __init__(self, site, number=3):
        self.site, self.number, self.over = site, number, threading.Event()
        self.statuses, self.slowest, self.lock = {}, 0.0, threading.Lock()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.read, args=[number]) for number in range(self.number)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def read(self, number):
        known = self.site.known
        paths = [known["page"], f"{known['page']}p/{known['paragraphs'][number]}/", f"{known['group']}search/?q=read"]
        while not self.over.is_set():
            for path in paths:
                begun = time.monotonic()
                try:
                    status = Browser(self.site.port).get(path).status
                except OSError as error:
                    status = type(error).__name__
                took = time.monotonic() - begun
                with self.lock:
                    self.statuses[status] = self.statuses.get(status, 0) + 1
                    self.slowest = max(self.slowest, took)
                time.sleep(PACE)

    @property
    def said(self) -> str:
        statuses = ", ".join(f"{number:,} × {status}" for status, number in sorted(self.statuses.items(), key=str))
        return f"{statuses}; the slowest {self.slowest:.2f} s"

    @property
    def all_well(self) -> bool:
        return set(self.statuses) == {200}


def post(site, person, number) -> tuple[str, str]:
    """A comment; its words, and the page on which they stand."""
    page = f"{site.known['page']}p/{site.known['paragraphs'][number % 20]}/"
    words = f"Word {uuid.uuid4().hex}."
    answer = person.post(f"{page}comment/", key=str(uuid.uuid4()), body=words)
    assert answer.status == 302, (answer.status, answer.body[:500])
    return words, page


# --- The trials: each yields (what, what was seen, whether it is as promised) -----------------------------------------


def reads_land_on_replica(site):
    pages = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'readinggroup'"
    settle = 2  # seconds; what backends count reaches the view a second late
    time.sleep(settle)
    by_server, by = [server.ask(pages) for server in (site.primary, site.replica)], site.answered()
    reading = [site.known["page"], site.known["group"], "/", f"{site.known['group']}search/?q=read"]
    for number in range(400):
        assert Browser(site.port).get(reading[number % 4]).status == 200
    time.sleep(settle)
    now = site.answered()
    grown = {name: number - by.get(name, 0) for name, number in now.items()}
    commits = [
        server.ask(pages) - before for server, before in zip((site.primary, site.replica), by_server, strict=True)
    ]
    seen = f"{grown}; transactions: {commits[0]:,} on the primary (health, worker), {commits[1]:,} on the replica"
    yield "400 pages and searches of visitors", seen, grown.get("replica", 0) >= 396


def own_writes_are_seen(site):
    """With a replica that is a second behind on purpose, else nearly everybody would see everything."""
    site.replica.stop("fast")
    site.replica.start(recovery_min_apply_delay="1s")
    site.until(site.replica_serves, 30)
    mine = missed = others = 0
    for number in range(ROUNDS):
        person = Browser(site.port, site.known["sessions"][number])
        words, page = post(site, person, number)
        mine += words in person.get(page).body
        others += words in Browser(site.port).get(page).body
        assert person.post("/accounts/logout/").status == 302
        assert "sessionid" not in {name for name in person.cookies if person.cookies[name]}
        missed += words not in person.get(page).body
    seen = f"seen signed in {mine}, seen after signing out {ROUNDS - missed}; by other visitors at once {others}"
    yield (
        f"{ROUNDS} times: post, read, sign out, read; the replica a second behind",
        seen,
        mine == ROUNDS and not missed,
    )
    late = []
    for number in range(10):
        words, page = post(site, Browser(site.port, site.known["sessions"][ROUNDS]), number)
        begun = last = time.monotonic()
        while time.monotonic() - begun < 3 * BOUND:
            asked = time.monotonic()
            if words not in Browser(site.port).get(page).body:
                last = asked
            time.sleep(0.03)
        late.append(last - begun)
    seen = f"the last visitor who missed it asked {max(late):.2f} s after it was acknowledged (bound {BOUND} s)"
    yield "10 posts, visitors ask until long after", seen, max(late) <= BOUND
    site.replica.stop("fast")
    site.replica.start()
    site.until(site.replica_serves, 30)


def a_lagging_replica_is_left_out(site):
    with Readers(site) as readers:
        time.sleep(1)
        site.replica.ask("SELECT pg_wal_replay_pause()")
        paused = time.monotonic()
        person = Browser(site.port, site.known["sessions"][ROUNDS + 1])
        words, page = post(site, person, 3)
        acknowledged = last_missed = time.monotonic()
        out_after = None
        while time.monotonic() - paused < 8:
            asked = time.monotonic()
            if words not in Browser(site.port).get(page).body:
                last_missed = asked
            if out_after is None and all(site.of_replica(port) != "ok" for port in site.web_ports):
                out_after = time.monotonic() - paused
            time.sleep(0.05)
        left = site.of_replica(site.web_ports[0])
        site.replica.ask("SELECT 1 FROM (SELECT pg_wal_replay_resume()) done")
        again = site.until(site.replica_serves, 20)
    stale = last_missed - acknowledged
    seen = (
        f"left out after {out_after or 99:.1f} s (“{left}”), the last who missed a post asked {stale:.2f} s after it"
        f" (bound {BOUND} s), in again {again:.1f} s after it went on; {readers.said}"
    )
    yield "replay stopped", seen, stale <= BOUND and out_after is not None and readers.all_well


def a_dead_replica_is_left_out(site):
    with Readers(site) as readers:
        time.sleep(2)
        site.replica.send(signal.SIGKILL)
        time.sleep(6)
        left = site.of_replica(site.web_ports[0])
        site.replica.start()
        again = site.until(site.replica_serves, 30)
        time.sleep(2)
    seen = f"“{left}”, in again {again:.1f} s after it was started; {readers.said}"
    yield "`kill -9` of the replica", seen, left != "ok" and readers.all_well


def a_hanging_replica_is_left_out(site):
    with Readers(site) as readers:
        time.sleep(2)
        site.replica.send(signal.SIGSTOP)
        time.sleep(8)
        left = site.of_replica(site.web_ports[0])
        site.replica.send(signal.SIGCONT)
        again = site.until(site.replica_serves, 30)
        time.sleep(1)
    seen = f"“{left}”, in again {again:.1f} s after it went on; {readers.said}"
    yield "all of the replica's processes stopped (`SIGSTOP`)", seen, left != "ok" and readers.all_well


def what_it_stops_the_primary_answers(site):
    before, stopped = site.answered(), 0
    with Readers(site) as readers:
        for _time in range(60):
            stopped += site.replica.ask(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'readinggroup'"
            )
            time.sleep(0.1)
    site.until(site.replica_serves, 20)
    again = site.answered().get("primary again", 0) - before.get("primary again", 0)
    seen = f"{stopped} ended, {again} requests asked again; {readers.said}"
    yield "connections to the replica ended under readers, for six seconds", seen, readers.all_well and stopped > 10


def limits_are_shared(site):
    """allauth lets ten attempts a minute come from one address. Each server alone would see six, and refuse none."""
    yield (
        "12 wrong passwords, in turn to both web servers; limits in the table",
        *refused_after_ten(site, "203.0.113.7"),
    )
    if not shutil.which("redis-server"):
        yield "the same, limits in Valkey or Redis", "not tried: no redis-server here", True
        return
    port = free_port()
    valkey = Process("valkey", ["redis-server", "--port", str(port), "--bind", HOST, "--save", ""], {}, site.folder)
    valkey.start()
    try:
        for web in site.webs:
            web.end()
            web.env["CACHE_URL"] = f"redis://{HOST}:{port}/0"
            web.over = False
            web.start()
        site.until(lambda: Browser(site.port).get("/healthz").status == 200, 30)
        for own in site.web_ports:
            site.until(lambda own=own: Browser(own).get("/healthz").status == 200, 30)
        yield "the same, limits in a Redis 7", *refused_after_ten(site, "203.0.113.8")
    finally:
        valkey.end()


def refused_after_ten(site, address) -> tuple[str, bool]:
    said = []
    for number in range(12):
        visitor = Browser(site.web_ports[number % 2], headers={"X-Forwarded-For": address})  # as the proxy says
        answer = visitor.post("/accounts/login/", login=f"{number}@example.org", password="not the one")
        refused = answer.status == 429 or "Too many" in answer.body
        said.append("refused" if refused else "looked at" if answer.status == 200 else str(answer.status))
    seen = ", ".join(f"{said.count(word)} {word}" for word in dict.fromkeys(said))
    return seen, said == ["looked at"] * 10 + ["refused"] * 2


TRIALS = [
    reads_land_on_replica,
    own_writes_are_seen,
    a_lagging_replica_is_left_out,
    a_dead_replica_is_left_out,
    a_hanging_replica_is_left_out,
    what_it_stops_the_primary_answers,
    limits_are_shared,
]


def main() -> int:
    wanted = [trial for trial in TRIALS if not sys.argv[1:] or trial.__name__ in sys.argv[1:]]
    rows, kept = [], True
    with Machines(logins=ROUNDS + 5) as site:
        for trial in wanted:
            for what, seen, good in trial(site):
                rows.append(f"| {what} | {seen} | {'yes' if good else '**no**'} |")
                kept = kept and good
                print(rows[-1], flush=True)
        ended = sum(web.ends for web in site.webs) + site.worker.ends
        rows.append(
            f"| all of it | {ended} times the worker or a web server ended by itself | {'yes' if not ended else 'no'} |"
        )
    if wanted == TRIALS:
        with contextlib.suppress(OSError):
            head = f"{platform.machine()}, all on one machine with 2 cores, PostgreSQL 18 over TCP, Caddy 2.6."
            write_section(
                "Many machines", "uv run python -m benchmarks.many_machines",
                [head, "", "| what | seen | as promised |", "|---|---|---|", *rows],
            )  # fmt: skip
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
