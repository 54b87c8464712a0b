"""Plain text: everything is judged from line lengths, blank lines, signs and marks."""

from __future__ import annotations

from . import bodies, closing, front, headings, lists, quotations, verse
from .decoding import decode
from .document import Document
from .finishing import Source, finish
from .layout import pieces_of
from .pieces import with_text


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    decoded = decode(data, encoding=encoding)
    source = Source("plain", filename, encoding=decoded.encoding, encoding_doubtful=decoded.doubtful)
    source.assumptions += decoded.assumptions
    pieces, layout = pieces_of(decoded.text)
    source.assumptions += layout.assumptions
    pieces = with_text(pieces)
    found, said = bodies.take(pieces)
    source.bodies = {("body", index): body for index, body in enumerate(found)}
    source.assumptions += said
    first, said = front.apply(pieces)
    source.title, source.author, source.language = first.title, first.author, first.language
    source.assumptions += said
    source.assumptions += lists.apply(pieces)
    headings.apply(pieces)
    closing.apply(pieces)
    verse.apply(pieces)
    source.assumptions += quotations.apply(pieces)
    return finish(pieces, source)
