"""Headings of a plain text: lines that name a part, not every short line."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from .inline import part
from .pieces import Piece, ends_section, is_alone
from .wording import SENTENCE_END, byline_name, is_capitals, is_dateline

HEADING_CHARACTERS = 80
COUNT = r"(?:[ivxlcdm]+|\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|the\s+\w+|[a-z])"
DIVISION = re.compile(
    rf"(?:chapter|part|book|section|appendix|act|scene|canto|letter|volume|kapitel|teil|abschnitt|chapitre|partie|livre"
    rf"|cap[ií]tulo|parte|capitolo|libro|глава|часть|книга|раздел)\s+{COUNT}(?:\b\s*[.:—–-].{{0,70}}|\.?)\Z",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"(?:(?:author[’']s |editor[’']s |translator[’']s )?(?:preface|foreword|introduction|note)|prologue|epilogue"
    r"|afterword|conclusions?|postscript|appendix|notes|footnotes|endnotes|bibliography|references|contents"
    r"|table of contents"
    r"|abstract|summary|acknowledge?ments|vorwort|einleitung|nachwort|schluss|anmerkungen|préface|avant-propos"
    r"|conclusion|prólogo|prefacio|conclusión|notas|предисловие|введение|заключение|примечания)\.?\Z",
    re.IGNORECASE,
)
ROMAN_ALONE = re.compile(r"[IVXL]{1,7}\.?\Z")
ROMAN_TITLE = re.compile(r"[IVXL]{1,7}(?:\.|\s*[—–:-])\s+\S.*\Z")
NUMBER_ALONE = re.compile(r"\d{1,2}\.?\Z")
NUMBER_TITLE = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s+[^\W\d_a-z].*\Z")
HASHES = re.compile(r"(#{1,6})\s+(?=\S)")


def is_named_heading(text: str) -> bool:
    """`CHAPTER I`, `Part Two: The Sea`, `Preface`, `IV.`"""
    if len(text) > HEADING_CHARACTERS:
        return False
    return bool(DIVISION.match(text) or NAMED.match(text) or ROMAN_ALONE.match(text))


def apply(pieces: list[Piece]) -> None:
    numbered = _numbered_titles(pieces)
    last = max((index for index, piece in enumerate(pieces) if piece.kind != "section_break"), default=-1)
    for index, piece in enumerate(pieces):
        if piece.kind != "paragraph" or len(piece.text) > HEADING_CHARACTERS or not is_alone(pieces, index):
            continue
        if index == last:
            continue
        level = _level(pieces, index, numbered)
        if level:
            piece.kind, piece.level = "heading", level


def _level(pieces: list[Piece], index: int, numbered: set[int]) -> int | None:
    """The heading's level, or None where the line is none."""
    piece, text = pieces[index], pieces[index].text
    hashes = HASHES.match(text)
    if hashes:
        piece.inline = part(piece.inline, hashes.end(), len(text))
        return len(hashes[1])
    if is_named_heading(text) or index in numbered:
        return 2
    if SENTENCE_END.search(text) and not (is_capitals(text) and text.endswith(".")):
        return None
    if is_dateline(text) or byline_name(text) or text[0] in '“„«"—–•*-([':
        return None
    if is_capitals(text) and (not ends_section(pieces, index) or _opens_section(pieces, index)):
        return 2
    if _follows_bare_number(pieces, index):
        return 3
    if _is_set_apart(pieces, index):
        piece.doubt(_("Read as a heading, because more blank lines stand before it than after it."))
        return 2
    return None


def _opens_section(pieces: list[Piece], index: int) -> bool:
    return index == 0 or pieces[index - 1].kind in ("section_break", "heading", "title", "byline")


def _follows_bare_number(pieces: list[Piece], index: int) -> bool:
    """`CHAPTER I` / `The Beginning`: the name of a part below its number."""
    if index == 0 or pieces[index - 1].kind != "heading" or ends_section(pieces, index):
        return False
    above = pieces[index - 1].text
    bare = (
        ROMAN_ALONE.match(above) or NUMBER_ALONE.match(above) or re.match(rf"\w+\s+{COUNT}\.?\Z", above, re.IGNORECASE)
    )
    return bool(bare) and len(pieces[index].text) <= 60 and _titled(pieces[index].text)


def _is_set_apart(pieces: list[Piece], index: int) -> bool:
    """A short line without a full stop that opens a section, with a longer paragraph below it."""
    if index == 0 or pieces[index - 1].kind != "section_break" or ends_section(pieces, index):
        return False
    after, text = pieces[index + 1], pieces[index].text
    return after.kind == "paragraph" and after.gap > 0 and len(text) <= 60 and _titled(text) and len(after.text) > 80


def _titled(text: str) -> bool:
    return not text[0].islower() and any(character.isalpha() for character in text)


def _numbered_titles(pieces: list[Piece]) -> set[int]:
    """Short lines `1. Introduction`, `I. The Sea`, `1`: headings where at least two of the kind rise one by one."""
    found: set[int] = set()
    for pattern in (NUMBER_TITLE, ROMAN_TITLE, NUMBER_ALONE):
        places = []
        for index, piece in enumerate(pieces):
            if piece.kind != "paragraph" or len(piece.text) > HEADING_CHARACTERS or not is_alone(pieces, index):
                continue
            closed = SENTENCE_END.search(piece.text) and pattern is not NUMBER_ALONE
            if pattern.match(piece.text) and not closed and not is_dateline(piece.text):
                places.append(index)
        first = re.match(r"\(?(1|I)\b", pieces[places[0]].text) if places else None
        if len(places) >= 2 and first:
            found.update(places)
    return found
