"""What an importer returns: a document as plain data. Nothing here knows a database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


class Unreadable(Exception):  # noqa: N818 - it is said to people: "this file is unreadable"
    """The file cannot be read as a text. The message is one line, written for the person who gave the file."""


@dataclass(frozen=True)
class NoteMark:
    """Where a note is referred to. `offset` counts code points of the block's text; `note` indexes `Document.notes`.

    Labels may repeat (many books begin again at 1 in every chapter), so `note`, not `label`, says which note is meant.
    """

    label: str
    offset: int
    note: int


@dataclass
class Note:
    """A footnote or endnote. `body` is None where the source has the marker only."""

    label: str
    body: str | None = None
    body_html: str | None = None


@dataclass
class Block:
    """One paragraph, list item, verse line …: the unit that readers discuss.

    `text` is clean: without list marker and note markers. `html` is the same text with emphasis and links, and an
    empty `<sup class="note-mark" data-note="LABEL"></sup>` at every note. `marker` is what stood before the text and
    was taken out ("1.", "•"). `stanza` counts the stanzas of a section. `doubtful` says why a person should look.
    """

    kind: str  # as the model's Kind spells it, or section_break
    text: str
    section: int
    number: int | None = None
    notes: list[NoteMark] = field(default_factory=list)
    html: str = ""
    level: int | None = None
    marker: str = ""
    stanza: int | None = None
    doubtful: list[str] = field(default_factory=list)
    list: str | None = None  # "bulleted" or "numbered"; last, because it hides the built-in name in this class

    def as_json(self) -> dict:
        return {
            "kind": self.kind,
            "section": self.section,
            "text": self.text,
            "number": self.number,
            "list": self.list,
            "notes": [{"label": mark.label, "offset": mark.offset} for mark in self.notes],
        }


@dataclass
class Document:
    """A text as read from one file. `assumptions` are sentences for the person who checks the import."""

    title: str
    author: str
    blocks: list[Block]
    notes: list[Note] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    language: str | None = None
    source_format: str = "plain"
    encoding: str = "utf-8"
    encoding_doubtful: bool = False
    section_titles: dict[int, str] = field(default_factory=dict)  # what the file calls sections without heading

    def as_json(self) -> dict:
        """The part that is compared and shown: no rendered HTML, no doubts of single blocks."""
        return {
            "title": self.title,
            "author": self.author,
            "blocks": [block.as_json() for block in self.blocks],
            "notes": [{"label": note.label, "body": note.body} for note in self.notes],
            "assumptions": list(self.assumptions),
        }

    def as_dict(self) -> dict:
        """Everything, for another process; `from_dict` is the way back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict) -> Document:
        blocks = [
            Block(**{**block, "notes": [NoteMark(**mark) for mark in block["notes"]]}) for block in data["blocks"]
        ]
        titles = {int(position): title for position, title in data["section_titles"].items()}
        notes = [Note(**note) for note in data["notes"]]
        return cls(**{**data, "blocks": blocks, "notes": notes, "section_titles": titles})
