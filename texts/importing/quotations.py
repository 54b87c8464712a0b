"""Paragraphs that are quotations though nothing but quotation marks says so."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .pieces import Piece
from .wording import FULL_STOP

LEAST_SHARE = 0.8  # of a paragraph's characters inside quotation marks
SPEECH_CHARACTERS = 200  # neighbours as short as this that all open with a quotation mark are a conversation
LEAST_TAGGED = 3  # paragraphs of speech with `he said` that make a whole text a story
PAIRS = {"“": "”", "«": "»", "„": "“", '"': '"'}


def apply(pieces: list[Piece]) -> list[str]:
    """Makes block quotations of paragraphs. Returns assumptions."""
    still_open, count, speech = False, 0, False
    talkative = _is_talkative(pieces)
    for index, piece in enumerate(pieces):
        if piece.kind != "paragraph":
            still_open = False
            continue
        share, left_open = quoted_share(piece.text, still_open)
        still_open = False
        if share < LEAST_SHARE:
            continue
        if not left_open and _is_conversation(pieces, index, talkative):
            piece.doubt(_("All in quotation marks: read as speech, not as a block quotation."))
            speech = True
            continue
        piece.kind, still_open, count = "blockquote", left_open, count + 1
    said = []
    if count:
        said.append(
            _(
                "Paragraphs of which at least %(share)d %% stand in quotation marks were read as block quotations: "
                "%(count)d."
            )
            % {"share": round(LEAST_SHARE * 100), "count": count}
        )
    if speech:
        said.append(_("Short paragraphs in quotation marks that follow each other were read as conversation."))
    return said


def quoted_share(text: str, continues: bool = False) -> tuple[float, bool]:
    """Which share of the text is inside quotation marks, and whether the quotation is still open at the end.

    A quotation of several paragraphs opens each of them and closes only the last, so an open one is no mistake.
    `continues`: the paragraph before was left open; then this one need not open again, but must close.
    """
    opening = text[:1]
    closing = PAIRS.get(opening)
    depth = 0
    if closing is None:
        first_close, first_open = text.find("”"), text.find("“")
        if not continues or first_close < 0 or 0 <= first_open < first_close:
            return 0.0, False
        opening, closing, depth = "“", "”", 1
    inside = 0
    for character in text:
        if character == closing and depth and not (character == opening and depth == 0):
            depth -= 1
            inside += 1
        elif character == opening:
            depth += 1
            inside += 1
        elif depth:
            inside += 1
    return inside / len(text), depth > 0


def _is_talkative(pieces: list[Piece]) -> bool:
    """Fiction: several short paragraphs open with a quotation mark and go on with `he said`."""
    tagged = 0
    for piece in pieces:
        if piece.kind == "paragraph" and len(piece.text) <= SPEECH_CHARACTERS and piece.text[0] in PAIRS:
            tagged += 0 < quoted_share(piece.text)[0] < LEAST_SHARE
    return tagged >= LEAST_TAGGED


def _is_conversation(pieces: list[Piece], index: int, talkative: bool) -> bool:
    """People talking: a short paragraph beside another that opens with a quotation mark, and nothing announces it."""
    if len(pieces[index].text) > SPEECH_CHARACTERS:
        return False
    before = pieces[index - 1] if index else None
    if before is not None and before.text.endswith(":"):
        return False
    if talkative:
        return True
    after = pieces[index + 1] if index + 1 < len(pieces) else None
    for other in (before, after):
        if other is None or other.kind != "paragraph" or len(other.text) > SPEECH_CHARACTERS:
            continue
        if other.text[0] in PAIRS and FULL_STOP.search(other.text):
            return True
    return False
