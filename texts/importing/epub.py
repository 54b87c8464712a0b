"""EPUB 2 and 3: the book's files in their order as one tree, for the walker. Nothing but text is unpacked."""

from __future__ import annotations

import re
from html.entities import html5

from django.utils.translation import gettext as _
from lxml import etree

from . import html, html_furniture, html_notes
from .archive import Archive, resolved, xml_of
from .decoding import decode
from .document import Document, Unreadable
from .finishing import Source
from .wording import FULL_STOP, word_set

# Letters of fonts that are mixed up so that they serve this book only: the text itself is open.
FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
TEXTS = word_set("application/xhtml+xml text/html application/xml text/xml text/x-oeb1-document")
PICTURES = re.compile(r"(?:image|font|audio|video|text/css|text/javascript|application/(?:font|vnd|x-font|javascript))")
DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};)")
OPF_FILE_AS = word_set("aut author dubauthor")
TYPE = html_furniture.TYPE


def read(data: bytes, *, filename: str = "", encoding: str | None = None) -> Document:
    source = Source("epub", filename)
    book = _Book(Archive(data), source, encoding)
    try:
        tree = book.tree()
        links = html_notes.find(tree)
        _leave_out_aside(tree, links, source)
        return html.of_tree(tree, source, links, page_title=book.title)
    except RecursionError as error:
        raise Unreadable(_("The parts of the file are nested too deeply.")) from error


class _Book:
    def __init__(self, archive: Archive, source: Source, encoding: str | None) -> None:
        self.archive, self.source, self.encoding = archive, source, encoding
        self.name = self._package()
        content = archive.read(self.name)
        self.package = xml_of(content, self.name, forgiving=True)
        self.items = {}  # id: name, media type, properties
        for item in self._all("item"):
            name = resolved(item.get("href") or "", self.name)
            self.items[item.get("id")] = (name, (item.get("media-type") or "").lower(), item.get("properties") or "")
        self.title, self.source.author, self.source.language = self._details()
        self.names = self._titles()

    def _all(self, local: str) -> list[etree._Element]:
        return [one for one in self.package.iter() if isinstance(one.tag, str) and _local(one) == local]

    def _package(self) -> str:
        """The file that lists all others."""
        container = self.archive.read("META-INF/container.xml")
        if container and b"<" in container:
            for file in xml_of(container, "META-INF/container.xml", forgiving=True).iter():
                name = resolved(file.get("full-path") or "") if _local(file) == "rootfile" else ""
                if name and name in self.archive:
                    return name
        found = [name for name in self.archive.names() if name.lower().endswith(".opf")]
        if not found:
            raise Unreadable(_("This is no EPUB that can be read: nothing in it says what the book is made of."))
        return found[0]

    def _details(self) -> tuple[str, str, str | None]:
        def said(local: str) -> list[etree._Element]:
            return [one for one in self._all(local) if one.text and one.text.strip() and one.tag.startswith("{")]

        title = next((" ".join(one.text.split()) for one in said("title")), "")
        roles = {
            (one.get("refines") or "").lstrip("#"): (one.text or "").strip()
            for one in self._all("meta")
            if one.get("property") == "role"
        }
        writers = []
        for one in said("creator"):
            role = next(
                (one.get(key) for key in one.attrib if _name(key) == "role"), roles.get(one.get("id") or "-", "aut")
            )
            if role in OPF_FILE_AS:
                writers.append(" ".join(one.text.split()))
        language = next((one.text.strip() for one in said("language")), None)
        return title, ", ".join(dict.fromkeys(writers)), language

    def _titles(self) -> dict[str, str]:
        """What the table of contents calls the files."""
        names: dict[str, str] = {}
        for name, kind, properties in self.items.values():
            is_nav = "nav" in properties.split()
            if not is_nav and kind != "application/x-dtbncx+xml":
                continue
            content = self.archive.read(name)
            if not content:
                continue
            try:
                root = xml_of(content, name, forgiving=True)
            except Unreadable:
                continue
            for target, title in _links_of_nav(root) if is_nav else _links_of_ncx(root):
                names.setdefault(resolved(target, name).casefold(), title)
        return names

    def _locked(self) -> set[str]:
        """The names of files that are encrypted, but for fonts."""
        content = self.archive.read("META-INF/encryption.xml")
        locked = set()
        for one in xml_of(content, "META-INF/encryption.xml", forgiving=True).iter() if content else ():
            if not isinstance(one.tag, str) or _local(one) != "EncryptedData":
                continue
            methods = [part.get("Algorithm") for part in one.iter() if _local(part) == "EncryptionMethod"]
            names = [part.get("URI") or "" for part in one.iter() if _local(part) == "CipherReference"]
            if not methods or methods[0] not in FONTS_ONLY:
                locked |= {resolved(name).casefold() for name in names}
        return locked

    def _order(self) -> list[tuple[str, bool]]:
        """The names of the book's files, and whether one reads them in their turn."""
        order, missing = [], 0
        for reference in self._all("itemref"):
            item = self.items.get(reference.get("idref"))
            if item is None or item[0] not in self.archive:
                missing += 1
            elif not PICTURES.match(item[1]) and "nav" not in item[2].split():
                order.append((item[0], (reference.get("linear") or "yes").lower() != "no"))
        texts = [one[0] for one in self.items.values() if one[1] in TEXTS and "nav" not in one[2].split()]
        if not order and not missing:
            order = [(name, True) for name in texts]
        else:  # notes that open in a window of their own need not be in the order
            order += [(name, False) for name in texts]
        if missing:
            said = _("Files that the book names but does not hold were left out: %(count)d.")
            self.source.assumptions.append(said % {"count": missing})
        seen: dict[str, bool] = {}
        for name, linear in order:
            seen.setdefault(name, linear)
        return list(seen.items())

    def tree(self) -> etree._Element:
        order = self._order()
        if self._locked() & {name.casefold() for name, _linear in order}:
            raise Unreadable(_("This book is protected against copying (DRM), so it cannot be read here."))
        contents = {
            resolved(one.get("href") or "", self.name).casefold()
            for one in self._all("reference")
            if (one.get("type") or "").lower() in ("toc", "cover")
        }
        root = etree.Element("html")
        body = etree.SubElement(root, "body")
        places = {name.casefold(): index for index, (name, _linear) in enumerate(order)}
        broken = 0
        for index, (name, linear) in enumerate(order):
            if name.casefold() in contents:
                continue
            page = self._page(name)
            if page is None:
                broken += 1
                continue
            _make_unique(page, index, name, places)
            self._add(body, page, index, name, linear)
        if not len(body):
            raise Unreadable(_("There is no text in this EPUB."))
        if broken:
            said = _("Files of the book that hold no text that can be read were left out: %(count)d.")
            self.source.assumptions.append(said % {"count": broken})
        _set_headings(body, self.title)
        return body

    def _add(self, body: etree._Element, page: etree._Element, index: int, name: str, linear: bool) -> None:
        title = self.names.get(name.casefold(), "")
        if not len(body):
            self.source.opening = title
        elif linear and not _goes_on(body, page):
            etree.SubElement(body, "hr", {"data-title": title} if title else {})
        page.tag = "div"
        page.attrib.clear()
        page.set("data-file", "linear" if linear else "aside")
        page.set("id", f"{index}-")
        page.tail = None
        body.append(page)

    def _page(self, name: str) -> etree._Element | None:
        """The body of one file; None if it cannot be read. Pages of HTML are read as browsers do."""
        content = self.archive.read(name)
        if not content or not content.strip():
            return None
        try:
            decoded = decode(content, declares=True)
            if decoded.doubtful and self.encoding:
                decoded = decode(content, declares=True, encoding=self.encoding)
        except Unreadable:
            return None
        if decoded.doubtful:
            self.source.encoding_doubtful = True
            self.source.assumptions += decoded.assumptions
        if decoded.encoding != "utf-8":
            self.source.encoding = decoded.encoding
        tree = page_of(decoded.text, name)
        found = tree.find("body") if tree is not None else None
        return found if found is not None else tree


def page_of(text: str, name: str) -> etree._Element | None:
    """The tree of an XHTML page with plain names; read as HTML where it is no XML."""
    text = DOCTYPE.sub("", text.lstrip("\ufeff"), count=1)
    text = ENTITY.sub(lambda match: match[0] if match[1] in XML_ENTITIES else html5.get(match[1], match[0]), text)
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    try:
        root = xml_of(text.encode(), name)
    except Unreadable:
        try:
            return html.parsed(text)
        except Unreadable:
            return None
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.startswith("{"):
            element.tag = _local(element).lower()
    return root


XML_ENTITIES = word_set("amp; lt; gt; quot; apos;")


def _make_unique(page: etree._Element, index: int, name: str, places: dict[str, int]) -> None:
    """Ids and links as they are in the whole book: `12-n3` for the note n3 of the twelfth file."""
    for element in list(page.iter()):
        if not isinstance(element.tag, str):
            continue
        for key in ("id", "name"):
            if element.get(key) and (key == "id" or element.tag == "a"):
                element.set(key, f"{index}-{element.get(key)}")
        href = element.get("href") if element.tag == "a" else None
        if href is None or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", href):
            continue
        file, _hash, fragment = href.partition("#")
        place = places.get(resolved(file, name).casefold()) if file else index
        # A link to a whole file is no reference to a note.
        if place is None or not fragment:
            del element.attrib["href"]
        else:
            element.set("href", f"#{place}-{fragment}")


def _goes_on(body: etree._Element, page: etree._Element) -> bool:
    """Whether a file was divided in the middle of a sentence, for its size."""
    before = "".join(body[-1].itertext())[-400:].strip()
    after = "".join(page.itertext())[:4000].strip()
    return bool(before and after) and after[0].islower() and not FULL_STOP.search(before)


def _set_headings(body: etree._Element, title: str) -> None:
    """Every file of a book may begin with a heading of the first level; only the title is the title."""
    found, title = list(body.iter("h1")), title.casefold()
    alone = len(found) == 1 and found[0] in set(body[0].iter())
    for heading in found:
        said = " ".join("".join(heading.itertext()).split()).casefold()
        if said != title and not (alone and (said in title or title in said)):
            heading.tag = "h2"


def _leave_out_aside(tree: etree._Element, links: html_notes.Links, source: Source) -> None:
    """Navigation, and what lies outside of the reading order but for the notes in it."""
    left = 0
    for element in list(tree.iter()):
        if element.tag == "nav" or (element.tag != "body" and html_furniture.is_furniture(element)):
            links.removed.add(element)
    for file in tree:
        bodies = [one for one in file.iter() if one in links.bodies]
        if file.get("data-file") == "aside":
            left += not bodies
            links.removed.add(file)
        elif bodies and not _text_beside(file, links):
            links.removed.add(file)
    if left:
        said = _("Files outside of the reading order were left out: %(count)d.")
        source.assumptions.append(said % {"count": left})


def _text_beside(file: etree._Element, links: html_notes.Links) -> bool:
    """Whether a file holds more than notes and their headings."""
    steps = etree.iterwalk(file, events=("start",))
    for _event, element in steps:
        if element in links.removed or re.fullmatch(r"h[1-6]", element.tag if isinstance(element.tag, str) else ""):
            steps.skip_subtree()
        elif (element.text or "").strip():
            return True
    return False


def _links_of_nav(root: etree._Element) -> list[tuple[str, str]]:
    found = []
    for nav in root.iter():
        if not isinstance(nav.tag, str) or _local(nav) != "nav" or "toc" not in (nav.get(TYPE) or "toc").split():
            continue
        for anchor in nav.iter():
            if isinstance(anchor.tag, str) and _local(anchor) == "a" and anchor.get("href"):
                found.append((anchor.get("href"), " ".join("".join(anchor.itertext()).split())))
    return found


def _links_of_ncx(root: etree._Element) -> list[tuple[str, str]]:
    found = []
    for point in root.iter():
        if isinstance(point.tag, str) and _local(point) == "navPoint":
            label = next((one for one in point.iter() if _local(one) == "text"), None)
            content = next((one for one in point if _local(one) == "content"), None)
            if label is not None and content is not None and content.get("src"):
                found.append((content.get("src"), " ".join((label.text or "").split())))
    return found


def _local(element: etree._Element) -> str:
    return _name(element.tag) if isinstance(element.tag, str) else ""


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
