"""What word processors share: paragraphs of formatted runs, written as the HTML that the walker reads.

DOCX and ODT say what is what in their own words; here it becomes elements, so that one walker judges all formats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from lxml import etree

from . import html, limits
from .document import Document, Unreadable
from .finishing import Source
from .html_notes import Links
from .inline import HREF

ORDER = ("strong", "em", "del", "sup", "sub")  # outermost first


@dataclass
class Bit:
    """A run of text in one format, or a reference to a note."""

    text: str
    formats: frozenset[str] = frozenset()
    href: str = ""
    note: tuple | None = None  # label, key


@dataclass
class Item:
    """What makes a paragraph an item of a list."""

    level: int = 0
    number: int | None = None  # None: a bullet


@dataclass
class Paragraph:
    kind: str = "p"  # p, h1 … h6, blockquote, byline, abstract, verse
    bits: list[Bit] = field(default_factory=list)
    item: Item | None = None

    def add(self, text: str, formats: frozenset[str] = frozenset(), href: str = "") -> None:
        last = self.bits[-1] if self.bits else None
        if last and last.note is None and (last.formats, last.href) == (formats, href):
            last.text += text
        elif text:
            self.bits.append(Bit(text, formats, href))

    @property
    def is_empty(self) -> bool:
        return not any(bit.note or bit.text.strip() for bit in self.bits)


class Sheet:
    """The page being written: blocks into the body, notes' texts beside it."""

    def __init__(self) -> None:
        self.root = etree.Element("html")
        self.body = etree.SubElement(self.root, "body")
        self.into = self.body
        self.notes: dict[object, tuple[str, etree._Element]] = {}  # by key: label, the note's element
        self.links = Links()
        self.count = 0

    def rule(self) -> None:
        etree.SubElement(self.into, "hr")

    def write(self, paragraph: Paragraph) -> None:
        """An empty paragraph is a blank line, which the walker counts."""
        self.count += 1
        if self.count > 2 * limits.BLOCKS:
            raise Unreadable(_("The text has more than %(count)d paragraphs.") % {"count": limits.BLOCKS})
        if paragraph.is_empty:
            etree.SubElement(etree.SubElement(self.into, "p"), "br")
            return
        element = self._element(paragraph)
        last: etree._Element | None = None
        for bit in paragraph.bits:
            last = self._reference(element, bit) if bit.note else self._run(element, last, bit)

    def _element(self, paragraph: Paragraph) -> etree._Element:
        parent, kind = self.into, paragraph.kind
        if paragraph.item is not None:
            for _level in range(min(paragraph.item.level, 8)):
                parent = etree.SubElement(parent, "ul")
            numbered = paragraph.item.number is not None
            parent = etree.SubElement(parent, "ol" if numbered else "ul")
            item = etree.SubElement(parent, "li")
            if numbered:
                item.set("value", str(paragraph.item.number))
            return item
        if kind == "blockquote":
            parent = etree.SubElement(parent, "blockquote")
        if kind in ("byline", "abstract", "verse"):
            return etree.SubElement(parent, "p", {"class": kind})
        return etree.SubElement(parent, kind if kind != "blockquote" else "p")

    def _run(self, element: etree._Element, last: etree._Element | None, bit: Bit) -> etree._Element | None:
        tags = [tag for tag in ORDER if tag in bit.formats]
        if bit.href and HREF.match(bit.href):
            tags.insert(0, "a")
        inner = outer = None
        for tag in tags:
            inner = etree.SubElement(element if inner is None else inner, tag)
            outer = inner if outer is None else outer
            if tag == "a":
                inner.set("href", _storable(bit.href))
        for index, line in enumerate(_storable(bit.text).split("\n")):
            if index:
                line_break = etree.SubElement(element if inner is None else inner, "br")
                if inner is None:
                    last = line_break
                else:
                    line_break.tail = line
                    continue
            _append(element if inner is None else inner, last if inner is None else None, line)
        return outer if outer is not None else last

    def _reference(self, element: etree._Element, bit: Bit) -> etree._Element:
        label, key = bit.note
        anchor = etree.SubElement(element, "a")
        found = self.notes.get(key)
        self.links.references[anchor] = (label, found[1] if found else key)
        return anchor

    def note(self, label: str, key: object) -> etree._Element:
        """The element for a note's text; what is written `into` it stays out of the running text."""
        element = etree.SubElement(self.root, "div")
        self.notes[key] = (label, element)
        self.links.bodies[element] = label
        self.links.removed.add(element)
        self.links.unlabelled.add(element)
        return element


def document_of(write: Callable[[], Sheet], source: Source, *, properties: Callable[[], tuple[str, str]]) -> Document:
    """What is written on the sheet as a document; `properties` are the title and the author that the file names."""
    try:
        sheet = write()
        title, author = properties()
        return html.of_tree(sheet.body, source, sheet.links, page_title=title, author=author, verbatim=True)
    except RecursionError as error:
        raise Unreadable(_("The parts of the file are nested too deeply.")) from error


def _append(element: etree._Element, after: etree._Element | None, text: str) -> None:
    if after is not None:
        after.tail = (after.tail or "") + text
    else:
        element.text = (element.text or "") + text


def _storable(text: str) -> str:
    """Without characters that XML cannot hold."""
    return "".join(
        one for one in text if one in "\t\n" or " " <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one > "\uffff"
    )
