"""Which paragraphs of two editions say the same, judged by their lengths: pure, no database.

After W. A. Gale and K. W. Church, "A Program for Aligning Sentences in Bilingual Corpora", Computational Linguistics
19 (1993), 75-102: long passages are translated by long ones and short by short ones, so the likeliest path through both
texts is found by dynamic programming over six kinds of beads. What is added to the paper: names and numbers that both
texts share, the kind of what is aligned (a heading, a line of verse), sections before paragraphs, and a band around the
path, so that time and memory grow with the length of the texts and not with its square.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate, groupby
from math import erfc, inf, log, sqrt
from typing import NamedTuple

# Table 5 of the paper: how often translators do what. In nats, against one for one, as in the program in its appendix.
_ONE_FOR_ONE = 0.89
BEADS = {(1, 1): 0.0} | {
    bead: -log(share / _ONE_FOR_ONE)
    for bead, share in {(1, 0): 0.0099, (0, 1): 0.0099, (1, 2): 0.089, (2, 1): 0.089, (2, 2): 0.011}.items()
}
VARIANCE = 6.8  # of a translation's length, for each character: section 3.2 of the paper
LOOSE = (
    0.07  # and for long paragraphs in proportion: not in the paper, whose texts were translated sentence by sentence
)
FARTHEST = 15.0  # what lengths say against a bead at most; beyond, they only say that something was left out
OMITTED = 6.0  # and so much where a paragraph has nothing beside it, however long it is

# What is not in the paper, in the same unit.
_SHARED = 2.5  # for a name or a number that stands in both and nearly nowhere else
_MOST_SHARED = 8.0
_COMMON = 6  # what stands in more paragraphs than this says nothing
_OTHER_KIND = 4.0
_VERSE = 0.25  # of what lengths say, where both are lines of verse: these go line by line
_JOINED_VERSE = 4.0

NEAR = 1.33  # so much longer or shorter, and it is asked whether something was left out
_WHOLE = 20_000  # so many cells are looked at without a band
_BAND = 40  # paragraphs to each side of the path
_TRUSTED = 0.9  # of the text that sections must explain, if paragraphs are to be looked for inside them

_ALONE = {"title": "heading", "heading": "heading", "verse_line": "verse", "list_item": "item", "section": "section"}
_NAME_OR_NUMBER = re.compile(r"\d+|[^\W\d_]{4,}")


class Unit(NamedTuple):
    """A paragraph to be aligned: its words, what it is, and the section that it stands in."""

    text: str
    kind: str = "paragraph"
    section: int = 0


class Bead(NamedTuple):
    """Paragraphs that belong together, by their places in both texts; one side may be empty."""

    first: tuple[int, ...]
    second: tuple[int, ...]


class _Item(NamedTuple):
    """What the path goes through: a paragraph or a whole section."""

    length: int
    kind: str
    words: frozenset


def ratio_of(first: Sequence[Unit], second: Sequence[Unit]) -> float:
    """How many characters the second text has for each of the first.

    Where one is much longer, it may be that the other leaves something out: then what explains both better.
    """
    mine, theirs = (sum(len(unit.text) for unit in units) for units in (first, second))
    ratio = min(5.0, max(0.2, theirs / mine)) if mine and theirs else 1.0
    if 1 / NEAR < ratio < NEAR:
        return ratio
    return min((ratio, 1.0), key=lambda one: _aligned(first, second, one)[1])


def align(first: Sequence[Unit], second: Sequence[Unit], *, ratio: float | None = None) -> list[Bead]:
    """Every paragraph of both in exactly one bead, in the order of the texts: sections first, then inside them.

    `ratio` is that of the whole texts, where these are parts of them.
    """
    return _aligned(first, second, ratio or ratio_of(first, second))[0]


def _aligned(first, second, ratio) -> tuple[list[Bead], float]:
    """The beads, and what speaks against them."""
    ones, others = [_item(unit) for unit in first], [_item(unit) for unit in second]
    found, cost = [], 0.0
    for mine, theirs in _pieces(first, second, ones, others, ratio):
        beads, against = _path([ones[at] for at in mine], [others[at] for at in theirs], ratio)
        cost += against
        for bead in beads:
            found.append(Bead(tuple(mine[at] for at in bead.first), tuple(theirs[at] for at in bead.second)))
    return found, cost


def _item(unit) -> _Item:
    """A paragraph as the path sees it."""
    words = _NAME_OR_NUMBER.findall(unit.text)
    names = frozenset(_folded(word) for word in words if word[0].isdigit() or word[0].isupper())
    return _Item(len(unit.text), _ALONE.get(unit.kind, ""), names)


def _folded(word) -> str:
    """A name as two languages may share it: without accents and endings."""
    plain = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()[:6]


def _pieces(first, second, ones, others, ratio):
    """Pairs of runs to be aligned by themselves: the sections that go together, or both texts whole."""
    mine, theirs = _sections(first), _sections(second)
    if len(mine) > 1 and len(theirs) > 1:
        beads, _cost = _path([_joined(ones, run) for run in mine], [_joined(others, run) for run in theirs], ratio)
        pieces = [(_flat(mine, bead.first), _flat(theirs, bead.second)) for bead in beads]
        if _explains(pieces, ones, others):
            return pieces
    return [(range(len(first)), range(len(second)))]


def _sections(units) -> list:
    runs = groupby(range(len(units)), key=lambda at: units[at].section)
    return [list(run) for _section, run in runs]


def _joined(items, run) -> _Item:
    inside = [items[at] for at in run]
    return _Item(sum(item.length for item in inside), "section", frozenset().union(*(item.words for item in inside)))


def _flat(runs, places) -> list:
    return [at for place in places for at in runs[place]]


def _explains(pieces, ones, others) -> bool:
    """Whether nearly all of both texts stands in sections that have one beside them."""
    paired = [piece for piece in pieces if all(piece)]
    for side, items in enumerate((ones, others)):
        inside = sum(items[at].length for piece in paired for at in piece[side])
        if inside < _TRUSTED * sum(item.length for item in items):
            return False
    return True


def _path(ones, others, ratio) -> tuple[list[Bead], float]:
    """The likeliest beads through both, inside the band, and what speaks against them."""
    if not ones or not others:
        alone = [Bead((at,), ()) for at in range(len(ones))]
        alone += [Bead((), (at,)) for at in range(len(others))]
        return alone, len(alone) * (BEADS[1, 0] + OMITTED)
    shared = _shared(ones, others)
    lows, highs = _band(ones, others, shared)
    most = _MOST_SHARED if shared else 0.0
    steps = [(*bead, penalty - most if all(bead) else penalty) for bead, penalty in BEADS.items()]
    score = _scorer(ones, others, ratio, shared)
    best, came = {}, []
    for i in range(len(ones) + 1):
        low, high = lows[i], highs[i]
        row, back = [inf] * (high - low + 1), bytearray(high - low + 1)
        best[i] = row
        for j in range(low, high + 1):
            if i == j == 0:
                row[0] = 0.0
                continue
            lowest, chosen = inf, 0
            for number, (mine, theirs, least) in enumerate(steps):
                h, k = i - mine, j - theirs
                if h < 0 or not lows[h] <= k <= highs[h]:
                    continue
                before = best[h][k - lows[h]]
                if before + least >= lowest:
                    continue
                cost = before + score(h, i, k, j)
                if cost < lowest:
                    lowest, chosen = cost, number
            row[j - low], back[j - low] = lowest, chosen
        best.pop(i - 2, None)  # no bead takes more than two
        came.append(back)
    return _traced(came, lows, steps, len(ones), len(others)), best[len(ones)][-1]


def _traced(came, lows, steps, i, j) -> list[Bead]:
    """The beads of the path that ends at (i, j)."""
    beads = []
    while i or j:
        mine, theirs, _least = steps[came[i][j - lows[i]]]
        beads.append(Bead(tuple(range(i - mine, i)), tuple(range(j - theirs, j))))
        i, j = i - mine, j - theirs
    return beads[::-1]


def _scorer(ones, others, ratio, shared):
    """What speaks against a bead that goes from h to i in the first text, and from k to j in the second."""
    mine = list(accumulate((item.length for item in ones), initial=0))
    theirs = list(accumulate((item.length for item in others), initial=0))
    alone = BEADS[1, 0]
    mine_alone = [alone + min(OMITTED, against_lengths(item.length, 0, ratio)) for item in ones]
    theirs_alone = [alone + min(OMITTED, against_lengths(0, item.length, ratio)) for item in others]
    my_kinds, their_kinds = [item.kind for item in ones], [item.kind for item in others]
    prose = set(my_kinds) == set(their_kinds) == {""}
    told = {i for i, _j in shared}

    def score(h, i, k, j):
        if k == j:
            return mine_alone[h]
        if h == i:
            return theirs_alone[k]
        lengths = against_lengths(mine[i] - mine[h], theirs[j] - theirs[k], ratio)
        if not prose:
            lengths = of_kinds(my_kinds[h:i], their_kinds[k:j], lengths)
        cost = BEADS[i - h, j - k] + lengths
        if h in told or i - 1 in told:
            cost -= min(_MOST_SHARED, sum(shared.get((at, to), 0.0) for at in range(h, i) for to in range(k, j)))
        return cost

    return score


def of_kinds(mine, theirs, lengths) -> float:
    """What speaks against a bead of paragraphs of these kinds, if their lengths say so much."""
    other = sum(one != another for one in mine for another in theirs)
    if "verse" in mine and "verse" in theirs:
        lengths = lengths * _VERSE + (_JOINED_VERSE if len(mine) + len(theirs) > 2 else 0.0)
    return lengths + other * _OTHER_KIND


def against_lengths(mine: int, theirs: int, ratio: float) -> float:
    """How unlikely it is that so many characters are translated by so many: -log(2 (1 - Φ(|δ|))), in nats."""
    mean = (mine + theirs / ratio) / 2
    if not mean:
        return 0.0
    delta = abs(theirs - mine * ratio) / (ratio * sqrt(VARIANCE * mean + (LOOSE * mean) ** 2))
    return _TAILS[int(delta * 100)] if delta < _FAR else FARTHEST


def _tails() -> list[float]:
    """-log(2 (1 - Φ(δ))) for each hundredth of δ, as far as it says less than the most."""
    tails = [-log(erfc(hundredth / 100 / sqrt(2))) for hundredth in range(1_000)]
    return [tail for tail in tails if tail < FARTHEST]


_TAILS = _tails()
_FAR = len(_TAILS) / 100


def _shared(ones, others) -> dict:
    """For pairs of paragraphs, what the names and numbers that stand in both, and in few others, say for them."""
    counts = [Counter(word for item in items for word in item.words) for items in (ones, others)]
    rare = {word for word in counts[0].keys() & counts[1].keys() if max(each[word] for each in counts) <= _COMMON}
    places = defaultdict(list)
    for j, item in enumerate(others):
        for word in item.words & rare:
            places[word].append(j)
    pairs = defaultdict(float)
    for i, item in enumerate(ones):
        for word in item.words & rare:
            weight = _SHARED / max(counts[0][word], counts[1][word])
            for j in places[word]:
                pairs[i, j] += weight
    return dict(pairs)


def _band(ones, others, shared):
    """For each place in the first text, between which places of the second the path is looked for.

    In the middle is the way that both texts go by their lengths, or by what only one pair of paragraphs shares.
    """
    count, most = len(ones), len(others)
    if count * most <= _WHOLE:
        return [0] * (count + 1), [most] * (count + 1)
    known = _known(shared, count, most)
    edges = [at for at, _to in known]
    mine = list(accumulate((item.length for item in ones), initial=0))
    theirs = list(accumulate((item.length for item in others), initial=0))
    lows, highs = [], []
    for i in range(count + 1):
        place = max(1, min(bisect_right(edges, i), len(known) - 1))
        (h, k), (after, to) = known[place - 1], known[place]
        way = (mine[i] - mine[h]) / (mine[after] - mine[h] or 1)
        middle = bisect_left(theirs, theirs[k] + way * (theirs[to] - theirs[k]))
        lows.append(max(0, min(middle, most) - _BAND))
        highs.append(min(most, middle + _BAND))
    lows[0], highs[-1] = 0, most
    for i in range(1, count + 1):  # each row begins where the one before can be gone on from
        lows[i] = max(lows[i - 1], min(lows[i], highs[i - 1]))
        highs[i] = max(highs[i], highs[i - 1])
    return lows, highs


def _known(shared, count, most) -> list:
    """Points of the path that are nearly certain: the longest rising run of what is shared by one pair alone."""
    alone = sorted((i, -j, weight) for (i, j), weight in shared.items() if weight >= _SHARED)
    ends, heads, before = [], [], {}
    for i, negative, _weight in alone:
        j = -negative
        place = bisect_left(ends, j)
        before[i, j] = heads[place - 1] if place else None
        ends[place : place + 1], heads[place : place + 1] = [j], [(i, j)]
    found, point = [], heads[-1] if heads else None
    while point:
        found.append(point)
        point = before[point]
    inside = [(i, j) for i, j in found[::-1] if 0 < i < count and 0 < j < most]
    return [(0, 0), *inside, (count, most)]
