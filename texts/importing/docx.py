"""DOCX: what a word processor shows of the document, as elements for the walker. Changes are read as accepted."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count

from django.utils.translation import gettext as _
from lxml import etree

from .archive import Archive
from .document import Document, Unreadable
from .docx_numbering import Numbering, formatted
from .docx_package import OFF, Package, R, Styles, W, child, is_on, number, value
from .docx_signs import sign
from .finishing import Source
from .office import Bit, Item, Paragraph, Sheet, document_of
from .wording import word_set

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
HR = "{urn:schemas-microsoft-com:office:office}hr"
PICTURES = word_set("drawing pict object")
# Deleted, moved away, or said about the text instead of in it.
UNSEEN = word_set(
    """del moveFrom delText instrText delInstrText pPr rPr sdtPr sdtEndPr tblPr tblGrid trPr tcPr rt rubyPr proofErr
    annotationRef footnoteRef endnoteRef separator continuationSeparator smartTagPr customXmlPr sectPr
    fldData ffData"""
)
QUOTED = re.compile(r"quot|block ?text|zitat|citat|citaz|extract|цитат|blockquote")
VERSE = re.compile(r"\b(?:verse|poem|poetry|stanza|vers|strophe|gedicht)\b")
CONTENTS = re.compile(r"toc ?\d|toc heading|contents ?\d|table of (?:figures|authorities)|index ?\d")
NAMED = {"author": "byline", "byline": "byline", "abstract": "abstract"}
INDENTED = 400  # twentieths of a point on both sides: set off as a quotation
NO_TITLE = re.compile(r"(?:microsoft word|document ?\d*\Z|untitled|unbenannt)", re.IGNORECASE)
NO_AUTHORS = ("python-docx", "user", "admin", "administrator", "author", "unknown", "un-named", "microsoft office user")
MOST_FIELDS = 40  # one in the other
MOST_FRONT = 12  # paragraphs, empty ones too, before the title
MOST_MARK = 10  # characters of a note mark of the author's own


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    source = Source("docx", filename)
    archive = Archive(data)
    return document_of(
        lambda: _Story(Package(archive), source).write(), source, properties=lambda: _properties(archive, source)
    )


def _properties(archive: Archive, source: Source) -> tuple[str, str]:
    """Title and author as the document's properties have them, often enough wrongly."""
    try:
        root = archive.xml("docProps/core.xml")
    except Unreadable:
        return "", ""
    said = {
        etree.QName(one).localname: " ".join((one.text or "").split()) for one in (root if root is not None else ())
    }
    source.language = said.get("language") or source.language
    title, author = said.get("title", ""), said.get("creator", "")
    return "" if NO_TITLE.match(title) else title, "" if author.lower() in NO_AUTHORS else author


class _Story:
    """The document, paragraph by paragraph."""

    def __init__(self, package: Package, source: Source) -> None:
        self.package, self.source, self.sheet = package, source, Sheet()
        self.styles, self.numbering = Styles(package.part("styles")), Numbering(package.part("numbering"))
        self.notes = {kind: self._notes(kind) for kind in ("footnote", "endnote")}
        self.forms = _NoteNumbers(package)
        self.labels: dict[tuple, str] = {}  # of the notes that were met
        self.fields: list[dict] = []
        self.carried: list[Bit] = []  # of a paragraph whose end was deleted, or a large initial
        self.paragraph = Paragraph()
        self.boxes: list[etree._Element] = []
        self.mark: Bit | None = None  # a note whose mark is the text that follows
        self.loose: dict[str, count] = {}  # lists of which only a style's name speaks
        self.left_out: dict[str, int] = {}
        self.in_note = False
        self.hidden_style = False
        self.shift = 1  # how much deeper a heading stands than its number says, for the title is the first level

    def write(self) -> Sheet:
        styles = [self._style(one) for one in self.package.body.iter(f"{W}p")]
        kinds = [self._named_kind(style) for style in styles]
        if "title" not in kinds and kinds.count("1") == 1 and kinds.index("1") < MOST_FRONT:
            self.shift = 0  # the only heading of the first level is the title
        self._blocks(self.package.body)
        if self.carried:
            self.sheet.write(Paragraph(bits=self.carried))
        self._tell()
        language = child(self.styles.property(self.styles.default, "rPr", "lang"))
        if language is None and self.package.part("styles") is not None:
            language = next(self.package.part("styles").iter(f"{W}lang"), None)
        self.source.language = value(language).split("-")[0] or None
        return self.sheet

    def _tell(self) -> None:
        said = {
            "pictures": _("Pictures were left out: %(count)d."),
            "comments": _("Comments beside the document were left out: %(count)d."),
            "contents": _("A table of contents that the program makes was left out: %(count)d lines."),
            "deleted": _("Tracked changes were read as accepted."),
            "hidden": _("Hidden text was left out."),
            "boxes": _("Text boxes stand behind the paragraph that they are fixed to: %(count)d."),
            "foreign": _("Parts in another format inside the file were left out: %(count)d."),
            "signs": _("Signs of a symbol font that have no letter were left out: %(count)d."),
            "lost": _("Notes that the document refers to but does not hold: %(count)d."),
        }
        for name, words in said.items():
            if self.left_out.get(name):
                self.source.assumptions.append(words % {"count": self.left_out[name]})

    def _count(self, name: str) -> None:
        self.left_out[name] = self.left_out.get(name, 0) + 1

    # Blocks

    def _blocks(self, container: etree._Element) -> None:
        for element in container:
            tag = _local(element)
            if tag == "p":
                self._paragraph(element)
            elif tag == "tr" and child(element, "trPr", "del") is not None:
                self._count("deleted")
            elif tag == "tc":
                self._cell(element)
            elif tag == "sdt":
                self._control(element, self._blocks)
            elif tag == "altChunk":
                self._count("foreign")
            elif element.tag == f"{MC}AlternateContent":
                self._blocks(_chosen(element))
            elif element.tag.startswith(M):
                self._start()
                self._inline(element)
                self._finish(Paragraph())
            elif tag not in UNSEEN and element.tag.startswith((W, MC)):
                self._blocks(element)

    def _cell(self, cell: etree._Element) -> None:
        """Cells are read one after the other; an empty one is no blank line."""
        outer = self.sheet.into
        self.sheet.into = etree.SubElement(outer, "td")
        self._blocks(cell)
        for blank in [one for one in self.sheet.into if one.tag == "p" and len(one) == 1 and one[0].tag == "br"]:
            if not blank.text and not blank[0].tail:
                self.sheet.into.remove(blank)
        self.sheet.into = outer

    def _control(self, element: etree._Element, inside) -> None:
        """A content control: its content, unless it only asks for one or is a table of contents."""
        properties = child(element, "sdtPr")
        if is_on(properties, "showingPlcHdr"):
            return
        gallery = value(child(properties, "docPartObj", "docPartGallery")).lower()
        content = child(element, "sdtContent")
        if gallery.startswith("table of") and content is not None:
            self.left_out["contents"] = self.left_out.get("contents", 0) + len(list(content.iter(f"{W}p")))
            return
        if content is not None:
            inside(content)

    def _paragraph(self, element: etree._Element) -> None:
        properties = child(element, "pPr")
        style = self._style(element)
        names = self.styles.names(style)
        if any(CONTENTS.match(name) for name in names):
            self._count("contents")
            return
        self._start()
        if is_on(properties, "pageBreakBefore") and not self.in_note:
            self.sheet.rule()
        paragraph = Paragraph(self._kind(properties, style, names))
        hidden = is_on(child(properties, "rPr"), "vanish")
        if hidden is None:
            hidden = self._switch("vanish", style)
        self.hidden_style = bool(self._switch("vanish", style))
        self._inline(element)
        self._leave_fields()
        self._mark_ends(last=True)
        joins = any(child(properties, "rPr", name) is not None for name in ("del", "moveFrom"))
        initial = value(child(properties, "framePr"), "dropCap", "none").lower() in ("drop", "margin")
        if joins:
            self._count("deleted")
        if joins or (initial and not self._is_blank()):
            self.carried = self.paragraph.bits
            self._boxes()
            return
        was_hidden = hidden and self._is_blank() and len(element) > 1
        if not was_hidden:
            paragraph.item = self._item(paragraph, properties, style, names)
            self._finish(paragraph, bordered=self._has_rule(element, properties, style))
        section = child(properties, "sectPr")
        if section is not None:
            self.forms.next_section()
            if value(child(section, "type"), default="nextPage") != "continuous" and not self.in_note:
                self.sheet.rule()

    def _start(self) -> None:
        self.paragraph = Paragraph(bits=self.carried)
        self.carried, self.mark = [], None

    def _is_blank(self) -> bool:
        return self.paragraph.is_empty

    def _finish(self, paragraph: Paragraph, *, bordered: bool = False) -> None:
        """Writes what was collected; page breaks in it (form feeds) begin a section."""
        bits = self.paragraph.bits
        if not any("\f" in bit.text for bit in bits):
            blank = self._is_blank()
            if blank and bordered:
                self.sheet.rule()
            elif not (blank and (self.boxes or paragraph.item)):
                self.sheet.write(replace(paragraph, bits=bits))
        else:
            self._pages(paragraph, bits)
        self._boxes()

    def _pages(self, paragraph: Paragraph, bits: list[Bit]) -> None:
        page: list[Bit] = []
        for bit in bits:
            for index, text in enumerate(bit.text.split("\f")):
                if index:
                    if not Paragraph(bits=page).is_empty:
                        self.sheet.write(replace(paragraph, bits=page))
                        paragraph = replace(paragraph, item=None)
                    self.sheet.rule()
                    page = []
                if text or bit.note:
                    page.append(replace(bit, text=text))
        if not Paragraph(bits=page).is_empty:
            self.sheet.write(replace(paragraph, bits=page))

    def _boxes(self) -> None:
        boxes, self.boxes = self.boxes, []
        for box in boxes:
            self._count("boxes")
            self._blocks(box)

    # What a paragraph is

    def _style(self, element: etree._Element) -> str:
        return value(child(element, "pPr", "pStyle")) or self.styles.default

    def _switch(self, name: str, style: str) -> bool | None:
        found = self.styles.property(style, "rPr", name)
        return None if found is None else value(found, default="1").lower() not in OFF

    def _named_kind(self, style: str) -> str:
        """`title`, the level of a heading, or nothing."""
        for name in self.styles.names(style):
            if "subtitle" in name:
                return ""
            if name in ("title", "titel", "titre"):
                return "title"
            heading = re.fullmatch(r"(?:heading|überschrift|titre|berschrift) ?([1-9])", name)
            if heading:
                return heading[1]
        return ""

    def _kind(self, properties: etree._Element | None, style: str, names: list[str]) -> str:
        level = self._named_kind(style)
        if level == "title":
            return "h1"
        outline = child(properties, "outlineLvl")
        if outline is None:
            outline = self.styles.property(style, "pPr", "outlineLvl")
        depth = number(value(outline, default="9"), 9)
        if level or depth < 9:
            return f"h{min(6, int(level or depth + 1) + self.shift)}"
        if any(QUOTED.search(name) for name in names):
            return "blockquote"
        if any(VERSE.search(name) for name in names):
            return "verse"
        if names and names[0] in NAMED:
            return NAMED[names[0]]
        return "blockquote" if self._is_set_off(properties) else "p"

    def _is_set_off(self, properties: etree._Element | None) -> bool:
        indents = child(properties, "ind")
        if indents is None or child(properties, "numPr") is not None:
            return False
        left = number(value(indents, "left") or value(indents, "start"), 0)
        right = number(value(indents, "right") or value(indents, "end"), 0)
        return min(left, right) >= INDENTED

    def _has_rule(self, element: etree._Element, properties: etree._Element | None, style: str) -> bool:
        borders = child(properties, "pBdr")
        if borders is None:
            borders = self.styles.property(style, "pPr", "pBdr")
        if borders is not None and any(
            value(one, default="none") not in ("none", "nil") for one in borders if _local(one) != "bar"
        ):
            return True
        for one in element.iter():
            if isinstance(one.tag, str) and (
                one.get(HR, "false").lower() in ("t", "true", "1")
                or (one.tag.endswith("}prstGeom") and one.get("prst") in ("line", "straightConnector1"))
            ):
                return True
        return False

    def _item(self, paragraph: Paragraph, properties, style: str, names: list[str]) -> Item | None:
        numbered = child(properties, "numPr")
        inherited = self.styles.property(style, "pPr", "numPr")
        if numbered is None and inherited is None:
            return self._item_by_name(paragraph, names)
        identifier, at = value(child(numbered, "numId")), number(value(child(numbered, "ilvl")))
        identifier = identifier or value(child(inherited, "numId"))
        if at is None:
            at = number(value(child(inherited, "ilvl")))
        if at is None:
            at = self.numbering.level_of_style(identifier, style)
        if identifier in ("", "0"):
            return None
        label = self.numbering.next(identifier, at)
        if label is None:
            known = identifier in self.numbering.lists
            return self._item_by_name(paragraph, names) if known or paragraph.kind != "p" else Item(at)
        if paragraph.kind.startswith("h") or label.words:
            words = label.words or (f"{label.number}." if label.number is not None else "")
            if words and not self._is_blank():
                self.paragraph.bits.insert(0, Bit(f"{words} "))
            return None
        return Item(at, label.number)

    def _item_by_name(self, paragraph: Paragraph, names: list[str]) -> Item | None:
        """`List Number` in a file that lost its numbering."""
        if self.numbering.lists or paragraph.kind != "p":
            self.loose.clear()
            return None
        kind = next((name for name in names if re.match(r"list (?:bullet|number)|listbullet|listnumber", name)), "")
        if not kind:
            self.loose.clear()
            return None
        if "number" in kind:
            return Item(0, next(self.loose.setdefault(kind, count(1))))
        return Item(0)

    # Text

    def _inline(self, element: etree._Element, href: str = "") -> None:
        for one in element:
            tag = _local(one)
            if tag == "r":
                self._run(one, href)
            elif tag == "hyperlink":
                self._inline(one, self.package.address(one.get(f"{R}id")) or href)
            elif tag == "fldSimple":
                self._inline(one, _address(value(one, "instr")) or href)
            elif tag == "sdt":
                self._control(one, lambda content: self._inline(content, href))
            elif tag == "ruby":
                base = child(one, "rubyBase")
                if base is not None:
                    self._inline(base, href)
            elif one.tag == f"{MC}AlternateContent":
                self._inline(_chosen(one), href)
            elif isinstance(one.tag, str) and one.tag.startswith(M):
                self._formula(one)
            elif tag in ("del", "moveFrom"):
                self._count("deleted")
            elif tag == "commentRangeStart":
                self._count("comments")
            elif isinstance(one.tag, str) and tag not in UNSEEN:
                self._inline(one, href)

    def _run(self, run: etree._Element, href: str) -> None:
        hidden, formats = self._formats(child(run, "rPr"))
        if hidden:
            self._count("hidden")
        for one in run:
            tag = _local(one)
            if tag == "fldChar":
                self._field(value(one, "fldCharType"))
            elif tag == "instrText" and self.fields:
                self.fields[-1]["says"] += one.text or ""
            elif hidden:
                continue
            elif tag in ("footnoteReference", "endnoteReference"):
                self._note(tag.removesuffix("Reference"), one)
            elif tag in PICTURES:
                self._picture(one)
            elif one.tag == f"{MC}AlternateContent":
                for inner in _chosen(one):
                    if _local(inner) in PICTURES:
                        self._picture(inner)
                    else:
                        self._text(self._sign(inner), formats, href)
            elif tag == "ruby":
                self._inline(child(one, "rubyBase") if child(one, "rubyBase") is not None else run[:0], href)
            elif tag not in UNSEEN:
                self._text(self._sign(one), formats, href)
        self._mark_ends()

    def _sign(self, element: etree._Element) -> str:
        """The text that an element of a run stands for."""
        tag = _local(element)
        if tag == "t":
            return re.sub(r"[\r\n\t]+", " ", "".join(element.itertext())).replace("\u00ad", "")
        if tag in ("tab", "ptab"):
            return " "
        if tag == "cr":
            return "\n"
        if tag == "br":
            kind = value(element, "type", "textWrapping")
            if self.in_note or kind not in ("page", "column"):
                return "\n"
            return "\f" if kind == "page" else " "
        if tag == "noBreakHyphen":
            return "\u2011"
        if tag == "sym":
            found = sign(value(element, "font"), value(element, "char"))
            if not found:
                self._count("signs")
            return found
        return ""

    def _text(self, text: str, formats: frozenset[str], href: str) -> None:
        if not text or not all(one["shows"] for one in self.fields):
            return
        if self.mark is not None and len(text.strip()) <= MOST_MARK:
            label, key = self.mark.note
            self.mark.note = (label + text.strip(), key)
            return
        self._mark_ends(last=True)
        for field in reversed(self.fields):
            href = href or field["href"]
        self.paragraph.add(text, formats, href)

    def _formats(self, properties: etree._Element | None) -> tuple[bool, frozenset[str]]:
        style = value(child(properties, "rStyle"))

        def on(name: str) -> bool:
            said = is_on(properties, name)
            return bool(self._switch(name, style) if said is None and style else said)

        height = child(properties, "vertAlign")
        if height is None and style:
            height = self.styles.property(style, "rPr", "vertAlign")
        formats = {tag for tag, name in (("strong", "b"), ("em", "i"), ("del", "strike")) if on(name)}
        formats |= {tag for tag, name in (("sup", "superscript"), ("sub", "subscript")) if value(height) == name}
        hidden = on("vanish") or (is_on(properties, "vanish") is None and self.hidden_style)
        return hidden, frozenset(formats)

    def _field(self, kind: str) -> None:
        if kind == "begin" and len(self.fields) < MOST_FIELDS:
            self.fields.append({"says": "", "shows": False, "href": ""})
        elif kind == "separate" and self.fields:
            self.fields[-1] |= {"shows": True, "href": _address(self.fields[-1]["says"])}
        elif kind == "end" and self.fields:
            self.fields.pop()

    def _leave_fields(self) -> None:
        """What does not show its result by the end of its paragraph never does; it must not swallow the rest."""
        self.fields = [one for one in self.fields if one["shows"]]

    def _formula(self, element: etree._Element) -> None:
        """A formula in one line: readable, not typeset."""
        tag = etree.QName(element).localname
        if tag == "t":
            self._text("".join(element.itertext()), frozenset(), "")
            return
        for part in element:
            if not isinstance(part.tag, str):
                continue
            name = etree.QName(part).localname
            if part.tag.startswith(W):
                self._inline([part])
            elif name in ("sup", "sub") and tag.startswith("s"):
                text = "".join("".join(one.itertext()) for one in part.iter(f"{M}t"))
                self._text(text, frozenset([name]), "")
            elif not name.endswith("Pr"):
                if name == "den":
                    self._text("/", frozenset(), "")
                self._formula(part)

    def _picture(self, element: etree._Element) -> None:
        boxes = list(element.iter(f"{W}txbxContent"))
        inner = {one for box in boxes for one in box.iter(f"{W}txbxContent") if one is not box}
        falling_back = {one for back in element.iter(f"{MC}Fallback") for one in back.iter(f"{W}txbxContent")}
        shown = [box for box in boxes if box not in inner and box not in falling_back]
        self.boxes += shown
        if not boxes and not any(one.get(HR) for one in element.iter() if isinstance(one.tag, str)):
            self._count("pictures")

    # Notes

    def _notes(self, kind: str) -> dict[str, etree._Element]:
        root = self.package.part(f"{kind}s")
        found = {}
        for element in root if root is not None else ():
            if _local(element) == kind and value(element, "type", "normal") == "normal":
                found[value(element, "id")] = element
        return found

    def _note(self, kind: str, reference: etree._Element) -> None:
        if not all(one["shows"] for one in self.fields) or self.in_note:
            return
        key = (kind, value(reference, "id"))
        own = value(reference, "customMarkFollows", "0").lower() not in OFF
        if key in self.labels:  # referred to a second time
            self.paragraph.bits.append(Bit("", note=(self.labels[key], key)))
            return
        label = "" if own else self.forms.next(kind)
        bit = Bit("", note=(label, key))
        self.paragraph.bits.append(bit)
        self.labels[key] = label or "*"
        if own:
            self.mark = bit
        if key not in self.sheet.notes:
            self._write_note(label, key)

    def _mark_ends(self, *, last: bool = False) -> None:
        """The mark is the rest of the run, or the next one where the run has no more."""
        if self.mark is None or not (self.mark.note[0] or last):
            return
        label, key = self.mark.note[0] or "*", self.mark.note[1]
        self.mark.note = (label, key)
        self.labels[key] = label
        known = self.sheet.notes.get(key)
        if known:
            self.sheet.notes[key] = (label, known[1])
            self.sheet.links.bodies[known[1]] = label
            self.sheet.links.unlabelled.discard(known[1])
        self.mark = None

    def _write_note(self, label: str, key: tuple) -> None:
        element = self.notes[key[0]].get(key[1])
        if element is None:
            self._count("lost")
            return
        held = (self.paragraph, self.carried, self.mark, self.boxes, self.fields, self.sheet.into)
        self.sheet.into, self.in_note, self.fields = self.sheet.note(label, key), True, []
        self.carried, self.boxes = [], []
        self._blocks(element)
        if self.carried:
            self.sheet.write(Paragraph(bits=self.carried))
        self.paragraph, self.carried, self.mark, self.boxes, self.fields, self.sheet.into = held
        self.in_note = False


class _NoteNumbers:
    """How notes are counted, section by section."""

    def __init__(self, package: Package) -> None:
        settings = package.part("settings")
        self.sections = [
            {
                kind: _note_form(child(one, f"{kind}Pr"), child(settings, f"{kind}Pr"), kind)
                for kind in ("footnote", "endnote")
            }
            for one in [*package.body.iter(f"{W}sectPr"), None]
            if one is None or one.getparent().tag != f"{W}sectPrChange"
        ]
        self.section = 0
        self.counts: dict[str, int] = {}

    def next_section(self) -> None:
        self.section = min(self.section + 1, len(self.sections) - 1)
        for kind, (_form, _start, restart) in self.sections[self.section].items():
            if restart == "eachSect":
                self.counts.pop(kind, None)

    def next(self, kind: str) -> str:
        form, start, _restart = self.sections[self.section][kind]
        self.counts[kind] = self.counts.get(kind, start - 1) + 1
        return formatted(self.counts[kind], form) or str(self.counts[kind])


def _note_form(own: etree._Element | None, general: etree._Element | None, kind: str) -> tuple[str, int, str]:
    def said(name: str, default: str) -> str:
        return value(child(own, name)) or value(child(general, name)) or default

    form = said("numFmt", "decimal" if kind == "footnote" else "lowerRoman")
    return form, number(said("numStart", "1"), 1), said("numRestart", "continuous")


def _chosen(alternatives: etree._Element) -> etree._Element:
    """What a present-day program shows: the first choice that holds something, else what it falls back to."""
    choices = [one for one in alternatives if one.tag == f"{MC}Choice" and len(one)]
    back = [one for one in alternatives if one.tag == f"{MC}Fallback"]
    return next(iter(choices + back), etree.Element("nothing"))


def _address(instruction: str) -> str:
    """The address in `HYPERLINK "https://example.org"`."""
    found = re.search(r"HYPERLINK\s+\"?(https?://[^\s\"]+|mailto:[^\s\"]+)", instruction)
    return found[1] if found else ""


def _local(element: etree._Element) -> str:
    return element.tag[len(W) :] if isinstance(element.tag, str) and element.tag.startswith(W) else ""
