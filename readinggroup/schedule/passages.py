"""Passages as people see them: by the numbers that their paragraphs bear, and back from numbers to paragraphs."""

import re
from dataclasses import dataclass

from readinggroup.readings.pages import Address, Outline, outline_of
from readinggroup.readings.views import page_at

MOST = 50  # passages of one session
_RANGE = re.compile(r"\s*(\d{1,6})\s*(?:(?:-|–|—|\bto\b|\.\.)\s*(\d{1,6}))?\s*")


class NoSuchPassage(ValueError):  # noqa: N818 - said to the person, not an error of the program
    """This is not a range of paragraphs of the text; `typed` is what stands there instead."""

    def __init__(self, typed):
        super().__init__(typed)
        self.typed = typed


@dataclass(frozen=True)
class Span:
    """A passage where the text stands now."""

    first: Address
    last: Address
    href: str

    @property
    def numbers(self) -> str:
        return numbers_in_words([(self.first.number, self.last.number)])


def spans_of(session) -> list[Span]:
    """The session's passages in the text as it is now. One whose ends have gone from the text is left out.

    Asks nothing more than the passages themselves: numbers come from the outline that is kept.
    """
    if session.reading.edition.current_id is None:
        return []
    addresses = outline_of(session.reading.edition.current_id).addresses
    ends = [(addresses[first - 1], addresses[last - 1]) for first, last in ranges_of(session)]
    return [Span(first, last, page_at(session.reading, first)) for first, last in ends]


def ranges_of(session) -> list[tuple[int, int]]:
    """The session's passages as pairs of numbers, in the text as it is now."""
    if session.reading.edition.current_id is None:
        return []
    outline = outline_of(session.reading.edition.current_id)

    def number_of(paragraph):
        there = outline.near(paragraph)
        return there and there.number

    return ranges_in(session.passages.all(), number_of)


def ranges_in(passages, number_of) -> list[tuple[int, int]]:
    """Passages as pairs of numbers in their order, none overlapping; `number_of` tells that of a paragraph's key.

    Of a passage one of whose ends is in the text no more, the other is left.
    """
    found = [sorted(filter(None, map(number_of, (passage.first_id, passage.last_id)))) for passage in passages]
    return merged((numbers[0], numbers[-1]) for numbers in found if numbers)


def addresses_of(session) -> list[Address]:
    """The paragraphs of the session's passages in the text as it is now, each once, in its order."""
    revision, ranges = session.reading.edition.current_id, ranges_of(session)
    return [address for first, last in ranges for address in outline_of(revision).addresses[first - 1 : last]]


def with_spans(sessions, group) -> list:
    """These sessions, each with its `spans`, in as many queries as one takes."""
    sessions = list(sessions)
    for session in sessions:
        session.reading.group = group
        session.spans = spans_of(session)
    return sessions


def numbers_in_words(ranges) -> str:
    """ "41–58, 60"."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in ranges)


def typed_of(spans) -> str:
    """The passages as one types them: "41-58, 60"."""
    return ", ".join(span.numbers.replace("–", "-") for span in spans)


def read_passages(typed: str, outline: Outline) -> list[tuple[Address, Address]]:
    """What was typed as pairs of addresses, in the order of the text; what overlaps or adjoins is one passage.

    NoSuchPassage if something of it is no number, or no paragraph bears it.
    """
    found = []
    for part in filter(str.strip, re.split(r"[,;\n]", typed)):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise NoSuchPassage(part.strip())
        first, last = sorted(int(number) for number in (match[1], match[2] or match[1]))
        if first < 1 or last > len(outline.addresses):
            raise NoSuchPassage(part.strip())
        found.append((first, last))
    return [(outline.addresses[first - 1], outline.addresses[last - 1]) for first, last in merged(found)]


def merged(ranges) -> list[tuple[int, int]]:
    """Ranges of numbers in their order; those that overlap or adjoin are one."""
    whole = []
    for first, last in sorted(ranges):
        if whole and first <= whole[-1][1] + 1:
            whole[-1] = (whole[-1][0], max(last, whole[-1][1]))
        else:
            whole.append((first, last))
    return whole


def paragraphs_of(ranges) -> list[tuple[int, int]]:
    """Pairs of addresses as pairs of the paragraphs' keys."""
    return [(first.pk, last.pk) for first, last in ranges]
