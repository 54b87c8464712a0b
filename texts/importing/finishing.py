"""From pieces to a document: sections, note markers, bounds, rendering. The last step of every format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath

from django.utils.translation import gettext as _

from . import limits, notes, verse
from .document import Block, Document, Note, NoteMark, Unreadable
from .front import author_of
from .inline import Inline, render
from .pieces import Piece, with_text

FRONT = ("title", "byline", "abstract")


@dataclass
class Source:
    """What a format knows about its file besides the pieces."""

    format: str
    filename: str = ""
    title: str = ""
    author: str = ""
    language: str | None = None
    encoding: str = "utf-8"
    encoding_doubtful: bool = False
    assumptions: list[str] = field(default_factory=list)
    opening: str = ""  # what the file's contents call its first section
    bodies: dict[object, tuple[str, Inline]] = field(default_factory=dict)  # by key: label, text


def finish(pieces: list[Piece], source: Source) -> Document:
    pieces = _without_needless_breaks(with_text(pieces))
    if not any(piece.text for piece in pieces):
        raise Unreadable(_("There is no text in the file."))
    _refuse_too_much(pieces)
    sections = _sections(pieces)
    if not any(piece.inline.marks for piece in pieces) or source.format == "markdown":
        labels = {label for label, _inline in source.bodies.values()}
        source.assumptions += notes.apply(pieces, sections, labels)
    verse.number_stanzas(pieces)
    found, indexes = _notes(pieces, source)
    blocks = [_block(piece, section, indexes) for piece, section in zip(pieces, sections, strict=True)]
    title, author = _title(blocks, source), _author(blocks, source)
    return Document(
        title=title,
        author=author,
        blocks=blocks,
        notes=found,
        assumptions=list(dict.fromkeys(source.assumptions)),
        language=source.language,
        source_format=source.format,
        encoding=source.encoding,
        encoding_doubtful=source.encoding_doubtful,
        section_titles=_section_titles(blocks, source.opening),
    )


def _section_titles(blocks: list[Block], opening: str) -> dict[int, str]:
    """By the section's position: what the break before it is called, where the text itself has no heading there."""
    titles, position, before, named = {}, -1, None, opening
    for block in blocks:
        if block.kind == "section_break":
            named = block.marker
            continue
        if before is None or block.section != before.section or (block.kind == "heading" != before.kind):
            position += 1
            if named and block.kind not in ("heading", "title"):
                titles[position] = named[:300]
        before, named = block, ""
    return titles


def _without_needless_breaks(pieces: list[Piece]) -> list[Piece]:
    """A break is dropped at the edges, beside a heading (which opens a section itself) and within the front matter."""
    kept: list[Piece] = []
    followers: list[Piece | None] = [None] * len(pieces)  # the next piece that is no break
    for index in range(len(pieces) - 2, -1, -1):
        below = pieces[index + 1]
        followers[index] = below if below.kind != "section_break" else followers[index + 1]
    for index, piece in enumerate(pieces):
        if piece.kind == "section_break":
            after = followers[index]
            before = kept[-1].kind if kept else "section_break"
            if after is None or before in ("section_break", "heading") or after.kind == "heading":
                continue
            if after.kind in FRONT or (before in FRONT and any(other.kind == "byline" for other in pieces[index:])):
                continue
        kept.append(piece)
    return kept


def _refuse_too_much(pieces: list[Piece]) -> None:
    if len(pieces) > limits.BLOCKS:
        raise Unreadable(_("The text has more than %(count)d paragraphs.") % {"count": limits.BLOCKS})
    if any(len(piece.text) > limits.BLOCK_CHARACTERS for piece in pieces):
        raise Unreadable(_("A paragraph is longer than %(count)d characters.") % {"count": limits.BLOCK_CHARACTERS})


def _sections(pieces: list[Piece]) -> list[int]:
    """Each piece's section. A break or a heading opens one; headings directly below each other open only one."""
    numbers, section, before = [], 0, ""
    for piece in pieces:
        if piece.kind == "section_break" or (piece.kind == "heading" and before not in ("heading", "section_break")):
            section += 1
        numbers.append(section)
        before = piece.kind
    return numbers


def _notes(pieces: list[Piece], source: Source) -> tuple[list[Note], dict[object, int]]:
    """Notes in the order in which the text refers to them, then those that nothing refers to."""
    found: list[Note] = []
    indexes: dict[object, int] = {}
    by_label = _bodies_by_label(pieces, source)
    used = set()
    for piece in pieces:
        for mark in piece.inline.marks:
            if mark.key in indexes:
                continue
            key = mark.key if mark.key in source.bodies else None
            if key is None and mark.key[0] == "series":
                key = next((one for one in by_label.get(mark.label, []) if one not in used), None)
            used.add(key)
            indexes[mark.key] = len(found)
            found.append(_note(mark.label, source.bodies[key][1] if key is not None else None))
    found += [_note(label, body) for key, (label, body) in source.bodies.items() if key not in used]
    if len(found) > limits.NOTES:
        raise Unreadable(_("The text has more than %(count)d notes.") % {"count": limits.NOTES})
    return found, indexes


def _bodies_by_label(pieces: list[Piece], source: Source) -> dict[str, list]:
    """Keys of note texts by label. Where a label has more notes than texts, nothing says whose the text is."""
    wanted: dict[str, set] = {}
    for piece in pieces:
        for mark in piece.inline.marks:
            wanted.setdefault(mark.label, set()).add(mark.key)
    by_label: dict[str, list] = {}
    for key, (label, _body) in source.bodies.items():
        by_label.setdefault(label, []).append(key)
    unclear = [label for label, keys in by_label.items() if len(wanted.get(label, ())) > len(keys)]
    if unclear:
        said = _("Several notes bear the same number, but there is only one text for it: %(labels)s.")
        source.assumptions.append(said % {"labels": ", ".join(unclear)})
    return {label: keys for label, keys in by_label.items() if label not in unclear}


def _note(label: str, body: Inline | None) -> Note:
    label = label[: limits.LABEL_CHARACTERS]
    if body is None or not body.text:
        return Note(label)
    if len(body.text) > limits.BLOCK_CHARACTERS:
        raise Unreadable(_("A note is longer than %(count)d characters.") % {"count": limits.BLOCK_CHARACTERS})
    return Note(label, body.text, render(body))


def _block(piece: Piece, section: int, indexes: dict[object, int]) -> Block:
    return Block(
        kind=piece.kind,
        text=piece.text,
        section=section,
        number=piece.number,
        list=piece.list,
        level=piece.level,
        marker=piece.marker,
        stanza=piece.stanza,
        notes=[NoteMark(mark.label, mark.offset, indexes[mark.key]) for mark in piece.inline.marks],
        html=render(piece.inline),
        doubtful=list(piece.doubtful),
    )


def _title(blocks: list[Block], source: Source) -> str:
    title = next((block.text for block in blocks if block.kind == "title"), "")
    if title or source.title:
        return " ".join((source.title or title).split())
    heading = next((block.text for block in blocks if block.kind == "heading"), "")
    if heading:
        source.assumptions.append(_("The file names no title; its first heading was taken."))
        return " ".join(heading.split())
    stem = PurePath(source.filename.replace("\\", "/")).stem.replace("_", " ").strip()
    if stem:
        source.assumptions.append(_("The file names no title; the file's name was taken."))
    return stem


def _author(blocks: list[Block], source: Source) -> str:
    if source.author:
        return source.author
    bylines = [block.text for block in blocks if block.kind == "byline" and block.text.lower() != "by"]
    return author_of(bylines[0]) if bylines else ""
