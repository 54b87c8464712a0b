"""Verse in plain text: short lines that follow each other without a blank line."""

from __future__ import annotations

from .lists import BULLET
from .pieces import Piece
from .wording import FULL_STOP, OPENING_QUOTES

LEAST_LINES = 3
LINE_CHARACTERS = 80
MEAN_CHARACTERS = 60
MEAN_IF_ALL_SENTENCES = 45  # lines that are all whole sentences may be prose, a line each


def apply(pieces: list[Piece]) -> None:
    index = 0
    while index < len(pieces):
        end = index + 1
        while end < len(pieces) and pieces[end].gap == 0 and pieces[end].kind == pieces[index].kind:
            end += 1
        run = pieces[index:end]
        if run[0].kind in ("paragraph", "blockquote") and are_verse([piece.text for piece in run]):
            for piece in run:
                piece.kind = "verse_line"
        index = end


def are_verse(lines: list[str]) -> bool:
    """Whether the lines of one stanza are verse, and not speech, prose or names."""
    if len(lines) < LEAST_LINES or any(len(line) > LINE_CHARACTERS for line in lines):
        return False
    mean = sum(map(len, lines)) / len(lines)
    spoken = sum(line[0] in OPENING_QUOTES or bool(BULLET.match(line)) for line in lines)
    if mean > MEAN_CHARACTERS or spoken * 2 >= len(lines):
        return False
    return mean <= MEAN_IF_ALL_SENTENCES or not all(FULL_STOP.search(line) for line in lines)


def number_stanzas(pieces: list[Piece]) -> None:
    """Verse lines learn which stanza of their section they belong to."""
    stanza, before = 0, None
    for piece in pieces:
        if piece.kind in ("section_break", "heading"):
            stanza = 0
        if piece.kind == "verse_line":
            if before is None or before.kind != "verse_line" or piece.gap > 0:
                stanza += 1
            piece.stanza = stanza
        before = piece
