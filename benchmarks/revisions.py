"""`uv run python -m benchmarks.revisions`: how well paragraphs and passages are found again.

In 200 revisions made from seeds, of the essay beside the checkout or of the text given. Times are the processor's, so
that a busy machine does not count.
"""

import argparse
import os
import platform
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from .results import write_section
from .revising_generator import LEVELS, revision
from .revising_measures import Tally, chain_agreement, tell, tell_passages, timed

ESSAY = Path(__file__).resolve().parent.parent.parent / "shared" / "texts" / "the-latest-deception.txt"
SEEDS = {"light": 80, "medium": 80, "heavy": 40}
PASSAGES = 60  # of each revision


def main():
    options = parse()
    paragraphs = read(options.text)
    jobs = [(paragraphs, level, seed) for level in LEVELS for seed in range(round(SEEDS[level] * options.share))]
    with ProcessPoolExecutor(options.processes) as pool:
        measured = list(pool.map(measure, *zip(*jobs, strict=True), chunksize=4))
    rows = {
        level: merged(one for (_, its, _), one in zip(jobs, measured, strict=True) if its == level) for level in LEVELS
    }
    rows["all"] = merged(measured)
    report(options, len(paragraphs), rows, list(worst_cases(paragraphs)))


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?", type=Path, default=ESSAY, help="a text in a format that can be imported")
    parser.add_argument("--share", type=float, default=1.0, help="of the 200 revisions")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def read(path) -> list[str]:
    """The text's paragraphs, as the importer reads them."""
    if not path.is_file():
        raise SystemExit(f"There is no text at {path}: name one.")
    from django.conf import settings

    settings.configure(USE_I18N=False)
    from texts.importing import read as imported

    return [block.text for block in imported(path.read_bytes(), filename=path.name).blocks if block.text]


def measure(paragraphs, level, seed):
    """Counts of one revision: its paragraphs, its passages, and the chain with a second revision."""
    made, found, passages, chain = revision(paragraphs, level, seed), Tally(), Tally(), Tally()
    matches = tell(found, made)
    tell_passages(passages, made, matches, seed, PASSAGES)
    chain_agreement(chain, made, revision(made.new, level, seed + 5_000))
    return found, passages, chain


def merged(tallies):
    """Many tallies as one."""
    sums = Tally(), Tally(), Tally()
    for three in tallies:
        for whole, part in zip(sums, three, strict=True):
            whole.counts += part.counts
            whole.seconds += part.seconds
    return sums


def worst_cases(paragraphs):
    """(what, how many paragraphs, seconds): nothing unchanged, nothing in common."""
    dice, words = random.Random(1), " ".join(paragraphs).split()
    for number in (211, 2_000):
        old = [" ".join(dice.choices(words, k=90)) for _ in range(number)]
        changed = [" ".join(w if dice.random() > 0.3 else dice.choice(words) for w in text.split()) for text in old]
        yield "every paragraph changed by 30 %", number, timed(old, changed)[1]
        yield "another text", number, timed(old, [" ".join(dice.choices(words, k=90)) for _ in old])[1]


def report(options, number, rows, worst):
    """The tables, printed and kept."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    sizes = ", ".join(f"{round(SEEDS[level] * options.share)} {level}" for level in LEVELS)
    lines = [
        f"{machine}; {number} paragraphs, {sizes} revisions; milliseconds of the processor.",
        "Kept, in a wrong place, orphaned: discussions. Chains: 1 to 2 to 3 gives the identities of 1 to 3.",
        "",
        "| | identity P | identity R | links P | links R | kept | wrong | orphaned | median ms | p95 ms | chains |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for level, (found, _, chain) in rows.items():
        figures = found.figures()
        shares = " | ".join(f"{figures[name]:.4f}" for name in ("identity P", "identity R", "links P", "links R"))
        threads = " | ".join(f"{100 * figures[name]:.3f} %" for name in ("kept", "wrong", "orphaned"))
        late = 1000 * sorted(found.seconds)[int(0.95 * len(found.seconds))]
        lines.append(
            f"| {level} | {shares} | {threads} | {figures['median ms']:.0f} | {late:.0f}"
            f" | {chain.share('agreeing', 'chains'):.4f} |"
        )
    counted = ("right", "wrong", "orphaned")
    lines += ["", "| passages | right | in a wrong place | lost, though half survives | ms |", "|---|---|---|---|---|"]
    for level, (_, passages, _) in rows.items():
        shares = " | ".join(f"{100 * passages.share(what, 'passages'):.2f} %" for what in counted)
        mean = 1000 * sum(passages.seconds) / len(passages.seconds)
        lines.append(f"| {level} ({passages.counts['passages']:,}) | {shares} | {mean:.2f} |")
    lines += ["", "| worst case | paragraphs | seconds |", "|---|---|---|"]
    lines += [f"| {what} | {many:,} | {seconds:.2f} |" for what, many, seconds in worst]
    print("\n".join(lines))
    write_section("Revisions", "uv run python -m benchmarks.revisions", lines)


if __name__ == "__main__":
    main()
