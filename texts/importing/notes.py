"""Note markers that are only digits in the text: which of them are markers, and taking them out.

A digit is a candidate by its neighbours; the candidates must rise 1, 2, 3 … (beginning again at a section); and if that
series explains too few of them, nothing is taken out. `H2O`, `1,000`, `p. 30` and `10:30` are not notes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .inline import Cut, cut
from .pieces import Piece

LEAST_COVERED = 0.8
GLUED = re.compile(r"(?<=[^\W\d_]|[.,;:!?…”’)\]»\"])\d{1,3}(?![\w%]|[.,:]\d)")
SUPERSCRIPT = re.compile(r"(?<=[^\W\d_]|[.,;:!?…”’)\]»\"])[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}")
BRACKET = re.compile(r"(?<=\S) ?\[(\d{1,3})\]")
CARET = re.compile(r"(?<=\S) ?\[\^(\d{1,3})\]")
SUPERSCRIPT_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
# `p.30`, `No.5`: what stands before the number says what it counts.
COUNTING = re.compile(
    r"(?<![^\W\d_])(?:pp?|No|Nos|Nr|vol|vols|ch|chap|art|fig|sec|ed|c|ca|cf|S|Bd|t)\.\Z", re.IGNORECASE
)
# Units, formulas, sizes and abbreviations that carry a number of their own: CO2, B52, mp3, km2, R2D2, Fe3.
FORMULA = re.compile(
    r"(?:^|[^\w])(?:[A-Z]{1,3}|[A-Z][a-z]|[a-zA-Z]?\d+[A-Za-z]+|[A-Z]?[a-z]?[A-Z]|mp|[kcdm]?m|sq|x|h|v)\Z"
)
OPENERS = "([“„«‘ \t\n"


@dataclass
class Candidate:
    piece: int
    start: int
    end: int
    label: int
    section: int
    weak: bool = False  # may be a formula: taken only where the series would break without it


def apply(pieces: list[Piece], sections: list[int], bodies: set[str]) -> list[str]:
    """Takes note markers out of the pieces and leaves marks in their place. Returns assumptions.

    `bodies`: labels of notes whose text the file has. The first style of marker that makes a series is taken.
    """
    said = []
    for pattern, needs_bodies in ((CARET, False), (SUPERSCRIPT, False), (BRACKET, True), (GLUED, False)):
        found = _candidates(pieces, sections, pattern)
        if bodies and pattern is not CARET:
            found = [candidate for candidate in found if str(candidate.label) in bodies]
        elif needs_bodies:
            if _series(found) and len(found) > 1:
                said.append(
                    _("Numbers in square brackets were left in the text, because the file has no notes for them.")
                )
            continue
        if not found:
            continue
        chain = _repeated(found, bodies) if needs_bodies or pattern is CARET else _chain(found)
        strong = sum(not candidate.weak for candidate in found)
        covered = sum(not candidate.weak for candidate in chain)
        if chain and covered >= LEAST_COVERED * strong:
            _take_out(pieces, chain)
            left = len(found) - len(chain)
            return said + _report(chain, left, bodies)
        if strong:
            said.append(
                _(
                    "Possible note numbers were left in the text, because they do not rise 1, 2, 3 …: "
                    "%(count)d (%(some)s)."
                )
                % {"count": len(found), "some": _shown(pieces, found)}
            )
    return said


def _shown(pieces: list[Piece], found: list[Candidate]) -> str:
    shown = [pieces[one.piece].text[max(0, one.start - 12) : one.end].split("\n")[-1] for one in found[:3]]
    return ", ".join(f"…{text}" for text in shown)


def _candidates(pieces: list[Piece], sections: list[int], pattern: re.Pattern) -> list[Candidate]:
    found = []
    for index, piece in enumerate(pieces):
        if piece.kind == "section_break":
            continue
        text = piece.text
        for match in pattern.finditer(text):
            label = match[match.lastindex or 0].translate(SUPERSCRIPT_DIGITS).lstrip("0")
            glued = pattern in (GLUED, SUPERSCRIPT)
            if not label or (glued and _is_refused(text, match.start())):
                continue
            weak = glued and bool(FORMULA.search(text[max(0, match.start() - 8) : match.start()]))
            found.append(Candidate(index, match.start(), match.end(), int(label), sections[index], weak))
    return found


def _is_refused(text: str, start: int) -> bool:
    """Punctuation that itself follows a digit (`3.5`, `1,000`, `10:30`) or opens (`“42”`), and `p.30`."""
    sign = text[start - 1]
    if sign.isalpha():
        return False
    before = text[start - 2] if start >= 2 else " "
    return before.isdigit() or before in OPENERS or bool(COUNTING.search(text[max(0, start - 8) : start]))


def _series(found: list[Candidate], *, weak: bool = False) -> list[Candidate]:
    """The longest run 1, 2, 3 … in order; at a new section it may begin again at 1."""
    series: list[Candidate] = []
    for candidate in found:
        if candidate.weak and not weak:
            continue
        expected = series[-1].label + 1 if series else 1
        restarts = candidate.label == 1 and series and candidate.section > series[-1].section and not candidate.weak
        if candidate.label == expected or restarts:
            series.append(candidate)
    return series


def _chain(found: list[Candidate]) -> list[Candidate]:
    """The series; a formula is taken into it only if a sure note number follows on it."""
    sure = _series(found)
    filled = _series(found, weak=True)
    while filled and filled[-1].weak:
        filled.pop()
    return filled if sum(not one.weak for one in filled) > len(sure) else sure


def _repeated(found: list[Candidate], bodies: set[str]) -> list[Candidate]:
    """Markers in brackets may be repeated; the first of each label must rise, or follow on a note that has a text."""
    highest, last_section, chain = 0, -1, []
    for candidate in found:
        if candidate.label == 1 and highest > 1 and candidate.section > last_section:
            highest = 1
        elif candidate.label > highest + 1 and str(candidate.label - 1) not in bodies:
            continue
        highest = max(highest, candidate.label)
        last_section = candidate.section
        chain.append(candidate)
    return chain


def _take_out(pieces: list[Piece], chain: list[Candidate]) -> None:
    cuts: dict[int, list[Cut]] = {}
    turn, highest = 0, 0
    for candidate in chain:
        if candidate.label == 1 and highest > 1:
            turn, highest = turn + 1, 0
        highest = max(highest, candidate.label)
        label = str(candidate.label)
        # In a bracket style the same note may be referred to twice; then both marks have one key.
        one = Cut(candidate.start, candidate.end, label, ("series", turn, label))
        cuts.setdefault(candidate.piece, []).append(one)
    for index, some in cuts.items():
        pieces[index].inline = cut(pieces[index].inline, some)


def _report(chain: list[Candidate], left: int, bodies: set[str]) -> list[str]:
    said = [
        _("Numbers directly behind a word or a mark were read as note markers and taken out of the text: %(count)d.")
        % {"count": len(chain)}
    ]
    if not bodies:
        said.append(_("The file has no text for these notes."))
    if left:
        said.append(
            _("Possible note numbers left in the text, because they do not fit the series: %(count)d.")
            % {"count": left}
        )
    return said
