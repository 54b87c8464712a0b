"""HTML: a walk over the parsed tree that turns elements into pieces. Nothing is fetched, nothing is executed."""

from __future__ import annotations

import re

import lxml.html
from django.utils.translation import gettext as _
from lxml import etree

from . import bodies, closing, front, headings, html_furniture, html_notes, limits, lists, quotations, spacing, verse
from .decoding import CONTROLS, decode
from .document import Document, Unreadable
from .finishing import Source, finish
from .html_notes import BLOCKS, Links
from .inline import HREF, TAGS, Builder, Inline, joined, lines, part, passages
from .pieces import Piece, section_break, with_text
from .wording import word_set

SILENT = word_set("head title script style template noscript svg math iframe object embed audio video canvas select")
AROUND = word_set("nav header footer aside form button textarea")  # furniture of a page, not its text
CLASS_KINDS = {"byline": "byline", "author": "byline", "abstract": "abstract"}
FRONT_PIECES = 12
TITLES = word_set("title msotitle")
QUOTES = word_set(
    "quote quoteb quotec msoquote msointensequote blockquote quotation quotations extract blocktext msoblocktext"
)
VERSES = word_set("verse verse-line line poem-line")
STANZAS = word_set("verse stanza poem poetry lg line-group")
INVISIBLE = re.compile("[\u00ad\ufeff]")  # a hyphen that shows only where a line ends is none of the text
# What Word writes before an item's text when it saves a page: the sign, and no-break spaces up to the text.
WORD_ITEM = re.compile(
    r"(?:(?P<bullet>[·•o§\uf0b7\uf0a7➢-])|\(?(?:(?P<digits>\d{1,3})|(?P<letter>[a-zA-Z]))[.)])[\u00a0 ]{2,}(?=\S)"
)


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    decoded = decode(data, encoding=encoding, declares=True)
    source = Source("html", filename, encoding=decoded.encoding, encoding_doubtful=decoded.doubtful)
    source.assumptions += decoded.assumptions
    tree = parsed(decoded.text)
    page_title = _meta(tree, source)
    if html_furniture.without_comments(tree):
        source.assumptions.append(_("Comments beside the document were left out."))
    root = html_furniture.centre(tree)
    heading = html_furniture.title_outside(tree, root)
    links = html_notes.find(root)
    pieces = _Walk(source, links, keep_furniture=False).walk(root)
    if not any(piece.text for piece in pieces):
        heading, links = "", html_notes.find(tree)
        pieces = _Walk(source, links, keep_furniture=True).walk(tree)
    if heading:
        pieces.insert(0, Piece(Inline(heading), kind="title"))
    return _document(pieces, source, links, heading or page_title)


def of_tree(
    tree: etree._Element,
    source: Source,
    links: Links,
    *,
    page_title: str = "",
    author: str = "",
    verbatim: bool = False,
) -> Document:
    """A document from elements that another format was turned into. `author`: if the text itself names none.

    `verbatim`: white space is the text's own, not the markup's.
    """
    _refuse_many(tree)
    pieces = _Walk(source, links, keep_furniture=True, verbatim=verbatim).walk(tree)
    return _document(pieces, source, links, page_title, author=author, verbatim=verbatim)


def _document(
    pieces: list[Piece], source: Source, links: Links, page_title: str, *, author: str = "", verbatim: bool = False
) -> Document:
    for target, label in links.bodies.items():
        source.bodies["link", target] = (label, _body(source, links, target, label, verbatim))
    pieces = with_text(pieces)
    spacing.ornaments(pieces)
    spacing.apply(pieces)
    if not links.references:
        found, said = bodies.take(pieces)
        source.bodies |= {("body", index): body for index, body in enumerate(found)}
        source.assumptions += said
    _front_and_kinds(pieces, source, page_title)
    if author and not source.author and not any(piece.kind == "byline" for piece in pieces):
        source.author = author
    return finish(pieces, source)


def _front_and_kinds(pieces: list[Piece], source: Source, page_title: str) -> None:
    """What the markup leaves open is judged as in a plain text."""
    _found, said = front.apply(pieces, title=page_title)
    source.assumptions += said
    if not any(piece.kind == "title" for piece in pieces):
        source.title = page_title
    numbered = any(piece.list == "numbered" for piece in pieces)
    source.assumptions += lists.apply_bullets(pieces) if numbered else lists.apply(pieces)
    if not any(piece.kind == "heading" for piece in pieces):
        headings.apply(pieces)
    closing.apply(pieces)
    verse.apply(pieces)
    if not any(piece.kind == "blockquote" for piece in pieces):
        source.assumptions += quotations.apply(pieces)
    for piece in pieces:
        if piece.kind == "cell":  # of a table: neither a heading nor verse, however short
            piece.kind = "paragraph"


def parsed(text: str) -> etree._Element:
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
    _refuse_many(tree)
    return tree


def _refuse_many(tree: etree._Element) -> None:
    for count, _element in enumerate(tree.iter()):
        if count > limits.HTML_ELEMENTS:
            raise Unreadable(_("The file has more than %(count)d elements.") % {"count": limits.HTML_ELEMENTS})


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


def _body(source: Source, links: Links, target: etree._Element, label: str, verbatim: bool) -> Inline:
    """A note's text: the blocks of its element as one text, without the label it may begin with."""
    walk = _Walk(source, links, keep_furniture=True, note=target, verbatim=verbatim)
    whole = joined([piece.inline for piece in walk.walk(target) if piece.text], "\n\n")
    if target not in links.unlabelled:
        whole = html_notes.without_label(whole, label)
    return part(whole, len(whole.text) - len(whole.text.lstrip()), len(whole.text))


class _Walk:
    """One pass over the tree without recursion: lxml says where elements begin and end."""

    def __init__(
        self,
        source: Source,
        links: Links,
        *,
        keep_furniture: bool,
        note: etree._Element | None = None,
        verbatim: bool = False,
    ) -> None:
        self.source, self.links, self.keep_furniture, self.note = source, links, keep_furniture, note
        self.pieces: list[Piece] = []
        self.builder = Builder(collapse=not verbatim)
        self.blank = 0  # empty paragraphs since the last one with text
        self.has_title = False
        self.stanza: etree._Element | None = None  # what the verse line before stands in
        self.around: list[etree._Element] = []  # the elements around the present place that matter for its kind
        self.lists: list[dict] = []
        self.items: list[dict] = []
        self.preformatted = 0
        self.left_out: dict[str, int] = {}

    def walk(self, root: etree._Element) -> list[Piece]:
        self.has_title = root.find(".//h1") is not None
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
            if tag in BLOCKS:
                self._flush()
            return True
        elif tag == "header" and (
            element.get("id") == "title-block-header"
            or any(one.tag in ("article", "main") for one in element.iterancestors())
        ):
            out = False
        else:
            out = not self.keep_furniture and (tag in AROUND or html_furniture.is_furniture(element))
        if out and tag not in ("head", "title", "script", "style") and "".join(element.itertext()).strip():
            self.left_out[tag] = self.left_out.get(tag, 0) + 1
        if out and tag in BLOCKS:
            self._flush()
        return out

    def _text(self, text: str | None) -> None:
        if text:
            # Entities (&#27;) bring control characters that the file's own decoding had no chance to take out.
            self.builder.add(INVISIBLE.sub("", CONTROLS.sub("", text)), verbatim=self.preformatted > 0)

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
            href = html_furniture.address((element.get("href") or "").strip())
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
            self.pieces[-1].marker = element.get("data-title") or ""
            self.blank = 0
        elif tag in ("ol", "ul", "menu", "dir"):
            self.lists.append(_counting(element))
        elif tag == "li":
            self.items.append(self._item(element))
        elif tag == "pre":
            self.preformatted += 1

    def _end_block(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == "p" and self._is_blank_line(element):
            self.blank += 1
            self.builder.take()
        self._flush()
        if self.around and self.around[-1] is element:
            self.around.pop()
        if tag in ("ol", "ul", "menu", "dir") and self.lists:
            self.lists.pop()
        elif tag == "li" and self.items:
            self.items.pop()
        elif tag == "pre":
            self.preformatted -= 1

    def _is_blank_line(self, element: etree._Element) -> bool:
        """An empty paragraph that a browser shows as a blank line: with a line break or a no-break space in it."""
        if self.note is not None or self.items or any(part.strip() for part in self.builder.parts):
            return False
        if any(one.tag in ("td", "th", "figure") for one in self.around) or any(
            one.tag == "img" for one in element.iter()
        ):
            return False
        whole = "".join(element.itertext())
        if whole.strip() or self.builder.marks:
            return False
        google = element.get("class") and len(element) == 1 and element[0].tag == "span" and not whole
        return "\u00a0" in whole or google or any(one.tag == "br" for one in element)

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
                found = [Piece(one, kind="verse_line", gap=int(index == 0)) for index, one in enumerate(parts)]
            else:
                found = [Piece(passage)]
                self._name(found[0], tags)
            found[0].gap += self.blank if found[0].gap else 0
            self.blank = 0
            self.pieces += found
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
        elif self.around:
            self._name_by_class(piece, tags)

    def _name_by_class(self, piece: Piece, tags: list[str]) -> None:
        element = self.around[-1]
        names = (element.get("class") or "").lower().split()
        outer = element.getparent()
        around = (outer.get("class") or "").lower().split() if outer is not None else []
        if not VERSES.isdisjoint(names) and (element.tag == "p" or not STANZAS.isdisjoint(around)):
            piece.kind, piece.gap = (
                "verse_line",
                int(self.blank > 0 or self.stanza is not outer or not self._in_verse()),
            )
            self.stanza = outer
        elif "blockquote" in tags or not QUOTES.isdisjoint(names):
            piece.kind = "blockquote"
        elif not TITLES.isdisjoint(names) and not self.has_title and len(self.pieces) < FRONT_PIECES:
            piece.kind, self.has_title = "title", True
        elif any(name.startswith("msolist") for name in names) and WORD_ITEM.match(piece.text):
            self._name_word_item(piece)
        else:
            plain = "cell" if "td" in tags or "th" in tags else "paragraph"
            piece.kind = next((CLASS_KINDS[name] for name in names if name in CLASS_KINDS), plain)
            # Further down, `author` is who wrote a comment on the page.
            if "author" in names and (
                len(self.pieces) > FRONT_PIECES or any(one.kind == "byline" for one in self.pieces)
            ):
                piece.kind = plain

    def _in_verse(self) -> bool:
        return bool(self.pieces) and self.pieces[-1].kind == "verse_line"

    @staticmethod
    def _name_word_item(piece: Piece) -> None:
        match = WORD_ITEM.match(piece.text)
        piece.kind, piece.level, piece.marker = "list_item", 1, match[0].strip()
        piece.list = "bulleted" if match["bullet"] else "numbered"
        if not match["bullet"]:
            piece.number = int(match["digits"]) if match["digits"] else ord(match["letter"].lower()) - ord("a") + 1
        piece.inline = part(piece.inline, match.end(), len(piece.text))


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
