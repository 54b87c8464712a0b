"""A quoted passage in the next wording of its paragraph. Pure: no Django, no database.

First through the difference of words: each word of the passage leads to where it stands now. If that fails a search,
inside the paragraphs that continue the old one and nowhere else, with a floor. Else the passage is lost: never a guess.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from texts.quoting import NotAPassage, Passage, find, passage

from .difference import Ways
from .searching import places_like

ENOUGH = 0.5  # of the passage's characters have to survive,
ENOUGH_OF_FEW = 0.7  # of a passage of so few words, of which a half says little:
FEW = 3
ELSEWHERE = 0.3  # of them in one paragraph, where several continue the old one


@dataclass(frozen=True)
class Found:
    """Where the passage stands now: in which of the new texts, from where to where (code points), and how sure."""

    index: int
    start: int
    end: int
    score: float
    method: str  # same, difference, search


def follow(wanted: Passage, old_text: str, new_texts: Sequence[str]) -> Found | None:
    """Where the passage of the old text stands in the texts that continue it, or None: lost.

    A passage is lost if less than half of it survives, and if several places would do alike.
    """
    place = find(old_text, wanted)
    if place is None:
        return None
    start, end = place
    for index, text in enumerate(new_texts):
        if text == old_text:
            return Found(index, start, end, 1.0, "same")
    ways = Ways(old_text, new_texts)
    return _by_difference(ways, start, end) or _by_search(ways, wanted, start, end)


def _by_difference(ways, start, end) -> Found | None:
    """The passage from the first of its surviving words to the last, in the text that has most of it."""
    inside = ways.inside(start, end)
    size = {number: ways.old[number][2] - ways.old[number][1] for number in inside}
    kept = defaultdict(list)
    for number in inside:
        if number in ways.way:
            kept[ways.flat[ways.way[number]][0]].append(number)
    enough = (ENOUGH if len(inside) > FEW else ENOUGH_OF_FEW) * sum(size.values())
    if not kept or sum(size[number] for numbers in kept.values() for number in numbers) < enough:
        return None
    index = max(sorted(kept), key=lambda text: sum(size[number] for number in kept[text]))
    there = _without_strays(sorted((ways.way[number], number) for number in kept[index]))
    survived = sum(size[number] for _, number in there)
    if survived < (enough if len(kept) == 1 else ELSEWHERE * sum(size.values())):
        return None
    first, last = ways.place(there[0][0])[1], ways.place(there[-1][0])[2]
    if there[0][1] == inside[0]:
        first -= _alike_before(ways.old_text[start : ways.old[inside[0]][1]], ways.new_texts[index][:first])
    if there[-1][1] == inside[-1]:
        last += _alike_after(ways.old_text[ways.old[inside[-1]][2] : end], ways.new_texts[index][last:])
    return _snapped(ways.new_texts[index], index, first, last, survived / sum(size.values()), "difference")


def _without_strays(there):
    """The words without those at either end that ended up far from the others; (new number, old number) by the new."""
    runs = [[there[0]]]
    for before, word in pairwise(there):
        if word[0] - before[0] > abs(word[1] - before[1]) + 6:
            runs.append([])
        runs[-1].append(word)
    while len(runs) > 1:
        first, last = len(runs[0]), len(runs[-1])
        if first <= last and runs[1][0][0] - runs[0][-1][0] > 2 * first:
            runs.pop(0)
        elif runs[-1][0][0] - runs[-2][-1][0] > 2 * last:
            runs.pop()
        else:
            break
    return [word for run in runs for word in run]


def _alike_after(wanted, there) -> int:
    same = 0
    while same < min(len(wanted), len(there)) and wanted[same] == there[same]:
        same += 1
    return same


def _alike_before(wanted, there) -> int:
    return _alike_after(wanted[::-1], there[::-1])


def _by_search(ways, wanted, start, end) -> Found | None:
    """The one place that reads most like the passage, if it is no other passage that stood there already."""
    mine = ways.inside(start, end)
    stood = set(ways.way.values()) - {ways.way.get(number) for number in mine}
    found = []
    for index, text in enumerate(ways.new_texts):
        for score, first, last in places_like(text, wanted):
            there = ways.inside_new(index, first, last)
            if sum(number in stood for number in there) < len(there) / 3 and _survives(ways, mine, there):
                found.append((score, index, first, last))
    found.sort(key=lambda place: (-place[0], place[1:]))
    if not found or (len(found) > 1 and found[1][0] > found[0][0] - 0.03):
        return None
    score, index, first, last = found[0]
    return _snapped(ways.new_texts[index], index, first, last, score, "search")


def _survives(ways, mine, there) -> bool:
    """Whether enough of the passage's words stand in that place, as they are."""
    left = Counter(ways.place(number)[0] for number in there)
    whole = survived = 0
    for number in mine:
        word = ways.old[number][0]
        whole += len(word)
        if left[word] > 0:
            left[word] -= 1
            survived += len(word)
    return bool(there) and survived >= (ENOUGH if len(mine) > FEW else ENOUGH_OF_FEW) * whole


def _snapped(text, index, start, end, score, method) -> Found | None:
    """The place widened to whole words; None if that is nothing that can be quoted."""
    try:
        whole = passage(text, start, end)
    except NotAPassage:
        return None
    return Found(index, whole.start, whole.end, round(min(1.0, score), 4), method)
