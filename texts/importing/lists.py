"""Lists in running text: bullets, and numbers that rise. Markers are taken out and kept beside the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from .inline import part
from .pieces import Piece, is_alone
from .wording import SENTENCE_END, looks_like_speech

BULLET = re.compile(r"([•‣◦▪●⁃∙*–—-])[ \t]+(?=\S)")
SURE_BULLETS = "•‣◦▪●⁃∙"
NUMBER = re.compile(
    r"(?P<open>\(?)(?:(?P<digits>\d{1,3})|(?P<letter>[a-z])|(?P<roman>[ivx]{1,6}))(?P<close>[.)])[ \t]+(?=\S)"
)
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
MOST_BETWEEN = 3  # paragraphs that may stand between two items of one list


def apply(pieces: list[Piece]) -> list[str]:
    """Marks list items. Returns assumptions."""
    assumptions = apply_bullets(pieces)
    _numbers(pieces)
    return assumptions


def take_marker(piece: Piece, size: int) -> None:
    piece.marker = piece.text[:size].strip()
    piece.inline = part(piece.inline, size, len(piece.text))
    piece.kind = "list_item"


def apply_bullets(pieces: list[Piece]) -> list[str]:
    """Only the lists with bullets."""
    speech = False
    index = 0
    while index < len(pieces):
        run = _bullet_run(pieces, index)
        if run:
            speech = _mark_bullets(pieces, index, run) or speech
        index += max(1, run)
    return [_("Lines beginning with a dash were read as speech, not as list items.")] if speech else []


def _bullet_run(pieces: list[Piece], start: int) -> int:
    """How many pieces from start on begin with the same bullet."""
    first = _bullet(pieces[start])
    if not first:
        return 0
    size = 1
    while start + size < len(pieces) and _bullet(pieces[start + size]) == first:
        size += 1
    return size


def _bullet(piece: Piece) -> str:
    match = BULLET.match(piece.text) if piece.kind == "paragraph" else None
    return match[1] if match else ""


def _mark_bullets(pieces: list[Piece], start: int, size: int) -> bool:
    """Makes the run a list if it is one; says whether it is speech instead."""
    run = pieces[start : start + size]
    sign = _bullet(run[0])
    after_colon = start > 0 and pieces[start - 1].text.endswith(":")
    if sign not in SURE_BULLETS:
        texts = [BULLET.sub("", piece.text, count=1) for piece in run]
        if sign != "*" and looks_like_speech(texts, after_colon=after_colon, dash=sign):
            for piece in run:
                piece.doubt(_("Begins with a dash: read as speech, not as a list item."))
            return True
        if size < 2:
            return False
        if sign != "*" and not after_colon and any(SENTENCE_END.search(text) for text in texts):
            for piece in run:
                piece.doubt(_("Begins with a dash: read as a list item, not as speech."))
    for piece in run:
        take_marker(piece, BULLET.match(piece.text).end())
        piece.list = "bulleted"
    return False


@dataclass
class _Chain:
    style: tuple
    members: list[tuple[int, int, int]]  # index of the piece, number, length of the marker
    between: int = 0


def _numbers(pieces: list[Piece]) -> None:
    open_chains: dict[tuple, _Chain] = {}
    finished: list[_Chain] = []
    for index, piece in enumerate(pieces):
        if piece.kind in ("section_break", "heading"):
            finished += open_chains.values()
            open_chains = {}
            continue
        readings = _readings(piece) if piece.kind in ("paragraph", "blockquote") else []
        for chain in list(open_chains.values()):
            chain.between += not readings
            if chain.between > MOST_BETWEEN:
                finished.append(open_chains.pop(chain.style))
        _extend(open_chains, finished, index, readings)
    for chain in finished + list(open_chains.values()):
        _mark_numbers(pieces, chain)


def _extend(open_chains: dict, finished: list[_Chain], index: int, readings: list[tuple]) -> None:
    for style, number, size in readings:
        chain = open_chains.get(style)
        if chain and chain.members[-1][1] + 1 == number:
            chain.members.append((index, number, size))
            chain.between = 0
            return
    for style, number, size in readings:
        if number == 1 or style[1] == "digits":
            if style in open_chains:
                finished.append(open_chains[style])
            open_chains[style] = _Chain(style, [(index, number, size)])


def _readings(piece: Piece) -> list[tuple]:
    """What the beginning may be: `i)` is a letter or a Roman one."""
    match = NUMBER.match(piece.text)
    if not match:
        return []
    frame = match["open"] + match["close"]
    if match["digits"]:
        return [((frame, "digits"), int(match["digits"]), match.end())]
    sign = match["letter"] or match["roman"]
    if frame == ".":
        return []  # "a. b." begins too many other things
    found = [((frame, "roman"), ROMAN.index(sign) + 1, match.end())] if sign in ROMAN else []
    if match["letter"]:
        found.append(((frame, "letter"), ord(sign) - ord("a") + 1, match.end()))
    return found


def _mark_numbers(pieces: list[Piece], chain: _Chain) -> None:
    members = chain.members
    if len(members) < 2 or members[0][1] == 0 or _are_headings(pieces, chain):
        return
    if members[0][1] != 1 and members[1][0] - members[0][0] > 1:
        return
    for index, number, size in members:
        piece = pieces[index]
        if piece.kind == "list_item":
            return
        take_marker(piece, size)
        piece.list, piece.number = "numbered", number
        if members[0][1] != 1:
            piece.doubt(_("This list does not begin at 1."))


def _are_headings(pieces: list[Piece], chain: _Chain) -> bool:
    """`1. Introduction`, text, `2. Method`, text: short lines without a full stop, each with text below it."""
    for (index, _number, _size), after in zip(chain.members, [*chain.members[1:], None], strict=True):
        piece = pieces[index]
        follows = index + 1 < len(pieces) and (after is None or after[0] > index + 1)
        if not follows or len(piece.text) > 80 or SENTENCE_END.search(piece.text) or not is_alone(pieces, index):
            return False
    return True
