"""The texts of notes in a plain file: `[1] …` lines or a numbered list below "Notes", at the end."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from .inline import Inline, joined, part
from .pieces import Piece

SIGNED = re.compile(r"\[\^?(?P<label>\d{1,3})\]:?[ \t]+(?=\S)")
SUPERSCRIPT = re.compile(r"(?P<label>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})[ \t]*(?=\S)")
LISTED = re.compile(r"\[?(?P<label>\d{1,3})(?:[.)\]]|(?=\s))[ \t]+(?=\S)")
GUTENBERG = re.compile(r"\[Footnote (?P<label>\d{1,3}): (?=\S)")
HEADING = re.compile(r"(?:#+ )?(?:foot|end)?notes?\s*[.:]?\Z|anmerkungen\Z|notas?\Z|примечания\Z", re.IGNORECASE)
SUPERSCRIPT_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
LEAST_REFERRED = 0.8


def take(pieces: list[Piece]) -> tuple[list[tuple[str, Inline]], list[str]]:
    """Takes note texts off the end of the pieces: (label, text) in order, and assumptions.

    They are taken only if the text before refers to them, so a list at the end stays a list.
    """
    enclosed = _take_gutenberg(pieces)
    if enclosed:
        return enclosed, []
    start, pattern = _beginning(pieces)
    if start is None:
        return [], []
    first = start + 1 if _is_heading(pieces[start]) else start
    bodies = _collect(pieces[first:], pattern)
    labels = [label for label, _inline in bodies]
    referred = _referred(pieces[:start], set(labels))
    if not bodies or len(referred) < LEAST_REFERRED * len(set(labels)):
        return [], []
    del pieces[start:]
    bodies = _take_earlier(pieces) + bodies
    missing = sorted(set(labels) - referred, key=int)
    said = []
    if missing:
        said.append(_("Notes that nothing in the text refers to: %(labels)s.") % {"labels": ", ".join(missing)})
    return bodies, said


def _take_gutenberg(pieces: list[Piece]) -> list[tuple[str, Inline]]:
    """`[Footnote 1: …]` paragraphs, wherever they stand."""
    bodies = []
    for index in range(len(pieces) - 1, -1, -1):
        match = GUTENBERG.match(pieces[index].text)
        if match and pieces[index].text.endswith("]"):
            inline = pieces.pop(index).inline
            bodies.append((match["label"], part(inline, match.end(), len(inline.text) - 1)))
    return bodies[::-1]


def _take_earlier(pieces: list[Piece]) -> list[tuple[str, Inline]]:
    """Notes at the end of each chapter: the same heading further up, with lines that begin again at 1."""
    bodies: list[tuple[str, Inline]] = []
    for index in range(len(pieces) - 1, -1, -1):
        if not _is_heading(pieces[index]):
            continue
        end, found = index + 1, []
        while end < len(pieces):
            match = SIGNED.match(pieces[end].text) or LISTED.match(pieces[end].text)
            if not match or int(match["label"]) != len(found) + 1:
                break
            found.append((match["label"], part(pieces[end].inline, match.end(), len(pieces[end].text))))
            end += 1
        if found:
            bodies = found + bodies
            del pieces[index:end]
    return bodies


def _is_heading(piece: Piece) -> bool:
    return len(piece.text) < 30 and bool(HEADING.match(piece.text))


def _beginning(pieces: list[Piece]) -> tuple[int | None, re.Pattern]:
    """Where the notes begin: a heading that says so, or the last block of lines that all carry a label."""
    for index in range(len(pieces) - 1, -1, -1):
        if _is_heading(pieces[index]) and index + 1 < len(pieces):
            following = next((piece for piece in pieces[index + 1 :] if piece.kind != "section_break"), None)
            for pattern in (SIGNED, LISTED, SUPERSCRIPT):
                if following is not None and pattern.match(following.text):
                    return index, pattern
            return None, SIGNED
    for pattern in (SIGNED, SUPERSCRIPT):
        start = None
        for index in range(len(pieces) - 1, -1, -1):
            if pieces[index].kind == "section_break":
                continue
            if not pattern.match(pieces[index].text):
                break
            start = index
        if start:
            return start, pattern
    return None, SIGNED


def _collect(pieces: list[Piece], pattern: re.Pattern) -> list[tuple[str, Inline]]:
    """One text a label; a paragraph without a label goes on with the note before it."""
    found: list[tuple[str, list[Inline]]] = []
    for piece in pieces:
        if piece.kind == "section_break":
            continue
        match = pattern.match(piece.text)
        label = match["label"].translate(SUPERSCRIPT_DIGITS) if match else ""
        expected = not found or int(label or 0) in (int(found[-1][0]) + 1, 1)
        if match and expected:
            found.append((label, [part(piece.inline, match.end(), len(piece.text))]))
        elif found:
            found[-1][1].append(piece.inline)
        else:
            return []
    return [(label, joined(parts, "\n\n")) for label, parts in found]


def _referred(pieces: list[Piece], labels: set[str]) -> set[str]:
    """Which labels occur in the text in some form that a marker may have."""
    marker = re.compile(r"(?<=[^\s\d])(\d{1,3})(?![\w%])|\[\^?(\d{1,3})\]|([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})")
    seen = set()
    for piece in pieces:
        for match in marker.finditer(piece.text):
            seen.add(match[match.lastindex].translate(SUPERSCRIPT_DIGITS))
    return seen & labels
