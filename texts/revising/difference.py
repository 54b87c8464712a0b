"""The difference of two wordings, word by word: where each word of the old one leads.

The longest common subsequence (Hunt and Szymanski 1977; bit-parallel: Hyyrö 2004), put right where it misleads: chance
meetings of "of the", a word set twice, words that changed places, words that were respelled.
"""

from rapidfuzz.distance import Indel

from .subsequence import operations
from .words import spans

_RESPELLED = 0.7  # as alike as this are a word and its correction
_ALONE = 0.6
_REACH = 3  # words: as far a word may change places
_AHEAD = 8


class Ways:
    """Where each word of the old text leads: `way` maps its number to that of the word, all new texts in a row."""

    def __init__(self, old_text, new_texts):
        self.old_text, self.new_texts = old_text, new_texts
        self.old = spans(old_text)
        self.new = [spans(text) for text in new_texts]
        self.flat = [(index, number) for index, found in enumerate(self.new) for number in range(len(found))]
        letters = {}
        code = "".join(chr(0x100 + letters.setdefault(word, len(letters))) for word, *_ in self.old)
        joined = "".join(chr(0x100 + letters.setdefault(self.place(n)[0], len(letters))) for n in range(len(self.flat)))
        self.way = {}
        for first, last, there, there_end, is_equal in _runs(code, joined):
            if is_equal:
                self.way |= {first + step: there + step for step in range(last - first)}
            else:
                self._follow_spelling(range(first, last), range(there, there_end))
        self._slide(code, joined)
        self._follow_exchanges(code, joined)

    def place(self, number) -> tuple[str, int, int]:
        """The word with that number in the row of all new ones: folded, where it begins, where it ends."""
        index, there = self.flat[number]
        return self.new[index][there]

    def inside(self, start, end) -> list[int]:
        """The old words that stand there, wholly or in part."""
        return [number for number, (_, first, last) in enumerate(self.old) if first < end and last > start]

    def inside_new(self, index, start, end) -> list[int]:
        return [
            number
            for number, (text, there) in enumerate(self.flat)
            if text == index and self.new[text][there][1] < end and self.new[text][there][2] > start
        ]

    def _follow_spelling(self, numbers, places):
        """Inside a change, in order: a word leads to the one that is its correction."""
        at, alone = 0, len(numbers) == len(places) == 1
        for number in numbers:
            for ahead in range(at, min(at + _AHEAD, len(places))):
                if _is_respelled(self.old[number][0], self.place(places[ahead])[0], alone):
                    self.way[number] = places[ahead]
                    at = ahead + 1
                    break

    def _slide(self, code, joined):
        """Of a word that now stands there twice the one counts that its old neighbour still follows."""
        taken = set(self.way.values())
        for number in sorted(self.way, reverse=True):
            there, following = self.way[number], self.way.get(number + 1)
            if following is None or following <= there + 1 or self.way.get(number - 1) == there - 1:
                continue
            nearer = following - 1
            if nearer not in taken and joined[nearer] == code[number]:
                self.way[number] = nearer
                taken.add(nearer)

    def _follow_exchanges(self, code, joined):
        """Words that changed places with their neighbours."""
        taken = set(self.way.values())
        for number in range(len(code)):
            if number in self.way:
                continue
            for beside in (number - 1, number + 1):
                there = self.way.get(beside)
                if there is None:
                    continue
                near = range(max(0, there - _REACH), min(len(joined), there + _REACH + 1))
                places = [place for place in near if place not in taken and joined[place] == code[number]]
                if places:
                    self.way[number] = min(places, key=lambda place, there=there: (abs(place - there), place))
                    taken.add(self.way[number])
                    break


def _is_respelled(word, other, alone) -> bool:
    """Whether a word that stands in the place of another is its correction: a letter or two differ.

    Of a word that is alone between others that stayed less is asked.
    """
    shorter = min(len(word), len(other))
    alike = Indel.normalized_similarity(word, other)
    return (shorter >= 4 and alike >= _RESPELLED) or (alone and shorter >= 2 and alike >= _ALONE)


def _runs(code, joined):
    """Runs of words that stayed and that changed: (from, to, from, to, whether equal).

    A short run between two longer changes is an accident of the difference ("of the") and counts as changed.
    """
    found = [list(run) for run in operations(code, joined)]
    merged = []
    for at, run in enumerate(found):
        if run[4] and 0 < at < len(found) - 1 and _is_accident(run, merged[-1] if merged else None, found, at):
            run[4] = False
        if merged and merged[-1][4] == run[4]:
            merged[-1][1], merged[-1][3] = run[1], run[3]
        else:
            merged.append(run)
    return merged


def _is_accident(run, before, found, at):
    length = run[1] - run[0]
    if length > 2 or before is None or before[4]:
        return False
    changed = [before]
    after = at + 1
    while after < len(found) and found[after][4] is False:
        changed.append(found[after])
        after += 1
    sizes = [max(one[1] - one[0], one[3] - one[2]) for one in (changed[0], changed[-1])]
    return len(changed) > 1 and min(sizes) > 3 * length
