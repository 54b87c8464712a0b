"""Lines of a plain text to pieces: where paragraphs, sections and set-off passages begin and end."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from django.utils.translation import gettext as _

from . import limits
from .document import Unreadable
from .inline import Inline
from .pieces import Piece, section_break
from .wording import FULL_STOP

ORNAMENT = re.compile(r"(?:[*＊✻]\s*){3,}|(?:[-–—_~=+]\s*){3,}|⁂|❦|#{1,3}|§")
UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}")
ITEM = re.compile(r"(?P<bullet>[•‣◦▪●*–—-])[ \t]+\S|\(?(?P<number>\d{1,3}|[a-z])[.)][ \t]+\S")
LONG_LINE = 100  # no hard-wrapped file has lines as long as this
QUOTED = re.compile(r"> ?")


@dataclass
class Line:
    text: str
    indent: int
    gap: int
    quoted: bool = False


@dataclass
class Layout:
    wrapped: bool
    width: int
    normal_gap: int
    assumptions: list[str] = field(default_factory=list)


def pieces_of(text: str) -> tuple[list[Piece], Layout]:
    lines = _lines(text)
    layout = _layout(lines)
    pieces: list[Piece] = []
    for run in _runs(lines):
        if pieces and run[0].gap > layout.normal_gap:
            pieces.append(section_break(run[0].gap))
        pieces += _pieces_of_run(run, layout)
        if len(pieces) > 2 * limits.BLOCKS:
            raise Unreadable(_("The text has more than %(count)d paragraphs.") % {"count": limits.BLOCKS})
    return pieces, layout


def _lines(text: str) -> list[Line]:
    lines, gap = [], 0
    for raw in text.split("\n"):
        bare = raw.strip(" \t")
        quoted = bare.startswith("> ")
        bare = QUOTED.sub("", bare, count=1).strip(" \t") if quoted else bare
        if not bare.strip():  # also a line of no-break spaces
            gap += 1
            continue
        before = raw[: len(raw) - len(raw.lstrip(" \t"))].expandtabs(4)
        lines.append(Line(bare, len(before), gap, quoted))
        gap = 0
        if len(lines) > limits.PLAIN_LINES:
            raise Unreadable(_("The text has more than %(count)d lines.") % {"count": limits.PLAIN_LINES})
    return lines


def _runs(lines: list[Line]) -> list[list[Line]]:
    """Lines that follow each other without a blank line; ornaments stand alone, a quoted passage is a run."""
    runs: list[list[Line]] = []
    for line in lines:
        if runs and line.gap == 0 and runs[-1][-1].quoted == line.quoted:
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _layout(lines: list[Line]) -> Layout:
    wrapped, width = _is_wrapped(lines)
    gaps = Counter(line.gap for line in lines[1:] if line.gap > 0 or not wrapped)
    layout = Layout(wrapped, width, _normal_gap(gaps))
    if wrapped:
        layout.assumptions.append(
            _("Read as hard-wrapped at about %(width)d characters: lines were joined up to the next blank line.")
            % {"width": width}
        )
    elif len(lines) > 1:
        layout.assumptions.append(_("Read as one paragraph a line: every line end begins a new paragraph."))
    if layout.normal_gap != 1:
        layout.assumptions.append(
            _("Paragraphs are usually %(count)d blank lines apart here; only larger gaps begin a section.")
            % {"count": layout.normal_gap}
        )
    return layout


def _normal_gap(gaps: Counter) -> int:
    """How many blank lines there are between two paragraphs of the same section."""
    total = sum(gaps.values())
    if not total:
        return 1
    common, times = gaps.most_common(1)[0]
    if common == 0:
        # No blank line between paragraphs at all: then one blank line says something, unless these are stanzas.
        return 0 if times >= 0.9 * total and total >= 10 and gaps.get(1, 0) > gaps.get(2, 0) else 1
    return common if common > 1 and times >= 0.6 * total and total >= 4 else 1


def _is_wrapped(lines: list[Line]) -> tuple[bool, int]:
    """Hard-wrapped: lines are broken where the next word would not have fitted, and go on in the middle of a sentence.

    A file of long lines is never wrapped; short lines that do not fill a common width are verse, speech or items.
    """
    sizes = [line.indent + len(line.text) for line in lines]
    if sum(size for size in sizes if size > LONG_LINE) * 2 > sum(sizes):
        return False, 0
    usual = sorted(size for size in sizes if size <= LONG_LINE)
    width = usual[int(len(usual) * 0.98)] if len(usual) > 50 else usual[-1]
    followed = [pair for pair in pairwise(lines) if pair[1].gap == 0]
    # Verse, items and title pages are short in wrapped files too; lines of some length decide.
    followed = [pair for pair in followed if pair[0].indent + len(pair[0].text) >= 0.6 * width]
    if width < 30 or not followed:
        return False, 0
    full = sum(_is_full(line, after, width) for line, after in followed)
    going_on = sum(not after.text[0].isupper() and not ITEM.match(after.text) for _line, after in followed)
    return full >= 0.55 * len(followed) and going_on >= 0.4 * len(followed), width


def _is_full(line: Line, after: Line, width: int) -> bool:
    word = after.text.split(" ", maxsplit=1)[0]
    return line.indent + len(line.text) + 1 + len(word) > 0.88 * width


def _pieces_of_run(run: list[Line], layout: Layout) -> list[Piece]:
    pieces: list[Piece] = []
    kept: list[Line] = []
    for line in run:
        if line.quoted or not ORNAMENT.fullmatch(line.text):
            kept.append(line)
        elif len(kept) == 1 and not pieces and len(run) == 2 and UNDERLINE.fullmatch(line.text):
            heading = Piece(Inline(kept.pop().text), kind="heading", gap=run[0].gap)
            heading.level = 1 if line.text.startswith("=") else 2
            pieces.append(heading)
        else:
            pieces += _text_pieces(kept, layout)
            kept = []
            pieces.append(section_break(line.gap))
    return pieces + _text_pieces(kept, layout)


def _text_pieces(run: list[Line], layout: Layout) -> list[Piece]:
    if not run:
        return []
    groups = _wrapped_groups(run, layout) if layout.wrapped else [[line] for line in run]
    pieces = [_piece(group, layout) for group in groups]
    if run[0].quoted or (layout.wrapped and _is_set_off(run, groups, layout)):
        for piece in pieces:
            piece.kind = "blockquote"
    return pieces


def _piece(group: list[Line], layout: Layout) -> Piece:
    parts, broken = [group[0].text], False
    for before, line in pairwise(group):
        # `well-` at a line's end may be a hyphen or a broken word; the hyphen is in the file, so it stays.
        hyphen = before.text.endswith("-") and before.text[-2:-1].isalpha() and line.text[0].islower()
        parts += [line.text] if hyphen else [" ", line.text]
        broken = broken or hyphen
    piece = Piece(Inline("".join(parts)), gap=group[0].gap, indent=min(line.indent for line in group))
    if broken:
        said = _("Words broken by a hyphen at a line's end keep the hyphen; some may be one word.")
        piece.doubt(said)
        if said not in layout.assumptions:
            layout.assumptions.append(said)
    return piece


def _wrapped_groups(run: list[Line], layout: Layout) -> list[list[Line]]:
    """Which lines of a run belong to one paragraph."""
    pairs = list(pairwise(run))
    margin = min(line.indent for line in run)
    itemised = bool(ITEM.match(run[0].text)) or any(_ends_colon(a) and ITEM.match(b.text) for a, b in pairs)
    full = any(_is_full(line, after, layout.width) for line, after in pairs)
    if pairs and not full and not itemised and _are_broken_lines(run):
        return [[line] for line in run]  # broken on purpose: verse, an address, a title page
    groups = [[run[0]]]
    for line, after in pairs:
        first_line_indent = after.indent >= margin + 2 and line.indent == margin and not itemised
        paragraph_end = not _is_full(line, after, layout.width * 0.85) and FULL_STOP.search(line.text)
        item = itemised and ITEM.match(after.text)
        starts = paragraph_end and (after.text[0].isupper() or not after.text[0].isalnum())
        if item or starts or (first_line_indent and FULL_STOP.search(line.text)):
            groups.append([after])
        else:
            groups[-1].append(after)
    return groups


def _are_broken_lines(run: list[Line]) -> bool:
    """Two short lines may be a paragraph that happens to be narrow; capitals at the beginnings speak against it."""
    starts = sum(not line.text[0].islower() for line in run[1:])
    return starts * 2 >= len(run) - 1


def _ends_colon(line: Line) -> bool:
    return line.text.endswith(":")


def _is_set_off(run: list[Line], groups: list[list[Line]], layout: Layout) -> bool:
    """An indented passage of full lines in a wrapped file is a quotation."""
    if min(line.indent for line in run) < 2 or len(groups) == len(run) > 1 or ITEM.match(run[0].text):
        return False
    typical = median(len(line.text) + line.indent for line in run)
    return len(run) > 1 and typical > 0.5 * layout.width and len(groups) <= max(1, len(run) // 2)
