"""ODT, the format of OpenDocument word processors: as elements for the walker, like DOCX."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from lxml import etree

from .archive import Archive
from .document import Document, Unreadable
from .docx import MOST_FRONT, NO_TITLE, QUOTED, VERSE
from .docx_package import number
from .finishing import Source
from .office import Bit, Item, Paragraph, Sheet, document_of
from .wording import word_set

URN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TEXT, STYLE, OFFICE, TABLE = (URN % name for name in ("text", "style", "office", "table"))
FO, DRAW, META = URN % "xsl-fo-compatible", URN % "drawing", URN % "meta"
LINK, DC = "{http://www.w3.org/1999/xlink}", "{http://purl.org/dc/elements/1.1/}"
UNSEEN = word_set(
    """tracked-changes annotation annotation-end forms sequence-decls variable-decls user-field-decls ruby-text
    note-citation bookmark-start bookmark-end list-header script"""
)
CONTENTS = word_set(
    "table-of-content illustration-index table-index object-index user-index alphabetical-index bibliography"
)
NAMED = {"author": "byline", "byline": "byline", "abstract": "abstract"}


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    source = Source("odt", filename)
    archive = Archive(data)
    manifest = archive.read("META-INF/manifest.xml") or b""
    if b"encryption-data" in manifest:
        raise Unreadable(_("The file is locked with a password. Save it without one, and bring that."))
    content = archive.xml("content.xml")
    body = content.find(f".//{OFFICE}text") if content is not None else None
    if body is None:
        raise Unreadable(_("This is no ODT file that can be read: it has no text document in it."))
    return document_of(
        lambda: _Story(content, archive.xml("styles.xml"), source).write(body),
        source,
        properties=lambda: _properties(archive, source),
    )


def _properties(archive: Archive, source: Source) -> tuple[str, str]:
    try:
        root = archive.xml("meta.xml")
    except Unreadable:
        root = None
    if root is None:
        return "", ""

    def said(name: str) -> str:
        return " ".join("".join(root.findtext(f".//{name}") or "").split())

    source.language = said(f"{DC}language").split("-")[0] or None
    title = said(f"{DC}title")
    return "" if NO_TITLE.match(title) else title, said(f"{META}initial-creator")


@dataclass
class _List:
    styles: dict[int, etree._Element]
    counters: dict[int, int | None] = field(default_factory=dict)


class _Story:
    def __init__(self, content: etree._Element, styles: etree._Element | None, source: Source) -> None:
        self.source, self.sheet = source, Sheet()
        self.styles, self.list_styles = {}, {}
        for root in (styles, content):
            for one in root.iter(f"{STYLE}style") if root is not None else ():
                self.styles[one.get(f"{STYLE}family"), one.get(f"{STYLE}name")] = one
            for one in root.iter(f"{TEXT}list-style") if root is not None else ():
                self.list_styles[one.get(f"{STYLE}name")] = one
        self.lists: dict[str, _List] = {}  # by the list's own id, and the latest by its style
        self.paragraph, self.boxes, self.in_note = Paragraph(), [], False
        self.left_out: dict[str, int] = {}
        self.shift = 1

    def write(self, body: etree._Element) -> Sheet:
        blocks = list(body.iter(f"{TEXT}p", f"{TEXT}h"))
        firsts = [one for one in blocks if one.tag == f"{TEXT}h" and one.get(f"{TEXT}outline-level", "1") == "1"]
        titled = any(self._names("paragraph", one.get(f"{TEXT}style-name"))[:1] == ["title"] for one in blocks)
        if not titled and len(firsts) == 1 and firsts[0] in blocks[:MOST_FRONT]:
            self.shift = 0  # the only heading of the first level is the title
        self.blocks(body)
        self._tell()
        return self.sheet

    def _tell(self) -> None:
        said = {
            "pictures": _("Pictures were left out: %(count)d."),
            "comments": _("Comments beside the document were left out: %(count)d."),
            "deleted": _("Tracked changes were read as accepted."),
            "contents": _("A table of contents that the program makes was left out: %(count)d lines."),
            "boxes": _("Text boxes stand behind the paragraph that they are fixed to: %(count)d."),
        }
        for name, words in said.items():
            if self.left_out.get(name):
                self.source.assumptions.append(words % {"count": self.left_out[name]})

    def _count(self, name: str, times: int = 1) -> None:
        self.left_out[name] = self.left_out.get(name, 0) + times

    # Blocks

    def blocks(self, container: etree._Element, item: Item | None = None) -> None:
        for element in container:
            tag = _local(element)
            if tag in ("p", "h"):
                self._paragraph(element, item)
                item = None  # what follows in the same item is no item of its own
            elif tag == "list":
                self._list(element, None, 0)
            elif tag in CONTENTS:
                self._count("contents", len(list(element.iter(f"{TEXT}p"))))
            elif tag == "table-cell":
                self._cell(element)
            elif tag == "tracked-changes":
                self._count("deleted")
            elif tag not in UNSEEN and isinstance(element.tag, str):
                self.blocks(element)

    def _cell(self, cell: etree._Element) -> None:
        outer = self.sheet.into
        self.sheet.into = etree.SubElement(outer, "td")
        self.blocks(cell)
        self.sheet.into = outer

    def _list(self, element: etree._Element, inside: _List | None, level: int) -> None:
        style = element.get(f"{TEXT}style-name") or ""
        own = inside if inside is not None else self._counting(element, style)
        if inside is not None and style:
            own = replace(own, styles=self._levels(style))
        for entry in element:
            tag = _local(entry)
            if tag == "list-header":
                self.blocks(entry)
            if tag != "list-item":
                continue
            first = next((one for one in entry if isinstance(one.tag, str)), None)
            item = self._item(entry, own, level) if first is not None and _local(first) in ("p", "h") else None
            for block in entry:
                if _local(block) == "list":
                    self._list(block, own, level + 1)
                else:
                    self.blocks([block], item)
                    item = None

    def _counting(self, element: etree._Element, style: str) -> _List:
        """The list's counters: those of a list that it continues, or fresh ones."""
        continued = element.get(f"{TEXT}continue-list")
        if continued in self.lists:
            own = self.lists[continued]
        elif element.get(f"{TEXT}continue-numbering") == "true" and f"style {style}" in self.lists:
            own = self.lists[f"style {style}"]
        else:
            own = _List(self._levels(style))
        identifier = element.get("{http://www.w3.org/XML/1998/namespace}id") or element.get(f"{TEXT}id")
        if identifier:
            self.lists[identifier] = own
        self.lists[f"style {style}"] = own
        return own

    def _levels(self, style: str) -> dict[int, etree._Element]:
        found = self.list_styles.get(style)
        return {number(one.get(f"{TEXT}level") or "1", 1) - 1: one for one in (found if found is not None else ())}

    def _item(self, entry: etree._Element, own: _List, level: int) -> Item | None:
        style = own.styles.get(level)
        form = style.get(f"{STYLE}num-format") if style is not None else None
        if style is None or not style.tag.endswith("number"):
            return Item(level)
        if not form:
            return None
        start = number(entry.get(f"{TEXT}start-value") or "")
        before = own.counters.get(level)
        first = number(style.get(f"{TEXT}start-value") or "1", 1)
        own.counters[level] = start if start is not None else (first if before is None else before + 1)
        for deeper in [one for one in own.counters if one > level]:
            del own.counters[deeper]
        return Item(level, own.counters[level])

    def _paragraph(self, element: etree._Element, item: Item | None) -> None:
        names = self._names("paragraph", element.get(f"{TEXT}style-name"))
        page = self._property("paragraph", element, f"{FO}break-before", "paragraph-properties") == "page"
        if page and not self.in_note:
            self.sheet.rule()
        kind = self._kind(element, names)
        self.paragraph = Paragraph(kind, item=item)
        self._inline(element, frozenset(), "")
        if kind.startswith("h"):
            self.paragraph.item = None
            if item is not None and item.number is not None:
                self.paragraph.bits.insert(0, Bit(f"{item.number}. "))
        blank = self.paragraph.is_empty
        border = self._property("paragraph", element, f"{FO}border-bottom", "paragraph-properties")
        if blank and (names[:1] == ["horizontal line"] or border not in ("", "none")):
            self.sheet.rule()
        elif not (blank and (self.boxes or item or self.sheet.into.tag == "td")):
            self.sheet.write(self.paragraph)
        boxes, self.boxes = self.boxes, []
        for box in boxes:
            self._count("boxes")
            self.blocks(box)

    def _kind(self, element: etree._Element, names: list[str]) -> str:
        if names[:1] and names[0] in ("title", "titel", "titre"):
            return "h1"
        if _local(element) == "h":
            return f"h{min(6, number(element.get(f'{TEXT}outline-level') or '1', 1) + self.shift)}"
        if any(QUOTED.search(name) for name in names):
            return "blockquote"
        if any(VERSE.search(name) for name in names):
            return "verse"
        return next((NAMED[name] for name in names if name in NAMED), "p")

    # Styles

    def _chain(self, family: str, name: str | None) -> list[etree._Element]:
        found = []
        while name and (family, name) in self.styles and len(found) < 20:
            style = self.styles[family, name]
            found.append(style)
            name = style.get(f"{STYLE}parent-style-name")
        return found

    def _names(self, family: str, name: str | None) -> list[str]:
        """Names of the style and of those that it is made from, without the ones that the program made up."""
        chain = self._chain(family, name)
        names = [one.get(f"{STYLE}display-name") or one.get(f"{STYLE}name") or "" for one in chain]
        names.append((chain[-1].get(f"{STYLE}parent-style-name") if chain else name) or "")  # one that is not defined
        names = [one.replace("_20_", " ").lower() for one in names]
        return [one for one in names if not re.fullmatch(r"p\d+|", one)]

    def _property(self, family: str, element: etree._Element, name: str, group: str) -> str:
        for style in self._chain(family, element.get(f"{TEXT}style-name")):
            properties = style.find(f"{STYLE}{group}")
            if properties is not None and properties.get(name):
                return properties.get(name)
        return ""

    # Text

    def _inline(self, element: etree._Element, formats: frozenset[str], href: str) -> None:
        self._text(element.text, formats, href)
        for one in element:
            self._part(one, _local(one), formats, href)
            self._text(one.tail, formats, href)

    def _part(self, one: etree._Element, tag: str, formats: frozenset[str], href: str) -> None:
        if tag == "s":
            self.paragraph.add(" " * min(number(one.get(f"{TEXT}c") or "1", 1), 100), formats, href)
        elif tag == "tab":
            self.paragraph.add(" ", formats, href)
        elif tag == "line-break":
            self.paragraph.add("\n", formats, href)
        elif tag == "span":
            hidden = self._property("text", one, f"{TEXT}display", "text-properties") == "none"
            if not hidden:
                self._inline(one, formats | self._formats(one), href)
        elif tag == "a":
            self._inline(one, formats, one.get(f"{LINK}href") or href)
        elif tag == "note":
            self._note(one)
        elif tag == "annotation":
            self._count("comments")
        elif tag in ("frame", "custom-shape", "g"):
            boxes = [
                box for box in one.iter(f"{DRAW}text-box") if not any(a.tag == box.tag for a in box.iterancestors())
            ]
            self.boxes += boxes
            self._count("pictures", int(not boxes))
        elif tag in ("list", "p", "table"):
            self.boxes.append(one.getparent())
        elif tag not in UNSEEN and isinstance(one.tag, str):
            self._inline(one, formats, href)

    def _text(self, text: str | None, formats: frozenset[str], href: str) -> None:
        if text:
            bare = re.sub(r"[ \t\r\n]+", " ", text).replace("\u00ad", "")
            last = self.paragraph.bits[-1].text[-1:] if self.paragraph.bits else " "
            self.paragraph.add(bare[1:] if bare.startswith(" ") and last == " " else bare, formats, href)

    def _formats(self, span: etree._Element) -> frozenset[str]:
        def said(name: str) -> str:
            return self._property("text", span, name, "text-properties")

        place = said(f"{STYLE}text-position").split(" ")[0]
        raised = place == "super" or (place.endswith("%") and not place.startswith(("-", "0")))
        found = {
            "em": said(f"{FO}font-style") in ("italic", "oblique"),
            "strong": said(f"{FO}font-weight") in ("bold", "600", "700", "800", "900"),
            "del": said(f"{STYLE}text-line-through-style") not in ("", "none"),
            "sup": raised,
            "sub": place == "sub" or place.startswith("-"),
        }
        return frozenset(tag for tag, on in found.items() if on)

    def _note(self, note: etree._Element) -> None:
        if self.in_note:
            return
        citation = note.find(f"{TEXT}note-citation")
        label = "".join(citation.itertext()).strip() if citation is not None else ""
        label = label or str(len(self.sheet.notes) + 1)
        key = ("note", len(self.sheet.notes))
        body = note.find(f"{TEXT}note-body")
        held = (self.paragraph, self.boxes, self.sheet.into)
        self.sheet.into, self.in_note, self.boxes = self.sheet.note(label, key), True, []
        if body is not None:
            self.blocks(body)
        self.paragraph, self.boxes, self.sheet.into = held
        self.in_note = False
        self.paragraph.bits.append(Bit("", note=(label, key)))


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
