"""HTML: a walk over the parsed tree that turns elements into pieces. Nothing is fetched, nothing is executed."""

from __future__ import annotations

import re

import lxml.html
from django.utils.translation import gettext as _
from lxml import etree

from . import closing, front, html_notes, limits, lists, quotations, verse
from .decoding import CONTROLS, decode
from .document import Document, Unreadable
from .finishing import Source, finish
from .html_notes import BLOCKS, Links
from .inline import HREF, TAGS, Builder, Inline, joined, lines, passages
from .pieces import Piece, section_break, with_text
from .wording import word_set

SILENT = word_set("head title script style template noscript svg math iframe object embed audio video canvas select")
AROUND = word_set("nav header footer aside form button textarea")  # furniture of a page, not its text
CLASS_KINDS = ("byline", "abstract")


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    decoded = decode(data, encoding=encoding, declares=True)
    source = Source("html", filename, encoding=decoded.encoding, encoding_doubtful=decoded.doubtful)
    source.assumptions += decoded.assumptions
    tree = _parsed(decoded.text)
    page_title = _meta(tree, source)
    root = _main(tree)
    links = html_notes.find(root)
    pieces = _Walk(source, links, keep_furniture=False).walk(root)
    if not any(piece.text for piece in pieces):
        links = html_notes.find(tree)
        pieces = _Walk(source, links, keep_furniture=True).walk(tree)
    for target, label in links.bodies.items():
        source.bodies["link", target] = (label, _body(source, links, target, label))
    pieces = with_text(pieces)
    _front_and_kinds(pieces, source, page_title)
    return finish(pieces, source)


def _front_and_kinds(pieces: list[Piece], source: Source, page_title: str) -> None:
    _found, said = front.apply(pieces, title=page_title)
    source.assumptions += said
    if not any(piece.kind == "title" for piece in pieces):
        source.title = page_title
    source.assumptions += lists.apply_bullets(pieces)
    closing.apply(pieces)
    if not any(piece.kind == "blockquote" for piece in pieces):
        source.assumptions += quotations.apply(pieces)


def _parsed(text: str) -> etree._Element:
    # Given as UTF-8 bytes, because a declared charset inside would otherwise be believed a second time.
    parser = lxml.html.HTMLParser(
        encoding="utf-8", recover=True, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        tree = lxml.html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise Unreadable(_("There is no text in the HTML file.")) from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" or "depth" in entry.message for entry in parser.error_log):
        raise Unreadable(_("The elements of this HTML file are nested too deeply, or one is too large."))
    for count, _element in enumerate(tree.iter()):
        if count > limits.HTML_ELEMENTS:
            raise Unreadable(_("The HTML file has more than %(count)d elements.") % {"count": limits.HTML_ELEMENTS})
    return tree


def _meta(tree: etree._Element, source: Source) -> str:
    """Author and language from the head; returns the title that it names."""
    named = {}
    for element in tree.iter("meta"):
        key = (element.get("name") or element.get("property") or "").lower()
        if key and element.get("content", "").strip():
            named.setdefault(key, " ".join(element.get("content").split()))
    source.author = named.get("author") or named.get("dc.creator") or named.get("citation_author") or ""
    source.language = (tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip() or None
    title = tree.find(".//title")
    return named.get("og:title") or (" ".join("".join(title.itertext()).split()) if title is not None else "")


def _main(tree: etree._Element) -> etree._Element:
    """The element with the text: `main`, a single `article`, or all of the body."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = tree.findall(path)
        if len(found) == 1 and "".join(found[0].itertext()).strip():
            return found[0]
    body = tree.find("body")
    return tree if body is None else body


def _body(source: Source, links: Links, target: etree._Element, label: str) -> Inline:
    """A note's text: the blocks of its element as one text, without the label it may begin with."""
    walk = _Walk(source, links, keep_furniture=True, note=target)
    parts = [piece.inline for piece in walk.walk(target) if piece.text]
    return html_notes.without_label(joined(parts, "\n\n"), label)


class _Walk:
    """One pass over the tree without recursion: lxml says where elements begin and end."""

    def __init__(
        self, source: Source, links: Links, *, keep_furniture: bool, note: etree._Element | None = None
    ) -> None:
        self.source, self.links, self.keep_furniture, self.note = source, links, keep_furniture, note
        self.pieces: list[Piece] = []
        self.builder = Builder(collapse=True)
        self.around: list[etree._Element] = []  # the elements around the present place that matter for its kind
        self.lists: list[dict] = []
        self.items: list[dict] = []
        self.preformatted = 0
        self.left_out: dict[str, int] = {}

    def walk(self, root: etree._Element) -> list[Piece]:
        steps = etree.iterwalk(root, events=("start", "end"))
        skipped = None
        for event, element in steps:
            if event == "start":
                if self._is_left_out(element, root):
                    skipped = element
                    steps.skip_subtree()
                    continue
                self._start(element)
                self._text(element.text)
                continue
            if element is skipped:
                skipped = None
            else:
                self._end(element)
            if element is not root:
                self._text(element.tail)
        self._flush()
        if self.left_out and self.note is None:
            names = ", ".join(sorted(self.left_out))
            self.source.assumptions.append(_("Left out as furniture of the page: %(names)s.") % {"names": names})
        return self.pieces

    def _is_left_out(self, element: etree._Element, root: etree._Element) -> bool:
        tag = element.tag
        if element is root:
            return False
        if tag in SILENT or element.get("hidden") is not None:
            out = True
        elif tag == "a":
            return element in self.links.back
        elif self.note is None and element in self.links.removed:
            self._flush()
            return True
        elif tag == "header" and any(one.tag in ("article", "main") for one in element.iterancestors()):
            out = False
        else:
            out = tag in AROUND and not self.keep_furniture
        if out and tag not in ("head", "title", "script", "style") and "".join(element.itertext()).strip():
            self.left_out[tag] = self.left_out.get(tag, 0) + 1
        if out and tag in AROUND:
            self._flush()
        return out

    def _text(self, text: str | None) -> None:
        if text:
            # Entities (&#27;) bring control characters that the file's own decoding had no chance to take out.
            self.builder.add(CONTROLS.sub("", text), verbatim=self.preformatted > 0)

    def _start(self, element: etree._Element) -> None:
        tag = element.tag
        if element in self.links.references and self.note is None:
            label, target = self.links.references[element]
            self.builder.mark(label, ("link", target))
            element.text, element[:] = None, []
        elif tag == "br":
            self.builder.newline()
        elif tag == "img":
            self._text(element.get("alt"))
        elif tag == "a":
            href = (element.get("href") or "").strip()
            self.builder.begin("a" if HREF.match(href) else "unlinked", href)
        elif tag in TAGS:
            self.builder.begin(tag)
        elif tag in BLOCKS:
            self._start_block(element)

    def _end(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == "a" and element not in self.links.references:
            innermost = next((span.tag for span in reversed(self.builder.open) if span.tag in ("a", "unlinked")), "a")
            self.builder.end(innermost)
        elif tag in TAGS and tag != "a":
            self.builder.end(tag)
        elif tag in BLOCKS:
            self._end_block(element)

    def _start_block(self, element: etree._Element) -> None:
        tag = element.tag
        self._flush()
        self.around.append(element)
        if tag == "hr" and self.note is None:
            self.pieces.append(section_break())
        elif tag in ("ol", "ul", "menu", "dir"):
            self.lists.append(_counting(element))
        elif tag == "li":
            self.items.append(self._item(element))
        elif tag == "pre":
            self.preformatted += 1

    def _end_block(self, element: etree._Element) -> None:
        tag = element.tag
        self._flush()
        if self.around and self.around[-1] is element:
            self.around.pop()
        if tag in ("ol", "ul", "menu", "dir") and self.lists:
            self.lists.pop()
        elif tag == "li" and self.items:
            self.items.pop()
        elif tag == "pre":
            self.preformatted -= 1

    def _item(self, element: etree._Element) -> dict:
        if not self.lists:
            return {"list": "bulleted", "number": None, "level": 1, "fresh": True}
        counting = self.lists[-1]
        value = _integer(element.get("value"))
        if value is not None:
            counting["next"] = value
        number = counting["next"] if counting["list"] == "numbered" else None
        counting["next"] += counting["step"]
        return {"list": counting["list"], "number": number, "level": len(self.lists), "fresh": True}

    def _flush(self) -> None:
        """What was collected becomes a piece, or a piece a line where it is verse."""
        inline = self.builder.take()
        if not inline.text:
            if inline.marks and self.pieces and self.pieces[-1].text:
                end = len(self.pieces[-1].text)  # a marker alone in its paragraph belongs to the one before
                for mark in inline.marks:
                    mark.offset = end
                self.pieces[-1].inline.marks += inline.marks
            return
        inline = html_notes.without_empty_brackets(inline)
        tags = [element.tag for element in self.around]
        for passage in [inline] if "pre" in tags else passages(inline):
            parts = lines(passage)
            texts = [one.text for one in parts]
            if self.note is None and "li" not in tags and "pre" not in tags and verse.are_verse(texts):
                self.pieces += [Piece(one, kind="verse_line", gap=int(index == 0)) for index, one in enumerate(parts)]
                continue
            piece = Piece(passage)
            self._name(piece, tags)
            self.pieces.append(piece)
        if len(self.pieces) > limits.BLOCKS * 2:
            raise Unreadable(_("The text has more than %(count)d paragraphs.") % {"count": limits.BLOCKS})

    def _name(self, piece: Piece, tags: list[str]) -> None:
        heading = next((tag for tag in reversed(tags) if re.fullmatch(r"h[1-6]", tag)), None)
        if heading:
            first = heading == "h1" and not any(one.kind == "title" for one in self.pieces)
            piece.kind = "title" if first else "heading"
            piece.level = None if first else int(heading[1])
        elif self.items and self.items[-1]["fresh"]:
            item = self.items[-1]
            item["fresh"] = False
            piece.kind, piece.list, piece.number, piece.level = "list_item", item["list"], item["number"], item["level"]
        elif "blockquote" in tags:
            piece.kind = "blockquote"
        elif self.around:
            names = (self.around[-1].get("class") or "").lower().split()
            piece.kind = next((kind for kind in CLASS_KINDS if kind in names), "paragraph")


def _counting(element: etree._Element) -> dict:
    """How the items of a list are numbered: start, reversed."""
    if element.tag != "ol":
        return {"list": "bulleted", "next": 0, "step": 0}
    step = -1 if element.get("reversed") is not None else 1
    start = _integer(element.get("start"))
    if start is None:
        start = 1 if step == 1 else sum(child.tag == "li" for child in element)
    return {"list": "numbered", "next": start, "step": step}


def _integer(value: str | None) -> int | None:
    return int(value) if value and re.fullmatch(r"\s*-?\d{1,6}\s*", value) else None
