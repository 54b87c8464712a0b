"""Paragraphs whose words did not change, and the order that old and new have in common.

As patience and histogram diffs do: what stands once on either side first, the rest by agreeing neighbours; then the
heaviest rising chain (Hunt and Szymanski 1977; Fredman 1975) is the backbone, and what is off it has moved.
"""

from collections import defaultdict

from .rising import rising_chain
from .subsequence import operations

LARGE = 2_500  # pairs: in smaller gaps the alignment looks at each
ENOUGH = 3  # words of an anchor that stands alone: "Yes." may have come back by chance


def unchanged_pairs(old, new, taken_old=(), taken_new=()) -> list[tuple[int, int]]:
    """Pairs of equal wordings: unique ones, and repeated ones that stand beside a pair on both sides."""
    places = defaultdict(lambda: ([], []))
    for side, (wordings, taken) in enumerate([(old, set(taken_old)), (new, set(taken_new))]):
        for number, wording in enumerate(wordings):
            if number not in taken:
                places[wording.code or wording.text][side].append(number)
    pairs = {here[0]: there[0] for here, there in places.values() if len(here) == len(there) == 1}
    used = set(pairs.values())
    free_old = {number for here, _ in places.values() for number in here} - pairs.keys()
    free_new = {number for _, there in places.values() for number in there} - used
    waiting = sorted(pairs.items(), reverse=True)
    while waiting:
        i, j = waiting.pop()
        for step in (1, -1):
            here, there = i + step, j + step
            if here in free_old and there in free_new and _same(old[here], new[there]):
                pairs[here] = there
                free_old.discard(here)
                free_new.discard(there)
                waiting.append((here, there))
    return sorted(pairs.items())


def _same(one, other):
    return one.code == other.code and (bool(one.code) or one.text == other.text)


def repeated_in_order(old, new) -> list[tuple[int, int]]:
    """Equal wordings of a large gap in their common order, where nothing but the order tells them apart."""
    if len(old) * len(new) <= LARGE or not {one.code for one in old} & {one.code for one in new}:
        return []
    signs = {}
    here, there = ("".join(chr(0x100 + signs.setdefault(one.code, len(signs))) for one in side) for side in (old, new))
    return [
        (run[0] + step, run[2] + step) for run in operations(here, there) if run[4] for step in range(run[1] - run[0])
    ]


def anchors(pairs, old, always=()):
    """The pairs that hold the order, the heaviest rising chain; and all pairs that can be relied upon."""
    known = set(pairs) | set(always)
    relied = [
        (i, j)
        for i, j in sorted(known)
        if (i, j) in always or len(old[i]) >= ENOUGH or (i - 1, j - 1) in known or (i + 1, j + 1) in known
    ]
    return rising_chain(relied, [3 + min(len(old[i]), 40) for i, _ in relied]), relied
