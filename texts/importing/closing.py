"""Signatures and datelines: the short lines that close a section."""

from __future__ import annotations

from .inline import lines
from .pieces import Piece, ends_section
from .wording import is_dateline, is_signature

MOST_LINES = 3


def apply(pieces: list[Piece]) -> None:
    _split_two_liners(pieces)
    for index in range(len(pieces)):
        if pieces[index].kind == "paragraph" and ends_section(pieces, index):
            _close(pieces, index)


def _split_two_liners(pieces: list[Piece]) -> None:
    """`The editor<br>March 1921.` is two lines of a closing, not one paragraph."""
    for index in range(len(pieces) - 1, -1, -1):
        piece = pieces[index]
        if piece.kind != "paragraph" or "\n" not in piece.text or not ends_section(pieces, index):
            continue
        parts = lines(piece.inline)
        if len(parts) <= MOST_LINES and all(_kind(one.text) for one in parts):
            gaps = [piece.gap] + [0] * (len(parts) - 1)
            pieces[index : index + 1] = [Piece(one, gap=gap) for one, gap in zip(parts, gaps, strict=True)]


def _kind(text: str) -> str:
    if is_dateline(text):
        return "dateline"
    return "signature" if is_signature(text) else ""


def _first_name(text: str) -> str:
    """`Rosa`, where a dateline follows."""
    return "signature" if text.isalpha() and text[0].isupper() and len(text) <= 20 else ""


def _close(pieces: list[Piece], last: int) -> None:
    found: list[tuple[Piece, str]] = []
    index = last
    while index >= 0 and pieces[index].kind == "paragraph" and len(found) <= MOST_LINES:
        kind = _kind(pieces[index].text) or (found and _first_name(pieces[index].text))
        if not kind:
            break
        found.append((pieces[index], kind))
        index -= 1
    # There must be something that is signed or dated, and a directly following line must not belong to a stanza.
    closes = index >= 0 and pieces[index].kind not in ("section_break", "heading", "title", "byline")
    if found and closes and len(found) <= MOST_LINES and found[-1][0].gap > 0:
        for piece, kind in found:
            piece.kind = kind
