"""Blank lines and ornaments between marked-up paragraphs: where a new section begins though no element says so."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from .layout import ORNAMENT
from .pieces import Piece, section_break

MOSTLY = 0.6  # of the paragraphs that follow another without a blank line: then any blank line says something
SET_APART = ("list_item", "blockquote", "verse_line")
OWN_SPACE = ("heading", "title", "byline", "section_break")


def ornaments(pieces: list[Piece]) -> None:
    """`* * *` in a paragraph of its own is a break, as in a plain text."""
    for piece in pieces:
        bare = piece.kind in ("paragraph", "blockquote", "heading") and not piece.inline.marks
        if bare and len(piece.text) <= 60 and ORNAMENT.fullmatch(piece.text):
            piece.kind, piece.inline, piece.level = "section_break", type(piece.inline)(), None


def apply(pieces: list[Piece]) -> None:
    """Empty paragraphs, counted by the walker as a gap of more than one, become section breaks.

    Where most paragraphs have one between them, as in a plain text that was pasted into a word processor, it is their
    usual distance, what follows without one stands directly below, and only more of them begin a section.
    """
    if not any(piece.gap > 1 for piece in pieces):
        return
    pairs = [(before, piece) for before, piece in pairwise(pieces) if piece.gap and not _has_own_space(before, piece)]
    between = Counter(piece.gap - 1 for before, piece in pairs if not _is_set_apart(before, piece))
    around = [piece.gap - 1 for before, piece in pairs if _is_set_apart(before, piece)]
    usual = 0
    filled = sum(between.values()) - between[0]
    if filled >= 2 and (not between[0] or (filled > 2 and between[0] < MOSTLY * sum(between.values()))):
        usual = max((count for count in between if count), key=lambda count: between[count])
    airy = sum(blank > 0 for blank in around) >= max(2, len(around) // 2 + 1)
    result, before = [], None
    for piece in pieces:
        blank = piece.gap - 1
        if piece.gap and piece.kind != "section_break" and before is not None:
            air = 1 if airy and not usual and _is_set_apart(before, piece) else usual
            if blank > air and piece.kind != "byline":
                result.append(section_break())
            piece.gap = blank if usual else 1
        elif piece.gap > 1:
            piece.gap = 1
        result.append(piece)
        before = piece
    pieces[:] = result


def _has_own_space(before: Piece, piece: Piece) -> bool:
    return before.kind in OWN_SPACE or piece.kind in OWN_SPACE


def _is_set_apart(before: Piece, piece: Piece) -> bool:
    return before.kind != piece.kind and (before.kind in SET_APART or piece.kind in SET_APART)
