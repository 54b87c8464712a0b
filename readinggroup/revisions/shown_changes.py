"""What became of paragraphs, as pages show it: old beside new, with the differences word by word.

Of a rehearsal (a `Plan`) and of what was published (its `ParagraphLink`s) the same: a list of entries, most of them
paragraphs that did not change, folded into runs. Words are compared for the page that is shown alone.
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from readinggroup.lib.differences import ADDED, MOST_STEPS, REMOVED, SAME, differences

UNCHANGED, EDITED, MOVED, SPLIT, MERGED, REMOVED_ONE, ADDED_ONE = (
    "unchanged", "edited", "moved", "split", "merged", "removed", "added",
)  # fmt: skip
CHANGES = (EDITED, MOVED, SPLIT, MERGED, REMOVED_ONE, ADDED_ONE, UNCHANGED)

LABELS = {
    UNCHANGED: _("unchanged"),
    EDITED: _("edited"),
    MOVED: _("moved"),
    SPLIT: _("split"),
    MERGED: _("merged"),
    REMOVED_ONE: _("removed"),
    ADDED_ONE: _("added"),
}

LONGEST_RUN = 700  # characters of words that stayed: of longer ones the beginning and the end are shown
AROUND = 280  # characters of them


@dataclass
class Side:
    """A paragraph on one side: the number it bears there, its words, and where it can be looked at."""

    number: int
    text: str
    name: str = ""  # its public id


@dataclass
class Changed:
    """Old paragraphs and the new ones that continue them. `key` names it on its page."""

    key: int
    change: str
    old: list  # of numbers, or of Sides when it is shown
    new: list
    comments: int = 0
    is_doubtful: bool = False
    is_chosen: bool = False
    fate: str = ""  # what becomes of its comments, in words
    was: list = field(default_factory=list)  # runs of what it read, and of what it reads
    becomes: list = field(default_factory=list)
    form: object = None

    is_run = False

    @property
    def label(self):
        return LABELS[self.change]

    @property
    def old_numbers(self) -> str:
        return numbers_in_words([getattr(each, "number", each) for each in self.old])

    @property
    def new_numbers(self) -> str:
        return numbers_in_words([getattr(each, "number", each) for each in self.new])

    @property
    def is_reworded(self) -> bool:
        """Whether words went or came, besides where they stand."""
        return any(kind != SAME for kind, _words in [*self.was, *self.becomes])


@dataclass
class Run:
    """Neighbours that did not change: their numbers in the new text."""

    first: int
    last: int

    is_run = True


def numbers_in_words(numbers) -> str:
    """Numbers as one says them: "12, 14–16"."""
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def folded(entries, *, keep=lambda entry: False) -> list:
    """The entries with those that did not change folded into runs, but for the ones that `keep` wants to see."""
    found = []
    for entry in entries:
        if entry.change != UNCHANGED or keep(entry):
            found.append(entry)
        elif found and found[-1].is_run and found[-1].last == entry.new[0] - 1:
            found[-1].last = entry.new[0]
        else:
            found.append(Run(entry.new[0], entry.new[0]))
    return found


def compare(entries) -> None:
    """Fill in the words of the entries on a page, which share its time out among them."""
    shown = [entry for entry in entries if not entry.is_run]
    for entry in shown:
        old, new = ("\n\n".join(side.text for side in sides) for sides in (entry.old, entry.new))
        if entry.old and entry.new:
            runs = differences(old, new, steps=MOST_STEPS // len(shown))
        else:  # what came or went as a whole is read best as it is
            runs = [(SAME, old or new)]
        entry.was = [shortened(*run) for run in one_side(runs, without=ADDED)]
        entry.becomes = [shortened(*run) for run in one_side(runs, without=REMOVED)]


def one_side(runs, *, without):
    """The runs of one side. Where a paragraph ends is seen, and is no word that went or came."""
    for kind, words in runs:
        if words.strip():
            if kind != without:
                yield kind, words
        else:
            yield SAME, " " if kind == without else words


def shortened(kind, words) -> tuple:
    """A run, without the middle of a long one that stayed as it was."""
    if kind != SAME or len(words) <= LONGEST_RUN:
        return kind, words
    return kind, f"{words[:AROUND].rsplit(' ', 1)[0]} […] {words[-AROUND:].split(' ', 1)[-1]}"
