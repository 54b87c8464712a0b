"""The parts of a DOCX and where they are: whoever wrote the file, whatever it calls them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from lxml import etree

from .archive import Archive, resolved
from .document import Unreadable

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
OFF = ("0", "false", "off", "none", "nil")


@dataclass
class Relationship:
    kind: str
    target: str
    external: bool


class Package:
    """A DOCX by what its parts are for."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.name = self._main()
        document = archive.xml(self.name)
        self.body = document.find(f"{W}body") if document is not None else None
        if self.body is None:
            raise Unreadable(_("This is no DOCX file that can be read: it has no document in it."))
        self.relationships = self._relationships(self.name)

    def _main(self) -> str:
        for relationship in self._relationships("").values():
            if relationship.kind == "officeDocument" and relationship.target in self.archive:
                return relationship.target
        names = self.archive.names()
        for name in names:
            if name.replace("\\", "/").lower().endswith("word/document.xml"):
                return name
        if any(name.lower().startswith(("xl/", "ppt/", "visio/")) for name in names):
            raise Unreadable(_("This is a spreadsheet or a presentation, not a text."))
        raise Unreadable(_("This is no DOCX file that can be read: it has no document in it."))

    def _relationships(self, part: str) -> dict[str, Relationship]:
        folder, _slash, name = part.rpartition("/")
        root = self.archive.xml(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
        found = {}
        for element in root if root is not None else ():
            external = element.get("TargetMode", "").lower() == "external"
            target = element.get("Target", "").strip()
            found[element.get("Id", "")] = Relationship(
                element.get("Type", "").rstrip("/").rpartition("/")[2],
                target if external else resolved(target, part),
                external,
            )
        return found

    def part(self, kind: str) -> etree._Element | None:
        """The styles, the numbering, the footnotes …; None where the file has none, or a broken one."""
        named = [one.target for one in self.relationships.values() if one.kind == kind and not one.external]
        folder = self.name.rpartition("/")[0]
        for name in [*named, f"{folder}/{kind}.xml"]:
            if name in self.archive:
                return self.archive.xml(name)
        return None

    def address(self, identifier: str | None) -> str:
        """Where a link leads, if it leads out of the document."""
        found = self.relationships.get(identifier or "")
        return found.target if found and found.external else ""


def value(element: etree._Element | None, name: str = "val", default: str = "") -> str:
    """An attribute of the element's own, written with its namespace or without."""
    if element is None:
        return default
    return element.get(W + name, element.get(name, default))


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """The descendant by local names, one step each."""
    for name in names:
        if element is None:
            return None
        element = element.find(W + name)
    return element


def is_on(parent: etree._Element | None, name: str) -> bool | None:
    """A switch such as bold: on, off, or not said."""
    element = child(parent, name)
    return None if element is None else value(element, default="1").lower() not in OFF


def number(text: str, default: int | None = None) -> int | None:
    """A whole number of a size that can be meant."""
    bare = text.strip()
    sign = -1 if bare.startswith("-") else 1
    digits = bare.lstrip("+-")
    return sign * int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else default


class Styles:
    """Styles by id, with what they inherit."""

    def __init__(self, root: etree._Element | None) -> None:
        self.by_id: dict[str, etree._Element] = {}
        self.default = ""
        for style in root.iterfind(f"{W}style") if root is not None else ():
            self.by_id[value(style, "styleId")] = style
            if value(style, "type") == "paragraph" and value(style, "default").lower() in ("1", "true", "on"):
                self.default = value(style, "styleId")
        self.chains: dict[str, list[etree._Element]] = {}

    def chain(self, identifier: str) -> list[etree._Element]:
        """The style and those that it is based on."""
        if identifier not in self.chains:
            found, at = [], identifier
            while at in self.by_id and self.by_id[at] not in found and len(found) < 20:
                found.append(self.by_id[at])
                at = value(child(self.by_id[at], "basedOn"))
            self.chains[identifier] = found
        return self.chains[identifier]

    def names(self, identifier: str) -> list[str]:
        """Its names, nearest first. A file without styles still says by id what a paragraph is."""
        named = [value(child(style, "name")).lower() for style in self.chain(identifier)]
        return [name for name in named if name] or ([identifier.lower()] if identifier else [])

    def property(self, identifier: str, group: str, name: str) -> etree._Element | None:
        """`pPr` or `rPr` of the nearest style that says something of it."""
        for style in self.chain(identifier):
            found = child(style, group, name)
            if found is not None:
                return found
        return None
