"""From links of single paragraphs to what became of them: groups, their change, and who carries on whose identity."""

from bisect import bisect_right
from collections import defaultdict

from rapidfuzz.distance import LCSseq

from .gaps import SURE
from .rising import rising_chain


def grouped(lexicon, old, new, links, fixed, match) -> list:
    """The matches in the order of the new text. `links` maps (old, new) to likeness; `match` makes one."""
    groups = [(group, False) for group in _connected(links)]
    groups += [((tuple(sorted(one.old)), tuple(sorted(one.new))), True) for one in fixed if one.old and one.new]
    in_order = _in_order([group for group, _ in groups], old)
    made = [
        _matched(lexicon, old, new, links, olds, news, is_fixed, (olds, news) in in_order, match)
        for (olds, news), is_fixed in groups
    ]
    known_old = {i for one in made for i in one.old}
    known_new = {j for one in made for j in one.new}
    chosen_old = {i for one in fixed for i in one.old}
    chosen_new = {j for one in fixed for j in one.new}
    removed = [match((i,), (), "removed", 0.0, fixed=i in chosen_old) for i in range(len(old)) if i not in known_old]
    made += [match((), (j,), "added", 0.0, fixed=j in chosen_new) for j in range(len(new)) if j not in known_new]
    return _ordered(made, removed, in_order)


def _connected(links) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The groups of old and new ones that hang together."""
    by_old, by_new = defaultdict(list), defaultdict(list)
    for i, j in sorted(links):
        by_old[i].append(j)
        by_new[j].append(i)
    groups, seen = [], set()
    for first in sorted(by_old):
        if first in seen:
            continue
        olds, news, waiting = {first}, set(), [first]
        while waiting:
            for j in by_old[waiting.pop()]:
                if j not in news:
                    news.add(j)
                    fresh = set(by_new[j]) - olds
                    olds |= fresh
                    waiting += sorted(fresh)
        seen |= olds
        groups.append((tuple(sorted(olds)), tuple(sorted(news))))
    return groups


def _in_order(groups, old) -> set:
    """The groups that keep the common order; the others have moved."""
    starts = {(olds[0], news[0]): (olds, news) for olds, news in groups}
    pairs = sorted(starts)
    weights = [3 + min(sum(len(old[i]) for i in starts[pair][0]), 40) for pair in pairs]
    return {starts[pair] for pair in rising_chain(pairs, weights)}


def _matched(lexicon, old, new, links, olds, news, is_fixed, is_in_order, match):
    before, after = lexicon.joined([old[i] for i in olds]), lexicon.joined([new[j] for j in news])
    if len(olds) != 1 or len(news) != 1:
        change = "merged" if len(olds) > len(news) else "split"
    elif not is_in_order:
        change = "moved"
    else:
        change = "unchanged" if before.text == after.text else "edited"
    pairs = [(i, j) for i in olds for j in news if is_fixed or (i, j) in links]
    stands, identity = _heirs(old, new, olds, news, pairs, is_fixed)
    score = 1.0 if before.text == after.text else round(lexicon.alike(before, after), 4)
    doubtful = not is_fixed and any(links[pair] < SURE for pair in pairs)
    return match(olds, news, change, score, stands, identity, doubtful, is_fixed, tuple(pairs))


def _heirs(old, new, olds, news, pairs, is_fixed):
    """Where each old one's discussion stands, and which new one carries on which identity.

    An old one stands at its largest part. A new one carries on the identity of the one with which it shares most words,
    if it is that one's largest part; of a person's choice as many are carried on as can be.
    """
    if len(pairs) == 1:
        return tuple(pairs), tuple(pairs)
    shared = {(i, j): LCSseq.similarity(old[i].code, new[j].code) for i, j in pairs}
    stands = {i: max((j for o, j in pairs if o == i), key=lambda j, i=i: (shared[i, j], -j)) for i in olds}
    largest = {j: max((i for i, n in pairs if n == j), key=lambda i, j=j: (shared[i, j], -i)) for j in news}
    identity = {i: j for i, j in stands.items() if largest[j] == i}
    if is_fixed:
        for i, j in sorted(pairs, key=lambda pair: (-shared[pair], pair)):
            if i not in identity and j not in identity.values():
                identity[i] = j
        stands |= identity
    return tuple(sorted(stands.items())), tuple(sorted(identity.items()))


def _ordered(made, removed, in_order) -> list:
    """By the first new number; removed ones behind what stood before them."""
    holding = [(one.old[-1], one.new[-1]) for one in made if (one.old, one.new) in in_order]
    holding.sort()
    places = [i for i, _ in holding]
    keyed = [((one.new[0], 0, 0), one) for one in made]
    for one in removed:
        at = bisect_right(places, one.old[0])
        keyed.append(((holding[at - 1][1] if at else -1, 1, one.old[0]), one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]
