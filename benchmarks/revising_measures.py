"""How right an alignment and the following of passages are, against the truth of the generator."""

import random
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field

from texts.quoting import NotAPassage, passage
from texts.revising.aligning import Unit, align
from texts.revising.tracking import follow


@dataclass
class Tally:
    """Counts over many revisions."""

    counts: Counter = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def share(self, what, of):
        return self.counts[what] / self.counts[of] if self.counts[of] else 1.0

    def figures(self) -> dict[str, float]:
        """Each figure by its name."""
        return {
            "identity P": self.share("identity right", "identity said"),
            "identity R": self.share("identity right", "identity true"),
            "links P": self.share("links right", "links said"),
            "links R": self.share("links right", "links true"),
            "kept": self.share("kept", "threads"),
            "wrong": self.share("wrong", "threads"),
            "orphaned": self.share("orphaned", "threads"),
            "median ms": 1000 * statistics.median(self.seconds) if self.seconds else 0.0,
        }


def units(texts):
    return [Unit(text, "paragraph") for text in texts]


def timed(old, new):
    """The alignment, and how long the processor took."""
    start = time.process_time()
    matches = align(units(old), units(new))
    return matches, time.process_time() - start


def tell(tally, made) -> list:
    """Align a made revision and count what is right."""
    matches, seconds = timed(made.old, made.new)
    tally.seconds.append(seconds)
    identity = {pair for match in matches for pair in match.identity}
    links = {(i, j) for match in matches for i in match.old for j in match.new}
    stands = dict(pair for match in matches for pair in match.stands)
    for name, said, true in [("identity", identity, set(made.identity.items())), ("links", links, made.links)]:
        tally.counts[f"{name} said"] += len(said)
        tally.counts[f"{name} true"] += len(true)
        tally.counts[f"{name} right"] += len(said & true)
    for old in range(len(made.old)):
        tally.counts["threads"] += 1
        said, true = stands.get(old), {new for one, new in made.links if one == old}
        if said is None:
            tally.counts["orphaned" if true else "kept"] += 1
        else:
            tally.counts["kept" if said in true else "wrong"] += 1
    return matches


def tell_passages(tally, made, matches, seed, number=40):
    """Follow passages of 1 to 40 words and count what is right, wrong, or lost."""
    dice = random.Random(f"passages {seed}")
    continued = {i: match.new for match in matches for i in match.old}
    for _ in range(number):
        old = dice.randrange(len(made.old))
        spots = [match.span() for match in re.finditer(r"\S+", made.old[old])]
        first = dice.randrange(len(spots))
        last = min(len(spots), first + dice.choice([1, 2, 3, 4, 6, 8, 12, 20, 30, 40]))
        try:
            wanted = passage(made.old[old], spots[first][0], spots[last - 1][1])
        except NotAPassage:
            continue
        news = continued[old]
        start = time.process_time()
        found = follow(wanted, made.old[old], [made.new[j] for j in news])
        tally.seconds.append(time.process_time() - start)
        place = (news[found.index], found.start, found.end) if found else None
        tally.counts[verdict(made, old, wanted, place, last - first)] += 1
        tally.counts["passages"] += 1


def verdict(made, old, wanted, place, size) -> str:
    """right, wrong or orphaned: right is IoU >= 0.6 with the surviving words, or lost where less than half survives."""
    best, survived = (0, None), 0
    for new, block in ((new, made.words[new]) for one, new in sorted(made.links) if one == old):
        at, start, end, kept = 0, None, None, 0
        for word in block:
            length = len(word.text.rstrip())
            source = word.source
            if source and source[0] == old and source[1] < wanted.end and wanted.start < source[2] - 1:
                start, end, kept = at if start is None else start, at + length, kept + 1
            at += len(word.text)
        survived += kept
        if kept > best[0]:
            best = (kept, (new, start, end))
    if place is None:
        return "orphaned" if survived >= size / 2 else "right"
    if best[1] is None:
        return "wrong"
    return "right" if place[0] == best[1][0] and _overlap(place[1:], best[1][1:]) >= 0.6 else "wrong"


def _overlap(one, other) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / (max(one[1], other[1]) - min(one[0], other[0])) if shared > 0 else 0.0


def chain_agreement(tally, first, second) -> None:
    """Whether aligning 1 to 2 and 2 to 3 gives the identities of 1 to 3. `second` revises what `first` made."""

    def identities(old, new):
        return dict(pair for match in align(units(old), units(new)) for pair in match.identity)

    one, two, direct = (
        identities(first.old, first.new),
        identities(second.old, second.new),
        identities(first.old, second.new),
    )
    composed = {i: two[j] for i, j in one.items() if j in two}
    for i in composed.keys() | direct.keys():
        tally.counts["chains"] += 1
        tally.counts["agreeing"] += composed.get(i) == direct.get(i)
