"""What the order does not explain: paragraphs that moved and were edited, and pieces that stand in other paragraphs."""

from collections import defaultdict
from heapq import nlargest

from .likeness import Wording
from .sharing import Sharing
from .subsequence import operations
from .words import stem

MOVED = 0.5  # as alike as this, wherever it stands
MOVED_SHORT = 0.7  # of fewer words than this:
FEW = 8
DISTINCT = 0.28  # as alike as this, if nothing else on either side is
_MARGIN = 0.6  # of that, at most
PIECE = 0.5  # of a paragraph's words that stand in another, by weight
RUN = 8  # words that left one paragraph for another
WHOLE = 5  # words, if they are nearly all of a paragraph
NEAR = 2  # paragraphs: a piece that stands as close to the rest of its paragraph needs fewer words to be believed
_RUN_SHARE = 0.3  # of the smaller of the two paragraphs
_FREQUENT = 40  # paragraphs: words in more of them lead nowhere
_SMALL = 2_500  # pairs


class Links:
    """Which old ones are linked with which new ones."""

    def __init__(self, pairs):
        self.by_old, self.by_new = defaultdict(set), defaultdict(set)
        for i, j in pairs:
            self.by_old[i].add(j)
            self.by_new[j].add(i)


def moved(lexicon, old, new, free_old, free_new) -> list[tuple[int, int, float]]:
    """Pairs of what is left over on both sides and is alike, the most alike first."""
    if not free_old or not free_new:
        return []
    found = {}
    by_old = _nearest(lexicon, sorted(free_old), old, new)
    by_new = _nearest(lexicon, sorted(free_new), new, old)
    near_new = {j: near for j, near in by_new.items() if near}
    for i, near in by_old.items():
        for likeness, j in near:
            if j not in free_new:
                continue
            needed = MOVED if min(len(old[i]), len(new[j])) >= FEW else MOVED_SHORT
            others = [other for other, place in near if place != j]
            others += [other for other, place in near_new.get(j, ()) if place != i]
            is_distinct = likeness >= DISTINCT and max(others, default=0.0) <= _MARGIN * likeness
            if likeness >= needed or is_distinct:
                found[i, j] = likeness
    pairs, used_old, used_new = [], set(), set()
    for i, j in sorted(found, key=lambda pair: (-found[pair], -len(old[pair[0]]), abs(pair[0] - pair[1]), pair)):
        if i not in used_old and j not in used_new:
            used_old.add(i)
            used_new.add(j)
            pairs.append((i, j, found[i, j]))
    return pairs


def _nearest(lexicon, numbers, mine, others):
    """For each of these the few of the others that are most alike."""
    many = len(numbers) * len(others) > _SMALL
    sharing = Sharing(lexicon, others, most_places=_FREQUENT if many else None)
    nearest = {}
    for number in numbers:
        wording = mine[number]
        row, _ = sharing.row(wording)
        scored = nlargest(8, [(2 * weight / (wording.weight + others[at].weight), -at) for at, weight in row.items()])
        nearest[number] = [(lexicon.alike(wording, others[-at]), -at) for score, at in scored if score > 0]
    return nearest


def pieces(lexicon, old, new, links, closed_old, closed_new) -> list[tuple[int, int]]:
    """Links of paragraphs to others that hold a piece of them which nothing else explains.

    `links` are the pairs (old, new) that are known. Only words are looked at that stand in none of these. Nothing is
    found for those that are closed.
    """
    rest_old, rest_new = _unexplained(old, new, links)
    for closed, rest in ((closed_old, rest_old), (closed_new, rest_new)):
        for number in closed:
            rest.pop(number, None)
    return [
        (i, j)
        for i, j, words, weight in _shared_runs(lexicon, old, new, rest_old, rest_new)
        if words >= _RUN_SHARE * min(len(old[i]), len(new[j]))
        and _is_piece(i, j, words, weight / (old[i].weight or 1.0), weight / (new[j].weight or 1.0), links)
    ]


def _is_piece(i, j, words, share_old, share_new, links) -> bool:
    """Whether so many shared words, such a share of either, tell a piece from a chance meeting."""
    near = any(abs(j - other) <= NEAR for other in links.by_old.get(i, ()))
    near = near or any(abs(i - other) <= NEAR for other in links.by_new.get(j, ()))
    if i in links.by_old and j in links.by_new:
        return words >= (RUN if near else 2 * RUN)
    enough = 3 if near else RUN
    if i in links.by_old or j in links.by_new:
        share = share_new if i in links.by_old else share_old
        return (words >= enough and share >= PIECE) or (words >= WHOLE and share >= 0.8)
    return words >= enough and (share_old >= PIECE or (share_new >= PIECE and share_old >= 0.25))


def _unexplained(old, new, links):
    """Of each paragraph the runs of words that stand in none of those it is linked with: (first, after the last)."""
    free_old = {i: [(0, len(wording))] for i, wording in enumerate(old) if i not in links.by_old}
    free_new = {j: [(0, len(wording))] for j, wording in enumerate(new) if j not in links.by_new}
    for i, linked in links.by_old.items():
        free_old[i] = _free_runs(old[i], [new[j] for j in sorted(linked)])
    for j, linked in links.by_new.items():
        free_new[j] = _free_runs(new[j], [old[i] for i in sorted(linked)])
    return free_old, free_new


def _free_runs(wording: Wording, others):
    whole = "".join(other.code for other in others)
    if wording.code == whole:
        return []
    return [
        (start, end)
        for start, end, _, _, is_equal in operations(wording.code, whole)
        if not is_equal and end - start >= 3
    ]


def _shared_runs(lexicon, old, new, rest_old, rest_new):
    """(old, new, words, weight) of what the unexplained words of both have in common, found by three words in a row.

    Only what lies along one diagonal counts: a piece keeps its order and its place, chance meetings are scattered.
    """
    places = defaultdict(list)
    for j, runs in sorted(rest_new.items()):
        for first, last in runs:
            for at in range(first, last - 2):
                places[new[j].code[at : at + 3]].append((j, at))
    for i in sorted(rest_old):
        code, hits = old[i].code, defaultdict(list)
        for first, last in rest_old[i]:
            for at in range(first, last - 2):
                where = places.get(code[at : at + 3], ())
                if len(where) <= _FREQUENT:
                    for j, there in where:
                        hits[j].append((there - at, at))
        for j in sorted(hits):
            shared = _along_a_diagonal(hits[j], 4 + min(len(old[i]), len(new[j])) // 4)
            yield i, j, len(shared), sum(lexicon.weight(stem(old[i].words[at])) for at in sorted(shared))


def _along_a_diagonal(hits, width) -> set[int]:
    """The old words of the diagonal band with most hits."""
    hits = sorted(hits)
    best, first = (0, 0), 0
    for last in range(len(hits)):
        while hits[last][0] - hits[first][0] > width:
            first += 1
        if last - first + 1 > best[1] - best[0]:
            best = (first, last + 1)
    return {at + step for _, at in hits[best[0] : best[1]] for step in range(3)}
