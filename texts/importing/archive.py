"""A zip archive that somebody gave us: DOCX, EPUB, ODT. Read in memory and within bounds, never unpacked to a disk."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from io import BytesIO
from posixpath import normpath
from urllib.parse import unquote

from django.utils.translation import gettext as _
from lxml import etree

from . import limits
from .document import Unreadable

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, OverflowError, KeyError)
# Strict OOXML says the same under other names.
STRICT = (
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", b"http://schemas.openxmlformats.org/officeDocument/2006/math"),
)


class Archive:
    """The members of an archive by name. What is not asked for is never inflated."""

    def __init__(self, source: bytes) -> None:
        if len(source) > limits.ARCHIVE_BYTES:
            raise Unreadable(_("The file is larger than %(size)d MB.") % {"size": limits.ARCHIVE_BYTES // 1024**2})
        try:
            self.zip = zipfile.ZipFile(BytesIO(source))
            members = self.zip.infolist()
        except (*BROKEN, NotImplementedError, RuntimeError) as error:
            raise Unreadable(_("The file is damaged: the archive that it is cannot be opened.")) from error
        if len(members) > limits.ARCHIVE_MEMBERS:
            raise Unreadable(_("The file holds more than %(count)d parts.") % {"count": limits.ARCHIVE_MEMBERS})
        whole = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        if whole > limits.UNZIPPED_BYTES and whole > limits.ARCHIVE_RATIO * max(1, min(packed, len(source))):
            raise Unreadable(_("The file would unpack to far more than a text can be."))
        self.members: dict[str, list[zipfile.ZipInfo]] = {}
        for member in members:
            self.members.setdefault(_key(member.filename), []).append(member)
        self.left = limits.UNZIPPED_BYTES

    def __contains__(self, name: str) -> bool:
        return _key(name) in self.members

    def names(self) -> list[str]:
        return [some[0].filename for some in self.members.values()]

    def read(self, name: str) -> bytes | None:
        """The member's bytes; None if there is no such member."""
        found = self.members.get(_key(name))
        if not found:
            return None
        if len({(one.CRC, one.file_size) for one in found}) > 1:
            raise Unreadable(_("The file holds two different parts of one name (%(name)s).") % {"name": _shown(name)})
        if found[-1].flag_bits & 0x41:
            raise Unreadable(_("The file is locked with a password. Save it without one, and bring that."))
        try:
            with self.zip.open(found[-1]) as member:
                content = member.read(self.left + 1)
        except (*BROKEN, NotImplementedError, RuntimeError) as error:
            raise Unreadable(
                _("The file is damaged: its part %(name)s cannot be unpacked.") % {"name": _shown(name)}
            ) from error
        self.left -= len(content)
        if self.left < 0:
            raise Unreadable(_("The file would unpack to far more than a text can be."))
        return content

    def xml(self, name: str) -> etree._Element | None:
        """The root of an XML member; None if there is no such member."""
        content = self.read(name)
        return None if content is None else xml_of(content, name)


def xml_of(content: bytes, name: str, *, forgiving: bool = False) -> etree._Element:
    """The root of an XML document. Entities stay unresolved and nothing is fetched."""
    if content.count(b"<") > limits.XML_TAGS:
        raise Unreadable(_("The part %(name)s of the file has too many elements.") % {"name": _shown(name)})
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=forgiving,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
        if root is not None and any("purl.oclc.org/ooxml" in uri for uri in root.nsmap.values()):
            written = etree.tostring(root)
            for strict, usual in STRICT:
                written = written.replace(strict, usual)
            root = etree.fromstring(written, parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise Unreadable(_("The file is damaged: its part %(name)s is no XML.") % {"name": _shown(name)}) from error
    dtd = root.getroottree().docinfo.internalDTD if root is not None else None
    if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
        said = _("The part %(name)s of the file defines entities, which no text needs.")
        raise Unreadable(said % {"name": _shown(name)})
    if root is None:
        raise Unreadable(_("The file is damaged: its part %(name)s is no XML.") % {"name": _shown(name)})
    return root


def resolved(target: str, base: str = "") -> str:
    """The name of the member that a link means: `../text/a.xhtml#n1` seen from `OEBPS/nav/toc.xhtml`."""
    target = target.split("#")[0].split("?")[0].replace("\\", "/").strip()
    if target.startswith("/"):
        return normpath(unquote(target)).lstrip("/")
    folder = base.replace("\\", "/").rpartition("/")[0]
    return normpath(f"{folder}/{unquote(target)}").lstrip("/") if target else ""


def _key(name: str) -> str:
    # Names of parts are the same in capitals and small letters, with either slash.
    return normpath(name.replace("\\", "/").lstrip("/")).casefold()


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)[-60:]
