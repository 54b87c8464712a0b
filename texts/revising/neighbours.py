"""What is left over beside what is certain: put into other words, it is told by its place and by fewer shared words."""

from collections import Counter

from .gaps import FLOOR

BESIDE = 0.35  # of a paragraph's words, by weight, that what continues its neighbour has more than the neighbour
_LESS, _REST = 0.25, 0.6  # or fewer, if they are most of what the neighbour does not explain
TOGETHER = 0.3  # as alike as this: two between certain neighbours on one side, and one on the other


def beside(lexicon, old, new, links, free_old, free_new) -> list[tuple[int, int]]:
    """Links of what is left over to what continues its neighbour, where that says more than the neighbour explains.

    So a sentence that was drawn into the one before is found though it was put in other words.
    """
    found = []
    for i in sorted(free_old):
        j = _best_beside(lexicon, i, old, new, links.by_old, links.by_new)
        if j is not None:
            found.append((i, j))
    for j in sorted(free_new):
        i = _best_beside(lexicon, j, new, old, links.by_new, links.by_old)
        if i is not None:
            found.append((i, j))
    return found


def _best_beside(lexicon, number, mine, others, by_mine, by_other):
    wording, best = mine[number], (0.0, None)
    if len(wording) < 3:
        return None
    for place in sorted({place for beside in (number - 1, number + 1) for place in by_mine.get(beside, ())}):
        explained = Counter()
        for partner in by_other[place]:
            explained |= mine[partner].stems
        rest = others[place].stems - explained
        said = [lexicon.weight(word) * min(count, rest[word]) for word, count in wording.stems.items() if word in rest]
        share = sum(said) / (wording.weight or 1.0)
        of_rest = sum(said) / (sum(lexicon.weight(word) * count for word, count in rest.items()) or 1.0)
        enough = share >= BESIDE or (share >= _LESS and of_rest >= _REST)
        if enough and len(said) >= 2 and share > best[0]:
            best = (share, place)
    return best[1]


def between(lexicon, old, new, links, free_old, free_new) -> list[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """What alone is left over between the same two neighbours on both sides: one and one, one and two."""
    found = []
    for olds, news in _lone_gaps(links, free_old, free_new, len(old), len(new)):
        likeness = lexicon.alike(lexicon.joined([old[i] for i in olds]), lexicon.joined([new[j] for j in news]))
        if likeness >= (FLOOR if len(olds) == len(news) else TOGETHER):
            found.append((olds, news, likeness))
    return found


def _lone_gaps(links, free_old, free_new, olds, news):
    """Runs of one old and one or two new ones, or the reverse, whose neighbours on both sides continue each other."""
    for i in sorted(free_old):
        if i - 1 in free_old:
            continue
        end = i + 1
        while end in free_old:
            end += 1
        j = j_end = max(links.by_old.get(i - 1, {-1} if i == 0 else {news})) + 1
        while j_end in free_new:
            j_end += 1
        meets = (end == olds and j_end == news) or (end < olds and j_end in links.by_old.get(end, ()))
        if meets and (end - i, j_end - j) in {(1, 1), (1, 2), (2, 1)}:
            yield tuple(range(i, end)), tuple(range(j, j_end))
