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
        first, last = self.first.number, self.last.number
        return str(first) if first == last else f"{first}–{last}"


def spans_of(session) -> list[Span]:
    """The session's passages in the text as it is now. One whose paragraphs have gone from the text is left out.

    Asks nothing more than the passages themselves: numbers come from the outline that is kept.
    """
    edition = session.reading.edition
    if edition.current_id is None:
        return []
    outline, spans = outline_of(edition.current_id), []
    for passage in session.passages.all():
        ends = [outline.by_paragraph.get(pk) for pk in (passage.first_id, passage.last_id)]
        if None not in ends:
            first, last = sorted(ends, key=lambda address: address.number)
            spans.append(Span(first, last, page_at(session.reading, first)))
    return spans


def with_spans(sessions, group) -> list:
    """These sessions, each with its `spans`, in as many queries as one takes."""
    sessions = list(sessions)
    for session in sessions:
        session.reading.group = group
        session.spans = spans_of(session)
    return sessions


def typed_of(spans) -> str:
    """The passages as one types them: "41-58, 60"."""
    return ", ".join(span.numbers.replace("–", "-") for span in spans)


def read_passages(typed: str, outline: Outline) -> list[tuple[Address, Address]]:
    """What was typed as pairs of addresses, in the order of the text; what overlaps is one passage.

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
    """Ranges of numbers in their order, none of them overlapping."""
    whole = []
    for first, last in sorted(ranges):
        if whole and first <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(last, whole[-1][1]))
        else:
            whole.append((first, last))
    return whole


def paragraphs_of(ranges) -> list[tuple[int, int]]:
    """Pairs of addresses as pairs of the paragraphs' keys."""
    return [(first.pk, last.pk) for first, last in ranges]
