"""`uv run python -m benchmarks.faults`: every fault in turn, and a table of what came of them.

One alone: `uv run python -m benchmarks.faults.NAME`. The exit is 1 where a fault was not survived, 2 where one could
not be made on this machine.
"""

import importlib
import platform
import signal
import sys

from ..results import write_section
from .machinery import NotHereError
from .people import Outcome

ALL = ["restart", "connections", "disk_full", "cache_gone", "clock", "killed", "failover"]
HEAD = """| fault | posts acknowledged | of these stored | 503 | connection broke | sent again, each stored once |\
 reads 200 | reads not | well after s | survived |
|---|---|---|---|---|---|---|---|---|---|"""


def main() -> int:
    outcomes = []
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    head = [f"{machine}; four people, eight requests a second, half of them posts, half of these by htmx.", "", HEAD]
    for name in ALL:
        outcomes += outcomes_of(importlib.import_module(f"{__package__}.{name}"))
        write_section("Faults", "uv run python -m benchmarks.faults", [*head, *map(row, outcomes)])
    return status_of(outcomes)


def alone(module_name: str) -> None:
    """One fault's own command: says what came of it."""
    sys.exit(status_of(outcomes_of(sys.modules[module_name])))


def outcomes_of(module) -> list[Outcome]:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))  # so that everything is taken away also then
    try:
        outcomes = module.run()
    except NotHereError as why:
        outcomes = [Outcome(module.__name__.rpartition(".")[2], skipped=str(why))]
    for outcome in outcomes:
        sys.stdout.write(f"{row(outcome)}\n")
        for problem in outcome.problems[:20]:
            sys.stdout.write(f"    {problem}\n")
        sys.stdout.flush()
    return outcomes


def row(outcome: Outcome) -> str:
    if outcome.skipped:
        return f"| {outcome.name} | not done: {outcome.skipped} | | | | | | | | **not tried** |"
    name = f"{outcome.name}: {outcome.remarks}" if outcome.remarks else outcome.name
    figures = [
        name, outcome.acknowledged, outcome.stored, outcome.kept, outcome.broken, outcome.sent_again, outcome.reads,
        outcome.reads_refused, f"{outcome.recovered:.1f}",
        f"**no**: {len(outcome.problems)} problems" if outcome.problems else "yes",
    ]  # fmt: skip
    return f"| {' | '.join(str(figure).replace('|', '/') for figure in figures)} |"


def status_of(outcomes: list[Outcome]) -> int:
    if any(outcome.problems for outcome in outcomes):
        return 1
    return 2 if any(outcome.skipped for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
