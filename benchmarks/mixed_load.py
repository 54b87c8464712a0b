"""`uv run python -m benchmarks.mixed_load`: what a lively site asks, for half an hour, and a burst at the end.

Requests come at their own pace, nine that read to one that writes; the worker does its tasks beside. Memory and
connections are looked at every ten seconds; at the end what was acknowledged is compared with what is stored.
"""

import argparse
import asyncio
import os
import platform
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .arrivals import load
from .results import write_section

SAMPLE = 10  # seconds between two looks at memory and connections
AIMS = {"p95": 300, "p99": 800, "burst p95": 1_000}  # milliseconds
MOST_GROWTH = 0.05


def main():
    options = parse()
    data = options.data or Path(__file__).parent.parent / ".data" / f"benchmark-mixed-{options.groups}"
    os.environ |= {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "BENCHMARK_DATA": str(data)}
    import django

    django.setup()
    from . import population
    from .serving import check_port_is_free, running

    check_port_is_free(options.port)
    population.prepare(groups=options.groups, people=options.people, comments=options.comments, tell=tell)
    places = population.places(options.signed_in)
    with running(options, worker=True) as processes:
        run = measure(options, places, processes)
    report(options, run, check(run))


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--warm-up", type=float, default=3.0, help="minutes before, which count for nothing but 5xx")
    parser.add_argument("--burst-minutes", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=30.0, help="requests a second")
    parser.add_argument("--burst", type=float, default=100.0, help="requests a second of the burst")
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--groups", type=int, default=200)
    parser.add_argument("--signed-in", type=int, default=1_000, help="of the people, those who ask")
    parser.add_argument("--workers", type=int, default=2, help="processes that serve pages")
    parser.add_argument("--port", type=int, default=8779)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="where data is kept (default: .data/benchmark-mixed-…)"
    )
    parser.add_argument("--no-results", action="store_true", help="print only, leave results.md as it is")
    return parser.parse_args()


def tell(line):
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


@dataclass
class Sample:
    """A look at the site: seconds since the start, megabytes by process, connections to the database."""

    at: float
    memory: dict
    connections: int


@dataclass
class Run:
    """What came of it."""

    warm: object = None
    steady: object = None
    burst: object = None
    visitors: object = None
    samples: list = field(default_factory=list)
    began: float = 0.0  # when the steady load began, on the samples' clock
    ended: float = 0.0
    own: float = 0.0  # the share of a core that the generator took


class Watch(threading.Thread):
    """Looks at the processes every so often, beside the load."""

    def __init__(self, processes):
        super().__init__(daemon=True)
        self.processes, self.samples, self.over, self.begun = processes, [], threading.Event(), time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self.begun

    def run(self):
        from django.db import connection

        from .serving import memory_of

        while not self.over.wait(SAMPLE):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
                )
                connections = cursor.fetchone()[0]
            self.samples.append(Sample(self.now(), memory_of(self.processes), connections))
        connection.close()


def measure(options, places, processes) -> Run:
    """Warm up, ask at an even rate, then in a burst."""
    from .visitors import Visitors

    rng = random.Random(options.seed)
    run = Run(visitors=Visitors(places, f"127.0.0.1:{options.port}", rng))
    watch = Watch(processes)
    watch.start()

    def ask(rate, minutes):
        tell(f"{rate:g} requests a second for {minutes:g} minutes")
        address = ("127.0.0.1", options.port)
        return asyncio.run(load(address, run.visitors, a_second=rate, seconds=60 * minutes, rng=rng))

    try:
        run.warm = ask(options.rate, options.warm_up)
        run.began, spent = watch.now(), time.process_time()
        run.steady = ask(options.rate, options.minutes)
        run.ended, run.own = watch.now(), (time.process_time() - spent) / run.steady.took
        run.burst = ask(options.burst, options.burst_minutes)
    finally:
        watch.over.set()
        watch.join(30)
    run.samples = watch.samples
    return run


def check(run) -> tuple[dict, dict]:
    """What was acknowledged and is not stored, and what is miscounted."""
    from . import kept_promises

    lost = {what: rows for what, rows in kept_promises.not_kept(run.visitors.kept, run.visitors.unsure).items() if rows}
    return lost, kept_promises.miscounted()


# --- What is told -----------------------------------------------------------------------------------------------------


def percentile(seconds, share) -> float:
    """In milliseconds."""
    ordered = sorted(seconds) or [0]
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def windows(run) -> tuple[list, list]:
    """The samples of the first five minutes of the steady load, and of its last five; of a short one, its sixths."""
    span = min(300, (run.ended - run.began) / 6)
    first = [sample for sample in run.samples if run.began <= sample.at <= run.began + span]
    last = [sample for sample in run.samples if run.ended - span <= sample.at <= run.ended]
    return first, last


def mean(samples, value) -> float:
    return sum(map(value, samples)) / len(samples) if samples else 0.0


def growth_rows(run):
    """(process, MB in the first minutes, MB in the last, growth as a share), all together at the end."""
    first, last = windows(run)
    names = list(last[-1].memory) if last else []
    for name, value in [
        *((name, lambda sample, name=name: sample.memory.get(name, 0)) for name in names),
        ("all", lambda sample: sum(sample.memory.values())),
    ]:
        before, after = mean(first, value), mean(last, value)
        yield name, before, after, after / before - 1 if before else 0.0


def kinds_table(told):
    yield "| what | requests | p50 ms | p95 ms | p99 ms | worst ms | statuses |"
    yield "|---|---|---|---|---|---|---|"
    for kind, seconds in [*sorted(told.seconds.items()), ("all", told.all_seconds())]:
        statuses = told.statuses[kind] if kind != "all" else sum(told.statuses.values(), start=Counter())
        said = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
        times = " | ".join(f"{percentile(seconds, share):.0f}" for share in (0.5, 0.95, 0.99, 1))
        yield f"| {kind} | {len(seconds):,} | {times} | {said} |"


def aims(run, lost, wrong):
    """(what, what was found, whether that is what was aimed at)."""
    every = run.steady.all_seconds()
    for share, name in ((0.95, "p95"), (0.99, "p99")):
        found = percentile(every, share)
        yield f"{name} at most {AIMS[name]} ms", f"{found:.0f} ms", found <= AIMS[name]
    found = percentile(run.burst.all_seconds(), 0.95)
    yield f"in the burst p95 at most {AIMS['burst p95']} ms", f"{found:.0f} ms", found <= AIMS["burst p95"]
    failed = sum((told.failed() for told in (run.warm, run.steady, run.burst)), start=Counter())
    said = ", ".join(f"{status}: {count}" for status, count in failed.items()) or "none"
    yield "no 5xx and no request without an answer, warm-up and burst too", said, not failed
    *_each, (_all, before, after, growth) = growth_rows(run)
    yield (
        f"memory grows at most {MOST_GROWTH:.0%}",
        f"{before:.0f} to {after:.0f} MB, {growth:+.1%}",
        bool(before) and growth <= MOST_GROWTH,
    )
    yield "what was acknowledged is stored", f"{sum(map(len, lost.values()))} lost", not lost
    yield "every counter is right", str(wrong or "all are"), not wrong


def setting(options, run) -> str:
    """What was asked, of what, and how well the generator kept its time."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores shared with database, worker and generator, Python"
        f" {platform.python_version()}; {options.workers} web processes; {options.comments:,} comments,"
        f" {options.people:,} people, {options.groups} groups. After {options.warm_up:g} minutes to warm up"
        f" {options.rate:g} requests a second for {options.minutes:g} minutes, one in ten a write, then"
        f" {options.burst:g} a second for {options.burst_minutes:g}. Counted from the moment at which each was meant to"
        f" be sent; the generator took {run.own:.0%} of a core and was {1000 * run.steady.late:.0f} ms late at worst."
    )


def promises(run, lost) -> str:
    """How many connections there were, what was acknowledged, and what of it was lost."""
    kept = run.visitors.kept
    first, last = (mean(samples, lambda sample: sample.connections) for samples in windows(run))
    most = max((sample.connections for sample in run.samples), default=0)
    return (
        f"Connections to the database: {first:.0f} in the first minutes, {last:.0f} in the last, {most} at most."
        f" Acknowledged: {len(kept.comments):,} comments, {len(kept.seen):,} marks, {len(kept.follows):,} follows,"
        f" {len(kept.attendances):,} attendances, {len(kept.drafts):,} drafts; refused with a reason: {kept.refused:,}."
        f" Lost: {({what: len(rows) for what, rows in lost.items()}) or 'nothing'}."
    )


def report(options, run, checked):
    """The tables, printed and kept."""
    lost, wrong = checked
    lines = [
        setting(options, run),
        "",
        *kinds_table(run.steady),
        "",
        "The burst:",
        "",
        *kinds_table(run.burst),
        "",
        "| memory (PSS) | MB in the first minutes | MB in the last | growth |",
        "|---|---|---|---|",
        *(
            f"| {name} | {before:.0f} | {after:.0f} | {growth:+.1%} |"
            for name, before, after, growth in growth_rows(run)
        ),
        "",
        promises(run, lost),
        "",
        "| aim | found | reached |",
        "|---|---|---|",
        *(
            f"| {what} | {found} | {'yes' if reached else '**no**'} |"
            for what, found, reached in aims(run, lost, wrong)
        ),
    ]
    print("\n".join(lines))
    if not options.no_results:
        write_section("A lively site", "uv run python -m benchmarks.mixed_load", lines)


if __name__ == "__main__":
    main()
