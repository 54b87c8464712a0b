"""Dividing a text into as many parts as there are sessions: equal in words, and never within what belongs together.

A part ends with a paragraph, at the end of a section if one is near; never inside a list, a quotation or verse, after a
heading or a sentence that leads to one of these, or before a signature.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, pairwise

from readinggroup.lib.kept import Kept
from texts.models import Kind, ParagraphVersion, Section

# What stands together with its neighbours of the same or another of these kinds.
_RUNNING = {Kind.LIST_ITEM, Kind.BLOCKQUOTE, Kind.VERSE_LINE}
_LEADS_ON = {Kind.TITLE, Kind.BYLINE, Kind.ABSTRACT, Kind.HEADING}
_CLOSES = {Kind.BYLINE, Kind.SIGNATURE, Kind.DATELINE}
# What it costs not to end with a section, beside the square of each part's deviation as a share of the mean: so the end
# of a section is taken that moves a part's end by up to a tenth of a part.
_NOT_A_SECTION = 0.02

_kept = Kept(5_000_000)


@dataclass(frozen=True)
class Piece:
    """A paragraph as it matters to a plan. `can_end`: a part may end with it."""

    pk: int
    number: int
    words: int
    can_end: bool
    ends_section: bool
    section: str  # the heading of the section that begins with it


def pieces_of(revision_id) -> tuple[Piece, ...]:
    """The paragraphs of a published revision, in order; kept, since such a one never changes."""

    def make():
        versions = list(ParagraphVersion.objects.filter(revision_id=revision_id).defer("html"))
        titles = dict(Section.objects.filter(revision_id=revision_id).values_list("pk", "title"))
        pieces, before = [], None
        for version, after in pairwise([*versions, None]):
            ends_section = after is None or after.section_id != version.section_id
            begins = before is None or before.section_id != version.section_id
            pieces.append(
                Piece(
                    pk=version.paragraph_id,
                    number=version.number,
                    words=len(version.text.split()),
                    can_end=can_end(version, after),
                    ends_section=ends_section,
                    section=titles[version.section_id] if begins else "",
                )
            )
            before = version
        return tuple(pieces)

    return _kept.get_or_make(revision_id, make, size_of=lambda pieces: 200 * len(pieces))


def can_end(version, after) -> bool:
    """Whether a part may end between these two."""
    if after is None:
        return True
    if version.kind in _LEADS_ON:
        return False
    if after.section_id != version.section_id:
        return True
    if after.kind in _CLOSES or (version.kind in _RUNNING and after.kind in _RUNNING):
        return False
    return not (after.kind in _RUNNING and version.text.rstrip().endswith(":"))


def divide(pieces, parts: int) -> list[int]:
    """Where each part ends, as positions in `pieces`: fewer than asked for if it cannot be divided so often."""
    sums = [0, *accumulate(piece.words for piece in pieces)]
    ends = [position for position, piece in enumerate(pieces) if piece.can_end]
    parts = min(parts, len(ends))
    if parts == 0:
        return []
    mean = (sums[-1] / parts) or 1
    near = [candidates(ends, sums, mean, part, parts) for part in range(1, parts)]
    last = [len(pieces) - 1]
    return cheapest([*near, last], pieces, sums, mean) or cheapest([*[ends] * (parts - 1), last], pieces, sums, mean)


def candidates(ends, sums, mean, part, parts) -> list[int]:
    """The ends that are near to where this part would end if all were equal, and the nearest on either side."""
    wanted = part * mean
    first = bisect_left(ends, wanted - mean / 2, key=lambda end: sums[end + 1])
    last = bisect_left(ends, wanted + mean / 2, key=lambda end: sums[end + 1])
    # Enough ends are left on either side for the parts before and after.
    first, last = max(min(first - 1, len(ends) - 1 - parts + part), part - 1), last + 1
    return [end for end in ends[first:last] if end != ends[-1]]


def cheapest(near, pieces, sums, mean) -> list[int] | None:
    """One end of each list, rising, such that the parts are as equal as can be; None if there is no such choice."""
    paths = {-1: (0.0, ())}
    for ends in near:
        reached = {}
        for end in ends:
            own = 0.0 if pieces[end].ends_section else _NOT_A_SECTION
            best = min(
                (
                    (cost + ((sums[end + 1] - sums[start + 1]) / mean - 1) ** 2, path)
                    for start, (cost, path) in paths.items()
                    if start < end
                ),
                default=None,
            )
            if best is not None:
                reached[end] = (best[0] + own, (*best[1], end))
        paths = reached
    return list(min(paths.values())[1]) if paths else None


@dataclass(frozen=True)
class Part:
    """What is read for one session."""

    first: Piece
    last: Piece
    words: int
    section: str  # the first heading in it

    @property
    def passage(self):
        return self.first.pk, self.last.pk


def parts_between(pieces, ends) -> list[Part]:
    """The parts that end at these positions."""
    found = []
    for before, end in pairwise([-1, *ends]):
        inside = pieces[before + 1 : end + 1]
        heading = next((piece.section for piece in inside if piece.section), "")
        found.append(Part(inside[0], inside[-1], sum(piece.words for piece in inside), heading))
    return found


def ends_near(pieces, position) -> list[Piece]:
    """Where a part may end instead: the nearest place before and after one where it may not."""
    before = next((piece for piece in reversed(pieces[:position]) if piece.can_end), None)
    after = next((piece for piece in pieces[position:] if piece.can_end), None)
    return [piece for piece in (before, after) if piece is not None]
