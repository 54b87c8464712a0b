"""Reading a file into a `Document`: blocks, notes, and what was assumed. No database.

A new format is one more module with a `read(data, *, filename, encoding)` and one more line in `FORMATS`.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from django.utils.translation import gettext as _

from . import docx, epub, html, markdown, mhtml, odt, plain
from .archive import Archive
from .decoding import OLE, read_today
from .document import Block, Document, Note, NoteMark, Unreadable

__all__ = ["ACCEPTED", "FORMATS", "Block", "Document", "Note", "NoteMark", "Unreadable", "read"]

FORMATS = {
    "plain": plain.read,
    "markdown": markdown.read,
    "html": html.read,
    "docx": docx.read,
    "epub": epub.read,
    "odt": odt.read,
    "mhtml": mhtml.read,
}
ARCHIVES = ("docx", "epub", "odt")
EXTENSIONS = {
    "txt": "plain",
    "text": "plain",
    "md": "markdown",
    "markdown": "markdown",
    "mkd": "markdown",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "mht": "mhtml",
    "mhtml": "mhtml",
    "docx": "docx",
    "docm": "docx",
    "dotx": "docx",
    "dotm": "docx",
    "epub": "epub",
    "odt": "odt",
    "ott": "odt",
}
# What a form asks the browser to offer: names and media types.
ACCEPTED = ",".join(
    [
        *(f".{extension}" for extension in EXTENSIONS),
        "text/plain,text/markdown,text/html,application/epub+zip,application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ]
)
NOT_YET = {"doc", "pdf", "rtf", "mobi", "azw", "azw3", "djvu", "fb2", "pages", "wpd"}
MARKUP = re.compile(
    rb"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article|main)\b", re.I | re.S
)
WHOLE_PAGE = re.compile(rb"\A\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
MIMETYPES = {b"application/epub+zip": "epub", b"application/vnd.oasis.opendocument.text": "odt"}


def read(
    source: bytes,
    *,
    filename: str = "",
    encoding: str | None = None,
    format: str | None = None,  # noqa: A002
) -> Document:
    """The text in `source`. Raises `Unreadable` where it is none; its message is for the person who gave the file.

    `format` (a name in `FORMATS`) wins over everything; else what the bytes surely are wins over the file's name.
    """
    extension = PurePath(filename.replace("\\", "/")).suffix.lower().lstrip(".")
    chosen = format or _certain(source) or EXTENSIONS.get(extension)
    if chosen is None and extension in NOT_YET:
        said = _("%(format)s files cannot be read yet.") % {"format": extension.upper()}
        raise Unreadable(f"{said} {read_today()}")
    if chosen in ARCHIVES and not source.startswith(b"PK"):
        return _no_archive(source, chosen, encoding)
    chosen = chosen or _sniffed(source)
    if chosen not in FORMATS:
        said = _("There is no format called “%(format)s”.") % {"format": chosen}
        raise Unreadable(f"{said} {read_today()}")
    document = FORMATS[chosen](source, filename=filename, encoding=encoding)
    named = EXTENSIONS.get(extension)
    if format is None and extension and chosen in (*ARCHIVES, "html") and named != chosen:
        said = _("The file is called .%(extension)s, but it is %(format)s, and was read as that.")
        document.assumptions.insert(0, said % {"extension": extension, "format": chosen.upper()})
    return document


def _certain(source: bytes) -> str | None:
    """The format that the bytes themselves announce, whatever the file is called."""
    if source.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive_format(source)
    if mhtml.BEGINNING.match(source[:4096]):
        return "mhtml"
    return "html" if WHOLE_PAGE.match(_beginning(source)) else None


def _archive_format(source: bytes) -> str:
    archive = Archive(source)
    names = [name.replace("\\", "/").lower() for name in archive.names()]
    mimetype = (archive.read("mimetype") or b"").strip() if "mimetype" in names else b""
    for known, format_name in MIMETYPES.items():
        if mimetype.startswith(known):
            return format_name
    if "meta-inf/container.xml" in names or any(name.endswith(".opf") for name in names):
        return "epub"
    if "content.xml" in names and "meta-inf/manifest.xml" in names and b"spreadsheet" not in mimetype:
        return "odt"
    if "_rels/.rels" in names or "[content_types].xml" in names or "word/document.xml" in names:
        return "docx"
    raise Unreadable(_("This is an archive (ZIP). Unpack it, and bring the text that is in it."))


def _no_archive(source: bytes, named: str, encoding: str | None) -> Document:
    """A file that is called DOCX, EPUB or ODT and is none."""
    if source.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in source:
            raise Unreadable(_("The file is locked with a password. Save it without one, and bring that."))
        said = _("This is a file of the old Word (.doc). Save it as .docx, and bring that.")
        raise Unreadable(said)
    if not source.strip():
        raise Unreadable(_("The file is empty: there is no text in it."))
    document = plain.read(source, filename=named, encoding=encoding)  # which says what it is, where it is no text
    said = _("The file is called .%(extension)s, but it is %(format)s, and was read as that.")
    document.assumptions.insert(0, said % {"extension": named, "format": _("plain text")})
    return document


def _sniffed(source: bytes) -> str:
    """HTML announces itself; Markdown cannot be told from plain text safely, so it needs its file name."""
    return "html" if MARKUP.match(_beginning(source)) else "plain"


def _beginning(source: bytes) -> bytes:
    return source[:2048].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
