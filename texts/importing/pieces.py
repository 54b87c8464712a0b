"""A piece: a block in the making. Formats make pieces, the passes in this package give them their kinds."""

from __future__ import annotations

from dataclasses import dataclass, field

from .inline import Inline


@dataclass
class Piece:
    inline: Inline
    kind: str = "paragraph"
    gap: int = 1  # blank lines before it in the source; 0 means it directly follows the piece before
    number: int | None = None
    list: str | None = None
    level: int | None = None
    marker: str = ""
    stanza: int | None = None
    indent: int = 0
    doubtful: dict[str, None] = field(default_factory=dict)  # an ordered set of reasons

    @property
    def text(self) -> str:
        return self.inline.text

    def doubt(self, reason: str) -> None:
        self.doubtful[reason] = None


def with_text(pieces: list[Piece]) -> list[Piece]:
    """Without paragraphs that hold nothing, or only no-break spaces that kept others apart."""
    return [piece for piece in pieces if piece.kind == "section_break" or piece.text.strip()]


def section_break(gap: int = 1) -> Piece:
    return Piece(Inline(), kind="section_break", gap=gap)


def is_alone(pieces: list[Piece], index: int) -> bool:
    """Blank lines (or the file's edge) on both sides."""
    before = index == 0 or pieces[index].gap > 0
    return before and (index + 1 == len(pieces) or pieces[index + 1].gap > 0)


def ends_section(pieces: list[Piece], index: int) -> bool:
    """Nothing of the same section follows."""
    return index + 1 >= len(pieces) or pieces[index + 1].kind in ("section_break", "heading")
