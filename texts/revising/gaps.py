"""What became of the paragraphs between two certain ones: in order, one to one, one to two or three, or the reverse.

The beads are those of Gale and Church (1993); the way through them is the heaviest chain of beads that rise on both
sides (Needleman and Wunsch 1970, where leaving out costs nothing). Only pairs that share telling words become beads, so
the work grows with what is shared and not with old times new.
"""

from collections import defaultdict
from dataclasses import dataclass
from heapq import heappush, heappushpop, nlargest

from .sharing import Sharing

SURE = 0.5  # as alike as this: certain
FLOOR = 0.25  # less: another paragraph
ALONE = 0.3  # less: another, unless the neighbours on both sides are certain
PARTS = 0.45  # of several parts, all together
PART = 0.5  # of each part's own words have to stand in the other
NEIGHBOURLY = 0.06  # what it is worth to follow directly on the one before

_SMALL = 2_500  # pairs: in smaller gaps each is looked at
_SMALL_WORDS = 100_000_000  # pairs of words
_MOST_PLACES = 60  # in larger gaps, words in more paragraphs than that propose nothing
_MOST_PROPOSED = 8
_HELD = 0.4  # of a paragraph's words that another may share before it can be a part of it


@dataclass(frozen=True)
class Bead:
    """These old ones, from `i` up to `i_end`, are those new ones; counted inside the gap."""

    i: int
    i_end: int
    j: int
    j_end: int
    likeness: float
    gain: float


def align_gap(lexicon, old, new) -> list[Bead]:
    """The beads of one gap, in order. `old` and `new` are its wordings."""
    if not old or not new:
        return []
    beads = list(_beads(lexicon, old, new))
    chain = _heaviest(beads, len(old), len(new))
    return [bead for at, bead in enumerate(chain) if _is_credible(chain, at, len(old), len(new))]


def _is_credible(chain, at, olds, news):
    """Whether likeness or place speaks for it: what is hardly alike needs neighbours that are certain on both sides."""
    bead = chain[at]
    if bead.likeness >= ALONE:
        return True
    before = chain[at - 1] if at else Bead(0, 0, 0, 0, 1.0, 0.0)
    after = chain[at + 1] if at + 1 < len(chain) else Bead(olds, olds, news, news, 1.0, 0.0)
    return (
        (before.i_end, before.j_end) == (bead.i, bead.j)
        and (after.i, after.j) == (bead.i_end, bead.j_end)
        and before.likeness >= ALONE
        and after.likeness >= ALONE
    )


def _beads(lexicon, old, new):
    """Everything that may be the way: single pairs, and runs of two or three that one paragraph holds."""
    small = is_small(old, new)
    sharing = Sharing(lexicon, new, most_places=None if small else _MOST_PLACES)
    proposed, best_of_new, held_new = [], defaultdict(list), defaultdict(set)
    for i, wording in enumerate(old):
        row, weight = sharing.row(wording)
        for j, shared in row.items():
            if shared >= _HELD * weight:
                held_new[j].add(i)
        yield from _runs(lexicon, old, new, i, {j for j, shared in row.items() if shared >= _HELD * sharing.weights[j]})
        if small:
            proposed.append(set(range(len(new))))
            continue
        scores = [(2 * shared / (weight + sharing.weights[j]), -j) for j, shared in row.items()]
        proposed.append({-j for _, j in nlargest(_MOST_PROPOSED, scores)})
        for score, j in scores:
            (heappush if len(best_of_new[-j]) < _MOST_PROPOSED else heappushpop)(best_of_new[-j], (score, -i))
    for j, scores in best_of_new.items():
        for _, i in scores:
            proposed[-i].add(j)
    for i, places in enumerate(proposed):
        for j in sorted(places):
            likeness = lexicon.alike(old[i], new[j])
            if likeness >= FLOOR:
                yield _bead(i, i + 1, j, j + 1, likeness, len(old[i]) + len(new[j]))
    for j in sorted(held_new):
        for i in sorted(held_new[j]):
            for i_end in (i + 2, i + 3):
                if all(other in held_new[j] for other in range(i, i_end)):
                    yield from _several(lexicon, old[i:i_end], new[j : j + 1], i, j)


def is_small(old, new) -> bool:
    """Whether each pair can be looked at."""
    return len(old) * len(new) <= _SMALL and sum(map(len, old)) * sum(map(len, new)) <= _SMALL_WORDS


def _runs(lexicon, old, new, i, held):
    """The beads of one old paragraph and two or three new ones in a row that it holds."""
    for j in sorted(held):
        for j_end in (j + 2, j + 3):
            if all(other in held for other in range(j, j_end)):
                yield from _several(lexicon, old[i : i + 1], new[j:j_end], i, j)


def _bead(i, i_end, j, j_end, likeness, words, floor=FLOOR):
    return Bead(i, i_end, j, j_end, likeness, (likeness - floor + 0.01) * (words / 2 + 1))


def _several(lexicon, old, new, i, j):
    """The bead of one and its parts, if each of them brings words that the others do not explain."""
    one, parts = (old[0], new) if len(old) == 1 else (new[0], old)
    likeness = lexicon.alike(lexicon.joined(old), lexicon.joined(new))
    if likeness >= PARTS and min(lexicon.covered(one, parts)) >= PART:
        words = len(one) + sum(map(len, parts))
        yield _bead(i, i + len(old), j, j + len(new), likeness, words, floor=FLOOR + 0.05)


def _heaviest(beads, olds, news) -> list[Bead]:
    """The heaviest chain of beads that rises on both sides, a little heavier where beads follow directly."""
    starting, ending = defaultdict(list), defaultdict(list)
    for bead in beads:
        starting[bead.i].append(bead)
    tree = [(0.0, None)] * (news + 2)  # Fenwick's tree of the best chain up to each new one
    exact = {(0, 0): (0.0, None)}  # the best chain that ends just here
    for i in range(olds + 1):
        for total, link, j_end in ending.pop(i, ()):
            _put(tree, j_end, (total, link))
        for bead in sorted(starting.get(i, ()), key=lambda bead: (bead.j, bead.i_end, bead.j_end)):
            total, before = _best(tree, bead.j)
            direct = exact.get((bead.i, bead.j))
            bonus = NEIGHBOURLY * (2 + min(bead.gain, 10.0))
            if direct is not None and direct[0] + bonus > total:
                total, before = direct[0] + bonus, direct[1]
            total += bead.gain + (bonus if (bead.i_end, bead.j_end) == (olds, news) else 0.0)
            link = (bead, before)
            ending[bead.i_end].append((total, link, bead.j_end))
            if total > exact.get((bead.i_end, bead.j_end), (-1.0,))[0]:
                exact[bead.i_end, bead.j_end] = (total, link)
    chain, link = [], _best(tree, news)[1]
    while link is not None:
        chain.append(link[0])
        link = link[1]
    return chain[::-1]


def _put(tree, at, entry):
    at += 1
    while at < len(tree):
        if entry[0] > tree[at][0]:
            tree[at] = entry
        at += at & -at


def _best(tree, at):
    at += 1
    found = (0.0, None)
    while at > 0:
        if tree[at][0] > found[0]:
            found = tree[at]
        at -= at & -at
    return found
