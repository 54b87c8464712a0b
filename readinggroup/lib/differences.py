"""What changed between two texts, word by word, in bounded time.

`difflib` finds what a reader would call the same, but its work can grow with the square of the words and beyond: a text
of ten thousand times the same letter, against the same in another order, would hold a process for minutes. So the work
is counted. What is too much is compared paragraph by paragraph, and a paragraph that is too much is told as a whole.
"""

import re
from difflib import SequenceMatcher
from itertools import accumulate

SAME, ADDED, REMOVED = "same", "added", "removed"

# Steps of the comparison of two texts; ten million are about a second.
MOST_STEPS = 2_000_000

# A line's end; a sign of a script that is written without spaces; a word with what follows it on its line; spaces.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\S\n]*\n\s*|[{_UNSPACED}][^\S\n]*|[^\s{_UNSPACED}]+[^\S\n]*|[^\S\n]+")
_PARAGRAPH = re.compile(r"(?:[^\n]|\n(?!\s*\n))+(?:\n\s*)?|\n\s*")


class TooMuch(Exception):  # noqa: N818 - not an error: the texts are compared in another way
    """The comparison would take more steps than it may."""


class CountedMatcher(SequenceMatcher):
    """A SequenceMatcher that gives up when its steps are used up."""

    def __init__(self, a, b, steps):
        super().__init__(None, a, b, autojunk=False)
        self.steps = steps
        # What one word costs: all of its equals on the other side are looked at.
        self.cost_up_to = [0, *accumulate(1 + len(self.b2j.get(word, ())) for word in a)]

    def find_longest_match(self, alo=0, ahi=None, blo=0, bhi=None):
        self.steps -= self.cost_up_to[ahi] - self.cost_up_to[alo]
        if self.steps < 0:
            raise TooMuch
        return super().find_longest_match(alo, ahi, blo, bhi)


def words_of(text: str) -> list[str]:
    """The words with what separates them; joined they are the text."""
    return _WORD.findall(text)


def key_of(word: str) -> str:
    """By what a word is known again: spaces make no difference, a new paragraph does."""
    return word.strip() or ("\n\n" if word.count("\n") > 1 else "\n" if "\n" in word else " ")


def differences(old: str, new: str, *, steps=MOST_STEPS) -> list[tuple[str, str]]:
    """Both texts as runs that stayed, went or came: (SAME, words), (REMOVED, words), (ADDED, words).

    Runs that stayed and came are the new text, to the letter. Spaces are no difference. A page that compares many texts
    shares its `steps` out among them.
    """
    return runs_of(words_of(old), words_of(new), steps, by_paragraph=True)


def runs_of(was: list[str], now: list[str], steps: int, *, by_paragraph: bool) -> list[tuple[str, str]]:
    """The runs of two lists of words. Two long texts mostly begin and end alike: that costs nothing."""
    was_keys, now_keys = [key_of(word) for word in was], [key_of(word) for word in now]
    start = common(was_keys, now_keys)
    end = common(reversed(was_keys[start:]), reversed(now_keys[start:]))
    was_end, now_end = len(was) - end, len(now) - end
    try:
        pairs = CountedMatcher(was_keys[start:was_end], now_keys[start:now_end], steps)
        middle = [
            run
            for kind, a, b, c, d in pairs.get_opcodes()
            for run in runs_at(kind, was[start + a : start + b], now[start + c : start + d])
        ]
    except TooMuch:
        old, new = "".join(was[start:was_end]), "".join(now[start:now_end])
        middle = paragraph_by_paragraph(old, new, steps) if by_paragraph else runs_at("replace", [old], [new])
    first, last = runs_at("equal", was[:start], now[:start]), runs_at("equal", was[was_end:], now[now_end:])
    return joined([*first, *middle, *last])


def common(a, b) -> int:
    """How many of the first are equal."""
    count = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        count += 1
    return count


def runs_at(kind, was, now):
    """The runs of one operation of difflib. Words that went are set apart by a space from what stands beside them."""
    before, after = "".join(was), "".join(now)
    if kind == "equal":
        return [(SAME, after), (REMOVED, " " if ends_open(after) and not ends_open(before) else "")]
    return [(REMOVED, before + " " if after and ends_open(before) else before), (ADDED, after)]


def ends_open(text: str) -> bool:
    """Whether the next word would be read as one with the last."""
    return text != "" and not text[-1].isspace() and not re.match(f"[{_UNSPACED}]", text[-1])


def paragraph_by_paragraph(old: str, new: str, steps: int):
    """The runs of two long texts: of paragraphs that changed, word by word as far as the steps go."""
    was, now = _PARAGRAPH.findall(old), _PARAGRAPH.findall(new)
    pairs = CountedMatcher([text.strip() for text in was], [text.strip() for text in now], steps // 4)
    try:
        found = pairs.get_opcodes()
    except TooMuch:
        return runs_at("replace", was, now)
    runs, each = [], steps // (2 * max(1, len(was)))
    for kind, a, b, c, d in found:
        changed = min(b - a, d - c) if kind == "replace" else 0
        for one, other in zip(was[a : a + changed], now[c : c + changed], strict=True):
            runs += runs_of(words_of(one), words_of(other), each, by_paragraph=False)
        runs += runs_at(kind, was[a + changed : b], now[c + changed : d])
    return runs


def joined(runs):
    """The runs, none empty and no two of one kind beside each other. Spaces alone are no difference."""
    return merged(run for run in merged(runs) if run[0] != REMOVED or run[1].strip(" "))


def merged(runs):
    """Neighbours of one kind made one."""
    found = []
    for kind, words in runs:
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + words)
        elif words:
            found.append((kind, words))
    return found
