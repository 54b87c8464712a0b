"""Which paragraph of a corrected text is which of the former one. Pure: no Django, no database.

What did not change comes first, then what lies between, in order; then what moved, then pieces that went elsewhere.
A paragraph's kind is no bar: what was a paragraph may have become a list item.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from .backbone import anchors, repeated_in_order, unchanged_pairs
from .elsewhere import Links, moved, pieces
from .gaps import SURE, align_gap
from .grouping import grouped
from .likeness import Lexicon
from .neighbours import beside, between


@dataclass(frozen=True)
class Unit:
    """One paragraph, heading, list item, line of verse as it is compared."""

    text: str
    kind: str = "paragraph"


@dataclass(frozen=True)
class Fixed:
    """A person's choice: these old ones are continued by exactly these new ones. Either side may be empty."""

    old: tuple[int, ...]
    new: tuple[int, ...]


@dataclass(frozen=True)
class Match:
    """What became of these old ones: these new ones. Numbers count from 0.

    `stands` says for each old one that is not removed at which new one its discussion stands; `identity`, in which of
    these the new one carries on what the old one is: each old and each new one once at most. `doubtful` is what a
    person should look at: it is carried on because of its place more than because of its words.
    """

    old: tuple[int, ...]
    new: tuple[int, ...]
    change: str  # unchanged, edited, moved, split, merged, removed, added
    score: float
    stands: tuple[tuple[int, int], ...] = ()
    identity: tuple[tuple[int, int], ...] = ()
    doubtful: bool = False
    fixed: bool = False
    links: tuple[tuple[int, int], ...] = field(default=(), compare=False)  # of a group of many: who shares with whom


def align(old: Sequence[Unit], new: Sequence[Unit], *, fixed: Sequence[Fixed] = ()) -> list[Match]:
    """The matches, each old and each new one in exactly one, in the order of the new text; removed ones where they
    stood. ValueError if the choices name what is not there, or name one twice.
    """
    chosen_old, chosen_new = _checked(fixed, len(old), len(new))
    lexicon = Lexicon()
    before = lexicon.wordings(unit.text for unit in old)
    after = lexicon.wordings(unit.text for unit in new)

    # What did not change, and the order that it keeps; between, a large gap is cut at what is repeated in it.
    pairs = unchanged_pairs(before, after, chosen_old, chosen_new)
    by_hand = [(i, j) for one in fixed for i in one.old for j in one.new]
    by_choice = [(one.old[0], one.new[0]) for one in fixed if len(one.old) == len(one.new) == 1]
    backbone, relied = anchors(pairs, before, by_choice)
    links = {pair: 1.0 for pair in relied if pair not in by_choice}
    free_old = set(range(len(old))) - chosen_old - {i for i, _ in links}
    free_new = set(range(len(new))) - chosen_new - {j for _, j in links}

    for here, there in _gaps(backbone, sorted(free_old), sorted(free_new)):
        for i, j in repeated_in_order([before[i] for i in here], [after[j] for j in there]):
            links[here[i], there[j]] = 1.0
            backbone.append((here[i], there[j]))
    _take(links, free_old, free_new)
    # What lies between, in order.
    for here, there in _gaps(sorted(backbone), sorted(free_old), sorted(free_new)):
        for bead in align_gap(lexicon, [before[i] for i in here], [after[j] for j in there]):
            for i in here[bead.i : bead.i_end]:
                for j in there[bead.j : bead.j_end]:
                    links[i, j] = bead.likeness
    _take(links, free_old, free_new)
    # What is left: moved, drawn into a neighbour, alone between two neighbours, gone to others piece by piece.
    for i, j, likeness in moved(lexicon, before, after, free_old, free_new):
        links[i, j] = likeness
    _take(links, free_old, free_new)
    links |= dict.fromkeys(beside(lexicon, before, after, Links(links), free_old, free_new), SURE)
    _take(links, free_old, free_new)
    for here, there, likeness in between(lexicon, before, after, Links([*links, *by_hand]), free_old, free_new):
        links |= {(i, j): likeness for i in here for j in there}
    for i, j in pieces(lexicon, before, after, Links([*links, *by_hand]), chosen_old, chosen_new):
        links.setdefault((i, j), SURE)
    return grouped(lexicon, before, after, links, fixed, Match)


def _checked(fixed, olds, news):
    """What the choices name, on either side."""
    named_old = [number for one in fixed for number in one.old]
    named_new = [number for one in fixed for number in one.new]
    for named, there_are in ((named_old, olds), (named_new, news)):
        if len(set(named)) != len(named):
            raise ValueError("a choice names a paragraph that another names, too")
        if any(not 0 <= number < there_are for number in named):
            raise ValueError("a choice names a paragraph that is not there")
    return set(named_old), set(named_new)


def _gaps(backbone, free_old, free_new):
    """What is still free between each anchor and the next, on either side."""
    at_old = at_new = 0
    for i, j in [*backbone, (float("inf"), float("inf"))]:
        end_old, end_new = bisect_left(free_old, i), bisect_left(free_new, j)
        if end_old > at_old and end_new > at_new:
            yield free_old[at_old:end_old], free_new[at_new:end_new]
        at_old, at_new = end_old, end_new


def _take(links, free_old, free_new):
    free_old.difference_update(i for i, _ in links)
    free_new.difference_update(j for _, j in links)
